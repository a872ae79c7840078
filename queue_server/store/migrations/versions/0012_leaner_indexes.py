"""fewer pages written for each ticket

Revision: 0012_leaner_indexes, after 0011_doctors
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_leaner_indexes"
down_revision = "0011_doctors"
branch_labels = None
depends_on = None

TURNS = sa.text("turn_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_visit_patient_id", "visit")  # ix_visit_patient_day begins with the same column
    op.drop_index("ix_journal_visit_id", "journal")  # nobody asks by it: a visit's tickets are asked for
    op.drop_index("ix_entry_room_day_turn", "entry")
    op.create_index(
        "ix_entry_room_day_turn",
        "entry",
        ["room_id", "business_day", "turn_at"],
        sqlite_where=TURNS,
        postgresql_where=TURNS,
    )


def downgrade() -> None:
    op.drop_index("ix_entry_room_day_turn", "entry")
    op.create_index("ix_entry_room_day_turn", "entry", ["room_id", "business_day", "turn_at"])
    op.create_index("ix_journal_visit_id", "journal", ["visit_id"])
    op.create_index("ix_visit_patient_id", "visit", ["patient_id"])
