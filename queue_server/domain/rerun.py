"""The same day under another policy: arrivals, times inside and room hours as recorded, the order by the policy. Pure.

Who came back or was sent on joins the next line as long after leaving the one before as recorded, at the place
recorded. Who was called out of turn in the record waits for the turn. Changes of policy in the record do not count.

A pool is one line: the first of its rooms that is free calls, and of several the recorded one. Who comes back to the
room that called them from a pool comes back to the one that did so this time.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from protocol.nouns import Entry, Priority
from protocol.policy import Policy
from queue_server.domain import order
from queue_server.domain.recorded_day import Day, Hours, Wait, rooms_of_pools


@dataclass
class _Room:
    hours: Hours
    lines: tuple[str, ...]
    """The names of the lines from which it calls: its own, and the pools."""
    inside: bool = False


def rerun(day: Day, policy: Policy) -> tuple[Wait, ...]:
    """The day's waits as they would have been, in the order of their calls."""
    return _Rerun(day, policy).run()


class _Rerun:
    def __init__(self, day: Day, policy: Policy) -> None:
        self._day = day
        self._policy = policy
        self._pools = rooms_of_pools(day.waits)
        pools = {service_id: _pool(service_id) for service_id in self._pools}
        self._rooms = {
            room_id: _Room(hours, (room_id, *(pools[one] for one, rooms in self._pools.items() if room_id in rooms)))
            for room_id, hours in day.hours.items()
        }
        self._waiting: dict[str, dict[str, Entry]] = defaultdict(dict)
        self._turns: dict[str, tuple[str, bool]] = {}
        """Of each entry the latest turn: in which room, and whether it overtook; the oldest turn first."""
        self._recorded = {(wait.entry.room_id, wait.called): place for place, wait in enumerate(day.waits)}
        self._went: dict[int, str] = {}
        """By place of the wait: the room that called."""
        self._then: dict[int, int] = {
            wait.after: place for place, wait in enumerate(day.waits) if wait.after is not None
        }
        self._now: dict[str, tuple[int, datetime]] = {}
        self._done: list[Wait] = []
        self._agenda: list[tuple[datetime, int, int, int, str, Any]] = []
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
            at, _, _, _, what, about = heapq.heappop(self._agenda)
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
        """Of rooms that may call at one moment, the one that did so first goes first."""
        self._count += 1
        first = self._recorded.get((about, at), len(self._recorded)) if what == "call" else -1
        heapq.heappush(self._agenda, (at, rank, first, self._count, what, about))

    def _confirm(self, entry_id: str, priority: Priority) -> None:
        self._confirmed[entry_id] = priority
        for line in self._waiting.values():
            if entry_id in line:
                line[entry_id] = line[entry_id].model_copy(update={"priority": priority})

    def _join(self, place: int, at: datetime) -> None:
        wait = self._day.waits[place]
        room_id = self._room_of(place)
        priority = self._confirmed.get(wait.entry.entry_id, wait.came_with)
        entry = wait.entry.model_copy(update={"priority": priority, "room_id": room_id})
        self._waiting[_line(entry)][entry.entry_id] = entry
        self._now[entry.entry_id] = place, at
        others = self._pools[entry.service_id] if entry.pooled else ()
        for one in dict.fromkeys((room_id, *others)):
            self._call(one, at)

    def _room_of(self, place: int) -> str:
        """The recorded room; or, where that is the one that called them from a pool before, the one that did so now."""
        wait = self._day.waits[place]
        room_id, earlier = wait.entry.room_id, wait.after
        while not wait.entry.pooled and earlier is not None:
            before = self._day.waits[earlier]
            if before.entry.pooled and before.entry.room_id == room_id:
                return self._went[earlier]
            earlier = before.after
        return room_id

    def _recent(self, rooms: Collection[str]) -> list[bool]:
        """Whether the latest calls of these rooms together overtook somebody, newest first."""
        turns = (overtook for room_id, overtook in reversed(self._turns.values()) if room_id in rooms)
        return list(islice(turns, order.RECENT))

    def _call(self, room_id: str, at: datetime) -> None:
        room = self._rooms[room_id]
        waiting = [entry for line in room.lines for entry in self._waiting[line].values()]
        if room.inside or not waiting:
            return
        ready = room.hours.ready(at)
        if ready > at:
            self._plan(ready, 1, "call", room_id)
            return
        pooled = dict.fromkeys(entry.service_id for entry in waiting if entry.pooled)
        pools = [self._recent(self._pools[service_id]) for service_id in pooled]
        choice = order.choose(waiting, self._recent((room_id,)), self._policy, at, pools)
        assert choice is not None, "somebody waits"
        entry = self._waiting[_line(choice.entry)].pop(choice.entry.entry_id)
        if choice.reason != "emergency":
            self._turns.pop(entry.entry_id, None)
            self._turns[entry.entry_id] = room_id, choice.overtook
        place, joined = self._now[entry.entry_id]
        was = self._day.waits[place]
        self._went[place] = room_id
        entry = entry.model_copy(update={"room_id": room_id})
        room.inside = True
        ended = at + (was.ended - was.called)
        after = None if was.after is None else self._places[was.after]
        self._places[place] = len(self._done)
        self._done.append(replace(was, entry=entry, joined=joined, called=at, ended=ended, after=after))
        self._plan(ended, 1, "leave", place)

    def _leave(self, place: int, at: datetime) -> None:
        wait = self._day.waits[place]
        room_id = self._went[place]
        self._rooms[room_id].inside = False
        following = self._then.get(place)
        if following is not None:
            gap = max(self._day.waits[following].joined, wait.ended) - wait.ended
            self._plan(at + gap, 0, "join", following)
        self._plan(at, 1, "call", room_id)


def _pool(service_id: str) -> str:
    return f"pool of {service_id}"


def _line(entry: Entry) -> str:
    return _pool(entry.service_id) if entry.pooled else entry.room_id


def call_order(waits: Iterable[Wait]) -> list[tuple[str, str, datetime]]:
    """Room, number and moment of each call, in order: two runs of a day are the same when these are."""
    return sorted(
        ((one.entry.room_id, one.entry.number, one.called) for one in waits), key=lambda call: (call[2], call[0])
    )
