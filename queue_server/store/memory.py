"""What the writer remembers of the hospital between two transactions, so that a ticket costs few questions.

Only the writer's own connection has it, and only inside its transaction, which nobody else's change can come between
(row lock of the site; SQLite's write lock). At its start two numbers on the row of the site tell whether anybody else
wrote since: `last_seq` (the journal: then the entries it names are read again) and `configuration` (raised by triggers
on the tables of the hospital: then everything is forgotten). A change that failed may have left its traces here, so
after one the entries are forgotten too.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from protocol.nouns import Entry, PriorityClass, Room
from queue_server.domain.order import Seniority, class_of, may_ask_to_go_first, seniority

T = TypeVar("T")
_CHANGES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.I)
_CONFIGURED = frozenset({"site", "zone", "service", "room", "room_service", "rule"})
REMEMBERED = frozenset({"waiting", "called", "not_here", "held"})
"""The states in which an entry is kept in mind; the others only grow in number."""
WORK = frozenset({"waiting", "called"})


@dataclass
class Door:
    """Those who wait at one door and are in no pool: enough to tell most people's places without looking at each."""

    came: list[Seniority] = field(default_factory=list)
    """In order."""
    asking: int = 0
    """How many of them some policy may let go before others."""
    classes: Counter[PriorityClass] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        insort(self.came, seniority(entry))
        self._count(entry, 1)

    def remove(self, entry: Entry) -> None:
        del self.came[bisect_left(self.came, seniority(entry))]
        self._count(entry, -1)

    def came_before(self, entry: Entry) -> int:
        """How many came before somebody who may be among them."""
        return bisect_left(self.came, seniority(entry))

    def _count(self, entry: Entry, more: int) -> None:
        self.asking += more * may_ask_to_go_first(entry)
        self.classes[class_of(entry)] += more


class Memory:
    """`known` are answers about the configuration; `_rooms` the entries of one business day that are not over."""

    def __init__(self) -> None:
        self.last_seq = -1
        self.configuration = -1
        self.known: dict[object, Any] = {}
        self.day: str | None = None
        self.touched = False
        self._rooms: dict[str, dict[str, Entry]] = {}
        self._where: dict[str, str] = {}
        self._work: dict[str, dict[str, int]] = {}
        self._pools: dict[str, dict[str, Entry]] = {}
        self._doors: defaultdict[str, Door] = defaultdict(Door)

    def forget(self) -> None:
        self.known.clear()
        self.forget_entries()

    def forget_entries(self) -> None:
        self.day = None
        self._rooms.clear()
        self._where.clear()
        self._work.clear()
        self._pools.clear()
        self._doors.clear()

    def begin(self, last_seq: int, configuration: int) -> None:
        """A transaction begins, and the row of the site says so much. Whatever others changed is forgotten."""
        if configuration != self.configuration:
            self.forget()
        elif last_seq != self.last_seq:
            self.forget_entries()
        self.last_seq, self.configuration = last_seq, configuration

    def failed(self) -> None:
        """The change at hand is undone by the database: what it left here goes too."""
        if self.touched:
            self.forget_entries()
        if self.configuration < 0:
            self.known.clear()

    def learn(self, day: str, entries: Iterable[Entry]) -> None:
        """All entries of `day` that are not over."""
        self.forget_entries()
        self.day = day
        for entry in entries:
            self._add(entry)

    def keep(self, entry: Entry, day: str | None = None) -> None:
        """An entry was written. `day` is known for a new one; any other is only kept when it was known already."""
        self.touched = True
        before = self._where.get(entry.entry_id)
        if before is not None:
            self._remove(entry.entry_id, before)
        elif day is None and entry.state in REMEMBERED:  # of which day it is cannot be told here
            self.day = None
            return
        if (before is not None or day == self.day) and entry.state in REMEMBERED:
            self._add(entry)

    def entries(self, states: Iterable[str], room_id: str | None) -> list[Entry]:
        """In the order of the times on their tickets."""
        rooms = [self._rooms.get(room_id, {})] if room_id is not None else list(self._rooms.values())
        found = [entry for room in rooms for entry in room.values() if entry.state in states]
        found.sort(key=_issued_at)
        return found

    def waiting_for(self, room: Room) -> list[Entry]:
        """Whom this room may call, in the order of the times on their tickets."""
        here = [entry for entry in self._rooms.get(room.room_id, {}).values() if entry.state == "waiting"]
        if room.open and self._pools:
            here = [entry for entry in here if not entry.pooled]
            for service_id in room.service_ids:
                pool = self._pools.get(service_id, {}).values()
                here += [entry for entry in pool if entry.state == "waiting"]
        here.sort(key=_issued_at)
        return here

    def door(self, room: Room) -> Door | None:
        """Whom this room may call; None when it calls from a pool too."""
        if room.open and any(self._pools.get(service_id) for service_id in room.service_ids):
            return None
        return self._doors[room.room_id]

    def work(self) -> dict[str, dict[str, int]]:
        """How many wait or are inside, by room and service."""
        return self._work

    def _add(self, entry: Entry) -> None:
        self._rooms.setdefault(entry.room_id, {})[entry.entry_id] = entry
        self._where[entry.entry_id] = entry.room_id
        if entry.pooled:
            self._pools.setdefault(entry.service_id, {})[entry.entry_id] = entry
        elif entry.state == "waiting":
            self._doors[entry.room_id].add(entry)
        if entry.state in WORK:
            of_room = self._work.setdefault(entry.room_id, defaultdict(int))
            of_room[entry.service_id] += 1

    def _remove(self, entry_id: str, room_id: str) -> None:
        entry = self._rooms[room_id].pop(entry_id)
        del self._where[entry_id]
        if entry.pooled:
            del self._pools[entry.service_id][entry_id]
        elif entry.state == "waiting":
            self._doors[room_id].remove(entry)
        if entry.state in WORK:
            self._work[entry.room_id][entry.service_id] -= 1


def _issued_at(entry: Entry) -> Any:
    return entry.issued_at


_ATTACHED: dict[int, Memory] = {}
"""By the connection's identity, while the writer has it: a lookup that costs nothing, a few dozen for each ticket."""


@contextmanager
def attached(connection: Connection, memory: Memory) -> Iterator[None]:
    """Inside, `memory` goes with this connection."""
    _ATTACHED[id(connection)] = memory
    try:
        yield
    finally:
        del _ATTACHED[id(connection)]


def of(connection: Connection) -> Memory | None:
    """The memory that goes with this connection; None on every connection but the writer's."""
    return _ATTACHED.get(id(connection))


def known(connection: Connection, key: object, ask: Callable[[], T]) -> T:
    """What `ask` would answer about the configuration, asked once until somebody changes it."""
    memory = of(connection)
    if memory is None:
        return ask()
    if key not in memory.known:
        memory.known[key] = ask()
    answer: T = memory.known[key]
    return answer


def notice(connection: Connection, sql: str) -> None:
    """A statement ran on this connection: one that changes the configuration makes the rest of it be asked anew."""
    memory = of(connection)
    changes = _CHANGES.match(sql) if memory is not None else None
    if memory is None or changes is None:
        return
    if changes[1] in _CONFIGURED:
        memory.known.clear()
        memory.configuration = -1
    elif changes[1] == "entry":
        memory.touched = True
        memory.forget_entries()
