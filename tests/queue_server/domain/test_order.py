"""Policies: each by example, and the promise of each by property, over days on which people keep coming."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.nouns import Birth, Entry, Identity, Intake, Priority, PriorityClass
from protocol.policy import LEGAL_CLASSES, POLICY, Ageing, Capped, FirstCome, HeadStart, OneInN, Policy, Strict
from queue_server.domain.numbering import number
from queue_server.domain.order import (
    Choice,
    bound,
    choose,
    class_of,
    goes_first,
    line,
    most_overtaken,
    people_ahead,
    seniority,
)
from queue_server.domain.priority import on_arrival
from queue_server.domain.waits.standing import before_in_class

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
ALL: tuple[Policy, ...] = (FirstCome(), Strict(), Ageing(), OneInN(), Capped(), HeadStart())


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


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def told(order: list[Choice]) -> list[tuple[str, str]]:
    return [(choice.entry.number, choice.reason) for choice in order]


# --- each by example -------------------------------------------------------------------------------------------------


def test_first_come_first_served_and_why() -> None:
    choice = choose([entry(2, "aged_75"), entry(1)], (), FirstCome(), at(9))
    assert choice == Choice(entry(1), "first_come", overtook=False)
    assert choose([], (), FirstCome(), at(9)) is None


def test_capped_goes_first_but_not_for_ever() -> None:
    waiting = [entry(1), entry(2), *(entry(ordinal, "aged_75") for ordinal in range(3, 9))]
    assert told(line(waiting, (), Capped(overtakes=3), at(9))) == [
        ("A003", "aged_75"),
        ("A004", "aged_75"),
        ("A005", "aged_75"),
        ("A001", "fair_turn"),
        ("A006", "aged_75"),
        ("A007", "aged_75"),
        ("A008", "aged_75"),
        ("A002", "first_come"),
    ]


def test_one_in_three_lets_one_go_first_of_each_three() -> None:
    waiting = [*(entry(ordinal) for ordinal in range(1, 5)), entry(5, "pregnant"), entry(6, "merit")]
    assert told(line(waiting, (), OneInN(n=3), at(9))) == [
        ("A005", "pregnant"),
        ("A001", "fair_turn"),
        ("A002", "fair_turn"),
        ("A006", "merit"),
        ("A003", "first_come"),
        ("A004", "first_come"),
    ]
    assert told(line(waiting, (False, True), OneInN(n=3), at(9)))[0] == ("A001", "fair_turn")


def test_strict_keeps_the_order_of_the_classes() -> None:
    policy = Strict(classes=("severe_disability", "aged_75"))
    waiting = [entry(1), entry(2, "aged_75"), entry(3, "severe_disability"), entry(4, "merit"), entry(5, "aged_75")]
    assert [number for number, _ in told(line(waiting, (), policy, at(9)))] == ["A003", "A002", "A005", "A001", "A004"]


def test_ageing_lets_a_class_pass_only_who_waited_less_than_its_rate() -> None:
    policy = Ageing(rates={"aged_75": 3.0})
    waiting = [entry(1, minute=0), entry(2, "aged_75", minute=30)]
    assert told(line(waiting, (), policy, at(40)))[0] == ("A001", "first_come")
    assert told(line(waiting, (), policy, at(50)))[0] == ("A002", "aged_75")


def test_a_head_start_is_as_if_one_had_come_earlier() -> None:
    policy = HeadStart(minutes={"aged_75": 20})
    waiting = [entry(1, minute=0), entry(2, minute=15), entry(3, "aged_75", minute=30)]
    assert told(line(waiting, (), policy, at(40))) == [
        ("A001", "first_come"),
        ("A003", "aged_75"),
        ("A002", "first_come"),
    ]


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.rule)
def test_an_emergency_goes_before_everybody_and_is_not_counted(policy: Policy) -> None:
    waiting = [entry(1), entry(2, "aged_75"), entry(9, "emergency")]
    choice = choose(waiting, (True,) * 20, policy, at(10))
    assert choice is not None
    assert (choice.entry.number, choice.reason, choice.overtook) == ("A009", "emergency", False)
    assert goes_first(entry(9, "emergency"), policy)


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.rule)
def test_a_declared_class_waits_for_confirmation(policy: Policy) -> None:
    declared = entry(2, priority=Priority(priority_class="pregnant", status="declared"))
    assert class_of(declared) == "normal"
    assert [number for number, _ in told(line([entry(1), declared], (), policy, at(9)))] == ["A001", "A002"]
    confirmed = entry(2, priority=Priority(priority_class="pregnant", status="confirmed"))
    assert goes_first(confirmed, policy) == (policy.rule != "first_come")


def test_a_place_given_by_staff_stands_in_for_the_arrival() -> None:
    waiting = [entry(1, place=at(8)), entry(2), entry(3)]
    assert [number for number, _ in told(line(waiting, (), Capped(), at(9)))] == ["A002", "A003", "A001"]


def test_people_ahead_follows_the_policy() -> None:
    waiting = [entry(ordinal) for ordinal in range(1, 6)]
    assert people_ahead(entry(6), waiting, (), Capped(), at(9)) == 5
    assert people_ahead(entry(6, "aged_75"), waiting, (), Capped(), at(9)) == 0
    assert people_ahead(entry(6, "aged_75"), waiting, (True, True, True), Capped(), at(9)) == 1
    assert people_ahead(entry(6, "aged_75"), waiting, (), FirstCome(), at(9)) == 5
    assert people_ahead(entry(6, "aged_75"), waiting, (), OneInN(n=4), at(9)) == 0
    assert people_ahead(waiting[2], waiting, (), Capped(), at(9)) == 2


# --- the promises ----------------------------------------------------------------------------------------------------

CLASSES: tuple[PriorityClass, ...] = ("normal", "normal", "normal", "emergency", *LEGAL_CLASSES)
some_classes = st.lists(st.sampled_from(LEGAL_CLASSES), unique=True).map(tuple)
policies: st.SearchStrategy[Policy] = st.one_of(
    st.builds(FirstCome),
    st.builds(Strict, classes=some_classes),
    st.builds(OneInN, n=st.integers(2, 8), classes=some_classes),
    st.builds(Capped, overtakes=st.integers(0, 6), classes=some_classes),
    st.builds(Ageing, rates=st.dictionaries(st.sampled_from(LEGAL_CLASSES), st.floats(1, 10))),
    st.builds(HeadStart, minutes=st.dictionaries(st.sampled_from(LEGAL_CLASSES), st.integers(1, 90))),
)
Event: TypeAlias = PriorityClass | int | None
days: st.SearchStrategy[list[Event]] = st.lists(
    st.one_of(st.sampled_from(CLASSES), st.none(), st.integers(-40, 40)), max_size=60
)
"""A morning, minute by minute: somebody of this class comes, or somebody who stands from so many minutes later on for
an appointment (before they came when it is negative), or the room calls (None)."""


def who_comes(minute: int, event: PriorityClass | int) -> Entry:
    if not isinstance(event, int):
        return entry(minute, event)
    due = at(minute + event)
    return entry(minute, appointment=due, place=due if event > 0 else None)


@dataclass
class Morning:
    """A room that is run by one policy while people keep coming."""

    policy: Policy
    waiting: list[Entry] = field(default_factory=list)
    recent: list[bool] = field(default_factory=list)
    called: list[tuple[Choice, list[Entry], datetime]] = field(default_factory=list)
    """Each call with who else waited then, and when it was."""
    before: dict[str, int] = field(default_factory=dict)
    """By number, how many others stood before them in time, and had not been called when they came."""
    overtaken: Counter[str] = field(default_factory=Counter)

    def live(self, events: list[Event]) -> None:
        for minute, event in enumerate(events, start=1):
            if event is None:
                self.call(at(minute))
            else:
                self.comes(who_comes(minute, event))
        while self.waiting:
            self.call(at(len(events) + len(self.called)))

    def comes(self, new: Entry) -> None:
        self.before[new.number] = 0
        for other in self.waiting:
            earlier, later = sorted((other, new), key=seniority)
            self.before[later.number] += class_of(earlier) != "emergency"
        self.waiting.append(new)

    def call(self, now: datetime) -> None:
        choice = choose(self.waiting, self.recent, self.policy, now)
        if choice is None:
            return
        self.waiting.remove(choice.entry)
        self.called.append((choice, list(self.waiting), now))
        if choice.reason == "emergency":
            return
        self.recent.insert(0, choice.overtook)
        for other in self.waiting:
            self.overtaken[other.number] += seniority(other) < seniority(choice.entry)


@given(policies, days)
def test_everyone_is_called_once_and_only_emergencies_and_classes_overtake(policy: Policy, events: list[Event]) -> None:
    morning = Morning(policy)
    morning.live(events)
    came = [event for event in events if event is not None]
    assert sorted(choice.entry.number for choice, _, _ in morning.called) == sorted(morning.before)
    assert len(morning.called) == len(came)
    for choice, others, _ in morning.called:
        passed = any(seniority(other) < seniority(choice.entry) for other in others)
        assert choice.overtook == (passed and choice.reason != "emergency")
        assert not choice.overtook or goes_first(choice.entry, policy) or choice.reason == "appointment"


@given(policies, days)
def test_within_a_class_who_came_first_is_called_first(policy: Policy, events: list[Event]) -> None:
    morning = Morning(policy)
    morning.live(events)
    for choice, others, _ in morning.called:
        same = [other for other in others if lane_of(other) == lane_of(choice.entry)]
        assert all(seniority(choice.entry) < seniority(other) for other in same)


def lane_of(entry_: Entry) -> tuple[PriorityClass, bool]:
    return class_of(entry_), entry_.appointment is not None


@given(policies, days)
def test_every_promise_is_kept(policy: Policy, events: list[Event]) -> None:
    """The bound of each policy, as `bound` states it and people are told it."""
    morning = Morning(policy)
    morning.live(events)
    promise = bound(policy)
    in_a_row, since = 0, 1000
    for choice, others, now in morning.called:
        if choice.reason == "emergency":
            continue
        passed = [other for other in others if seniority(other) < seniority(choice.entry)]
        match promise.kind:
            case "never":
                assert not passed
            case "in_a_row":
                in_a_row = in_a_row + 1 if passed else 0
                assert in_a_row <= promise.number
            case "one_in_n":
                assert not passed or since >= promise.number - 1
                since = 0 if passed else since + 1
            case "minutes":
                limit = timedelta(minutes=promise.number)
                came = seniority(choice.entry)[0]
                assert all(came - seniority(other)[0] <= limit for other in passed)
            case "share":
                for other in passed:
                    mine, theirs = now - seniority(choice.entry)[0], now - seniority(other)[0]
                    assert mine * promise.number >= theirs - timedelta(microseconds=10)
            case "none":
                assert isinstance(policy, Strict)


@given(policies, days)
def test_nobody_is_overtaken_more_often_than_the_policy_says(policy: Policy, events: list[Event]) -> None:
    morning = Morning(policy)
    morning.live(events)
    for number_, before in morning.before.items():
        most = most_overtaken(policy, before)
        assert most is None or morning.overtaken[number_] <= most


@given(policies, days)
def test_who_is_on_time_goes_before_who_came_after_the_appointed_time_unless_the_bound_is_reached(
    policy: Policy, events: list[Event]
) -> None:
    """What an appointment promises: a walk-in who came after its time goes before its holder only as a fair turn."""
    morning = Morning(policy)
    morning.live(events)
    for choice, others, _ in morning.called:
        booked = next((other for other in sorted(others, key=seniority) if other.appointment is not None), None)
        walk_in = class_of(choice.entry) == "normal" and choice.entry.appointment is None
        if booked is None or booked.appointment is None or not walk_in or bound(policy).kind in ("never", "share"):
            continue
        gained = booked.appointment
        if isinstance(policy, HeadStart):
            gained = max(gained, seniority(booked)[0] - timedelta(minutes=bound(policy).number))
        if gained < seniority(choice.entry)[0]:
            assert choice.reason == "fair_turn"


def test_an_appointment_brings_its_holder_forward_as_far_as_the_policy_allows() -> None:
    waiting = [entry(1), entry(5), entry(6), entry(9, appointment=at(4))]
    numbers = {policy.rule: [number for number, _ in told(line(waiting, (), policy, at(10)))] for policy in ALL}
    assert numbers["first_come"] == ["A001", "A005", "A006", "A009"]
    assert numbers["strict"] == numbers["capped"] == numbers["one_in_n"] == ["A001", "A009", "A005", "A006"]
    assert told(line(waiting[1:], (), Capped(), at(10)))[0] == ("A009", "appointment")
    assert told(line(waiting[1:], (True,) * 3, Capped(), at(10)))[0] == ("A005", "fair_turn")
    early = entry(2, place=at(7), appointment=at(7))
    assert [number for number, _ in told(line([early, entry(3), entry(8)], (), Capped(), at(9)))] == [
        "A003",
        "A002",
        "A008",
    ]


@given(policies, days)
def test_the_line_is_what_the_room_will_call_if_nobody_else_comes(policy: Policy, events: list[Event]) -> None:
    waiting = [who_comes(minute, event) for minute, event in enumerate(events, start=1) if event is not None]
    foreseen = line(waiting, (), policy, at(100), timedelta(minutes=2))
    recent: list[bool] = []
    for place, choice in enumerate(foreseen):
        assert choose(waiting, recent, policy, at(100 + 2 * place)) == choice
        waiting.remove(choice.entry)
        recent[:0] = [] if choice.reason == "emergency" else [choice.overtook]


# --- policies as data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.rule)
def test_a_policy_is_data_and_comes_back_as_it_was(policy: Policy) -> None:
    assert POLICY.validate_json(POLICY.dump_json(policy)) == policy


@pytest.mark.parametrize(
    ("given_", "kind"),
    [
        ({"rule": "lottery"}, "union_tag_invalid"),
        ({}, "union_tag_not_found"),
        ({"rule": "capped", "overtakes": 21}, "less_than_equal"),
        ({"rule": "capped", "overtake": 2}, "extra_forbidden"),
        ({"rule": "one_in_n", "n": 1}, "greater_than_equal"),
        ({"rule": "strict", "classes": ["vip"]}, "literal_error"),
        ({"rule": "strict", "classes": ["merit", "merit"]}, "class_named_twice"),
        ({"rule": "strict", "classes": ["normal"]}, "normal_has_no_priority"),
        ({"rule": "capped", "classes": ["emergency"]}, "emergency_always_first"),
        ({"rule": "ageing", "rates": {"emergency": 2}}, "emergency_always_first"),
        ({"rule": "ageing", "rates": {"merit": 0.5}}, "greater_than_equal"),
        ({"rule": "head_start", "minutes": {"merit": 500}}, "less_than_equal"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_name(given_: dict[str, object], kind: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        POLICY.validate_python(given_)
    assert wrong.value.errors()[0]["type"] == kind


# --- priority on arrival ---------------------------------------------------------------------------------------------


def test_what_a_document_proves_comes_before_what_a_person_tells() -> None:
    old = Intake(identity=Identity(document="can_cuoc_new", birth=Birth(value="1940-01-01", precision="day")))
    young = Intake(identity=Identity(document="can_cuoc_new", birth=Birth(value="1990-01-01", precision="day")))
    day = START.date()
    assert on_arrival(old, day, "pregnant") == Priority(priority_class="aged_75")
    assert on_arrival(young, day, "pregnant") == Priority(priority_class="pregnant", status="declared")
    assert on_arrival(young, day) == Priority()


@given(
    others=st.lists(
        st.tuples(st.sampled_from(["normal", *LEGAL_CLASSES]), st.integers(0, 60), st.none() | st.integers(-90, 90))
    ),
    policy=st.sampled_from(ALL),
    recent=st.lists(st.booleans(), max_size=5),
)
def test_whoever_comes_last_without_a_right_is_behind_everybody(
    others: list[tuple[PriorityClass, int, int | None]], policy: Policy, recent: list[bool]
) -> None:
    """So their place can be counted (`queue_server.usecases.ordering`), under every policy."""
    waiting = [
        entry(n, cls, minute, appointment=None if due is None else at(due))
        for n, (cls, minute, due) in enumerate(others, 1)
    ]
    newcomer = entry(900, minute=61)
    assert people_ahead(newcomer, [*waiting, newcomer], recent, policy, at(61)) == len(waiting)
    first = sum(goes_first(other, policy) for other in waiting)
    assert before_in_class(newcomer, waiting, policy) == len(waiting) - first
