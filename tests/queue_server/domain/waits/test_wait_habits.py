"""What is learned of rooms: pace, hours, arrivals; and chance that is the same every time."""

from __future__ import annotations

from itertools import islice
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_server.domain.waits.chance import LENGTH, Chance, Tables
from queue_server.domain.waits.flow import SLOT, Flow, named
from queue_server.domain.waits.hours import FOREVER, DayHours, Hours, Pool
from queue_server.domain.waits.pace import Pace, left

DAY = DayHours()
NINE = 9 * 3600.0


def test_chance_repeats_itself_and_is_even() -> None:
    assert [Chance(5).uniform() for _ in range(3)] == [Chance(5).uniform() for _ in range(3)]
    assert Chance(5).uniform() != Chance(6).uniform()
    values = list(islice(Tables(3).draws().uniforms, LENGTH))
    assert fmean(values) == pytest.approx(0.5, abs=1e-6)
    assert values != sorted(values)
    assert fmean(islice(Tables(3).draws().exponentials, LENGTH)) == pytest.approx(1.0, abs=1e-3)


def test_a_shuffle_loses_nothing() -> None:
    items = list(range(50))
    Chance(9).shuffle(items)
    assert items != list(range(50))
    assert sorted(items) == list(range(50))


def test_an_unknown_room_works_at_the_nominal_pace_and_a_review_takes_half() -> None:
    pace = Pace()
    assert pace.mean("Q", "R1", "new", 600) == pytest.approx(600)
    assert pace.mean("Q", "R1", "review", 600) == pytest.approx(300)


def test_a_slow_room_is_known_from_the_others() -> None:
    pace = Pace()
    for _ in range(300):
        pace.served("Q", "slow", "new", 600, 900)
        pace.served("Q", "quick", "new", 600, 450)
    assert pace.mean("Q", "slow", "new", 600) == pytest.approx(900, rel=0.1)
    assert pace.mean("Q", "quick", "new", 600) == pytest.approx(450, rel=0.1)
    fresh = pace.mean("Q", "fresh", "new", 600)
    assert 450 < fresh < 900


def test_todays_pace_is_forgotten_tomorrow() -> None:
    pace = Pace()
    for _ in range(500):
        pace.served("Q", "R", "new", 600, 600)
    pace.new_day()
    for _ in range(40):
        pace.served("Q", "R", "new", 600, 900)
    today = pace.mean("Q", "R", "new", 600)
    pace.new_day()
    assert today > 650
    assert pace.mean("Q", "R", "new", 600) < today


def test_turns_hold_absences_walks_and_pauses() -> None:
    pace = Pace()
    for index in range(400):
        pace.absent.add(float(index % 10 == 0))
        pace.walk.add(30.0)
        pace.no_show_lasts.add(90.0)
    draws = pace.turns(0.0, 1)
    gone = [beside for part, beside in draws if part == 0.0]
    assert len(gone) / len(draws) == pytest.approx(0.1, abs=0.015)
    assert fmean(gone) == pytest.approx(90, abs=2)
    assert fmean(part for part, _ in draws if part) == pytest.approx(1.0, abs=0.05)
    assert fmean(beside for _, beside in pace.turns(1.0, 1)) > 300


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=50), st.floats(0, 2e4), st.floats(0, 0.999))
def test_what_is_left_is_never_negative(values: list[float], passed: float, uniform: float) -> None:
    assert left(sorted(values), passed, uniform) >= 0


def test_a_room_that_is_late_is_expected_later_than_now() -> None:
    hours = Hours(by_clock=False)
    for day in range(30):
        hours.opened("R", DAY.morning + 60 * (day % 15), 0, None, DAY)
    for day in range(30):
        hours.opened("R", DAY.morning + 60 * (day % 15), 0, None, DAY)
    draws = [hours.opens("R", 0, DAY.morning + 600, DAY, (u / 10, 0.99)) for u in range(10)]
    assert min(draws) > DAY.morning + 600
    assert max(draws) <= DAY.morning + 14 * 60


