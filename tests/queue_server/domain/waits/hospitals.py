"""Invented hospitals to learn from: other loads, paces and policies than any trace the estimator was built on.

Each queue is played by itself, event by event; a review comes back to the doctor who sent it. What differs from
hospital to hospital: the number and pace of rooms, the form of service times (gamma, not log-normal), the pace by
hour and day, lateness, pauses, no-shows, the share of priority and reviews, the load and the policy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from queue_server.domain.waits.policy import READINGS, Memory, Rule, Waiting

Event = dict[str, Any]
MORNING, NOON, AFTERNOON, END = 28800.0, 43200.0, 48600.0, 61200.0
OVERRUN = 3600.0


@dataclass
class Hospital:
    """A way of working. `load` is the part of the doctors' time that the patients of a day need."""

    seed: int
    discipline: str = "fifo"
    param: float = 0.0
    load: float = 0.85
    queues: int = 8
    credit: float = 900.0
    priority: float = 0.18
    reviews: float = 0.3
    absent: float = 0.05
    lateness: float = 480.0
    pauses: float = 0.05
    spread: float = 0.6  # coefficient of variation of service times
    reading: int = 0
    rooms: dict[str, list[str]] = field(default_factory=dict)
    nominal: dict[str, float] = field(default_factory=dict)
    pace: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chance = Random(self.seed)
        for number in range(self.queues):
            name = f"Q{number}"
            self.rooms[name] = [f"{name}-{room}" for room in range(chance.choice((1, 1, 2, 3, 4)))]
            self.nominal[name] = chance.uniform(4, 14)
            self.pace |= {room: math.exp(chance.gauss(-0.1, 0.2)) for room in self.rooms[name]}

    def days(self, first: int, last: int) -> Iterator[list[Event]]:
        for day in range(first, last + 1):
            yield self.one_day(day)

    def one_day(self, day: int) -> list[Event]:
        chance = Random(f"{self.seed}/{day}")
        rule = READINGS[self.discipline](self.param)[self.reading]
        events: list[Event] = []
        busy = self.load * math.exp(chance.gauss(0, 0.08)) * (1.15 if day % 5 == 0 else 1.0)
        for name in self.rooms:
            events += _Clinic(self, name, f"{day:03d}", chance, rule).play(busy)
        events.sort(key=lambda event: event["t"])
        return [self._header(day), *events]

    def _header(self, day: int) -> Event:
        queues = {
            name: {"service": "exam", "dept": name, "rooms": rooms, "nominal_min": self.nominal[name]}
            for name, rooms in self.rooms.items()
        }
        hours = {"am": MORNING, "noon": NOON, "overrun": OVERRUN, "pm": AFTERNOON, "end": END}
        head = {"ev": "day", "day": day, "weekday": day % 5, "discipline": self.discipline, "param": self.param}
        return head | {"review_credit_s": self.credit, "hours": hours, "queues": queues}


