"""What came true of earlier answers corrects the next ones. Pure.

Simulated waits know nothing of what nobody wrote down: days that are slow throughout, habits with no event. So the
middle is multiplied by a learned factor, and each side of the interval is stretched until it holds its share
(adaptive conformal inference: Gibbs and Candès 2021, here in the logarithm). Both for each service and length of wait.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

LENGTHS = (5.0, 15.0, 30.0, 60.0)  # minutes: where one length of wait ends and the next begins
MIDDLE_STEP, LEAST_MIDDLE_STEP = 0.01, 0.0005
SIDE_STEP, LEAST_SIDE_STEP = 0.10, 0.012
STEP_FADES = 30.0  # answers after which the steps are half as long
HOLDS = 0.82  # share of answers held, over tickets that wait and those called at once
LEAST, MOST = 0.74, 0.815  # the share among tickets that wait
AT_ONCE_FADES = 0.999
SHORTEST = 20.0  # seconds that an interval spans at least to each side before stretching
MIDDLE_BOUND, SIDE_BOUND = 0.25, 1.5


@dataclass(slots=True)
class Seen:
    """What was simulated for one ticket at its arrival: seconds, sorted, and the queue as it was."""

    service: str
    asked_at: float
    times: list[float]


@dataclass(slots=True)
class Shape:
    """What was learned of one service and length: logarithms of factors."""

    middle: float = 0.0
    low: float = 0.0
    high: float = 0.0
    count: int = 0

    def step(self, first: float, least: float) -> float:
        return max(least, first / (1 + self.count / STEP_FADES))


class Correction:
    def __init__(self) -> None:
        self._shapes: dict[tuple[str, int], Shape] = defaultdict(Shape)
        self._at_once: dict[str, float] = defaultdict(float)  # share of tickets called as they came, by service

    def say(self, seen: Seen) -> tuple[float, float, float]:
        """(middle, low, high) in seconds."""
        middle, shape = self._middle(seen)
        low, high = _sides(seen.times, middle)
        return middle, max(0.0, middle - low * math.exp(shape.low)), middle + high * math.exp(shape.high)

    def _middle(self, seen: Seen) -> tuple[float, Shape]:
        told = median(seen.times)
        shape = self._shapes[seen.service, sum(told >= 60 * length for length in LENGTHS)]
        return told * math.exp(shape.middle), shape

    def at_once(self, service: str, was: bool) -> None:
        """Whether the ticket that came was called without waiting."""
        self._at_once[service] += (1 - AT_ONCE_FADES) * (was - self._at_once[service])

    def learn(self, seen: Seen, waited: float) -> None:
        """`seen` was asked and the ticket was called `waited` seconds later."""
        middle, low, high = self.say(seen)
        shape = self._middle(seen)[1]
        misses = (1 - self._share(seen.service)) / 2
        side, step = shape.step(SIDE_STEP, LEAST_SIDE_STEP), shape.step(MIDDLE_STEP, LEAST_MIDDLE_STEP)
        shape.middle = _within(shape.middle + step * ((waited > middle) - 0.5), MIDDLE_BOUND)
        shape.low = _within(shape.low + side * ((waited < low) - misses), SIDE_BOUND)
        shape.high = _within(shape.high + side * ((waited > high) - misses), SIDE_BOUND)
        shape.count += 1

    def _share(self, service: str) -> float:
        """The share to hold among those who wait, so that all together come near `HOLDS`."""
        at_once = min(0.9, self._at_once[service])
        return max(LEAST, min(MOST, (HOLDS - at_once) / (1 - at_once)))


def median(times: list[float]) -> float:
    """The mean of the middle fifth of sorted `times`: steadier than the one in the middle, for few runs."""
    reach = len(times) // 10
    middle = len(times) // 2
    part = times[middle - reach : middle + reach + 1]
    return max(0.0, sum(part) / len(part))


def _sides(times: list[float], middle: float) -> tuple[float, float]:
    last = len(times) - 1
    low, high = times[round(0.1 * last)], times[round(0.9 * last)]
    told = median(times)
    scale = middle / told if told else 1.0
    return max(SHORTEST, (told - low) * scale), max(SHORTEST, (high - told) * scale)


def _within(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))
