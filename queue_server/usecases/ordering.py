"""The line of a room: who is next by the policy in force there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from protocol.nouns import Entry, Room
from protocol.policy import POLICY, Policy
from queue_server.domain import order
from queue_server.store import repository as store
from queue_server.store.rules import SITE, load_rules, recent_calls
from queue_server.usecases.change import Change, Reading


def policies(reading: Reading) -> dict[str, Policy]:
    """The policies that were set, by service; the site's stands under ``""``."""
    return load_rules(reading.connection, reading.site.site_id, "policy", POLICY)


def policy_of_room(reading: Reading, room: Room) -> Policy:
    """The policy of the room's services when all have the same; else the site's, so that one room keeps one promise."""
    known = policies(reading)
    of_site = known.get(SITE, reading.policy)
    wanted = [known.get(service_id, of_site) for service_id in room.service_ids]
    return wanted[0] if wanted and all(policy == wanted[0] for policy in wanted) else of_site


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
    recent = recent_calls(change.connection, room.room_id, change.day, order.RECENT)
    choice = order.choose(waiting, recent, policy, change.at)
    return Turn(choice, policy) if choice else None


def line_of_room(reading: Reading, room: Room, waiting: Sequence[Entry], day: str) -> list[order.Choice]:
    """Everyone who waits, in the order in which they will be called if nobody else comes."""
    recent = recent_calls(reading.connection, room.room_id, day, order.RECENT)
    policy = policy_of_room(reading, room)
    return order.line(waiting, recent, policy, reading.now, _each(reading, room))


def people_ahead(reading: Reading, entry: Entry, room: Room, waiting: Sequence[Entry], day: str) -> int:
    """How many will be called before this entry, which may itself be among those who wait."""
    policy = policy_of_room(reading, room)
    if not any(order.goes_first(other, policy) for other in (entry, *waiting)):  # mostly so, and simple
        return order.people_before(entry, waiting)
    recent = recent_calls(reading.connection, room.room_id, day, order.RECENT)
    return order.people_ahead(entry, waiting, recent, policy, reading.now, _each(reading, room))


def _each(reading: Reading, room: Room) -> timedelta:
    minutes = store.service_minutes(reading.connection, reading.site.site_id)
    of_room = [minutes[service_id] for service_id in room.service_ids if service_id in minutes]
    return timedelta(minutes=sum(of_room) / len(of_room)) if of_room else order.EACH
