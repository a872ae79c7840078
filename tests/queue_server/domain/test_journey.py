"""Journeys: what is refused when one is set, what is offered at each step, and where everything leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from locales import load_catalogues
from protocol.journey import Journey, Step
from protocol.nouns import Entry, Priority
from queue_server.domain import journey as rules
from queue_server.domain.journey import Mistake, Mistaken, Offer, Stage

EIGHT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
SERVICES = ("general", "lab", "scan", "cashier", "pharmacy")
DOCTOR = Step(step="doctor", service_id="general", any_of=("lab", "scan"), next=("cashier",))
LAB = Step(step="lab", service_id="lab", next=("results",))
SCAN = Step(step="scan", service_id="scan", next=("results",))
RESULTS = Step(step="results", return_to="doctor", next=("cashier",))
CASHIER = Step(step="cashier", service_id="cashier", next=("pharmacy",))
PHARMACY = Step(step="pharmacy", service_id="pharmacy")
VISIT = Journey(steps=(DOCTOR, LAB, SCAN, RESULTS, CASHIER, PHARMACY), any_order=True)


def entry(step: str | None, minute: int = 0, **more: Any) -> Entry:
    given = {"service_id": "general", "room_id": "r1", "state": "called", "entry_id": f"e{minute}", **more}
    issued = EIGHT + timedelta(minutes=minute)
    return Entry(ticket_id="t", number="A001", priority=Priority(), version=1, issued_at=issued, step=step, **given)


def wrong(*steps: Step, first: str = "general") -> list[Mistake]:
    return rules.mistakes(Journey(steps=steps), first, SERVICES)


# --- setting one ---


def test_a_sound_journey_has_no_mistakes() -> None:
    assert rules.mistakes(VISIT, "general", SERVICES) == []
    assert rules.services_by_default(VISIT) == ("general", "cashier", "pharmacy")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((DOCTOR, LAB, SCAN, RESULTS, CASHIER), Mistake("unknown_step", "cashier", "pharmacy")),
        ((PHARMACY, PHARMACY), Mistake("step_named_twice", "pharmacy")),
        ((Step(step="a", service_id="general", return_to="a"),), Mistake("service_or_return", "a")),
        ((Step(step="a", service_id="general", next=("b",)), Step(step="b")), Mistake("service_or_return", "b")),
        ((Step(step="a", service_id="teeth"),), Mistake("unknown_service", "a", "teeth")),
        ((LAB, RESULTS, DOCTOR, SCAN, CASHIER, PHARMACY), Mistake("first_step_elsewhere", "lab", "general")),
        ((DOCTOR, LAB, SCAN, RESULTS, CASHIER, Step(step="pharmacy", return_to="results")),
         Mistake("returns_to_no_service", "pharmacy", "results")),
        ((PHARMACY.model_copy(update={"service_id": "general"}), CASHIER.model_copy(update={"next": ()})),
         Mistake("never_reached", "cashier")),
        ((Step(step="a", service_id="general", next=("b",)), Step(step="b", service_id="lab", next=("a",))),
         Mistake("nobody_can_leave", "a")),
        ((Step(step="a", service_id="general", next=("b", "end")), Step(step="b", return_to="a", next=("a",)),
          Step(step="end", service_id="cashier")), Mistake("endless_loop", "a")),
    ],
)  # fmt: skip
def test_each_mistake_is_named(steps: tuple[Step, ...], expected: Mistake) -> None:
    assert expected in wrong(*steps)


def test_too_many_steps_are_refused() -> None:
    many = [Step(step=f"s{number}", service_id="lab", next=(f"s{number + 1}",)) for number in range(1, 21)]
    first = Step(step="s0", service_id="general", next=("s1",))
    assert Mistake("too_many_steps", "s20", "20") in wrong(first, *many, Step(step="s21", service_id="cashier"))
    assert wrong(first, *many[:18], Step(step="s19", service_id="cashier")) == []


def test_every_mistake_has_its_sentence() -> None:
    texts = load_catalogues().texts["vi"]
    assert [kind for kind in get_args(Mistaken) if f"server.journey.{kind}" not in texts] == []


@pytest.mark.parametrize("more", [{"nxt": ("lab",)}, {"step": "Bác sĩ"}, {"next": ("x" * 33,)}])
def test_a_misspelt_setting_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"step": "doctor", "service_id": "general", **more})


NAMES = ("a", "b", "c", "d")


@st.composite
def any_journey(draw: st.DrawFn) -> Journey:
    following = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
    steps = []
    for name in NAMES[: draw(st.integers(1, 4))]:
        back = draw(st.sampled_from([None, None, *NAMES]))
        service = None if back else draw(st.sampled_from(["general", "lab", "cashier"]))
        one = Step(step=name, service_id=service, return_to=back, next=draw(following), any_of=draw(following))
        steps.append(one)
    return Journey(steps=tuple(steps))


@given(any_journey(), st.data())
def test_in_a_sound_journey_everybody_gets_home(journey: Journey, data: st.DataObject) -> None:
    """Whatever staff choose at first: once they choose nothing, it ends within that many steps."""
    if rules.mistakes(journey, "general", SERVICES):
        return
    name = journey.steps[0].step
    for _ in range(data.draw(st.integers(0, 5))):
        offer = rules.offer(journey, entry(name))
        assert offer is not None
        choices = (*offer.one_of, *offer.any_of)
        if not choices:
            return
        name = data.draw(st.sampled_from(choices))
        assert offer.allows((name,))
    for _ in journey.steps:
        offer = rules.offer(journey, entry(name))
        assert offer is not None
        if not offer.default:
            return
        name = offer.default[0]
    raise AssertionError(f"still under way at {name}")


# --- going it ---


def test_from_the_doctor_to_the_cashier_or_to_tests() -> None:
    offer = rules.offer(VISIT, entry("doctor"))
    assert offer == Offer(one_of=("cashier",), any_of=("lab", "scan"), default=("cashier",))
    assert [steps for steps in (("cashier",), ("lab",), ("scan", "lab")) if not offer.allows(steps)] == []
    not_so = ((), ("lab", "lab"), ("lab", "cashier"), ("results",), ("doctor",))
    assert [steps for steps in not_so if offer.allows(steps)] == []


def test_what_was_chosen_comes_before_what_the_journey_says() -> None:
    offer = rules.offer(VISIT, entry("lab", then=("scan", "gone")))
    assert offer == Offer(one_of=("results",), any_of=("scan",), default=("scan",))


def test_a_step_that_is_no_more_offers_nothing() -> None:
    assert rules.offer(VISIT, entry("x-ray")) is None
    assert rules.offer(VISIT, entry(None)) is None


def test_the_shorter_line_first_where_the_order_is_free() -> None:
    assert rules.in_order(VISIT, ("lab", "scan"), {"lab": 20, "scan": 4}) == ("scan", "lab")
    assert rules.in_order(VISIT, ("lab", "scan"), {"lab": 4, "scan": 4}) == ("lab", "scan")
    assert rules.in_order(VISIT, ("lab", "scan"), {"scan": 4}) == ("scan", "lab"), "no open room comes last"
    fixed = VISIT.model_copy(update={"any_order": False})
    assert rules.in_order(fixed, ("lab", "scan"), {"lab": 20, "scan": 4}) == ("lab", "scan")


def test_back_to_the_same_room_at_the_place_of_the_first_time() -> None:
    seen = entry("doctor", 0, room_id="r2", state="finished", place=EIGHT + timedelta(minutes=3))
    again = entry("doctor", 30, room_id="r1", state="finished")
    back = rules.way_back(RESULTS, [again, seen, entry("lab", 40, service_id="lab")])
    assert back == rules.Back("general", "r2", EIGHT + timedelta(minutes=3))
    assert rules.way_back(RESULTS, [seen.model_copy(update={"state": "cancelled"})]) is None
    assert rules.way_back(LAB, [seen]) is None


def test_the_whole_way_is_done_now_and_next() -> None:
    seen = entry("doctor", 0, room_id="r2", state="finished")
    mistake = entry("scan", 8, service_id="scan", room_id="r9", state="cancelled")
    here = entry("lab", 9, service_id="lab", room_id="r4", state="waiting", then=("scan",))
    assert rules.current([here, mistake, seen]) == here
    assert rules.whole_way(VISIT, [here, mistake, seen]) == [
        Stage("general", "r2", "done"),
        Stage("lab", "r4", "now"),
        Stage("scan", None, "next"),
        Stage("general", "r2", "next"),
        Stage("cashier", None, "next"),
        Stage("pharmacy", None, "next"),
    ]


def test_a_visit_that_ended_has_nothing_before_it() -> None:
    seen = entry(None, 0, state="finished")
    assert rules.whole_way(VISIT, [seen]) == [Stage("general", "r1", "done")]
    assert rules.whole_way(None, [entry("doctor", 0, state="waiting")]) == [Stage("general", "r1", "now")]
    assert rules.current([seen, entry("lab", 9, state="cancelled")]) == seen
