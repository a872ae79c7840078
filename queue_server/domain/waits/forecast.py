"""What is foreseen for one room, looked up by whoever takes a ticket: a table, not a simulation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from protocol.nouns import WaitEstimate
from queue_server.domain.estimate import shown

Reason: TypeAlias = Literal["no_open_room", "no_call"]
"""Why nothing can be said: no room is open; nobody was called for much longer than foreseen."""
TOO_OLD = timedelta(minutes=5)
"""A forecast that was not made anew for so long is not used."""

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

    def wait(self, first: bool, before: int, now: datetime) -> WaitEstimate | None:
        """For whoever has `before` of the same standing before them; None when the forecast is too old."""
        age = now - self.at
        if age > TOO_OLD:
            return None
        if self.reason is not None:
            return WaitEstimate(reason=self.reason)
        passed = max(0.0, age.total_seconds())
        low, middle, high = (
            max(0.0, seconds - passed) for seconds in _point(self.first if first else self.normal, before)
        )
        return shown(low, middle, high)


Forecasts: TypeAlias = Mapping[str, Forecast]
"""By room id; of rooms that nothing is learned of there is none."""


def _point(points: tuple[Point, ...], before: int) -> Point:
    """Beyond the last point it goes on as steeply as on average so far."""
    if before < len(points):
        return points[before]
    beyond = (before + 1) / len(points)
    low, middle, high = points[-1]
    return low * beyond, middle * beyond, high * beyond
