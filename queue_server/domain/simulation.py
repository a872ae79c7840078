"""A day of a hospital that never was: who comes when, how long they take, who does not come, when rooms open. Pure.

The shapes are those of a province's general hospital: most people come before the doors open or soon after, rooms open
on time or late, everyone eats at noon. Chance is handed in, so that the same chance gives the same day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from protocol.nouns import Room
from queue_server.domain.priority import AGED_FROM, CHILD_BELOW
from queue_server.domain.recorded_day import Hours

PROFILE: tuple[tuple[float, float, float], ...] = (
    (6.5, 7.0, 0.05),
    (7.0, 9.0, 0.45),
    (9.0, 11.0, 0.23),
    (11.0, 13.0, 0.07),
    (13.0, 15.0, 0.15),
    (15.0, 16.5, 0.05),
)
"""From, until (hours of the day), share of the day's people."""
AGED = 0.09
"""Share of people of 75 and over, where grown-ups are seen."""
SMALL = {"paediatrics": 0.5}
"""Share of children under 6, by service."""
SMALL_ELSEWHERE = 0.02
NO_SHOW = 0.06
"""Share of people who are not there when called."""
COMES_BACK = 0.6
"""Of those, the share who come and scan again."""
LATE = 0.3
"""Share of rooms that open late."""
PAUSE = 0.35
"""Share of rooms with a pause in the morning, and again in the afternoon."""
_SPREAD = 0.5
"""Sigma of the log-normal time inside."""


class Chance(Protocol):
    """What is used of `random.Random`."""

    def random(self) -> float: ...

    def lognormvariate(self, mu: float, sigma: float, /) -> float: ...


@dataclass(frozen=True)
class Arrival:
    person: int
    """Counted from 1 in the order of arrival."""
    at: datetime
    service_id: str
    birth: str
    """ISO date."""
    inside: timedelta
    """How long this person takes in the room."""
    comes: bool = True
    """False: is not there at the first call."""
    back_after: timedelta | None = None
    """How long after that the person scans again; None = never."""


@dataclass(frozen=True)
class SimulatedDay:
    arrivals: tuple[Arrival, ...]
    hours: dict[str, Hours]
    """By room id."""


def make_day(
    chance: Chance, patients: int, midnight: datetime, rooms: Sequence[Room], minutes: dict[str, int]
) -> SimulatedDay:
    """`midnight` begins the business day; `minutes` are those of one patient, by service.

    Services get people by how many their rooms can see in an hour.
    """
    hours = {room.room_id: _hours(chance, midnight) for room in rooms}
    speeds = _speeds(rooms, minutes)
    times = sorted(_moment(chance) for _ in range(patients))
    arrivals = []
    for person, hour in enumerate(times, start=1):
        service_id = _pick(chance, speeds)
        at = midnight + timedelta(hours=hour)
        arrivals.append(_arrival(chance, person, at, service_id, minutes[service_id]))
    return SimulatedDay(tuple(arrivals), hours)


def _speeds(rooms: Sequence[Room], minutes: dict[str, int]) -> list[tuple[str, float]]:
    speeds: dict[str, float] = {}
    for room in rooms:
        for service_id in room.service_ids:
            speeds[service_id] = speeds.get(service_id, 0.0) + 60 / minutes[service_id] / len(room.service_ids)
    return list(speeds.items())


def _pick(chance: Chance, weights: Sequence[tuple[str, float]]) -> str:
    left = chance.random() * sum(weight for _, weight in weights)
    for name, weight in weights:
        left -= weight
        if left < 0:
            return name
    return weights[-1][0]


def _moment(chance: Chance) -> float:
    """The hour of the day at which somebody comes."""
    share = chance.random()
    for since, until, part in PROFILE:
        if share < part:
            return since + (until - since) * share / part
        share -= part
    return PROFILE[-1][1]


def _arrival(chance: Chance, person: int, at: datetime, service_id: str, minutes: int) -> Arrival:
    comes = chance.random() >= NO_SHOW
    back = not comes and chance.random() < COMES_BACK
    time = chance.lognormvariate(math.log(minutes) - _SPREAD**2 / 2, _SPREAD)
    return Arrival(
        person=person,
        at=at,
        service_id=service_id,
        birth=_birth(chance, at.date(), service_id),
        inside=timedelta(minutes=min(max(time, 0.5), 6.0 * minutes)),
        comes=comes,
        back_after=timedelta(minutes=_between(chance, 3, 25)) if back else None,
    )


def _birth(chance: Chance, today: date, service_id: str) -> str:
    share = chance.random()
    small = SMALL.get(service_id, SMALL_ELSEWHERE)
    if service_id == "maternity":
        years = _between(chance, 18, 45)
    elif share < small:
        years = _between(chance, 0.1, CHILD_BELOW - 0.1)
    elif service_id == "paediatrics":
        years = _between(chance, CHILD_BELOW + 0.1, 15.9)
    elif share < small + AGED:
        years = _between(chance, AGED_FROM + 0.1, 95)
    else:
        years = _between(chance, 16, AGED_FROM - 0.1)
    return (today - timedelta(days=years * 365.2425)).isoformat()


def _hours(chance: Chance, midnight: datetime) -> Hours:
    opens = _between(chance, 7.08, 7.7) if chance.random() < LATE else _between(chance, 6.95, 7.05)
    away = [(0.0, opens), *_pause(chance, 9.0, 10.5)]
    noon = _between(chance, 11.3, 12.2)
    away += [(noon, noon + 0.75), *_pause(chance, 14.0, 15.5)]
    return Hours(tuple((midnight + timedelta(hours=since), midnight + timedelta(hours=until)) for since, until in away))


def _pause(chance: Chance, earliest: float, latest: float) -> list[tuple[float, float]]:
    if chance.random() >= PAUSE:
        return []
    since = _between(chance, earliest, latest)
    return [(since, since + _between(chance, 8, 20) / 60)]


def _between(chance: Chance, low: float, high: float) -> float:
    return low + (high - low) * chance.random()
