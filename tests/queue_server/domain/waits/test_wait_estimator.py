"""The estimator as a whole: small scenes with a known answer, and hospitals it has never seen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from queue_server.domain.waits.estimator import BEYOND, Answer, Estimator
from tests.queue_server.domain.waits.hospitals import OTHERS, Event, Hospital

MORNING = 28800.0


def opened(rooms: int = 1, **changes: Any) -> Estimator:
    """A hospital's first day: one queue, its rooms open and at work since eight, nominal ten minutes."""
    estimator = Estimator()
    names = [f"R{number}" for number in range(rooms)]
    queues = {"Q": {"service": "exam", "dept": "D", "rooms": names, "nominal_min": 10.0}}
    header: Event = {"ev": "day", "day": 0, "weekday": 0, "discipline": "fifo", "param": 0, "review_credit_s": 900.0}
    estimator.feed(header | {"hours": {}, "queues": queues} | changes)
    for number, room in enumerate(names):
        estimator.feed({"t": MORNING, "ev": "open", "room": room, "queue": "Q"})
        arrive(estimator, f"first-{number}", MORNING)
        for what in ("call", "start"):
            estimator.feed({"t": MORNING, "ev": what, "ticket": f"first-{number}", "queue": "Q", "room": room})
    return estimator


def arrive(estimator: Estimator, ticket: str, now: float, prio: int = 0, kind: str = "new") -> Answer:
    told = {"t": now, "ev": "arrive", "ticket": ticket, "patient": ticket, "queue": "Q", "service": "exam"}
    estimator.feed(told | {"prio": prio, "kind": kind})
    return estimator.ask(ticket, now)


def test_a_free_room_means_no_wait() -> None:
    estimator = opened()
    estimator.feed({"t": MORNING + 300, "ev": "finish", "ticket": "first-0", "queue": "Q", "room": "R0"})
    assert arrive(estimator, "A", MORNING + 400) == Answer("A", 0.0, 0.0, 0.0)


def test_each_one_ahead_adds_about_a_visit() -> None:
    estimator = opened()
    told = [arrive(estimator, f"A{number}", MORNING + 1 + number).eta / 60 for number in range(8)]
    steps = [later - earlier for earlier, later in pairwise(told)]
    assert 5 < told[0] < 15
    assert 8 < sum(steps) / len(steps) < 13


def test_more_rooms_shorten_the_wait() -> None:
    one, three = opened(1), opened(3)
    for number in range(9):
        alone, shared = (arrive(hospital, f"A{number}", MORNING + 1) for hospital in (one, three))
    assert shared.eta < 0.5 * alone.eta


def test_priority_goes_first_under_strict_and_not_under_first_come() -> None:
    waits = {}
    for discipline in ("strict", "fifo"):
        estimator = opened(discipline=discipline)
        for number in range(8):
            arrive(estimator, f"A{number}", MORNING + 1)
        waits[discipline] = arrive(estimator, "P", MORNING + 2, prio=1).eta
    assert waits["strict"] < 0.3 * waits["fifo"]


def test_a_reviews_credit_is_seen() -> None:
    estimator = opened()
    for number in range(6):
        last = arrive(estimator, f"A{number}", MORNING + 10)
    review = arrive(estimator, "back", MORNING + 100, kind="review")
    assert review.eta < 0.4 * last.eta


def test_the_answer_moves_with_time_and_is_never_negative() -> None:
    estimator = opened()
    arrive(estimator, "A", MORNING + 1)
    told = [estimator.ask("A", MORNING + seconds) for seconds in (1, 300, 900, 3000, 9000)]
    assert len({answer.eta for answer in told}) == len(told)
    assert all(0 <= answer.low <= answer.eta <= answer.high for answer in told)


