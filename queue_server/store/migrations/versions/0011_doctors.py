"""rooms with a named doctor

Revision: 0011_doctors, after 0010_journeys
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_doctors"
down_revision = "0010_journeys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room", sa.Column("doctor", sa.String(length=120), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("room", "doctor")
