"""A day as its journal tells it: who stood in which line, from when, until when, and when each room did not call. Pure.

A pool is one line, from which each of its rooms calls; its rooms are those that called somebody from it on that day.

One person may stand in several lines in a day (not here and back, held, sent on): each of these waits is a `Wait`.
Actions that were undone are left out as if they had never been. A wait that ended without a call is counted, not kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protocol import frames
from protocol.nouns import Entry, Priority, PriorityClass
from queue_server.domain.order import class_of

LONGEST_DAY = timedelta(hours=36)
_NEXT = timedelta(microseconds=1)


class UnusableDay(Exception):
    """A journal that tells of no day. `seq` is the number of the journal entry that cannot be, 0 = the whole."""

    def __init__(self, what: str, seq: int = 0) -> None:
        super().__init__(what)
        self.seq = seq


@dataclass(frozen=True)
class Told:
    """One journal entry."""

    seq: int
    at: datetime
    frame: frames.AnyFrame


@dataclass(frozen=True)
class Wait:
    """One wait in the line of one room or in a pool, and the time inside after it."""

    entry: Entry
    """As it was when called, in the room that called; `pooled` as it was while it waited."""
    came_with: Priority
    joined: datetime
    called: datetime
    ended: datetime
    here: bool = True
    """False: called, and did not come."""
    after: int | None = None
    """Place, in the day's waits, of this number's earlier wait; None for the first."""
    before: timedelta = timedelta()
    """Waited already when they joined the line: the number was given offline, and the server heard of it later."""

    @property
    def waited(self) -> timedelta:
        return self.before + (self.called - self.joined)

    @property
    def known_class(self) -> PriorityClass:
        return class_of(self.entry)


@dataclass(frozen=True)
class Hours:
    """When a room does not call although somebody waits: from, until; in order, apart from each other."""

    away: tuple[tuple[datetime, datetime], ...] = ()

    def ready(self, at: datetime) -> datetime:
        """The first moment at `at` or later when the room may call."""
        found = bisect_right(self.away, at, key=lambda span: span[0]) - 1
        return max(at, self.away[found][1]) if found >= 0 else at


@dataclass(frozen=True)
class Day:
    waits: tuple[Wait, ...]
    """In the order of the calls."""
    hours: dict[str, Hours]
    """By room id."""
    confirmed: tuple[tuple[datetime, str, Priority], ...] = ()
    """When which entry (by id) got which priority from staff."""
    never_called: int = 0


def read_day(told: Iterable[Told]) -> Day:
    """Raises UnusableDay: more than one day, a call of somebody who was never there, an empty journal."""
    lines = list(told)
    if not lines:
        raise UnusableDay("the journal is empty")
    times = [line.at for line in lines if not _offline(line.frame)] or [line.at for line in lines]
    if max(times) - min(times) > LONGEST_DAY:
        raise UnusableDay("the journal holds more than one day")
    undone = {line.frame.undone_seq for line in lines if isinstance(line.frame, frames.ActionUndone)}
    reader = _Reader()
    for line in lines:
        of_another_day = _offline(line.frame) and line.at < max(times) - LONGEST_DAY
        if line.seq not in undone and not of_another_day:
            reader.take(line)
    return reader.day(max(times))


_JOINS = (frames.TicketIssued, frames.TicketSentOn, frames.TicketReturned, frames.TicketTransferred)
"""Frames after which an entry waits."""


def _offline(frame: frames.AnyFrame) -> bool:
    """A number that a kiosk gave by itself: it may be told long after it happened."""
    return isinstance(frame, frames.TicketIssued) and frame.offline


class _Reader:
    def __init__(self) -> None:
        self._known: set[str] = set()
        self._waiting: dict[str, tuple[Entry, datetime]] = {}
        self._inside: dict[str, int] = {}
        self._latest: dict[str, int] = {}
        self._waits: list[Wait] = []
        self._confirmed: list[tuple[datetime, str, Priority]] = []
        self._passed_over = 0
        self._newest: datetime | None = None
        self._before: dict[str, timedelta] = {}

    def take(self, line: Told) -> None:
        frame, at = line.frame, line.at
        if _offline(frame):  # nobody could be called whom the server did not know
            at = max(at, self._newest + _NEXT) if self._newest else at
        else:
            self._newest = max(at, self._newest or at)
        entry: Entry | None = getattr(frame, "entry", None)
        if entry is None or isinstance(frame, frames.ActionUndone):
            return
        if isinstance(frame, frames.TicketCarriedOver):
            self._carried(entry, at)
            return
        if isinstance(frame, frames.TicketIssued | frames.TicketSentOn):
            self._known.add(entry.entry_id)
            self._before[entry.entry_id] = at - line.at
            if isinstance(frame, frames.TicketSentOn) and frame.from_entry_id in self._latest:
                self._latest[entry.entry_id] = self._latest[frame.from_entry_id]
        elif entry.entry_id not in self._known:
            raise UnusableDay(f"{frame.type} of a number that was never issued", line.seq)
        if isinstance(frame, frames.TicketCalled):
            self._call(entry, at)
        elif isinstance(frame, frames.PriorityConfirmed):
            self._confirmed.append((at, entry.entry_id, entry.priority))
        else:
            self._leave(entry.entry_id, at, here=not isinstance(frame, frames.TicketNotHere))
            if isinstance(frame, _JOINS) and entry.state == "waiting":  # who is held or away may be moved as such
                self._waiting[entry.entry_id] = entry, at

    def _carried(self, entry: Entry, at: datetime) -> None:
        """From the day before: where its own day is not part of the record, it begins to wait here."""
        if entry.entry_id not in self._known:
            self._known.add(entry.entry_id)
            if entry.state == "waiting":
                self._waiting[entry.entry_id] = entry, at

    def _call(self, entry: Entry, at: datetime) -> None:
        if entry.entry_id in self._inside:  # called again
            return
        came, joined = self._waiting.pop(entry.entry_id, (entry, at))
        joined = min(joined, at)
        after = self._latest.get(entry.entry_id)
        called = entry.model_copy(update={"place": came.place, "pooled": came.pooled})
        self._inside[entry.entry_id] = self._latest[entry.entry_id] = len(self._waits)
        before = self._before.pop(entry.entry_id, timedelta())
        self._waits.append(Wait(called, came.priority, joined, at, at, after=after, before=before))

    def _leave(self, entry_id: str, at: datetime, here: bool) -> None:
        if self._waiting.pop(entry_id, None) is not None:
            self._passed_over += 1
        place = self._inside.pop(entry_id, None)
        if place is not None:
            wait = self._waits[place]
            self._waits[place] = replace(wait, ended=max(at, wait.called), here=here)

    def day(self, end: datetime) -> Day:
        for entry_id in list(self._inside):
            self._leave(entry_id, end, here=True)
        never = self._passed_over + len(self._waiting)
        return Day(tuple(self._waits), room_hours(self._waits), tuple(self._confirmed), never)


def rooms_of_pools(waits: Iterable[Wait]) -> dict[str, tuple[str, ...]]:
    """By service: the rooms that called from its pool."""
    found: dict[str, dict[str, None]] = {}
    for wait in waits:
        if wait.entry.pooled:
            found.setdefault(wait.entry.service_id, {})[wait.entry.room_id] = None
    return {service_id: tuple(rooms) for service_id, rooms in found.items()}


def room_hours(waits: Sequence[Wait]) -> dict[str, Hours]:
    """Whenever it had somebody to call and nobody was inside, a room was closed, on a break or busy otherwise."""
    pools = rooms_of_pools(waits)
    of_room: dict[str, list[Wait]] = {}
    for wait in waits:
        for room_id in _may_call(wait, pools):
            of_room.setdefault(room_id, []).append(wait)
    return {room_id: Hours(tuple(_away(room_id, those))) for room_id, those in of_room.items()}


def _may_call(wait: Wait, pools: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return pools[wait.entry.service_id] if wait.entry.pooled else (wait.entry.room_id,)


def _away(room_id: str, waits: Sequence[Wait]) -> Iterator[tuple[datetime, datetime]]:
    steps: dict[datetime, tuple[int, int]] = {}
    own: set[datetime] = set()
    for wait in waits:
        here = wait.entry.room_id == room_id
        for at, line, inside in ((wait.joined, 1, 0), (wait.called, -1, 1), (wait.ended, 0, -1)):
            before = steps.get(at, (0, 0))
            steps[at] = before[0] + line, before[1] + inside * here
        if here:
            own.add(wait.called)
    line = inside = 0
    since: datetime | None = None
    for at in sorted(steps):
        line, inside = line + steps[at][0], inside + steps[at][1]
        away = line > 0 and inside == 0
        if away and since is None:
            since = at
        elif not away and since is not None:
            yield since, at if at in own else at + _NEXT  # another room of the pool called: that one goes first
            since = None