class _Clinic:
    """One queue for one day."""

    def __init__(self, hospital: Hospital, name: str, day: str, chance: Random, rule: Rule) -> None:
        self.hospital, self.name, self.day, self.chance, self.rule = hospital, name, day, chance, rule
        self.events: list[Event] = []
        self.waiting: list[Waiting] = []
        self.idle: list[str] = []
        self.memory = Memory()
        self.heap: list[tuple[float, int, str, str, Waiting | None]] = []
        self.order, self.tickets = count(), count()
        self.form = 1 / hospital.spread**2
        self.today = {room: math.exp(chance.gauss(0, 0.08)) for room in hospital.rooms[name]}
        self.served_till: dict[str, float] = {}

    def play(self, load: float) -> list[Event]:
        self._seed(load)
        while self.heap:
            now, _, what, room, entry = heappop(self.heap)
            if what == "arrive" and entry:
                self._arrive(now, entry)
            elif what == "noon":
                for idle in list(self.idle):
                    self._free(now, idle)
            elif what == "finish" and entry:
                self._tell(now, "finish", room, entry)
                self._after_finish(now, room, entry)
            else:
                if what in ("open", "resume", "start", "no_show"):
                    self._tell(now, what, room, entry)
                if what != "start":
                    self._free(now, room)
        return self.events

    def _seed(self, load: float) -> None:
        hospital, rooms = self.hospital, self.hospital.rooms[self.name]
        mean = 60 * self.hospital.nominal[self.name] * sum(hospital.pace[room] for room in rooms) / len(rooms)
        each = (mean * (1 + 0.5 * hospital.reviews)) * (1 - hospital.absent) + 30 + hospital.pauses * 480
        for _ in range(round(load * len(rooms) * 7.0 * 3600 / each)):
            at = self.chance.gauss(30000, 4200) if self.chance.random() < 0.65 else self.chance.uniform(36000, 59000)
            self._comes(max(23000.0, at), self.chance.random() < hospital.priority, False)
        for room in rooms:
            if self.chance.random() > 0.02:
                self._at(MORNING - 120 + self.chance.expovariate(1 / hospital.lateness), "open", room)
            else:
                self._at(self._afternoon(0.0), "open", room)
        self._at(NOON, "noon")

    def _afternoon(self, closed: float) -> float:
        return max(AFTERNOON, closed + 2100) + self.chance.expovariate(2 / self.hospital.lateness)

    def _at(self, when: float, what: str, room: str = "", entry: Waiting | None = None) -> None:
        heappush(self.heap, (when, next(self.order), what, room, entry))

    def _comes(self, at: float, priority: bool, review: bool) -> None:
        ticket = f"{self.day}-{self.name}-{next(self.tickets):04d}"
        entry = Waiting(ticket, round(at, 1), round(at, 1) - self.hospital.credit * review, priority, review)
        self._at(entry.arrived, "arrive", "", entry)

    def _tell(self, now: float, what: str, room: str, entry: Waiting | None) -> None:
        event: Event = {"t": round(now, 1), "ev": what, "queue": self.name, "room": room}
        self.events.append(event | ({"ticket": entry.ticket} if entry and what not in ("open", "resume") else {}))

    def _arrive(self, now: float, entry: Waiting) -> None:
        told = {"t": now, "ev": "arrive", "ticket": entry.ticket, "patient": entry.ticket, "queue": self.name}
        kind = "review" if entry.review else "new"
        self.events.append(told | {"service": "exam", "prio": int(entry.priority), "kind": kind})
        self.waiting.append(entry)
        if self.idle:
            self._free(now, self.idle[0])

    def _closes(self, now: float) -> bool:
        if NOON <= now < AFTERNOON - 600:
            return now >= NOON + OVERRUN or not any(entry.arrived < NOON for entry in self.waiting)
        return now >= END and not self.waiting

    def _free(self, now: float, room: str) -> None:
        """The room calls, waits or closes."""
        if room in self.idle:
            self.idle.remove(room)
        if self._closes(now):
            self._tell(now, "close", room, None)
            if now < AFTERNOON:
                self._at(self._afternoon(now), "open", room)
        elif self.waiting:
            self._call(now, room, self._first(now))
        else:
            self.idle.append(room)

    def _first(self, now: float) -> Waiting:
        lines = [
            sorted((one for one in self.waiting if one.priority is part), key=lambda one: (one.credited, one.arrived))
            for part in (True, False)
        ]
        if all(lines):
            return lines[not self.rule(now, lines[0][0], lines[1][0], self.memory)][0]
        return (lines[0] or lines[1])[0]

    def _call(self, now: float, room: str, entry: Waiting) -> None:
        self.waiting.remove(entry)
        others = [one for one in self.waiting if not one.priority]
        for one in others if entry.priority else ():
            one.passed += 1
            one.passed_by_later += entry.arrived > one.arrived
        self.memory.note(entry.priority, bool(others))
        self._tell(now, "call", room, entry)
        if self.chance.random() < self.hospital.absent:
            self._at(now + self.chance.uniform(60, 150), "no_show", room, entry)
            return
        starts = now + self.chance.uniform(10, 45)
        hour = 1 + 0.04 * math.sin(now / 3600)
        mean = 60 * self.hospital.nominal[self.name] * self.hospital.pace[room] * self.today[room] * hour
        lasts = self.chance.gammavariate(self.form, mean / self.form) * (0.5 if entry.review else 1.0)
        self._at(starts, "start", room, entry)
        self._at(starts + max(20.0, lasts), "finish", room, entry)

    def _after_finish(self, now: float, room: str, entry: Waiting) -> None:
        if not entry.review and self.chance.random() < self.hospital.reviews and now < END - 3600:
            self._comes(now + 900 + self.chance.expovariate(1 / 1800), entry.priority, True)
        if self.chance.random() < self.hospital.pauses and now < END and not NOON - 600 < now < AFTERNOON:
            self._tell(now, "pause", room, None)
            self._at(now + self.chance.uniform(180, 900), "resume", room)
        else:
            self._free(now, room)


OTHERS = (
    Hospital(101, "fifo", 0, load=0.9),
    Hospital(102, "strict", 0, load=0.8, priority=0.25),
    Hospital(103, "headstart", 35, load=0.95, spread=0.9),
    Hospital(104, "wrr", 2, load=0.85, priority=0.3),
    Hospital(105, "ratio", 3, load=0.9),
    Hospital(106, "apq", 2, load=0.75, lateness=1200),
    Hospital(107, "aging", 40, load=0.95, absent=0.12),
    Hospital(108, "capped", 4, load=0.9, pauses=0.1),
)
"""One for each policy, none like another."""
