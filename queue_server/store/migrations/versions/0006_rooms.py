"""rooms that pause

Revision: 0006_rooms, after 0005_site
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0006_rooms"
down_revision = "0005_site"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room", sa.Column("pause_reason", sa.String(length=16), nullable=True))
    op.add_column("room", sa.Column("paused_until", Moment(), nullable=True))


def downgrade() -> None:
    for name in ("paused_until", "pause_reason"):
        op.drop_column("room", name)
