"""rooms with a named doctor

Revision: 0010_doctors, after 0009_appointments
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_doctors"
down_revision = "0009_appointments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room", sa.Column("doctor", sa.String(length=120), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("room", "doctor")
