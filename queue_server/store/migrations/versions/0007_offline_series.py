"""each kiosk has letters of its own for the numbers that it gives while the server is away

Revision: 0007_offline_series, after 0006_rooms
"""

from itertools import product

import sqlalchemy as sa
from alembic import op

revision = "0007_offline_series"
down_revision = "0006_rooms"
branch_labels = None
depends_on = None

_FIRST, _SECOND = "KLMNPRSTUVWXYZABCDEFGHJ", "ABCDEFGHJKLMNPRSTUVWXYZ"


def upgrade() -> None:
    op.add_column("device", sa.Column("series", sa.String(length=4), nullable=True))
    _give_letters()
    op.create_index("ix_device_site_series", "device", ["site_id", "series"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_device_site_series", table_name="device")
    op.drop_column("device", "series")


def _give_letters() -> None:
    """To the kiosks that are paired already; they hear of them when they join the feed."""
    connection = op.get_bind()
    taken = set(connection.execute(sa.text("SELECT series FROM service")).scalars())
    rule = sa.table("rule", sa.column("kind", sa.String), sa.column("value", sa.JSON))
    for value in connection.execute(sa.select(rule.c.value).where(rule.c.kind == "numbers")).scalars():
        taken |= {value.get("letters"), *value.get("by_weekday", {}).values()}
    free = (one + other for one, other in product(_FIRST, _SECOND) if one + other not in taken)
    kiosks = connection.execute(
        sa.text("SELECT device_id FROM device WHERE kind = 'kiosk' ORDER BY paired_at, device_id")
    )
    for device_id in kiosks.scalars().all():
        which = {"series": next(free), "device_id": device_id}
        connection.execute(sa.text("UPDATE device SET series = :series WHERE device_id = :device_id"), which)
