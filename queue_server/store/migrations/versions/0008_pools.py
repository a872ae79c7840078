"""people who wait for any room of their service

Revision: 0008_pools, after 0007_offline_series
"""

import sqlalchemy as sa
from alembic import op

revision = "0008_pools"
down_revision = "0007_offline_series"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("pooled", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("entry", "pooled")
