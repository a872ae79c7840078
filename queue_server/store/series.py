"""Letters in front of numbers: whose they are. No two services and kiosks of a site ever share them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from protocol.opening import NUMBERS
from queue_server.store.repository import load_services
from queue_server.store.rules import load_rules
from queue_server.store.tables import device


def letters_in_use(connection: Connection, site_id: str, but: str | None = None) -> set[str]:
    """What services other than `but` have or have at times, and what kiosks have.

    Those of revoked kiosks too: their paper may still be in somebody's hand.
    """
    formats = load_rules(connection, site_id, "numbers", NUMBERS)
    of_kiosks = select(device.c.series).where(device.c.site_id == site_id, device.c.series.is_not(None))
    taken = {str(series) for series in connection.execute(of_kiosks).scalars()}
    for service in load_services(connection, site_id):
        if service.service_id != but:
            taken.add(service.series)
            taken |= formats[service.service_id].all_letters() if service.service_id in formats else set()
    return taken
