"""What a room's staff see: who is inside, who is next and why, who waits and for how long."""

from __future__ import annotations

from datetime import datetime

from hardware.scanner.cards import masked_name
from protocol.nouns import Entry, Identity, Room, Value, WaitEstimate
from queue_server.domain.order import Reason
from queue_server.errors import NotFound
from queue_server.store import notes, people
from queue_server.store import repository as store
from queue_server.usecases.change import Reading
from queue_server.usecases.foreseen import wait_of_newcomer, waits_of_line
from queue_server.usecases.journeys import Offered, offered
from queue_server.usecases.ordering import line_of_room

HERE = ("called", "not_here", "held")


class MaskedPatient(Value):
    """Enough to be sure who stands at the door, too little to be of use to an onlooker."""

    name: str
    birth_year: str | None


class CurrentEntry(Value):
    entry: Entry
    patient: MaskedPatient | None
    """None when the document told no name, or the person's data are erased."""
    note: str | None = None
    """What the room before wrote for this one."""
    offered: Offered | None = None
    """Where the person may go on to; None when the visit is on no journey."""


class NextEntry(Value):
    entry: Entry
    reason: Reason
    sentence: str = ""
    """Why this one, in the reader's language; filled by the endpoint."""


class WaitingEntry(Value):
    entry: Entry
    service_names: dict[str, str]
    minutes_waited: int
    wait: WaitEstimate | None = None
    """How long it will still be; None for those who do not wait."""


class RoomBoard(Value):
    room: Room
    current: CurrentEntry | None
    next: NextEntry | None
    waiting: tuple[WaitingEntry, ...]
    """In the order in which they will be called if nobody else comes."""
    not_here: tuple[WaitingEntry, ...]
    held: tuple[WaitingEntry, ...] = ()
    finished_today: int


class RoomSummary(Value):
    room: Room
    waiting: int
    wait: WaitEstimate | None = None
    """For somebody without a priority who came now."""


class Rooms(Value):
    rooms: tuple[RoomSummary, ...]


def room_board(reading: Reading, room_id: str) -> RoomBoard:
    """Raises NotFound ``unknown_room``."""
    site_id = reading.site.site_id
    room = store.load_room(reading.connection, site_id, room_id)
    if room is None:
        raise NotFound("unknown_room")
    entries = store.entries_of_day(reading.connection, site_id, reading.today, HERE, room_id)
    names = {service.service_id: service.names for service in store.load_services(reading.connection, site_id)}
    waiting = store.waiting_for(reading.connection, site_id, reading.today, room)
    ordered = line_of_room(reading, room, waiting, reading.today)
    waits = waits_of_line(reading, room, ordered)
    inside = next((entry for entry in entries if entry.state == "called"), None)
    return RoomBoard(
        room=room,
        current=_current(reading, inside) if inside else None,
        next=NextEntry(entry=ordered[0].entry, reason=ordered[0].reason) if ordered else None,
        waiting=tuple(
            _waiting(choice.entry, names, reading.now, wait) for choice, wait in zip(ordered, waits, strict=True)
        ),
        not_here=tuple(_waiting(entry, names, reading.now) for entry in entries if entry.state == "not_here"),
        held=tuple(_waiting(entry, names, reading.now) for entry in entries if entry.state == "held"),
        finished_today=store.count_finished(reading.connection, room_id, reading.today),
    )


def _current(reading: Reading, inside: Entry) -> CurrentEntry:
    note, offer = notes.of(reading.connection, inside), offered(reading, inside)
    return CurrentEntry(entry=inside, patient=_masked(reading, inside), note=note, offered=offer)


def rooms(reading: Reading) -> Rooms:
    """All rooms and how many wait at each."""
    waiting = store.entries_of_day(reading.connection, reading.site.site_id, reading.today, ("waiting",))
    usual = store.service_minutes(reading.connection, reading.site.site_id)
    found: list[RoomSummary] = []
    for room in store.load_rooms(reading.connection, reading.site.site_id):
        those = [entry for entry in waiting if entry.room_id == room.room_id]
        minutes = max((usual[service_id] for service_id in room.service_ids), default=0)
        wait = wait_of_newcomer(reading, room, those, minutes)
        found.append(RoomSummary(room=room, waiting=len(those), wait=wait))
    return Rooms(rooms=tuple(found))


def _waiting(
    entry: Entry, names: dict[str, dict[str, str]], now: datetime, wait: WaitEstimate | None = None
) -> WaitingEntry:
    minutes = max(0, int((now - entry.issued_at).total_seconds() // 60))
    return WaitingEntry(entry=entry, service_names=names[entry.service_id], minutes_waited=minutes, wait=wait)


def _masked(reading: Reading, entry: Entry) -> MaskedPatient | None:
    identity = people.identity_of_ticket(reading.connection, entry.ticket_id)
    return masked_patient(identity) if identity else None


def masked_patient(identity: Identity) -> MaskedPatient | None:
    """Family name and initials, birth year."""
    if not identity.full_name:
        return None
    birth_year = identity.birth.value[:4] if identity.birth else None
    return MaskedPatient(name=masked_name(identity.full_name), birth_year=birth_year)
