"""Early, on time, late, on another day, in another building; and where in the line somebody stands for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.appointments import APPOINTMENT_RULE, Appointment, AppointmentRule, Booking
from queue_server.domain.admission import Admitted, AlreadyHeld, HeldBack, NotAdmitted, admit, would_refuse
from queue_server.domain.keeping import Keeping, Stand, keep, stand
from queue_server.domain.opening import Status
from tests.queue_server.domain.test_order import entry

ZONE = "Asia/Ho_Chi_Minh"
RULE = AppointmentRule(early_minutes=30, late_minutes=10)
LENIENT = AppointmentRule(early_minutes=30, late_minutes=10, early="walk_in", late="walk_in", other_day="walk_in")
STRICT = AppointmentRule(early_minutes=30, late_minutes=10, late="refuse")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(ZONE))


def booked(when: str, **more: Any) -> Appointment:
    given_: dict[str, Any] = {"appointment_id": when, "source_id": when, "service_id": "eyes", "window_minutes": 20}
    return Appointment(starts_at=at(when), **(given_ | more))


NINE = booked("11-20 09:00")


@pytest.mark.parametrize(
    ("when", "timing", "refusal"),
    [
        ("11-20 08:29", "early", "appointment_early"),
        ("11-20 08:30", "on_time", None),
        ("11-20 09:00", "on_time", None),
        ("11-20 09:30", "on_time", None),  # twenty minutes of window, ten of grace
        ("11-20 09:31", "late", "appointment_late"),
        ("11-19 09:00", "other_day", "appointment_other_day"),
        ("11-13 09:00", "other_day", "appointment_other_day"),
    ],
)
def test_how_somebody_comes(when: str, timing: str, refusal: str | None) -> None:
    found = keep([NINE], "eyes", STRICT, at(when), ZONE)
    assert found is not None
    assert (found.timing, found.refusal) == (timing, refusal)
    lenient = keep([NINE], "eyes", LENIENT, at(when), ZONE)
    assert lenient is not None
    assert (lenient.timing, lenient.refusal, lenient.come_at) == (timing, None, None)


def test_when_to_come_again_is_told() -> None:
    early = keep([NINE], "eyes", RULE, at("11-20 07:00"), ZONE)
    other_day = keep([NINE], "eyes", RULE, at("11-18 07:00"), ZONE)
    assert early is not None
    assert other_day is not None
    assert (early.come_at, other_day.come_at) == (at("11-20 08:30"), at("11-20 09:00"))


@pytest.mark.parametrize(
    "appointments",
    [
        [],
        [booked("11-20 09:00", service_id="teeth")],
        [booked("11-20 09:00", state="cancelled")],
        [booked("11-20 09:00", state="arrived")],
        [booked("11-19 09:00")],  # missed: it is over
        [booked("11-27 09:01")],  # more than a week ahead
    ],
)
def test_who_has_none_that_counts_is_a_walk_in(appointments: list[Appointment]) -> None:
    assert keep(appointments, "eyes", RULE, at("11-20 09:00"), ZONE) is None


def test_of_several_today_the_nearest_counts_and_before_those_of_other_days() -> None:
    several = [booked("11-20 08:00"), booked("11-20 14:00"), booked("11-21 09:00")]
    for when, expected in (
        ("11-20 09:00", "11-20 08:00"),
        ("11-20 13:00", "11-20 14:00"),
        ("11-20 23:00", "11-20 14:00"),
    ):
        found = keep(several, "eyes", RULE, at(when), ZONE)
        assert found is not None
        assert found.appointment.appointment_id == expected


def test_the_wrong_building_is_named_whatever_the_rule() -> None:
    found = keep([booked("11-20 09:00", elsewhere="Cơ sở 2")], "eyes", LENIENT, at("11-20 09:00"), ZONE)
    assert found is not None
    assert (found.timing, found.refusal, found.appointment.elsewhere) == (
        "elsewhere",
        "appointment_elsewhere",
        "Cơ sở 2",
    )
    assert not found.uses_it


@given(st.integers(-60 * 24 * 3, 60 * 24 * 3), st.builds(AppointmentRule, early=st.sampled_from(["refuse", "walk_in"])))
def test_whoever_is_told_to_come_again_then_is_not_early_then(minute: int, rule: AppointmentRule) -> None:
    found = keep([NINE], "eyes", rule, at("11-20 09:00") + timedelta(minutes=minute), ZONE)
    if found is not None and found.come_at is not None:
        then = keep([NINE], "eyes", rule, found.come_at, ZONE)
        assert then is not None
        assert then.timing == "on_time"


# --- admission -----------------------------------------------------------------------------------------------------


def test_who_is_held_back_holds_no_place_and_who_is_on_time_is_promised_a_number() -> None:
    from protocol.nouns import Service

    eyes = Service(service_id="eyes", names={})
    early, on_time = Keeping(NINE, "early", "appointment_early"), Keeping(NINE, "on_time")
    assert admit(eyes, [], Status(), early) == HeldBack(early)
    assert admit(eyes, [], Status("full_today"), early) == HeldBack(early)
    holds = entry(1, service_id="eyes")
    assert admit(eyes, [holds], Status(), early) == AlreadyHeld(holds, returns=False)
    assert admit(eyes, [], Status("full_today"), on_time) == Admitted()
    assert admit(eyes, [], Status("would_not_be_seen"), on_time) == Admitted()
    for code in ("service_closed", "not_open_now", "full_for_person"):
        assert isinstance(admit(eyes, [], Status(code), on_time), NotAdmitted)
    assert isinstance(admit(eyes, [], Status("full_today"), Keeping(NINE, "late")), NotAdmitted)
    assert would_refuse(eyes, [], Status(), early) == ("appointment_early",)


# --- the line ------------------------------------------------------------------------------------------------------


def test_who_is_on_time_stands_from_the_appointed_time_less_the_head_start() -> None:
    rule = AppointmentRule(head_start_minutes=15)
    due = at("11-20 08:45")
    on_time = Keeping(NINE, "on_time")
    assert stand(on_time, rule, at("11-20 08:30")) == Stand(place=due, appointment=due)
    assert stand(on_time, rule, at("11-20 08:50")) == Stand(place=None, appointment=due)
    for walk_in in (None, Keeping(NINE, "late"), Keeping(NINE, "early"), Keeping(NINE, "other_day")):
        assert stand(walk_in, rule, at("11-20 08:50")) == Stand()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"personal_id": None}, "nobody_named"),
        ({"personal_id": "001 090"}, "string_pattern_mismatch"),
        ({"starts_at": "2026-11-20T09:00:00"}, "timezone_aware"),
        ({"window_minutes": 721}, "less_than_equal"),
        ({"windw": 5}, "extra_forbidden"),
    ],
)
def test_a_booking_that_makes_no_sense_is_refused_by_name(changed: dict[str, Any], kind: str) -> None:
    right = {
        "source_id": "H1",
        "personal_id": "001090000017",
        "service_id": "eyes",
        "starts_at": "2026-11-20T09:00:00+07:00",
    }
    assert Booking.model_validate(right).window_minutes == 0
    with pytest.raises(ValidationError) as wrong:
        Booking.model_validate(right | changed)
    assert wrong.value.errors()[0]["type"] == kind
    assert APPOINTMENT_RULE.validate_python({}) == AppointmentRule()
