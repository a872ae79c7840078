"""How long the wait will be, as an interval and honestly. Pure.

A thin estimator: people ahead times the usual minutes, spread by a third to the short side and a half to the long
side, both rounded up to five minutes. It promises nothing when it knows nothing.
"""

from __future__ import annotations

import math

from protocol.nouns import WaitEstimate

STEP_MINUTES = 5
SHORT_SIDE = 2 / 3
LONG_SIDE = 3 / 2
NO_ROOM = WaitEstimate(reason="no_open_room")


def wait(people_ahead: int, minutes_each: float, rooms: int = 1, away_minutes: float = 0.0) -> WaitEstimate:
    """`people_ahead` are shared by `rooms` open rooms; with none, the estimate has only a reason.

    `away_minutes` go by before anybody is called: the room pauses.
    """
    if rooms < 1:
        return NO_ROOM
    if people_ahead == 0:  # somebody may be in the room
        return WaitEstimate(low_minutes=_up(away_minutes), high_minutes=_up(away_minutes + minutes_each))
    minutes = people_ahead * minutes_each / rooms
    low, high = away_minutes + minutes * SHORT_SIDE, away_minutes + minutes * LONG_SIDE
    return WaitEstimate(low_minutes=_up(low), high_minutes=_up(high))


def shown(low: float, middle: float, high: float) -> WaitEstimate:
    """Seconds until the call that one, five and nine in ten are called before, as they are shown.

    The interval grows to both sides: who is told 25 to 40 minutes may be away for 25, so that end is never rounded up.
    """
    return WaitEstimate(
        low_minutes=math.floor(low / 60 / STEP_MINUTES) * STEP_MINUTES,
        high_minutes=_up(high / 60),
        p10_minutes=math.ceil(low / 60),
        p50_minutes=math.ceil(middle / 60),
        p90_minutes=math.ceil(high / 60),
    )


def _up(minutes: float) -> int:
    return math.ceil(minutes / STEP_MINUTES) * STEP_MINUTES
