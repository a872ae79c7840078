"""How long people will wait: looked up in what is foreseen for a room; a rule of thumb while nothing is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.nouns import Entry, Room, Service, WaitEstimate
from queue_server.domain import estimate, order
from queue_server.domain.assignment import pause_left
from queue_server.domain.waits.standing import standing
from queue_server.store import repository as store
from queue_server.usecases.assigning import is_pooled
from queue_server.usecases.change import Reading
from queue_server.usecases.ordering import Place, policy_of_room, rooms_of_pool, stands_at


def wait_at(reading: Reading, room: Room, place: Place, minutes: float) -> WaitEstimate:
    """For somebody at this place in the room's line; `minutes` are the usual ones of a patient.

    What was foreseen before a room paused, or went on, is not true any more.
    """
    forecast = reading.forecasts.get(room.room_id) if room.open else None
    usable = forecast is not None and forecast.pauses is (room.pause is not None)
    found = forecast.wait(place.first, place.before, reading.now, place.stands_at) if forecast and usable else None
    return found or estimate.wait(place.ahead, minutes, 1 if room.open else 0, pause_left(room, reading.now))


def wait_in_pool(reading: Reading, service_id: str, place: Place) -> WaitEstimate:
    """For somebody whom any room of the service may call, at this place in the whole pool."""
    rooms = rooms_of_pool(reading, service_id)
    forecast = reading.forecasts.get(rooms[0].room_id) if rooms else None
    pauses = all(room.pause is not None for room in rooms)
    usable = forecast is not None and forecast.pauses is pauses and (forecast.pooled or len(rooms) == 1)
    found = forecast.wait(place.first, place.before, reading.now, place.stands_at) if forecast and usable else None
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[service_id]
    away = min((pause_left(room, reading.now) for room in rooms), default=0.0)
    return found or estimate.wait(place.ahead, minutes, len(rooms), away)


def waits_of_line(reading: Reading, room: Room, line: Sequence[order.Choice]) -> list[WaitEstimate]:
    """For everyone in the line of a room, in its order."""
    policy = policy_of_room(reading, room)
    minutes = store.service_minutes(reading.connection, reading.site.site_id)
    before = {True: 0, False: 0}
    found: list[WaitEstimate] = []
    for ahead, choice in enumerate(line):
        entry = choice.entry
        first = standing(entry, policy).first
        place = Place(ahead, first, before[first], stands_at(entry, reading.now))
        if entry.pooled:
            found.append(wait_in_pool(reading, entry.service_id, place))
        else:
            found.append(wait_at(reading, room, place, minutes[entry.service_id]))
        before[first] += 1
    return found


def wait_of_newcomer(reading: Reading, room: Room, waiting: Sequence[Entry], minutes: float) -> WaitEstimate:
    """For somebody without a priority who came now; `waiting` are those of the room."""
    policy = policy_of_room(reading, room)
    before = sum(not standing(entry, policy).first for entry in waiting)
    return wait_at(reading, room, Place(len(waiting), False, before), minutes)


@dataclass(frozen=True)
class NewcomerWaits:
    """Of somebody who came for a service now."""

    shortest: WaitEstimate
    """At its open rooms, or in its pool."""
    at_doctors: dict[str, WaitEstimate]
    """By room id, at its open rooms with a named doctor."""


def waits_for_service(
    reading: Reading, service: Service, rooms: Sequence[Room], waiting: Sequence[Entry]
) -> NewcomerWaits:
    """How long somebody who came now, without a priority, would wait; `waiting` is everybody of the site."""
    pooled = is_pooled(reading, service.service_id)
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[service.service_id]
    waits = {
        room.room_id: wait_of_newcomer(reading, room, _called_by(room, waiting), minutes)
        for room in rooms
        if room.open and service.service_id in room.service_ids and (room.doctor or not pooled)
    }
    if pooled:
        shortest = _wait_of_newcomer_in_pool(reading, service, waiting)
    else:
        shortest = min(waits.values(), key=_longest, default=estimate.NO_ROOM)
    named = {room.room_id for room in rooms if room.doctor}
    return NewcomerWaits(shortest, {room_id: wait for room_id, wait in waits.items() if room_id in named})


def _called_by(room: Room, waiting: Sequence[Entry]) -> list[Entry]:
    """Who waits in front of an open room, and in the pools of its services."""
    return [
        entry
        for entry in waiting
        if (entry.service_id in room.service_ids if entry.pooled else entry.room_id == room.room_id)
    ]


def _wait_of_newcomer_in_pool(reading: Reading, service: Service, waiting: Sequence[Entry]) -> WaitEstimate:
    those = [entry for entry in waiting if entry.service_id == service.service_id]
    pool = rooms_of_pool(reading, service.service_id)
    policy = policy_of_room(reading, pool[0]) if pool else reading.policy
    before = sum(not standing(entry, policy).first for entry in those)
    return wait_in_pool(reading, service.service_id, Place(len(those), False, before))


def _longest(wait: WaitEstimate) -> tuple[bool, int, int]:
    """Where nothing can be said comes last."""
    return wait.high_minutes is None, wait.p50_minutes or wait.high_minutes or 0, wait.high_minutes or 0
