"""appointments, and where in the line somebody stands who came for one

Revision: 0009_appointments, after 0008_pools
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0009_appointments"
down_revision = "0008_pools"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("appointment", Moment(), nullable=True))
    op.create_table(
        "appointment",
        sa.Column("appointment_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=True),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("window_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("elsewhere", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=True),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_appointment_site_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.patient_id"], name=op.f("fk_appointment_patient_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.service_id"], name=op.f("fk_appointment_service_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.room_id"], name=op.f("fk_appointment_room_id")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("site_id", "source_id", name=op.f("uq_appointment_site_id_source_id")),
    )
    op.create_index("ix_appointment_patient_start", "appointment", ["patient_id", "starts_at"], unique=False)
    op.create_index("ix_appointment_site_start", "appointment", ["site_id", "starts_at"], unique=False)


def downgrade() -> None:
    op.drop_table("appointment")
    op.drop_column("entry", "appointment")
