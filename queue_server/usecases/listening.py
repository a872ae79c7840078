"""What a listener of the feed is told first, and what it may hear."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from protocol.frames import (
    ActionUndone,
    AnyFrame,
    CallAcknowledged,
    Listener,
    RecentCall,
    Snapshot,
    TicketCalled,
    plain_entry,
)
from protocol.nouns import Device, Entry, Room, Service
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.usecases.change import Reading
from queue_server.usecases.foreseen import NewcomerWaits, waits_for_service
from queue_server.usecases.opening import as_it_is, status_now

CALLS = 20
_LOOKED_AT = 200
"""Calls and acknowledgements looked through for the newest twenty: recalls of one number count once."""


@dataclass(frozen=True)
class Ear:
    """Who listens, and to what."""

    listener: Listener
    device: Device | None = None
    token_hash: str | None = None
    rooms: frozenset[str] = field(default_factory=frozenset)

    @property
    def zone_id(self) -> str | None:
        return self.device.zone_id if self.device else None

    @property
    def audience(self) -> object:
        """The same for all who hear the same."""
        return self.listener, self.zone_id, self.rooms

    def hears(self, frame: AnyFrame) -> bool:
        if self.listener not in frame.heard_by or frame.zone_id not in (None, self.zone_id or frame.zone_id):
            return False
        entry = getattr(frame, "entry", None)
        if not self.rooms or entry is None or entry.pooled or getattr(frame, "from_pool", False):
            return True
        return entry.room_id in self.rooms or getattr(frame, "from_room_id", None) in self.rooms

    def told(self, entry: Entry) -> Entry:
        """The entry with no more than this listener needs to know."""
        return entry if self.listener == "staff" else plain_entry(entry)

    def hears_room(self, room: Room) -> bool:
        return self.zone_id in (None, room.zone_id) and (not self.rooms or room.room_id in self.rooms)


def snapshot(reading: Reading, ear: Ear) -> Snapshot:
    """Everything up to one number, as this listener may know it. `reading` must see one moment."""
    site_id = reading.site.site_id
    rooms = store.load_rooms(reading.connection, site_id)
    heard = {room.room_id for room in rooms if ear.hears_room(room)}
    entries = store.entries_of_day(reading.connection, site_id, reading.today)
    return Snapshot(
        seq=journal.last_seq(reading.connection, site_id),
        at=reading.now,
        site=reading.site,
        listener=ear.listener,
        device=ear.device,
        zones=store.load_zones(reading.connection, site_id),
        services=services_now(reading, rooms, entries),
        rooms=rooms,
        entries=tuple(ear.told(entry) for entry in entries if entry.room_id in heard),
        calls=_calls(reading, ear),
    )


def services_now(reading: Reading, rooms: tuple[Room, ...], entries: list[Entry]) -> tuple[Service, ...]:
    """The services with how many wait, and how long somebody who comes now would wait at the quietest room."""
    waiting = [entry for entry in entries if entry.state == "waiting"]
    status_of = status_now(reading)
    told: list[Service] = []
    for service in store.load_services(reading.connection, reading.site.site_id):
        people = sum(1 for entry in waiting if entry.service_id == service.service_id)
        waits = waits_for_service(reading, service, rooms, waiting)
        now = as_it_is(reading, service, status_of(service))
        told.append(now.model_copy(update={"waiting": people, "wait": waits.shortest, "room_waits": waits.at_doctors}))
    return tuple(told)


def waits_now(reading: Reading) -> dict[str, NewcomerWaits]:
    """How long somebody who comes now would wait, by service."""
    rooms = store.load_rooms(reading.connection, reading.site.site_id)
    waiting = store.entries_of_day(reading.connection, reading.site.site_id, reading.today, ("waiting",))
    services = store.load_services(reading.connection, reading.site.site_id)
    return {service.service_id: waits_for_service(reading, service, rooms, waiting) for service in services}


def _calls(reading: Reading, ear: Ear) -> tuple[RecentCall, ...]:
    site_id = reading.site.site_id
    called = journal.newest(reading.connection, site_id, "ticket_called", reading.day_start, _LOOKED_AT)
    acknowledged = journal.newest(reading.connection, site_id, "call_acknowledged", reading.day_start, _LOOKED_AT)
    heard = {
        line.frame.call_seq
        for line in acknowledged
        if isinstance(line.frame, CallAcknowledged) and line.frame.outcome == "heard"
    }
    mistakes = {
        line.frame.undone_seq
        for line in journal.newest(reading.connection, site_id, "action_undone", reading.day_start, _LOOKED_AT)
        if isinstance(line.frame, ActionUndone)
    }
    calls: dict[str, RecentCall] = {}
    for line in called:
        frame = line.frame
        if (
            line.seq in mistakes
            or not isinstance(frame, TicketCalled)
            or not ear.hears(frame)
            or frame.entry.entry_id in calls
        ):
            continue
        told = frame.model_copy(update={"entry": ear.told(frame.entry)})
        calls[frame.entry.entry_id] = _recent(line.seq, told, line.at, reading.now, line.seq in heard)
        if len(calls) == CALLS:
            break
    return tuple(calls.values())


def _recent(seq: int, frame: TicketCalled, at: datetime, now: datetime, heard: bool) -> RecentCall:
    return RecentCall(
        seq=seq,
        entry=frame.entry,
        room_number=frame.room_number,
        service_names=frame.service_names,
        age_s=max(0.0, (now - at).total_seconds()),
        heard=heard,
    )
