"""how the hospital works, as data: policies, opening hours, quotas, numbers

Revision: 0003_policies, after 0002_calling
"""

import sqlalchemy as sa
from alembic import op

from queue_server.store.tables import Moment

revision = "0003_policies"
down_revision = "0002_calling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("turn_at", Moment(), nullable=True))
    op.execute("UPDATE entry SET turn_at = first_called_at")
    op.create_table(
        "rule",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_rule_site_id")),
        sa.PrimaryKeyConstraint("site_id", "kind", "scope", name=op.f("pk_rule")),
    )


def downgrade() -> None:
    op.drop_table("rule")
    op.drop_column("entry", "turn_at")
