"""How long people are served: per room and kind of visit, pulled towards the queue and the nominal time. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict

from queue_server.domain.waits.chance import Chance

KIND_WEIGHT, QUEUE_WEIGHT, ROOM_WEIGHT, TODAY_WEIGHT = 20.0, 15.0, 15.0, 50.0  # visits that the wider mean counts as
ABSENT_WEIGHT = 60.0
DAY_FADES = 0.985  # of what was learned, a day later
KEPT, TABLE = 4000, 499
FIRST_SPREAD = 0.6  # standard deviation of the logarithm, until it is learned
NO_SHOW_SECONDS, WALK_SECONDS, PAUSE_SECONDS = 100.0, 25.0, 480.0


class Mean:
    """A fading sum, pulled towards `towards` as if that had been seen `weight` times."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.total = self.count = 0.0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    def fade(self, by: float) -> None:
        self.total *= by
        self.count *= by

    def towards(self, other: float, weight: float) -> float:
        return (self.total + weight * other) / (self.count + weight)


class Pace:
    """The pace of one service: its rooms, kinds, pauses, absences of patients."""

    def __init__(self) -> None:
        self.kinds: dict[str, Mean] = defaultdict(Mean)
        self.queues: dict[str, Mean] = defaultdict(Mean)
        self.rooms: dict[str, Mean] = defaultdict(Mean)
        self.today: dict[str, Mean] = defaultdict(Mean)
        self.walk, self.no_show_lasts = Mean(), Mean()
        self.absent, self.pausing = Mean(), Mean()
        self.room_pausing: dict[str, Mean] = defaultdict(Mean)
        self.pauses: list[float] = []
        self.shapes: list[float] = []
        self._next_shape = self._next_pause = 0
        self.sorted_shapes = _spread()
        self.sorted_pauses = [PAUSE_SECONDS * shape for shape in _spread()]

    def mean(self, queue: str, room: str, kind: str, nominal: float) -> float:
        """Seconds from start to finish."""
        return nominal * self.kind_factor(kind) * self.room_factor(queue, room)

    def kind_factor(self, kind: str) -> float:
        return self.kinds[kind].towards(0.5 if kind == "review" else 1.0, KIND_WEIGHT)

    def room_factor(self, queue: str, room: str) -> float:
        wide = self.queues[queue].towards(1.0, QUEUE_WEIGHT)
        own = self.rooms[room].towards(wide, ROOM_WEIGHT)
        return own * self.today[room].towards(1.0, TODAY_WEIGHT)

    def served(self, queue: str, room: str, kind: str, nominal: float, seconds: float) -> None:
        own = self.rooms[room].towards(self.queues[queue].towards(1.0, QUEUE_WEIGHT), ROOM_WEIGHT)
        ratio = seconds / (nominal * self.kind_factor(kind))
        self._keep_shape(ratio / (own * self.today[room].towards(1.0, TODAY_WEIGHT)))
        self.today[room].add(ratio / own)
        self.kinds[kind].add(seconds / (nominal * own))
        self.queues[queue].add(ratio)
        self.rooms[room].add(ratio)

    def _keep_shape(self, shape: float) -> None:
        if len(self.shapes) < KEPT:
            self.shapes.append(shape)
        else:
            self.shapes[self._next_shape % KEPT] = shape
            self._next_shape += 1

    def paused(self, seconds: float) -> None:
        if len(self.pauses) < KEPT:
            self.pauses.append(seconds)
        else:
            self.pauses[self._next_pause % KEPT] = seconds
            self._next_pause += 1

    def after_finish(self, room: str, paused: bool) -> None:
        self.pausing.add(float(paused))
        self.room_pausing[room].add(float(paused))

    def pause_chance(self, room: str) -> float:
        return self.room_pausing[room].towards(self.pausing.towards(0.05, 40.0), 150.0)

    def new_day(self) -> None:
        self.today.clear()
        for means in (self.kinds, self.queues, self.rooms, self.room_pausing):
            for mean in means.values():
                mean.fade(DAY_FADES)
        for mean in (self.walk, self.no_show_lasts, self.absent, self.pausing):
            mean.fade(DAY_FADES)
        if len(self.shapes) >= 100:
            self.sorted_shapes = _quantiles(self.shapes)
        if len(self.pauses) >= 30:
            self.sorted_pauses = _quantiles(self.pauses)

    def turns(self, pause_chance: float, seed: int) -> list[tuple[float, float]]:
        """Draws of one call, to go round in: (part of the mean time of service, seconds beside it)."""
        chance = Chance(seed)
        walk, gone = self.walk.towards(WALK_SECONDS, 5), self.no_show_lasts.towards(NO_SHOW_SECONDS, 5)
        absent = self.absent.towards(0.04, ABSENT_WEIGHT)
        draws: list[tuple[float, float]] = []
        middle = sum(self.sorted_shapes) / len(self.sorted_shapes)
        for index in range(2 * TABLE):
            if (index * 0.6180339887 + 0.5) % 1 < absent:
                draws.append((0.0, gone))
                continue
            pause = self.sorted_pauses[int(chance.uniform() * TABLE)] if chance.uniform() < pause_chance else 0.0
            draws.append((self.sorted_shapes[index % TABLE] / middle, walk + pause))
        chance.shuffle(draws)
        return draws

    def left_of_service(self, mean: float, elapsed: float, uniform: float) -> float:
        """Seconds that a service begun `elapsed` seconds ago still takes."""
        return left(self.sorted_shapes, elapsed / mean, uniform) * mean

    def left_of_pause(self, elapsed: float, uniform: float) -> float:
        return left(self.sorted_pauses, elapsed, uniform)


def left(values: list[float], passed: float, uniform: float) -> float:
    """A draw from sorted `values` given that it is over `passed`, less `passed`. Beyond them all: a tenth of it."""
    first = bisect_right(values, passed)
    if first >= len(values):
        return 0.1 * passed
    return values[first + int(uniform * (len(values) - first))] - passed


def _spread() -> list[float]:
    """A log-normal of mean 1, as evenly spaced quantiles."""
    normal = [math.log(rank / (1 - rank)) / 1.702 for rank in ((index + 0.5) / TABLE for index in range(TABLE))]
    return [math.exp(FIRST_SPREAD * value - FIRST_SPREAD**2 / 2) for value in normal]


def _quantiles(values: list[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered[int((index + 0.5) / TABLE * len(ordered))] for index in range(TABLE)]
