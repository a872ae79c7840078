"""The decisions of the queue, by example and by property."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.nouns import Birth, Entry, EntryState, Priority, PriorityClass, Room, Service, WaitEstimate
from queue_server.domain import estimate, lifecycle
from queue_server.domain.admission import Admitted, AlreadyHeld, NotAdmitted, admit
from queue_server.domain.assignment import RoomLoad, least_busy
from queue_server.domain.calendar import business_day, day_start
from queue_server.domain.numbering import SERIES, number, reading_order
from queue_server.domain.opening import Status
from queue_server.domain.priority import by_age

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def entry(ordinal: int, cls: PriorityClass = "normal", minute: int | None = None, **more: object) -> Entry:
    known = Entry(
        entry_id=f"e{ordinal}",
        ticket_id=f"t{ordinal}",
        number=number("A", ordinal),
        service_id="general",
        room_id="r1",
        priority=Priority(priority_class=cls),
        state="waiting",
        version=1,
        issued_at=START + timedelta(minutes=ordinal if minute is None else minute),
    )
    return known.model_copy(update=more)


# --- numbering -------------------------------------------------------------------------------------------------------


def test_numbers_have_at_least_three_digits() -> None:
    assert [number("A", ordinal) for ordinal in (1, 42, 999, 1000)] == ["A001", "A042", "A999", "A1000"]
    with pytest.raises(ValueError, match="first number"):
        number("A", 0)


@given(st.sets(st.tuples(st.from_regex(SERIES, fullmatch=True), st.integers(1, 20_000)), max_size=50))
def test_no_two_tickets_have_one_number(tickets: set[tuple[str, int]]) -> None:
    assert len({number(series, ordinal) for series, ordinal in tickets}) == len(tickets)


@pytest.mark.parametrize("letters", ["I", "O", "Q", "AO", "", "a", "ABCDE"])
def test_letters_that_read_as_digits_are_no_series(letters: str) -> None:
    assert SERIES.fullmatch(letters) is None


def test_rooms_are_sorted_as_people_read_them() -> None:
    painted = ["10", "9", "P2", "P10", "9b", "101"]
    assert sorted(painted, key=reading_order) == ["9", "9b", "10", "101", "P2", "P10"]


# --- lifecycle -------------------------------------------------------------------------------------------------------

STATES: tuple[EntryState, ...] = ("waiting", "called", "not_here", "finished", "cancelled")


def test_a_whole_visit_to_a_room() -> None:
    at = START + timedelta(minutes=30)
    called = lifecycle.call(entry(1), at)
    assert (called.state, called.calls, called.called_at, called.version) == ("called", 1, at, 2)
    again = lifecycle.call(called, at)
    away = lifecycle.mark_not_here(again)
    back = lifecycle.come_back(away)
    done = lifecycle.finish(lifecycle.call(back, at))
    assert (done.state, done.calls, done.version) == ("finished", 3, 7)


@given(st.sampled_from(STATES), st.integers(1, 50))
def test_each_move_is_allowed_or_refused_and_grows_the_version(state: EntryState, version: int) -> None:
    before = entry(1, state=state, version=version)
    for move, to in (
        (lambda known: lifecycle.call(known, START), "called"),
        (lifecycle.mark_not_here, "not_here"),
        (lifecycle.come_back, "waiting"),
        (lifecycle.finish, "finished"),
    ):
        if to in lifecycle.MOVES[state]:
            after = move(before)
            assert (after.state, after.version) == (to, version + 1)
        else:
            with pytest.raises(lifecycle.WrongMove):
                move(before)


def test_finished_and_cancelled_are_final() -> None:
    assert lifecycle.MOVES["finished"] == lifecycle.MOVES["cancelled"] == frozenset()


# --- assignment, admission, estimate ---------------------------------------------------------------------------------


def room(number: str, is_open: bool = True) -> Room:
    return Room(room_id=f"r{number}", number=number, names={}, zone_id="a", service_ids=("general",), open=is_open)


def test_the_room_with_the_least_work_and_of_equals_the_lowest_number() -> None:
    loads = [RoomLoad(room("10"), 20), RoomLoad(room("9"), 20), RoomLoad(room("2"), 30), RoomLoad(room("1", False), 0)]
    chosen = least_busy("general", loads)
    assert chosen is not None
    assert chosen.room.number == "9"
    assert least_busy("eyes", loads) is None
    assert least_busy("general", [loads[3]]) is None


def test_one_active_ticket_per_person_and_service() -> None:
    service = Service(service_id="general", names={})
    assert admit(service, [], Status()) == Admitted()
    assert admit(service, [entry(1, state="finished"), entry(2, service_id="eyes")], Status()) == Admitted()
    assert admit(service, [entry(1)], Status()) == AlreadyHeld(entry(1), returns=False)
    away = entry(1, state="not_here")
    assert admit(service, [away], Status()) == AlreadyHeld(away, returns=True)


def test_a_closed_service_admits_nobody_new_but_keeps_who_holds_a_ticket() -> None:
    service = Service(service_id="general", names={})
    closed = Status("full_today", START)
    assert admit(service, [], closed) == NotAdmitted(closed)
    assert isinstance(admit(service, [entry(1)], closed), AlreadyHeld)


def test_waits_are_intervals_rounded_to_the_long_side() -> None:
    assert estimate.wait(0, 8) == WaitEstimate(low_minutes=0, high_minutes=10)
    assert estimate.wait(3, 8) == WaitEstimate(low_minutes=20, high_minutes=40)
    assert estimate.wait(6, 8, rooms=2) == estimate.wait(3, 8)
    assert estimate.wait(3, 8, rooms=0) == WaitEstimate(reason="no_open_room")


@given(st.integers(0, 500), st.floats(0.5, 60), st.integers(1, 20))
def test_an_interval_never_promises_less_than_the_work(ahead: int, minutes: float, rooms: int) -> None:
    told = estimate.wait(ahead, minutes, rooms)
    assert told.low_minutes is not None
    assert told.high_minutes is not None
    assert told.low_minutes <= told.high_minutes
    assert told.high_minutes >= ahead * minutes / rooms
    assert told.low_minutes % 5 == told.high_minutes % 5 == 0


# --- priority by age, days -------------------------------------------------------------------------------------------

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("value", "precision", "expected"),
    [
        ("1951-11-20", "day", "aged_75"),  # 75 today
        ("1951-11-21", "day", "normal"),  # 75 tomorrow
        ("1951", "year", "normal"),  # not certain
        ("1950", "year", "aged_75"),
        ("1951-10", "month", "aged_75"),
        ("1951-11", "month", "normal"),
        ("2020-11-21", "day", "child_under_6"),  # 6 tomorrow
        ("2020-11-20", "day", "normal"),
        ("2020", "year", "normal"),
        ("2021", "year", "child_under_6"),
        ("2026", "year", "child_under_6"),
        ("2027-01-01", "day", "normal"),  # not born yet: the date is wrong
    ],
)
def test_age_gives_priority_only_when_it_is_certain(value: str, precision: str, expected: str) -> None:
    birth = Birth.model_validate({"value": value, "precision": precision})
    assert by_age(birth, DAY, scanned=True) == Priority.model_validate({"priority_class": expected})


def test_a_typed_age_is_declared() -> None:
    assert by_age(Birth(value="1940", precision="year"), DAY, scanned=False).status == "declared"
    assert by_age(None, DAY, scanned=True) == Priority()


def test_the_business_day_is_the_hospitals_own() -> None:
    late = datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC)
    assert business_day(late, "Asia/Ho_Chi_Minh") == "2026-11-20"
    assert business_day(late + timedelta(seconds=1), "Asia/Ho_Chi_Minh") == "2026-11-21"
    assert day_start("2026-11-21", "Asia/Ho_Chi_Minh") == late + timedelta(seconds=1)