def test_a_pause_lengthens_the_wait() -> None:
    quick, slow = opened(), opened()
    for estimator in (quick, slow):
        arrive(estimator, "A", MORNING + 10)
        arrive(estimator, "B", MORNING + 10)
        estimator.feed({"t": MORNING + 60, "ev": "finish", "ticket": "first-0", "queue": "Q", "room": "R0"})
    quick.feed({"t": MORNING + 60, "ev": "call", "ticket": "A", "queue": "Q", "room": "R0"})
    slow.feed({"t": MORNING + 60, "ev": "pause", "queue": "Q", "room": "R0"})
    assert slow.ask("B", MORNING + 61).eta > quick.ask("B", MORNING + 61).eta


def test_at_noon_whoever_came_too_late_waits_for_the_afternoon() -> None:
    estimator = opened()
    noon = 43200.0
    estimator.feed({"t": noon, "ev": "finish", "ticket": "first-0", "queue": "Q", "room": "R0"})
    estimator.feed({"t": noon, "ev": "close", "queue": "Q", "room": "R0"})
    answer = arrive(estimator, "A", noon + 600)
    assert answer.reason == "closed"
    assert 48600 - 120 - (noon + 600) <= answer.eta < 48600 + 2400 - noon


def test_an_unknown_ticket_is_not_waiting() -> None:
    assert opened().ask("nobody", MORNING).reason == "not_waiting"
    assert Estimator().ask("nobody", 0.0).reason == "not_waiting"


def test_events_of_unknown_queues_and_rooms_do_no_harm() -> None:
    estimator = opened()
    estimator.feed({"t": MORNING, "ev": "open", "queue": "elsewhere", "room": "X"})
    estimator.feed({"t": MORNING, "ev": "open", "queue": "Q", "room": "new-room"})
    estimator.feed({"t": MORNING, "ev": "call", "queue": "Q", "room": "new-room", "ticket": "never-came"})
    estimator.feed({"t": MORNING, "ev": "redecorated", "queue": "Q", "room": "new-room"})
    assert arrive(estimator, "A", MORNING + 5).eta > 0


def play(hospital: Hospital, days: int, warm: int) -> tuple[Estimator, list[tuple[Answer, float, float]]]:
    """The estimator after `days`; for each ticket after `warm`: the answer, its wait, and that of the last called."""
    estimator, rows = Estimator(), []
    for day, events in enumerate(hospital.days(0, days - 1)):
        arrived: dict[str, tuple[float, Answer, float, Any]] = {}
        last: dict[Any, float] = {}
        for event in events:
            estimator.feed(event)
            if event["ev"] == "arrive":
                kind, now = (event["queue"], event["prio"]), event["t"]
                answer = estimator.ask(event["ticket"], now)
                arrived[event["ticket"]] = (now, answer, last.get(kind, 0.0), kind)
            elif event["ev"] == "call":
                came, answer, entered, kind = arrived[event["ticket"]]
                last[kind] = event["t"] - came
                if day >= warm:
                    rows.append((answer, event["t"] - came, entered))
    return estimator, rows


@pytest.mark.parametrize("hospital", [OTHERS[1], OTHERS[4]], ids=lambda one: one.discipline)
def test_a_hospital_never_seen_is_learned_in_a_few_days(hospital: Hospital) -> None:
    small = Hospital(hospital.seed, hospital.discipline, hospital.param, load=0.8, queues=4)
    estimator, rows = play(small, days=6, warm=3)
    error = sum(abs(answer.eta - waited) for answer, waited, _ in rows)
    by_last = sum(abs(entered - waited) for _, waited, entered in rows)
    held = sum(answer.low <= waited <= answer.high for answer, waited, _ in rows) / len(rows)
    assert error < 0.55 * by_last
    assert 0.70 <= held <= 0.90
    (policy,) = estimator.policies.values()
    assert policy.hits[0] == max(policy.hits)


def test_the_same_journal_gives_the_same_answers() -> None:
    small = Hospital(7, "apq", 3.0, load=0.8, queues=2)
    first, second = (play(small, days=2, warm=1)[1] for _ in range(2))
    assert first == second


