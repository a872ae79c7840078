"""services that people are only sent to

Revision: 0005_site, after 0004_engine
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_site"
down_revision = "0004_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service", sa.Column("self_service", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    op.drop_column("service", "self_service")
