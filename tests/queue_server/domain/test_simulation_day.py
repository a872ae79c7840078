"""The synthetic day: its shape, and the same chance gives the same day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.nouns import Room
from queue_server.domain.simulation import PROFILE, SimulatedDay, make_day

MIDNIGHT = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
MINUTES = {"general": 8, "paediatrics": 10}


def rooms() -> list[Room]:
    return [
        Room(room_id=f"r{n}", number=str(n), names={}, zone_id="a", directions={}, service_ids=(service_id,))
        for n, service_id in ((1, "general"), (2, "general"), (3, "paediatrics"))
    ]


def a_day(seed: int, patients: int) -> SimulatedDay:
    return make_day(Random(seed), patients, MIDNIGHT, rooms(), MINUTES)


@given(st.integers(0, 2**40), st.integers(0, 80))
def test_every_day_is_possible(seed: int, patients: int) -> None:
    day = a_day(seed, patients)
    assert len(day.arrivals) == patients
    assert [one.person for one in day.arrivals] == list(range(1, patients + 1))
    assert [one.at for one in day.arrivals] == sorted(one.at for one in day.arrivals)
    for one in day.arrivals:
        assert timedelta(hours=6.5) <= one.at - MIDNIGHT <= timedelta(hours=16.5)
        assert timedelta(seconds=30) <= one.inside <= timedelta(hours=1)
        assert one.back_after is None or (not one.comes and one.back_after > timedelta(0))
        assert date(1930, 1, 1) < date.fromisoformat(one.birth) < date(2026, 11, 20)
    assert a_day(seed, patients) == day


@given(st.integers(0, 2**40), st.floats(0, 24))
def test_a_room_is_ready_once_and_stays_so(seed: int, hour: float) -> None:
    at = MIDNIGHT + timedelta(hours=hour)
    for hours in a_day(seed, 1).hours.values():
        spans = [moment for span in hours.away for moment in span]
        assert spans == sorted(spans)
        ready = hours.ready(at)
        assert ready >= at
        assert hours.ready(ready) == ready
        assert hours.ready(MIDNIGHT) == hours.away[0][1] > MIDNIGHT + timedelta(hours=6.9)


def test_the_morning_is_a_provinces() -> None:
    arrivals = a_day(7, 6000).arrivals
    early = sum(timedelta(hours=7) <= one.at - MIDNIGHT < timedelta(hours=9) for one in arrivals)
    assert early / len(arrivals) == pytest.approx(0.45, abs=0.02)
    assert sum(share for _, _, share in PROFILE) == pytest.approx(1.0)
    grown = [one for one in arrivals if one.service_id == "general"]
    assert sum(one.birth < "1951-11-20" for one in grown) / len(grown) == pytest.approx(0.09, abs=0.02)
    children = [one for one in arrivals if one.service_id == "paediatrics"]
    assert sum(one.birth > "2020-11-20" for one in children) / len(children) == pytest.approx(0.5, abs=0.04)
    assert len(grown) / len(arrivals) == pytest.approx(15 / 21, abs=0.03)
    assert sum(not one.comes for one in arrivals) / len(arrivals) == pytest.approx(0.06, abs=0.015)
    minutes = [one.inside / timedelta(minutes=1) for one in grown]
    assert sum(minutes) / len(minutes) == pytest.approx(8, abs=0.4)


def test_nobody_comes_to_a_day_without_people() -> None:
    assert a_day(1, 0).arrivals == ()
