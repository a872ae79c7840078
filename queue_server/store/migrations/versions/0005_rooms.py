"""rooms that pause, people who wait for any room of their service

Revision: 0005_rooms, after 0004_engine
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0005_rooms"
down_revision = "0004_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room", sa.Column("pause_reason", sa.String(length=16), nullable=True))
    op.add_column("room", sa.Column("paused_until", Moment(), nullable=True))
    op.add_column("entry", sa.Column("pooled", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("entry", "pooled")
    for name in ("paused_until", "pause_reason"):
        op.drop_column("room", name)
