"""Why one number was called before another, from invented journals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from protocol.frames import AnyFrame, PriorityConfirmed, TicketCalled, TicketFinished, TicketIssued, TicketNotHere
from protocol.nouns import Entry, Priority
from queue_server.domain.why import Answer, Told, why

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def entry(number: str, minute: int, **more: Any) -> Entry:
    known = Entry(
        entry_id=number,
        ticket_id=number,
        number=number,
        service_id="general",
        room_id="r1",
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=START + timedelta(minutes=minute),
    )
    return known.model_copy(update=more)


def told(seq: int, frame: AnyFrame) -> Told:
    return Told(seq, START + timedelta(minutes=seq), frame)


def issued(seq: int, one: Entry) -> Told:
    return told(seq, TicketIssued(entry=one))


def called(seq: int, one: Entry, reason: str = "first_come", overtook: bool = False) -> Told:
    after = one.model_copy(update={"state": "called", "calls": one.calls + 1})
    return told(
        seq,
        TicketCalled(entry=after, room_number="1", service_names={}, reason=reason, rule="capped", overtook=overtook),
    )


OLD = Priority(priority_class="aged_75")
A, B = entry("A001", 1), entry("B002", 2)
TOO_EARLY = {"place": START + timedelta(minutes=5), "appointment": START + timedelta(minutes=5)}


@pytest.mark.parametrize(
    ("first", "second", "cause"),
    [
        ([issued(2, B)], [issued(1, A)], "not_called"),
        ([issued(2, B), called(4, B)], [issued(1, A), called(3, A)], "other_way"),
        ([issued(1, A), called(3, A)], [issued(2, B)], "came_first"),
        ([issued(1, B), called(3, B)], [issued(4, A)], "not_known"),
        ([issued(1, A), called(3, A)], [issued(4, B)], "came_first"),
        ([issued(1, A), called(3, A)], [issued(4, B.model_copy(update={"priority": OLD}))], "not_known"),
        ([issued(1, A), called(2, A)], [issued(3, entry("B002", 3))], "came_first"),
        ([issued(2, B), called(3, B)], [issued(1, A.model_copy(update={"room_id": "r2"}))], "other_room"),
        (
            [issued(2, B.model_copy(update={"priority": OLD})),
             called(3, B.model_copy(update={"priority": OLD}), "aged_75", overtook=True)],
            [issued(1, A)],
            "right",
        ),
        (
            [issued(1, A), called(3, A, "fair_turn")],
            [issued(2, B.model_copy(update={"priority": OLD}))],
            "fair_turn",
        ),
        ([issued(2, B), called(3, B, "emergency")], [issued(1, A)], "emergency"),
        ([issued(2, B), called(3, B, "")], [issued(1, A)], "chosen"),
        (
            [issued(2, B), called(5, B)],
            [issued(1, A), called(3, A),
             told(4, TicketNotHere(entry=A.model_copy(update={"state": "not_here", "calls": 1})))],
            "not_waiting",
        ),
        ([issued(2, B), called(3, B)], [issued(1, A.model_copy(update={"place": START}))], "place"),
        ([issued(2, B), called(3, B, "appointment", overtook=True)], [issued(1, A)], "appointment"),
        ([issued(2, B), called(3, B)], [issued(1, A.model_copy(update=TOO_EARLY))], "not_due"),
        ([issued(1, A.model_copy(update=TOO_EARLY)), called(9, A.model_copy(update=TOO_EARLY))],
         [issued(8, entry("B002", 8))], "came_first"),
    ],
)  # fmt: skip
def test_each_cause(first: list[Told], second: list[Told], cause: str) -> None:
    assert why(first, second).cause == cause


def test_each_is_described_as_it_was_at_that_moment() -> None:
    """A right confirmed later, or a visit finished since, says nothing about the moment of the call."""
    late = A.model_copy(update={"priority": OLD, "version": 2})
    second = [issued(1, A), told(4, PriorityConfirmed(entry=late, was=Priority(), proof="document")), called(5, late)]
    first = [issued(2, B), called(3, B, ""), told(6, TicketFinished(entry=B.model_copy(update={"state": "finished"})))]
    answer = why(first, second)
    assert isinstance(answer, Answer)
    assert (answer.second.entry.priority, answer.second.called_seq) == (Priority(), 5)
    assert (answer.first.entry.state, answer.at, answer.seq) == ("waiting", START + timedelta(minutes=3), 3)
    assert answer.rule == "capped"
