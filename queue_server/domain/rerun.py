"""The same day under another policy: arrivals, times inside and room hours as recorded, the order by the policy. Pure.

Who came back or was sent on joins the next line as long after leaving the one before as recorded, at the place
recorded. Who was called out of turn in the record waits for the turn. Changes of policy in the record do not count.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from protocol.nouns import Entry, Priority
from protocol.policy import Policy
from queue_server.domain import order
from queue_server.domain.recorded_day import Day, Hours, Wait


@dataclass
class _Room:
    hours: Hours
    waiting: dict[str, Entry] = field(default_factory=dict)
    inside: bool = False
    turns: dict[str, bool] = field(default_factory=dict)
    """Whether the latest turn of each entry overtook somebody; the oldest turn first."""

    def recent(self) -> list[bool]:
        return list(self.turns.values())[: -order.RECENT - 1 : -1]


def rerun(day: Day, policy: Policy) -> tuple[Wait, ...]:
    """The day's waits as they would have been, in the order of their calls."""
    return _Rerun(day, policy).run()


class _Rerun:
    def __init__(self, day: Day, policy: Policy) -> None:
        self._day = day
        self._policy = policy
        self._rooms = {room_id: _Room(hours) for room_id, hours in day.hours.items()}
        self._then: dict[int, int] = {
            wait.after: place for place, wait in enumerate(day.waits) if wait.after is not None
        }
        self._now: dict[str, tuple[int, datetime]] = {}
        self._done: list[Wait] = []
        self._agenda: list[tuple[datetime, int, int, str, Any]] = []
        self._count = 0
        self._places: dict[int, int] = {}
        self._confirmed: dict[str, Priority] = {}

    def run(self) -> tuple[Wait, ...]:
        for at, entry_id, priority in self._day.confirmed:
            self._plan(at, 0, "confirm", (entry_id, priority))
        for place, wait in enumerate(self._day.waits):
            if wait.after is None:
                self._plan(wait.joined, 0, "join", place)
        while self._agenda:
            at, _, _, what, about = heapq.heappop(self._agenda)
            if what == "confirm":
                self._confirm(*about)
            elif what == "join":
                self._join(about, at)
            elif what == "leave":
                self._leave(about, at)
            else:
                self._call(about, at)
        return tuple(self._done)

    def _plan(self, at: datetime, rank: int, what: str, about: Any) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, rank, self._count, what, about))

    def _confirm(self, entry_id: str, priority: Priority) -> None:
        self._confirmed[entry_id] = priority
        for room in self._rooms.values():
            if entry_id in room.waiting:
                room.waiting[entry_id] = room.waiting[entry_id].model_copy(update={"priority": priority})

    def _join(self, place: int, at: datetime) -> None:
        wait = self._day.waits[place]
        priority = self._confirmed.get(wait.entry.entry_id, wait.came_with)
        entry = wait.entry.model_copy(update={"priority": priority})
        self._rooms[entry.room_id].waiting[entry.entry_id] = entry
        self._now[entry.entry_id] = place, at
        self._call(entry.room_id, at)

    def _call(self, room_id: str, at: datetime) -> None:
        room = self._rooms[room_id]
        if room.inside or not room.waiting:
            return
        ready = room.hours.ready(at)
        if ready > at:
            self._plan(ready, 1, "call", room_id)
            return
        choice = order.choose(list(room.waiting.values()), room.recent(), self._policy, at)
        assert choice is not None, "somebody waits"
        entry = room.waiting.pop(choice.entry.entry_id)
        if choice.reason != "emergency":
            room.turns.pop(entry.entry_id, None)
            room.turns[entry.entry_id] = choice.overtook
        place, joined = self._now[entry.entry_id]
        was = self._day.waits[place]
        room.inside = True
        ended = at + (was.ended - was.called)
        after = None if was.after is None else self._places[was.after]
        self._places[place] = len(self._done)
        self._done.append(replace(was, entry=entry, joined=joined, called=at, ended=ended, after=after))
        self._plan(ended, 1, "leave", place)

    def _leave(self, place: int, at: datetime) -> None:
        wait = self._day.waits[place]
        room_id = wait.entry.room_id
        self._rooms[room_id].inside = False
        following = self._then.get(place)
        if following is not None:
            gap = max(self._day.waits[following].joined, wait.ended) - wait.ended
            self._plan(at + gap, 0, "join", following)
        self._plan(at, 1, "call", room_id)


def call_order(waits: Iterable[Wait]) -> list[tuple[str, str, datetime]]:
    """Room, number and moment of each call, in order: two runs of a day are the same when these are."""
    return sorted(
        ((one.entry.room_id, one.entry.number, one.called) for one in waits), key=lambda call: (call[2], call[0])
    )
