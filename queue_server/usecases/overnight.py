"""At the change of day the lines are empty; where a service is kept overnight, whoever has not been seen stays in line.

An emergency department has no closing time: its people of yesterday stand in today's line under the same number, in
front by seniority. It happens once a day, with the first thing that anybody does after midnight.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter

from protocol.frames import TicketCarriedOver
from protocol.nouns import Entry, Value
from protocol.opening import OVERNIGHT
from queue_server.domain import lifecycle
from queue_server.domain.admission import ACTIVE
from queue_server.domain.calendar import day_after, day_before
from queue_server.store import repository as store
from queue_server.store.rules import SITE, load_rules, save_rule
from queue_server.usecases.change import Change, Reading


class Carried(Value):
    """The business day up to which everything was carried."""

    day: str


CARRIED: TypeAdapter[Carried] = TypeAdapter(Carried)


def kept_overnight(reading: Reading) -> frozenset[str]:
    """Services whose people stay in line at the change of day."""
    rules = load_rules(reading.connection, reading.site.site_id, "overnight", OVERNIGHT)
    return frozenset(service_id for service_id, rule in rules.items() if rule.keep)


def is_due(reading: Reading) -> bool:
    """A new day has begun, and nobody was carried over yet."""
    return bool(kept_overnight(reading)) and _carried(reading) < reading.today


def carry_over(change: Change) -> None:
    """Bring whoever still waits, is inside, away or held of the days before into today's lines, unless that was done.

    Mostly that is the day before; of a server that stood still, all days since it last did so.
    """
    if not is_due(change):
        return
    day, kept = _carried(change), kept_overnight(change)
    mark_carried(change)
    while day < change.today:
        for entry in store.entries_of_day(change.connection, change.site.site_id, day, tuple(ACTIVE)):
            if entry.service_id in kept:
                _carry(change, entry)
        day = day_after(day)


def carry_late(change: Change, entry: Entry, day: str) -> Entry:
    """An entry of `day` that is good only since the others were carried, as it is then.

    A kiosk gave it and tells so after midnight, or what ended it was taken back.
    """
    return _carry(change, entry) if entry.state in ACTIVE and is_carried_late(change, entry, day) else entry


def is_carried_late(change: Change, entry: Entry, day: str) -> bool:
    """Whether an entry of `day`, when it is good, belongs into the line of today."""
    return day == day_before(change.today) and not is_due(change) and entry.service_id in kept_overnight(change)


def mark_carried(change: Change) -> None:
    """Nothing is to be carried into this day any more."""
    save_rule(change.connection, change.site.site_id, "carried", SITE, Carried(day=change.today), change.now)


def _carried(reading: Reading) -> str:
    carried = load_rules(reading.connection, reading.site.site_id, "carried", CARRIED).get(SITE)
    return carried.day if carried else day_before(reading.today)


def _carry(change: Change, entry: Entry) -> Entry:
    after = lifecycle.carry_over(entry)
    store.move_to_day(change.connection, after, change.today)
    room = store.load_room(change.connection, change.site.site_id, entry.room_id)
    frame = TicketCarriedOver(entry=after, business_day=change.today, zone_id=room.zone_id if room else None)
    replace(change, at=change.now).journal(frame)
    return after
