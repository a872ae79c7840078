"""who remembers the hospital is told when it changes; the latest calls of a room are found at once

Revision: 0004_engine, after 0003_policies

The triggers belong to tables: a later migration that makes one of them anew must make its triggers anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_engine"
down_revision = "0003_policies"
branch_labels = None
depends_on = None

CONFIGURED = ("zone", "service", "room", "room_service", "rule")
_RAISE = "UPDATE site SET configuration = configuration + 1"
_OWN = "names, time_zone, languages"


def upgrade() -> None:
    op.add_column("site", sa.Column("configuration", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_entry_room_day_turn", "entry", ["room_id", "business_day", "turn_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN {_RAISE}; RETURN NULL; END'"
        )
        run = "FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed()"
        for table in CONFIGURED:
            op.execute(f"CREATE TRIGGER configured_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} {run}")
        op.execute(f"CREATE TRIGGER configured_site AFTER UPDATE OF {_OWN} ON site {run}")
        return
    for table in CONFIGURED:
        for what in ("INSERT", "UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER configured_{table}_{what.lower()} AFTER {what} ON {table} BEGIN {_RAISE}; END")
    op.execute(f"CREATE TRIGGER configured_site AFTER UPDATE OF {_OWN} ON site BEGIN {_RAISE}; END")


def downgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in CONFIGURED:
        if postgres:
            op.execute(f"DROP TRIGGER configured_{table} ON {table}")
        else:
            for what in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER configured_{table}_{what}")
    op.execute("DROP TRIGGER configured_site ON site" if postgres else "DROP TRIGGER configured_site")
    if postgres:
        op.execute("DROP FUNCTION configuration_changed")
    op.drop_index("ix_entry_room_day_turn", table_name="entry")
    op.drop_column("site", "configuration")
