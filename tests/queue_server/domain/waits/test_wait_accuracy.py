"""Promises against what came true, from the journal of a day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import frames
from protocol.nouns import WaitEstimate
from queue_server.domain import lifecycle
from queue_server.domain.waits.accuracy import accuracy, table
from tests.queue_server.domain.waits.small_hospital import Story

HALF_AN_HOUR = WaitEstimate(low_minutes=20, high_minutes=40, p10_minutes=18, p50_minutes=30, p90_minutes=38)
DAY = "2026-11-02"


def test_kept_and_told_too_little() -> None:
    story = Story()
    for name, called in (("A", 25), ("B", 10), ("C", 39), ("D", 41)):
        story.issued(0, name, promised=HALF_AN_HOUR)
        story.called(called, name)
    found = accuracy(DAY, story.told)
    assert found.everyone is not None
    assert (found.everyone.people, found.everyone.kept, found.everyone.too_little) == (4, 0.5, 0.25)
    assert found.everyone.held == 0.25
    assert found.everyone.error_minutes == pytest.approx((5 + 20 + 9 + 11) / 4, abs=0.01)
    assert found.everyone.waited_minutes == pytest.approx((25 + 10 + 39 + 41) / 4, abs=0.01)
    assert (found.learned, found.nothing_said, found.not_called) == (4, 0, 0)


def test_by_service_and_class() -> None:
    story = Story()
    story.issued(0, "A", promised=HALF_AN_HOUR)
    story.issued(0, "P", "aged_75", promised=HALF_AN_HOUR)
    story.called(30, "A")
    story.called(5, "P")
    found = accuracy(DAY, story.told)
    assert [(one.service_id, one.priority_class, one.kept) for one in found.by] == [
        ("general", "aged_75", 0.0), ("general", "normal", 1.0),
    ]  # fmt: skip
    assert table(found)[0] == DAY
    assert len(table(found)) == 6


def test_a_rule_of_thumb_is_judged_by_its_half_way() -> None:
    story = Story()
    story.issued(0, "A", promised=WaitEstimate(low_minutes=20, high_minutes=40))
    story.called(35, "A")
    found = accuracy(DAY, story.told)
    assert found.everyone is not None
    assert (found.everyone.error_minutes, found.everyone.held, found.learned) == (5, None, 0)


def test_what_was_not_promised_and_who_was_not_called_is_only_counted() -> None:
    story = Story()
    for name in "ABCDE":
        story.issued(0, name, promised=HALF_AN_HOUR)
    story.issued(0, "F", promised=WaitEstimate(reason="no_call"))
    story.issued(0, "G")
    story.tell(1, frames.TicketHeld(entry=lifecycle.hold(story.now["A"], "papers", None)))
    story.tell(2, frames.TicketTransferred(
        entry=lifecycle.transfer(story.now["B"], "eyes", "r2", None), from_room_id="r1", from_service_id="general",
        room_number="2", reason="balance",
    ))  # fmt: skip
    before = story.now["C"]
    story.undone(4, "C", before, story.called(3, "C"), "ticket_called")
    story.called(35, "C")
    story.called(36, "F")
    found = accuracy(DAY, story.told)
    assert found.everyone is not None
    assert (found.everyone.people, found.everyone.kept) == (1, 1.0)
    assert (found.nothing_said, found.not_called) == (2, 4)


def test_a_day_without_promises() -> None:
    assert table(accuracy(DAY, ())) == [f"{DAY}: nobody was promised a wait and called"]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=30))
def test_shares_are_shares(people: list[tuple[int, int, int]]) -> None:
    story = Story()
    for number, (_, low, more) in enumerate(people):
        story.issued(0, str(number), promised=WaitEstimate(low_minutes=low, high_minutes=low + more))
    for number, (called, _, _) in enumerate(people):
        story.called(called, str(number))
    found = accuracy(DAY, story.told)
    assert found.everyone is not None
    assert sum(one.people for one in found.by) == found.everyone.people == len(people)
    for one in (found.everyone, *found.by):
        assert 0 <= one.kept <= 1
        assert 0 <= one.too_little <= 1
        assert one.error_minutes >= 0
