"""an entry knows its step of the journey, and what is to follow; staff leave a note for the next room

Revision: 0010_journeys, after 0009_appointments
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0010_journeys"
down_revision = "0009_appointments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("step", sa.String(length=32), nullable=True))
    op.add_column("entry", sa.Column("then_steps", sa.Text(), nullable=True))
    op.create_table(
        "entry_note",
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name=op.f("fk_entry_note_entry_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.room_id"], name=op.f("fk_entry_note_room_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_entry_note")),
    )


def downgrade() -> None:
    op.drop_table("entry_note")
    op.drop_column("entry", "then_steps")
    op.drop_column("entry", "step")
