"""What is foreseen for one room, looked up by whoever takes a ticket: a table, not a simulation. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from protocol.nouns import WaitEstimate
from queue_server.domain.estimate import shown
from queue_server.domain.waits.flow import SLOT

Reason: TypeAlias = Literal["no_open_room", "no_call"]
"""Why nothing can be said: no room is open; nobody was called for much longer than foreseen."""
TOO_OLD = timedelta(minutes=5)
"""A forecast that was not made anew for so long is not used."""

_TRIES, _ENOUGH = 40, 0.25
"""People more or less of whom nobody has to be told."""

Point: TypeAlias = tuple[float, float, float]
"""Seconds until the call: a tenth are called before the first, half before the second, nine tenths before the third."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Waits in the line of one room, as they were foreseen at `at`."""

    at: datetime
    normal: tuple[Point, ...] = ()
    """For whoever has 0, 1, 2 ... of the same standing before them."""
    first: tuple[Point, ...] = ()
    """The same for those whom the policy lets go first."""
    reason: Reason | None = None
    pauses: bool = False
    """It was foreseen of a room that pauses."""
    pooled: bool = False
    """Of all rooms that call from a pool."""
    coming: tuple[float, ...] = ()
    """How many a second come whom the policy does not let go first, by half hour from `at` on."""

    def wait(self, first: bool, before: int, now: datetime, stands_at: datetime | None = None) -> WaitEstimate | None:
        """For whoever has `before` of the same standing before them; None when the forecast is too old.

        Who came early for an appointment `stands_at` its time, and everybody who comes until then goes before them.
        """
        age = now - self.at
        if age > TOO_OLD:
            return None
        if self.reason is not None:
            return WaitEstimate(reason=self.reason)
        passed = max(0.0, age.total_seconds())
        if stands_at is None or first:
            point = _point(self.first if first else self.normal, before)
        else:
            point = self._passed_until(before, passed, (stands_at - self.at).total_seconds())
        low, middle, high = (max(0.0, seconds - passed) for seconds in point)
        return shown(low, middle, high)

    def _passed_until(self, before: int, since: float, until: float) -> Point:
        """At best nobody comes who goes before them; at worst more than on average do (Poisson: nine times in ten)."""
        there = self._with_those_who_come(before, since, until)
        most = there + 1.28 * math.sqrt(there - before)
        points = self.normal
        return _point(points, before)[0], _point(points, round(there))[1], _point(points, round(most))[2]

    def _with_those_who_come(self, before: int, since: float, until: float) -> float:
        """`before`, and those who come between two moments, in seconds from `at`, before the call.

        Whoever is called sooner is passed by fewer, so it is the least number that agrees with its own wait.
        """
        most = before + self._come(since, until)
        there = float(before)
        for _ in range(_TRIES):
            called = _point(self.normal, round(there))[1]
            more = min(most, before + self._come(since, min(called, until)))
            if more - there < _ENOUGH:
                break
            there = more
        return there

    def _come(self, since: float, until: float) -> float:
        return sum(
            rate * max(0.0, min(until, (slot + 1) * SLOT) - max(since, slot * SLOT))
            for slot, rate in enumerate(self.coming)
        )


Forecasts: TypeAlias = Mapping[str, Forecast]
"""By room id; of rooms that nothing is learned of there is none."""


def _point(points: tuple[Point, ...], before: int) -> Point:
    """Beyond the last point it goes on as steeply as on average so far."""
    if before < len(points):
        return points[before]
    beyond = (before + 1) / len(points)
    low, middle, high = points[-1]
    return low * beyond, middle * beyond, high * beyond
