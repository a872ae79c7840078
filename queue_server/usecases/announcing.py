"""Listeners hear of a service that opens or closes when it does: by hand, by the clock, or because it is full."""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter

from protocol.frames import ServicesChanged
from protocol.nouns import Service, Value
from protocol.opening import QUOTA
from queue_server.store import repository as store
from queue_server.store.rules import load_rules, save_rule
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.listening import services_now
from queue_server.usecases.opening import status_now


class Told(Value):
    """What listeners were told last of a service."""

    open: bool
    code: str | None = None
    opens_at: datetime | None = None


TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def news(reading: Reading) -> dict[str, Told]:
    """By service id, what listeners do not know yet."""
    site_id = reading.site.site_id
    told = load_rules(reading.connection, site_id, "told", TOLD)
    status_of = status_now(reading)
    found: dict[str, Told] = {}
    for service in store.load_services(reading.connection, site_id):
        status = status_of(service)
        now = Told(open=status.open, code=status.code, opens_at=status.opens_at)
        if now != told.get(service.service_id, _by_hand(service)):
            found[service.service_id] = now
    return found


def _by_hand(service: Service) -> Told:
    """What everybody takes for granted of a service that nothing was ever told about."""
    return Told(open=service.open, code=None if service.open else "service_closed")


def announce(change: Change) -> int | None:
    """Tell all listeners if anything is new; the number of the journal entry."""
    changed = news(change)
    if not changed:
        return None
    for service_id, told in changed.items():
        save_rule(change.connection, change.site.site_id, "told", service_id, told, change.now)
    return tell(change)


def when_full(change: Change, service_id: str) -> None:
    """A ticket was given: if it was the last of the quota, everybody hears so at once."""
    if service_id in load_rules(change.connection, change.site.site_id, "quota", QUOTA):
        announce(change)


def announce_all(change: Change) -> None:
    """Rooms changed, so every listener is told the whole new list, whether a service opened or closed by it or not."""
    if announce(change) is None:
        tell(change)


def tell(change: Change) -> int:
    """The whole hospital as it is now, whatever listeners know."""
    rooms = store.load_rooms(change.connection, change.site.site_id)
    entries = store.entries_of_day(change.connection, change.site.site_id, change.today)
    frame = ServicesChanged(
        services=services_now(change, rooms, entries),
        rooms=rooms,
        site=change.site,
        zones=store.load_zones(change.connection, change.site.site_id),
    )
    return change.journal(frame)
