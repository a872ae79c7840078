"""When rooms really open and close, learned from the days seen. Pure. Times in seconds after midnight.

Doctors come late, some not at all for a morning; they go on after noon until those who came before noon are served,
for `overrun` seconds at most, and then rest before the afternoon. Other counters keep a clock: each room has its own
usual times of closing and opening again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

DAYS_KEPT, POOL_KEPT = 12, 1200
FIRST_LATENESS = (-120.0, 0.0, 120.0, 300.0, 600.0, 1200.0)
ABSENT_CHANCE, ABSENT_WEIGHT = 0.02, 40.0
FIRST_REST = 2100.0
UNTIL_QUEUE_ENDS = "exam"  # the service whose rooms close when their queue is served, not by the clock
FOREVER = 200_000.0  # later than any day


@dataclass(frozen=True, slots=True)
class DayHours:
    morning: float = 28800
    noon: float = 43200
    overrun: float = 3600
    afternoon: float = 48600
    end: float = 61200


class Pool:
    """The last values seen, sorted when asked."""

    def __init__(self, first: tuple[float, ...] = (), kept: int = POOL_KEPT) -> None:
        self._values = list(first)
        self._own = len(first)
        self._kept = kept
        self._sorted = sorted(first)
        self._stale = False

    def add(self, value: float) -> None:
        self._values.append(value)
        if self._own and len(self._values) > 40:  # what was assumed gives way to what was seen
            del self._values[: self._own]
            self._own = 0
        if len(self._values) > self._kept:
            del self._values[0]
        self._stale = True

    def values(self) -> list[float]:
        if self._stale:
            self._sorted, self._stale = sorted(self._values), False
        return self._sorted


class Hours:
    """The opening habits of one service."""

    def __init__(self, by_clock: bool) -> None:
        self.by_clock = by_clock
        self.lateness = (Pool(FIRST_LATENESS), Pool(FIRST_LATENESS))
        self.rests = Pool((FIRST_REST,), kept=200)
        self.missed, self.expected = 0.0, 0.0
        self.openings: dict[tuple[str, int], Pool] = defaultdict(lambda: Pool(kept=DAYS_KEPT))
        self.closings: dict[tuple[str, int], Pool] = defaultdict(lambda: Pool(kept=DAYS_KEPT))

    def opened(self, room: str, now: float, session: int, closed: float | None, day: DayHours) -> None:
        """`session` counts the room's openings of the day from 0; `closed` is when it last closed today."""
        self.openings[room, session].add(now)
        afternoon = now >= day.noon
        base = day.afternoon if afternoon else day.morning
        if closed is not None and closed + self.rest() > day.afternoon:
            self.rests.add(max(600.0, now - closed - self._usual_lateness()))
        else:
            self.lateness[afternoon].add(now - base)
        if not self.by_clock:
            self.expected += 1

    def stayed_away(self) -> None:
        self.missed += 1
        self.expected += 1

    def closed(self, room: str, now: float, session: int) -> None:
        self.closings[room, session].add(now)

    def rest(self) -> float:
        values = self.rests.values()
        return values[len(values) // 2]

    def _usual_lateness(self) -> float:
        values = self.lateness[1].values()
        return values[len(values) // 2]

    def closes(self, room: str, session: int) -> float:
        """The usual time of closing, for rooms that keep a clock."""
        values = self.closings[room, session].values() if (room, session) in self.closings else []
        return values[len(values) // 2] if values else FOREVER

    def session(self, room: str, openings: int, now: float) -> int:
        """How often a room that works has opened today: a rest in which nobody waited is not seen by anybody.

        So a room that is past its usual times of closing and of opening again has done both.
        """
        while self.by_clock and openings and self.closes(room, openings - 1) < now:
            again = self.openings[room, openings].values() if (room, openings) in self.openings else []
            if not again or again[len(again) // 2] >= now:
                break
            openings += 1
        return openings

    def opens(self, room: str, session: int, now: float, day: DayHours, chance: tuple[float, float]) -> float:
        """A draw of the time at which a room that is still closed opens. `chance`: two uniform numbers."""
        if self.by_clock and (room, session) in self.openings:
            return _later_than(self.openings[room, session].values(), now, 0.0, chance[0])
        if self.by_clock and session:
            return FOREVER
        if now >= day.noon:
            return _later_than(self.lateness[1].values(), now, day.afternoon, chance[0])
        late = self.lateness[0].values()
        if chance[1] < self._away(late, now - day.morning):
            return _later_than(self.lateness[1].values(), now, day.afternoon, chance[0])
        return _later_than(late, now, day.morning, chance[0])

    def _away(self, late: list[float], passed: float) -> float:
        """The chance that whoever is not here `passed` seconds after the hour does not come this morning."""
        never = (self.missed + ABSENT_CHANCE * ABSENT_WEIGHT) / (self.expected / 2 + ABSENT_WEIGHT)
        still = 1 - bisect_right(late, passed) / len(late)
        return never / (never + (1 - never) * still)

    def reopens(self, closed: float, day: DayHours, uniform: float) -> float:
        """A draw of when the afternoon begins in a room that closed at `closed`."""
        values = self.lateness[1].values()
        return max(day.afternoon, closed + self.rest()) + values[int(uniform * len(values))]


def _later_than(values: list[float], now: float, base: float, uniform: float) -> float:
    first = bisect_right(values, now - base)
    if first < len(values):
        return base + values[first + int(uniform * (len(values) - first))]
    return now + 60 + 1200 * uniform
