"""What is foreseen for each room, looked up in its tables."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta
from types import FunctionType, ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import frames
from protocol.nouns import Pause, WaitEstimate
from protocol.policy import Capped
from queue_server.domain.waits.forecast import TOO_OLD, Forecast
from queue_server.domain.waits.outlook import Outlook
from tests.queue_server.domain.waits.small_hospital import SEVEN, Story, hospital, in_order, plain_day, room

DAY = 1440.0


def read(story: Story, outlook: Outlook | None = None) -> Outlook:
    outlook = outlook or Outlook(hospital(policy=Capped(overtakes=3)))
    for told in in_order(story):
        outlook.take(told.at, told.frame)
    return outlook


def learned(days: int = 4) -> Story:
    story = Story()
    for day in range(days):
        plain_day(story, day)
    return story


def at(outlook: Outlook, minute: float) -> Forecast | None:
    return outlook.forecast("r1", SEVEN + timedelta(minutes=minute))


def busy(minute: float, waiting: int = 6) -> Story:
    """Four days, and a morning on which somebody is inside since three minutes before `minute`."""
    story = learned()
    story.issued(minute - 30, "inside")
    for number in range(waiting):
        story.issued(minute - 20 + number, f"w{number}", "aged_75" if number % 3 == 2 else "normal")
    story.called(minute - 3, "inside")
    return story


def test_nothing_is_foreseen_while_nothing_is_learned() -> None:
    story = Story()
    story.issued(0, "A")
    outlook = read(story)
    assert at(outlook, 5) is None
    assert outlook.forecast("no-such-room", SEVEN) is None


def test_everyone_who_waits_is_told_more_than_the_one_before() -> None:
    forecast = at(read(busy(4 * DAY + 60)), 4 * DAY + 60)
    assert forecast is not None
    assert forecast.reason is None
    now = SEVEN + timedelta(minutes=4 * DAY + 60)
    waits = [forecast.wait(False, before, now) for before in range(40)]
    middles = [wait.p50_minutes or 0 for wait in waits if wait]
    assert middles == sorted(middles)
    assert 2 < middles[0] < 25  # two of 75 and over go before
    assert middles[3] > middles[0] + 15
    first = forecast.wait(True, 0, now)
    assert first is not None
    assert (first.p50_minutes or 0) <= middles[0] + 3


def test_a_wait_grows_shorter_as_time_passes_and_is_never_negative() -> None:
    forecast = at(read(busy(4 * DAY + 60)), 4 * DAY + 60)
    assert forecast is not None
    told = []
    for seconds in range(0, 300, 20):
        wait = forecast.wait(False, 3, forecast.at + timedelta(seconds=seconds))
        assert wait is not None
        told.append(wait.p50_minutes or 0)
    assert told == sorted(told, reverse=True)
    assert told[0] - told[-1] == pytest.approx(4.7, abs=1)
    assert forecast.wait(False, 3, forecast.at + TOO_OLD + timedelta(seconds=1)) is None


def test_it_is_foreseen_anew_when_the_room_is_slow() -> None:
    """Who is inside stays, and nobody is called: each look tells more than the time that passed leaves over."""
    outlook = read(busy(4 * DAY + 60))
    told = [at(outlook, 4 * DAY + 60 + minute) for minute in (0, 10, 20)]
    middles = [forecast.normal[2][1] for forecast in told if forecast]
    assert len(middles) == 3
    assert middles[1] > middles[0] - 600
    assert len(set(middles)) == 3


def test_nothing_is_said_while_nobody_was_called_for_much_longer_than_foreseen() -> None:
    outlook = read(busy(4 * DAY + 60))
    reasons = [forecast.reason for minute in (12, 240) if (forecast := at(outlook, 4 * DAY + 60 + minute))]
    assert reasons == [None, "no_call"]
    stopped = at(outlook, 4 * DAY + 300)
    assert stopped is not None
    assert stopped.wait(False, 2, stopped.at) == WaitEstimate(reason="no_call")


def test_nothing_is_said_for_a_closed_room() -> None:
    story = busy(4 * DAY + 60)
    story.tell(4 * DAY + 62, frames.ServicesChanged(services=(), rooms=(room(is_open=False),)))
    forecast = at(read(story), 4 * DAY + 63)
    assert forecast is not None
    assert forecast.reason == "no_open_room"


def test_a_pause_that_staff_told_of_is_waited_for() -> None:
    story, usual, start = busy(4 * DAY + 60), room(), SEVEN + timedelta(days=4)
    pausing = usual.model_copy(update={"pause": Pause(reason="break", until=start + timedelta(minutes=110))})
    story.tell(4 * DAY + 61, frames.RoomChanged(room=pausing, was=usual, change="paused"))
    story.finished(4 * DAY + 62, "inside")
    forecast = at(read(story), 4 * DAY + 63)
    assert forecast is not None
    assert (forecast.reason, forecast.pauses) == (None, True)
    assert forecast.first[0][1] / 60 == pytest.approx(47, abs=8)


def test_before_the_doors_open_the_usual_time_of_opening_counts() -> None:
    story = learned()
    story.issued(4 * DAY - 30, "early")
    outlook = read(story)
    forecast = at(outlook, 4 * DAY - 29)
    assert forecast is not None
    assert forecast.reason is None
    assert 20 < forecast.normal[0][1] / 60 < 45
    late = at(outlook, 4 * DAY + 60)  # it never opened so late
    assert late is not None
    assert late.reason == "no_call"


def test_of_a_room_that_never_opened_nothing_is_known_until_somebody_waits_in_vain() -> None:
    story = learned()
    story.issued(4 * DAY, "first", room_id="r2")
    outlook = read(story, Outlook(hospital(room(), room("r2"))))
    soon, later = (outlook.forecast("r2", SEVEN + timedelta(minutes=4 * DAY + minute)) for minute in (5, 25))
    assert soon is None
    assert later is not None
    assert later.reason == "no_call"


def test_two_rooms_that_call_from_one_pool_are_twice_as_quick() -> None:
    one = at(read(busy(4 * DAY + 60, waiting=8)), 4 * DAY + 60)
    story = busy(4 * DAY + 60, waiting=8)
    for day in range(4):  # the second room has seen people of its own before
        plain_day(story, day, seed=50, rooms=("r2",))
    story.issued(4 * DAY + 40, "other", room_id="r2")
    story.called(4 * DAY + 57, "other")
    shared = replace(hospital(room(), room("r2"), policy=Capped(overtakes=3)), pooled=frozenset({"general"}))
    both = at(read(story, Outlook(shared)), 4 * DAY + 60)
    assert one is not None
    assert both is not None
    assert (one.pooled, both.pooled, both.reason) == (False, True, None)
    assert both.normal[4][1] < 0.75 * one.normal[4][1]


def test_the_usual_rest_at_noon_is_foreseen() -> None:
    """At half past eleven the tenth in the line is called after the rest, not in it."""
    forecast = at(read(busy(4 * DAY + 270, waiting=10)), 4 * DAY + 270)
    assert forecast is not None
    assert forecast.reason is None
    assert forecast.normal[-1][1] / 60 > 80


def test_a_journal_read_again_foresees_the_same() -> None:
    story = busy(4 * DAY + 60)
    now = SEVEN + timedelta(minutes=4 * DAY + 60)
    watched = Outlook(hospital(policy=Capped(overtakes=3)))
    for number, told in enumerate(in_order(story)):
        watched.take(told.at, told.frame)
        if number % 7 == 0:  # the running server looks every few seconds
            watched.forecast("r1", told.at)
    assert watched.forecast("r1", now) == at(read(story), 4 * DAY + 60) is not None


def things_in(root: object) -> int:
    """Everything that is held in memory by `root`, save numbers: lists of numbers are bounded by themselves."""
    seen: dict[int, object] = {}
    rest = [root]
    while rest:
        one = rest.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType | int | float):
            continue
        seen[id(one)] = one
        rest += gc.get_referents(one)
    return len(seen)


def test_what_is_remembered_does_not_grow_with_the_days() -> None:
    outlook, sizes = Outlook(hospital(room(), room("r2", "eyes"))), []
    for day in range(30):
        story = Story()
        plain_day(story, day, people=120, rooms=("r1", "r2"))
        read(story, outlook)
        if day in (14, 29):
            sizes.append(things_in(outlook))
            assert len(outlook.estimator.queues["r1"].waiting) == 0
    assert sizes[1] < 1.3 * sizes[0]  # beside the form of service times, of which at most 4,000 are kept
    assert all(len(pace.shapes) <= 4000 for pace in outlook.estimator.paces.values())


curves = st.lists(st.floats(0, 20_000), min_size=3, max_size=40).map(sorted)


@given(points=curves, before=st.integers(0, 200), seconds=st.floats(0, 290))
@settings(max_examples=300, deadline=None)
def test_whatever_is_foreseen_is_an_interval_that_rises_and_is_never_negative(
    points: list[float], before: int, seconds: float
) -> None:
    curve = tuple((0.7 * middle, middle, 1.5 * middle) for middle in points)
    forecast = Forecast(SEVEN, curve, curve)
    now = SEVEN + timedelta(seconds=seconds)
    one, next_one = (forecast.wait(False, place, now) for place in (before, before + 1))
    assert one is not None
    assert next_one is not None
    for name in ("low_minutes", "high_minutes", "p10_minutes", "p50_minutes", "p90_minutes"):
        assert 0 <= getattr(one, name) <= getattr(next_one, name)
    assert (one.low_minutes or 0) <= (one.high_minutes or 0)
    assert (one.p10_minutes or 0) <= (one.p50_minutes or 0) <= (one.p90_minutes or 0) <= (one.high_minutes or 0)


FIVE_EACH = tuple((240.0 * ahead, 300.0 * ahead, 360.0 * ahead) for ahead in range(30))


def test_who_came_early_for_an_appointment_is_told_the_wait_of_those_who_come_until_its_time_too() -> None:
    """One is called every 5 minutes and one comes every 10: three people are gone in 15, and their followers in 30."""
    forecast = Forecast(SEVEN, FIVE_EACH, FIVE_EACH, coming=(1 / 600,) * 10)

    def middle(minutes: float | None, before: int = 3, first: bool = False) -> int | None:
        wait = forecast.wait(first, before, SEVEN, None if minutes is None else SEVEN + timedelta(minutes=minutes))
        return wait.p50_minutes if wait else None

    assert [middle(minutes) for minutes in (None, 0, 10, 20, 30, 50)] == [15, 15, 20, 25, 30, 30]
    assert middle(30, before=0) == 0  # nobody waits, so they are called at once
    assert middle(30, first=True) == 15  # a right of one's own stays one


@given(before=st.integers(0, 60), minutes=st.integers(0, 120), rate=st.floats(0, 0.02), seconds=st.integers(0, 290))
@settings(max_examples=200, deadline=None)
def test_whoever_stands_later_is_told_an_interval_that_is_never_shorter(
    before: int, minutes: int, rate: float, seconds: int
) -> None:
    forecast = Forecast(SEVEN, FIVE_EACH, coming=(rate,) * 6)
    now = SEVEN + timedelta(seconds=seconds)
    plain, later = (forecast.wait(False, before, now, at) for at in (None, now + timedelta(minutes=minutes)))
    assert plain is not None
    assert later is not None
    assert plain.low_minutes == later.low_minutes
    assert (plain.p50_minutes or 0) <= (later.p50_minutes or 0) <= (later.p90_minutes or 0)
    assert (plain.high_minutes or 0) <= (later.high_minutes or 0)


def test_how_many_come_is_learned_from_the_days_before() -> None:
    story = Story()
    for day in range(4):
        plain_day(story, day, people=60)
    outlook = read(story)
    day_begins = SEVEN + timedelta(days=4)
    forecast = outlook.forecast("r1", day_begins)
    assert forecast is not None
    assert 20 < sum(forecast.coming) * 1800 <= 60
    assert forecast.coming[-1] == 0
