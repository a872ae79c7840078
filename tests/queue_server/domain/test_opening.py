"""Opening hours, breaks, holidays, last tickets, quotas and number formats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.nouns import PriorityClass
from protocol.opening import HOURS, NUMBERS, WEEKDAYS, NumberFormat, OpeningHours, Quota, Span
from queue_server.domain.numbering import number
from queue_server.domain.opening import Own, Status, Taken, hour_start, own_status, status

ZONE = "Asia/Ho_Chi_Minh"
DAY = (Span(start="07:00", end="11:30"), Span(start="13:30", end="16:30"))
WEEK = OpeningHours(
    weekly={"mon": DAY, "tue": DAY, "wed": DAY, "thu": DAY, "fri": DAY},
    holidays=("2026-11-19",),
    special={"2026-11-21": (Span(start="08:00", end="10:00"),)},
    last_ticket_minutes=30,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(ZONE))


def now(when: str, hours: OpeningHours | None = WEEK, quota: Quota | None = None, taken: Taken | None = None) -> Status:
    return status(True, hours, quota, taken or Taken(), at(when), ZONE)


@pytest.mark.parametrize(
    ("when", "code", "opens"),
    [
        ("11-20 06:59", "not_open_now", "11-20 07:00"),
        ("11-20 07:00", None, None),
        ("11-20 11:29", None, None),
        ("11-20 11:30", "not_open_now", "11-20 13:30"),  # the break
        ("11-20 15:59", None, None),
        ("11-20 16:00", "last_ticket_passed", "11-21 08:00"),
        ("11-20 16:30", "not_open_now", "11-21 08:00"),
        ("11-21 09:29", None, None),  # a Saturday with hours of its own
        ("11-21 09:30", "last_ticket_passed", "11-23 07:00"),
        ("11-22 09:00", "not_open_now", "11-23 07:00"),  # Sunday
        ("11-19 09:00", "not_open_now", "11-20 07:00"),  # a holiday
        ("11-18 20:00", "not_open_now", "11-20 07:00"),  # the holiday is skipped
    ],
)
def test_a_week_of_a_clinic(when: str, code: str | None, opens: str | None) -> None:
    found = now(when)
    assert (found.code, found.opens_at) == (code, at(opens) if opens else None)


def test_closed_by_hand_wins_and_nobody_knows_until_when() -> None:
    assert status(False, WEEK, None, Taken(), at("11-20 08:00"), ZONE) == Status("service_closed")
    assert now("11-20 03:00", hours=None) == Status()


def test_hours_that_never_open_have_no_time_of_opening() -> None:
    assert now("11-20 08:00", OpeningHours(weekly={})) == Status("not_open_now", None)


def test_quotas_end_with_the_hour_and_with_the_day() -> None:
    quota = Quota(per_day=50, per_hour=10)
    assert now("11-20 08:20", quota=quota, taken=Taken(49, 9)) == Status()
    assert now("11-20 08:20", quota=quota, taken=Taken(49, 10)) == Status("full_this_hour", at("11-20 09:00"))
    assert now("11-20 11:10", quota=quota, taken=Taken(49, 10)) == Status("full_this_hour", at("11-20 13:30"))
    assert now("11-20 08:20", quota=quota, taken=Taken(50, 10)) == Status("full_today", at("11-21 08:00"))
    assert now("11-20 08:20", None, Quota(per_day=0), Taken()) == Status("full_today", at("11-21 00:00"))


def test_the_hour_is_the_hospitals_own() -> None:
    half_past = at("11-20 08:30").astimezone(ZoneInfo("Asia/Kathmandu"))  # a clock that is 45 minutes off
    assert hour_start(half_past, ZONE) == at("11-20 08:00")


clocks = st.integers(0, 24 * 12 - 1).map(lambda five: f"{five // 12:02d}:{five % 12 * 5:02d}")


@st.composite
def some_hours(draw: st.DrawFn) -> OpeningHours:
    weekly = {}
    for weekday in WEEKDAYS:
        edges = sorted(draw(st.sets(clocks, max_size=4)))
        weekly[weekday] = tuple(Span(start=start, end=end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    return OpeningHours(weekly=weekly, last_ticket_minutes=draw(st.integers(0, 90)))


@given(some_hours(), st.integers(0, 7 * 24 * 12))
def test_it_is_open_when_it_says_that_it_opens_and_not_before(hours: OpeningHours, five: int) -> None:
    moment = at("11-16 00:00") + timedelta(minutes=5 * five)
    found = status(True, hours, None, Taken(), moment, ZONE)
    if found.open or found.opens_at is None:
        return
    assert found.opens_at > moment
    assert status(True, hours, None, Taken(), found.opens_at, ZONE).open
    while (moment := moment + timedelta(minutes=15)) < found.opens_at:
        assert not status(True, hours, None, Taken(), moment, ZONE).open


@pytest.mark.parametrize(
    ("given_", "kind"),
    [
        ({"weekly": {"mon": [{"start": "08:00", "end": "07:00"}]}}, "span_ends_before_it_starts"),
        ({"weekly": {"mon": [{"start": "8:00", "end": "09:00"}]}}, "string_pattern_mismatch"),
        (
            {"weekly": {"mon": [{"start": "08:00", "end": "10:00"}, {"start": "09:00", "end": "11:00"}]}},
            "spans_overlap",
        ),
        ({"weekly": {"monday": []}}, "literal_error"),
        ({"weekly": {}, "holidays": ["2/9"]}, "not_a_date"),
        ({"weekly": {}, "holidays": ["2026-02-30"]}, "not_a_date"),
        ({"weekly": {}, "special": {"soon": []}}, "not_a_date"),
        ({}, "missing"),
    ],
)
def test_hours_that_make_no_sense_are_refused_by_name(given_: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        HOURS.validate_python(given_)
    assert wrong.value.errors()[0]["type"] == kind


def test_letters_by_weekday_and_width() -> None:
    form = NumberFormat(letters="A", width=4, start=100, by_weekday={"sat": "AS"})
    assert [form.letters_for(day, "08:00", "normal") for day in ("2026-11-20", "2026-11-21")] == ["A", "AS"]
    assert form.all_letters() == {"A", "AS"}
    assert number("A", 7, form.width) == "A0007"
    assert NUMBERS.validate_json(NUMBERS.dump_json(form)) == form


@pytest.mark.parametrize(
    ("day", "clock", "known", "letters"),
    [
        ("2026-11-20", "05:59", "normal", "A"),
        ("2026-11-20", "06:00", "normal", "AB"),
        ("2026-11-20", "11:59", "normal", "AB"),
        ("2026-11-20", "12:00", "merit", "AC"),
        ("2026-11-20", "12:00", "aged_75", "AD"),
        ("2026-11-21", "12:00", "normal", "AS"),  # a Saturday
        ("2026-11-21", "05:00", "aged_75", "AD"),
    ],
)
def test_letters_by_class_day_and_shift(day: str, clock: str, known: PriorityClass, letters: str) -> None:
    form = NumberFormat(
        letters="A", by_class={"aged_75": "AD"}, by_weekday={"sat": "AS"}, by_shift={"12:00": "AC", "06:00": "AB"}
    )
    assert form.letters_for(day, clock, known) == letters
    assert form.all_letters() == {"A", "AB", "AC", "AD", "AS"}


@pytest.mark.parametrize(
    ("own", "code"),
    [(Own(1, 1), None), (Own(2, 0), "full_for_class"), (Own(0, 2), "full_for_person"), (Own(9, 9), "full_for_person")],
)
def test_quotas_of_a_class_and_of_a_person_end_with_the_day(own: Own, code: str | None) -> None:
    quota = Quota(per_class={"aged_75": 2}, per_person=2)
    found = own_status(WEEK, quota, "aged_75", own, at("11-20 08:20"), ZONE)
    assert (found.code, found.opens_at) == (code, at("11-21 08:00") if code else None)
    assert own_status(WEEK, quota, "normal", Own(99, 0), at("11-20 08:20"), ZONE).open


FORECAST = WEEK.model_copy(update={"by_forecast": True, "last_ticket_minutes": 0})


@pytest.mark.parametrize(
    ("when", "minutes", "code"),
    [
        ("11-20 10:00", 270.0, None),  # 90 to the break, 180 after it
        ("11-20 10:00", 270.5, "would_not_be_seen"),
        ("11-20 16:20", 10.0, None),
        ("11-20 16:21", 10.0, "would_not_be_seen"),
        ("11-20 16:21", None, None),  # no room is open: another refusal
        ("11-20 12:00", 999.0, "not_open_now"),
    ],
)
def test_the_last_ticket_by_forecast(when: str, minutes: float | None, code: str | None) -> None:
    found = status(True, FORECAST, None, Taken(), at(when), ZONE, minutes)
    assert found.code == code
    if code == "would_not_be_seen":
        assert found.opens_at == at("11-21 08:00")
    assert status(True, WEEK, None, Taken(), at("11-20 15:00"), ZONE, 9999.0).open


@pytest.mark.parametrize("letters", ["I", "O", "Q", "A1", "", "ABCDE", "a"])
def test_letters_that_look_like_digits_are_refused(letters: str) -> None:
    with pytest.raises(ValidationError):
        NumberFormat(letters=letters)
