"""The line of a room: who is next by the policy in force there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from protocol.nouns import Entry, Room
from protocol.policy import POLICY, Policy
from queue_server.domain import order
from queue_server.domain.calendar import day_before
from queue_server.domain.waits.standing import before_in_class, standing
from queue_server.store import repository as store
from queue_server.store.memory import Door
from queue_server.store.rules import SITE, load_rules, recent_calls
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.overnight import kept_overnight


def policies(reading: Reading) -> dict[str, Policy]:
    """The policies that were set, by service; the site's stands under ``""``."""
    return load_rules(reading.connection, reading.site.site_id, "policy", POLICY)


def policy_of_room(reading: Reading, room: Room) -> Policy:
    """What is in force at a room."""
    known = policies(reading)
    return order.policy_for(room.service_ids, known, known.get(SITE, reading.policy))


@dataclass(frozen=True)
class Turn:
    """Whose turn it is, and the policy that says so."""

    choice: order.Choice
    policy: Policy

    def columns(self, at: datetime) -> dict[str, Any]:
        """What the store keeps of it, for the policy's bound. Emergencies are not counted."""
        return {} if self.choice.reason == "emergency" else {"overtook": self.choice.overtook, "turn_at": at}


def next_in_room(change: Change, room: Room, waiting: Sequence[Entry]) -> Turn | None:
    """Whom the policy calls next; None when nobody waits."""
    policy = policy_of_room(change, room)
    recent = calls_of_room(change, room, change.day)
    choice = order.choose(waiting, recent, policy, change.at, _pools(change, waiting, change.day))
    return Turn(choice, policy) if choice else None


def line_of_room(reading: Reading, room: Room, waiting: Sequence[Entry], day: str) -> list[order.Choice]:
    """Everyone who waits, in the order in which they will be called if nobody else comes."""
    recent = calls_of_room(reading, room, day)
    policy = policy_of_room(reading, room)
    pools = _pools(reading, waiting, day)
    return order.line(waiting, recent, policy, reading.now, _each(reading, room), pools)


def rooms_of_pool(reading: Reading, service_id: str) -> list[Room]:
    """The open rooms that give a service."""
    rooms = store.load_rooms(reading.connection, reading.site.site_id)
    return [room for room in rooms if room.open and service_id in room.service_ids]


def _pools(reading: Reading, waiting: Sequence[Entry], day: str) -> list[tuple[bool, ...]]:
    """For each pool among those who wait: whether the latest calls of all its rooms together overtook somebody."""
    pooled = dict.fromkeys(entry.service_id for entry in waiting if entry.pooled)
    return [calls_of_pool(reading, service_id, day) for service_id in pooled]


def calls_of_room(reading: Reading, room: Room, day: str) -> tuple[bool, ...]:
    """Whether the room's latest calls overtook somebody, newest first."""
    days = _days_that_count(reading, room.service_ids, day)
    return recent_calls(reading.connection, (room.room_id,), days, order.RECENT)


def calls_of_pool(reading: Reading, service_id: str, day: str) -> tuple[bool, ...]:
    """Of its closed rooms too: what they called while they were open counts."""
    known = store.load_rooms(reading.connection, reading.site.site_id)
    rooms = [room.room_id for room in known if service_id in room.service_ids]
    return recent_calls(reading.connection, rooms, _days_that_count(reading, (service_id,), day), order.RECENT)


def _days_that_count(reading: Reading, service_ids: Sequence[str], day: str) -> tuple[str, ...]:
    """Where people are kept overnight, midnight does not make forgotten who was passed over before it."""
    return (day, day_before(day)) if kept_overnight(reading).intersection(service_ids) else (day,)


@dataclass(frozen=True)
class Place:
    """A place in the line of a room: how many will be called before, and how many of the same standing."""

    ahead: int
    first: bool
    """The policy lets somebody with a right to priority go before others."""
    before: int
    stands_at: datetime | None = None
    """Later than now: they came before the time of their appointment."""


def stands_at(entry: Entry, now: datetime) -> datetime | None:
    """Since when an entry stands in its line, when that is still to come."""
    return entry.place if entry.place is not None and entry.place > now else None


def place_in_line(reading: Reading, entry: Entry, room: Room, day: str) -> Place:
    """Where an entry, which may itself be among those who wait, stands."""
    site_id = reading.site.site_id
    door = store.door_of(reading.connection, site_id, day, room)
    if door is not None and (counted := _counted(reading, entry, room, door)) is not None:
        return counted
    waiting = store.waiting_for(reading.connection, site_id, day, room)
    each = _each(reading, room)
    return _place(reading, entry, room, waiting, each, lambda: calls_of_room(reading, room, day))


def _counted(reading: Reading, entry: Entry, room: Room, door: Door) -> Place | None:
    """The place of somebody without a right to go first, where nobody has one, or behind everybody: most who come."""
    if order.may_ask_to_go_first(entry):
        return None
    ahead = door.came_before(entry)
    if not door.asking:
        return Place(ahead, first=False, before=ahead)
    if ahead < len(door.came):
        return None
    first = sum(door.classes[known] for known in {*order.classes_of(policy_of_room(reading, room)), "emergency"})
    return Place(ahead, first=False, before=ahead - first)


def place_in_pool(reading: Reading, entry: Entry, room: Room, day: str) -> Place:
    """Where it stands among all whom the rooms of its pool may call; `room` is where the entry is counted."""
    site_id = reading.site.site_id
    rooms = rooms_of_pool(reading, entry.service_id) or [room]
    line = [other for one in rooms for other in store.waiting_for(reading.connection, site_id, day, one)]
    waiting = list({other.entry_id: other for other in line}.values())
    each = _each(reading, room) / len(rooms)
    return _place(reading, entry, room, waiting, each, lambda: calls_of_pool(reading, entry.service_id, day))


def _place(
    reading: Reading,
    entry: Entry,
    room: Room,
    waiting: Sequence[Entry],
    each: timedelta,
    recent: Callable[[], Sequence[bool]],
) -> Place:
    policy = policy_of_room(reading, room)
    rights = {*order.classes_of(policy), "emergency"}
    everyone = (entry, *waiting)
    if not any(other.priority.priority_class in rights or other.appointment for other in everyone):  # mostly so, simple
        ahead = order.people_before(entry, waiting)
        return Place(ahead, first=False, before=ahead, stands_at=stands_at(entry, reading.now))
    ahead = order.people_ahead(entry, waiting, recent(), policy, reading.now, each)
    first, before = standing(entry, policy).first, before_in_class(entry, waiting, policy)
    return Place(ahead, first, before, stands_at(entry, reading.now))


def _each(reading: Reading, room: Room) -> timedelta:
    minutes = store.service_minutes(reading.connection, reading.site.site_id)
    of_room = [minutes[service_id] for service_id in room.service_ids if service_id in minutes]
    return timedelta(minutes=sum(of_room) / len(of_room)) if of_room else order.EACH
