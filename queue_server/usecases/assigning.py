"""Which clinic room somebody is sent to: the one of the service with the least work in front of its door."""

from __future__ import annotations

from protocol.nouns import Room
from protocol.opening import ASSIGNMENT
from queue_server.domain.assignment import RoomLoad, least_busy, pause_left
from queue_server.domain.keeping import Keeping
from queue_server.errors import Conflict
from queue_server.store import repository as store
from queue_server.store.rules import load_rules
from queue_server.usecases.change import Reading


def is_pooled(reading: Reading, service_id: str) -> bool:
    """Whether new tickets of this service name no room: it is told by the call."""
    rule = load_rules(reading.connection, reading.site.site_id, "assignment", ASSIGNMENT).get(service_id)
    return rule is not None and rule.assignment == "at_call"


def room_loads(reading: Reading, day: str) -> list[RoomLoad]:
    """All rooms with the minutes of work that wait there; what is left of a pause counts too."""
    site_id = reading.site.site_id
    minutes = store.service_minutes(reading.connection, site_id)
    work = store.work_by_room(reading.connection, site_id, day)
    return [
        RoomLoad(
            room,
            sum(minutes[service] * people for service, people in work.get(room.room_id, {}).items())
            + pause_left(room, reading.now),
        )
        for room in store.load_rooms(reading.connection, site_id)
    ]


def assign_room(reading: Reading, service_id: str, day: str) -> Room:
    """The open room of a service with the least work. Raises Conflict ``no_open_room``."""
    chosen = least_busy(service_id, room_loads(reading, day))
    if chosen is None:
        raise Conflict("no_open_room", service_id=service_id)
    return chosen.room


def booked_room(reading: Reading, service_id: str, keeping: Keeping | None) -> Room | None:
    """The room of the appointment for which somebody comes, while it is open."""
    if keeping is None or not keeping.uses_it or keeping.appointment.room_id is None:
        return None
    room = store.load_room(reading.connection, reading.site.site_id, keeping.appointment.room_id)
    return room if room is not None and room.open and service_id in room.service_ids else None