# --- what the live queue asks and tells besides -------------------------------------------------------------------


def test_a_curve_rises_with_those_before_and_knows_who_waits() -> None:
    estimator = opened()
    for number in range(5):
        arrive(estimator, f"A{number}", MORNING + 1 + number)
    told = estimator.curve("Q", False, MORNING + 60)
    assert len(told) == 5 + BEYOND
    assert all(earlier <= later for one, two in pairwise(told) for earlier, later in zip(one, two, strict=True))
    assert all(0 <= low <= middle <= high for low, middle, high in told)
    asked = estimator.ask("A4", MORNING + 60)
    assert told[4][1] == pytest.approx(asked.eta, rel=0.15)


def test_a_curve_of_priority_is_shorter_where_priority_goes_first() -> None:
    estimator = opened(discipline="strict")
    for number in range(6):
        arrive(estimator, f"A{number}", MORNING + 1)
    normal, first = (estimator.curve("Q", priority, MORNING + 60) for priority in (False, True))
    assert len(first) == BEYOND
    assert first[0][1] < 0.3 * normal[6][1]


def test_looking_at_curves_changes_no_answer() -> None:
    looked, other = opened(), opened()
    for estimator in (looked, other):
        for number in range(6):
            arrive(estimator, f"A{number}", MORNING + number)
    first = looked.curve("Q", False, MORNING + 60)
    assert looked.curve("Q", False, MORNING + 60) == first == other.curve("Q", False, MORNING + 60)
    assert looked.ask("A5", MORNING + 90) == other.ask("A5", MORNING + 90)


def test_who_leaves_waits_no_more_and_frees_the_room() -> None:
    estimator = opened()
    arrive(estimator, "A", MORNING + 1)
    arrive(estimator, "B", MORNING + 2)
    before = estimator.ask("B", MORNING + 60).eta
    estimator.feed({"t": MORNING + 60, "ev": "leave", "ticket": "A", "queue": "Q"})
    assert estimator.ask("A", MORNING + 61).reason == "not_waiting"
    assert estimator.ask("B", MORNING + 61).eta < before
    estimator.feed({"t": MORNING + 62, "ev": "leave", "ticket": "first-0", "queue": "Q", "room": "R0"})
    assert estimator.ask("B", MORNING + 63).eta == 0
    assert not estimator.paces["exam"].shapes


def test_who_waits_may_get_another_place_and_class_and_is_not_counted_twice() -> None:
    estimator = opened(discipline="strict")
    for number in range(4):
        arrive(estimator, f"A{number}", MORNING + number)
    last = estimator.ask("A3", MORNING + 60).eta
    again = {"t": MORNING + 60, "ev": "arrive", "ticket": "A3", "queue": "Q", "prio": 0, "place": MORNING - 600}
    estimator.feed(again)
    assert estimator.ask("A3", MORNING + 60.5).eta < 0.5 * last
    estimator.feed(again | {"ticket": "A2", "prio": 1, "place": MORNING})
    assert estimator.ask("A2", MORNING + 60.5).eta < estimator.ask("A3", MORNING + 60.5).eta
    assert sum(sum(row) for row in estimator.flows["exam"].today.values()) == 5


def test_a_queue_and_another_policy_may_come_during_the_day() -> None:
    estimator = opened()
    estimator.feed({"ev": "queue", "queue": "N", "service": "teeth", "rooms": ["N1"], "nominal_min": 5.0})
    assert len(estimator.curve("N", False, MORNING)) == BEYOND
    for number in range(6):
        arrive(estimator, f"A{number}", MORNING + 1)
    first_come = arrive(estimator, "P", MORNING + 2, prio=1).eta
    estimator.feed({"ev": "policy", "queue": "Q", "discipline": "strict", "param": 0})
    assert estimator.ask("P", MORNING + 3).eta < 0.3 * first_come