def test_whoever_is_not_here_by_ten_comes_in_the_afternoon() -> None:
    hours = Hours(by_clock=False)
    for day in range(60):
        hours.opened("R", DAY.morning + 60 * (day % 15), 0, None, DAY)
        hours.opened("R", DAY.afternoon + 30, 1, DAY.noon, DAY)
    hours.stayed_away()
    assert hours.opens("R", 0, DAY.morning + 7200, DAY, (0.5, 0.5)) >= DAY.afternoon


def test_after_a_long_morning_comes_a_rest() -> None:
    hours = Hours(by_clock=False)
    late = DAY.noon + DAY.overrun
    assert hours.reopens(late, DAY, 0.5) >= late + hours.rest() - 120
    assert hours.reopens(DAY.noon, DAY, 0.5) >= DAY.afternoon - 120


def test_counters_keep_their_own_clock() -> None:
    hours = Hours(by_clock=True)
    for day in range(5):
        hours.opened("C1", 27000 + day, 0, None, DAY)
        hours.closed("C1", 41400 + day, 0)
        hours.opened("C1", 45000 + day, 1, 41400, DAY)
    assert hours.closes("C1", 0) == 41402
    assert hours.opens("C1", 1, 41500, DAY, (0.5, 0.5)) == 45002
    assert hours.closes("unknown", 0) == FOREVER
    assert hours.opens("C1", 2, 60000, DAY, (0.5, 0.5)) == FOREVER


def test_what_was_assumed_gives_way_to_what_was_seen() -> None:
    pool = Pool((1000.0,), kept=50)
    assert pool.values() == [1000.0]
    for value in range(60):
        pool.add(value)
    assert pool.values() == [float(value) for value in range(10, 60)]


def test_arrivals_are_learned_by_queue_class_and_half_hour() -> None:
    flow = Flow()
    assert sum(flow.per_second("Q", "priority")) == 0
    for _ in range(20):
        for person in range(6):
            flow.arrived("Q", named(priority=True, review=False), NINE + person)
        flow.new_day()
    rates = flow.per_second("Q", "priority")
    assert rates[18] * SLOT == pytest.approx(6, rel=0.05)
    assert sum(rates) == rates[18]
    assert sum(flow.per_second("Q", "normal_review")) == 0


def test_who_comes_before_the_time_of_an_appointment_is_counted_apart() -> None:
    flow = Flow()
    for kind in (named(False, False, early=True), named(True, False, early=True)):
        flow.arrived("Q", kind, NINE)
    flow.new_day()
    assert sum(flow.per_second("Q", "normal")) == 0
    assert sum(flow.per_second("Q", "early")) > 0
    assert sum(flow.per_second("Q", "priority")) > 0


def test_a_day_twice_as_busy_is_seen() -> None:
    flow = Flow()
    for day in range(11):
        for person in range(400 if day == 10 else 200):
            flow.arrived("Q", named(priority=False, review=False), NINE + person)
        if day < 10:
            flow.new_day()
    assert 1.6 < flow.busier(NINE + SLOT) < 2.0
    assert flow.busier(NINE - SLOT) == pytest.approx(1.0)


def test_classes_have_names() -> None:
    assert [named(p, r) for p in (True, False) for r in (True, False)] == [
        "priority_review",
        "priority",
        "normal_review",
        "normal",
    ]


def test_a_rest_that_nobody_saw_is_over_after_the_usual_time_of_opening_again() -> None:
    hours, day = Hours(by_clock=True), DayHours()
    for _ in range(3):
        hours.opened("R", 25200, 0, None, day)
        hours.closed("R", 42000, 0)
        hours.opened("R", 46800, 1, 42000, day)
    assert [hours.session("R", 1, now) for now in (30000, 45000, 50000)] == [1, 1, 2]
    assert hours.session("R", 0, 50000) == 0  # it never opened today
    assert hours.session("new", 1, 50000) == 1
    assert Hours(by_clock=False).session("R", 1, 50000) == 1
