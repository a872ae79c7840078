"""holding, recalls that are counted, places in the line

Revision: 0002_calling, after 0001
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0002_calling"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("recalls", sa.Integer(), server_default="0", nullable=False))
    op.add_column("entry", sa.Column("held_reason", sa.String(length=16), nullable=True))
    op.add_column("entry", sa.Column("held_until", Moment(), nullable=True))
    op.add_column("entry", sa.Column("place", Moment(), nullable=True))


def downgrade() -> None:
    for name in ("place", "held_until", "held_reason", "recalls"):
        op.drop_column("entry", name)
