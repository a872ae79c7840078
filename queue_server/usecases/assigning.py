"""Which clinic room somebody is sent to: the one of the service with the least work in front of its door."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.nouns import Room
from protocol.opening import ASSIGNMENT, RoomAssignment
from queue_server.domain.assignment import RoomLoad, least_busy, pause_left
from queue_server.domain.keeping import Keeping
from queue_server.errors import Conflict, NotFound
from queue_server.store import repository as store
from queue_server.store.rules import load_rules
from queue_server.usecases.change import Reading


def rule_of_assignment(reading: Reading, service_id: str) -> RoomAssignment:
    known = load_rules(reading.connection, reading.site.site_id, "assignment", ASSIGNMENT)
    return known.get(service_id) or RoomAssignment()


def is_pooled(reading: Reading, service_id: str) -> bool:
    """Whether new tickets of this service name no room: it is told by the call."""
    return rule_of_assignment(reading, service_id).assignment == "at_call"


def wanted_room(reading: Reading, service_id: str, room_id: str) -> Room:
    """The room that somebody asks for. Raises NotFound ``unknown_room``; Conflict ``room_without_service``,
    ``wanted_room_closed``."""
    room = store.load_room(reading.connection, reading.site.site_id, room_id)
    if room is None:
        raise NotFound("unknown_room")
    if service_id not in room.service_ids:
        raise Conflict("room_without_service", room_id=room_id)
    if not room.open:
        raise Conflict("wanted_room_closed", room_id=room_id)
    return room


def room_loads(reading: Reading, day: str, rooms: Iterable[Room] | None = None) -> list[RoomLoad]:
    """Rooms (all when none are named) with the minutes of work that wait there; what is left of a pause counts too."""
    site_id = reading.site.site_id
    minutes = store.service_minutes(reading.connection, site_id)
    work = store.work_by_room(reading.connection, site_id, day)
    return [
        RoomLoad(
            room,
            sum(minutes[service] * people for service, people in work.get(room.room_id, {}).items())
            + pause_left(room, reading.now),
        )
        for room in (store.load_rooms(reading.connection, site_id) if rooms is None else rooms)
    ]


def assign_room(reading: Reading, service_id: str, day: str) -> Room:
    """The open room of a service with the least work. Raises Conflict ``no_open_room``."""
    rooms = store.rooms_giving(reading.connection, reading.site.site_id, service_id)
    chosen = least_busy(service_id, room_loads(reading, day, rooms))
    if chosen is None:
        raise Conflict("no_open_room", service_id=service_id)
    return chosen.room


def booked_room(reading: Reading, service_id: str, keeping: Keeping | None) -> Room | None:
    """The room of the appointment for which somebody comes, while it is open."""
    if keeping is None or not keeping.uses_it or keeping.appointment.room_id is None:
        return None
    room = store.load_room(reading.connection, reading.site.site_id, keeping.appointment.room_id)
    return room if room is not None and room.open and service_id in room.service_ids else None
