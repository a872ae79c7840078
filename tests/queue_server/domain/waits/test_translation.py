"""Frames of the journal as events of the estimator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from protocol import frames
from protocol.nouns import Pause, Room
from protocol.policy import Ageing, Capped, FirstCome, HeadStart, OneInN, Policy, Strict
from queue_server.domain import lifecycle
from queue_server.domain.order import line
from queue_server.domain.waits.policy import READINGS
from queue_server.domain.waits.standing import before_in_class, discipline, standing
from queue_server.domain.waits.translation import KINDS, Hospital, Translation
from tests.queue_server.domain.waits.small_hospital import SEVEN, SEVEN_S, Story, hospital, room


def events(story: Story, of: Hospital | None = None, until: float | None = None) -> list[dict[str, Any]]:
    """All but the `day`; `until` in minutes."""
    translation = Translation(of or hospital())
    found = [event for told in story.told for event in translation.take(told.at, told.frame)]
    if until is not None:
        found += translation.until(SEVEN + timedelta(minutes=until))
    return [event for event in found if event["ev"] != "day"]


def steps(found: list[dict[str, Any]]) -> list[tuple[str, float, str]]:
    """Kind, minutes after seven, ticket (or room)."""
    return [(one["ev"], round((one["t"] - SEVEN_S) / 60, 3), one.get("ticket", one["room"])) for one in found]


def test_a_plain_visit() -> None:
    story = Story()
    story.issued(-10, "A")
    story.called(1, "A")
    story.called(2, "A")  # again
    story.finished(9, "A")
    assert steps(events(story)) == [
        ("arrive", -10, "A"), ("open", 1, "r1"), ("call", 1, "A"), ("start", 1, "A"), ("finish", 9, "A"),
    ]  # fmt: skip


def test_a_day_begins_with_its_rooms_and_their_rules() -> None:
    story = Story()
    story.issued(0, "A")
    story.issued(1440, "B")
    translation = Translation(hospital(room(), room("r2", "eyes"), policy=Capped(overtakes=2)))
    days = [event for told in story.told for event in translation.take(told.at, told.frame) if event["ev"] == "day"]
    assert len(days) == 2
    assert days[0]["queues"]["r2"] == {
        "service": "services eyes", "rooms": ["r2"], "nominal_min": 8.0, "discipline": "wrr", "param": 2.0,
    }  # fmt: skip


def test_not_here_held_and_sent_on() -> None:
    story = Story()
    for name in "ABCD":
        story.issued(0, name)
    story.called(1, "A")
    story.tell(3, frames.TicketNotHere(entry=lifecycle.mark_not_here(story.now["A"])))
    story.tell(20, frames.TicketReturned(entry=lifecycle.come_back(story.now["A"])))
    story.tell(20, frames.TicketHeld(entry=lifecycle.hold(story.now["B"], "papers", None)))
    story.called(21, "C")
    gone = lifecycle.transfer(story.now["C"], "eyes", "r2", None)
    story.tell(25, frames.TicketTransferred(
        entry=gone, from_room_id="r1", from_service_id="general", room_number="2", reason="next_step"
    ))  # fmt: skip
    found = events(story, hospital(room(), room("r2", "eyes")))
    assert [one for one in steps(found) if one[0] not in ("arrive", "start", "pause", "resume")] == [
        ("open", 1, "r1"), ("call", 1, "A"), ("no_show", 3, "A"), ("leave", 20, "B"), ("call", 21, "C"),
        ("finish", 25, "C"),
    ]  # fmt: skip
    assert [one["queue"] for one in found if one["ev"] == "arrive"] == ["r1"] * 5 + ["r2"]
    assert found[-1]["place"] == SEVEN_S  # seniority is kept


def test_what_is_undone_teaches_nothing() -> None:
    story = Story()
    story.issued(0, "A")
    before = story.now["A"]
    story.undone(1.5, "A", before, story.called(1, "A"), "ticket_called")
    story.called(2, "A")
    inside = story.now["A"]
    story.undone(2.6, "A", inside, story.finished(2.5, "A"), "ticket_finished")
    story.finished(9, "A")
    assert [step[0] for step in steps(events(story))] == [
        "arrive", "open", "call", "start", "leave", "arrive", "call", "start", "finish", "call", "finish",
    ]  # fmt: skip


def test_a_call_and_its_finish_may_be_undone_in_any_order() -> None:
    story = Story()
    story.issued(0, "A")
    story.issued(0, "B")
    story.called(1, "A")
    waiting, inside = story.now["B"], story.now["A"]
    finish = story.finished(5, "A")
    call = story.called(5, "B")
    story.undone(5.5, "A", inside, finish, "ticket_finished")
    story.undone(5.5, "B", waiting, call, "ticket_called")
    leave = [event for event in events(story) if event["ev"] == "leave"]
    assert [(event["ticket"], event["room"]) for event in leave] == [("B", "")]  # A is inside: the room is not free


def test_a_room_that_does_not_call_pauses_and_then_has_closed() -> None:
    story = Story()
    story.issued(0, "A")
    story.called(1, "A")
    story.issued(2, "B")
    story.finished(9, "A")
    assert steps(events(story, until=11))[-1] == ("finish", 9, "A")
    assert steps(events(story, until=12))[-1] == ("pause", 9, "r1")
    assert steps(events(story, until=28))[-1] == ("pause", 9, "r1")
    assert steps(events(story, until=29))[-1] == ("close", 9, "r1")
    story.called(60, "B")
    assert [step[:2] for step in steps(events(story))[-5:]] == [
        ("pause", 9), ("close", 9), ("open", 60), ("call", 60), ("start", 60),
    ]  # fmt: skip


def test_a_room_where_nobody_waits_is_not_thought_to_be_away() -> None:
    story = Story()
    story.issued(0, "A")
    story.called(1, "A")
    story.finished(9, "A")
    assert steps(events(story, until=200))[-1] == ("finish", 9, "A")


def test_the_events_are_the_same_however_often_somebody_looks() -> None:
    story = Story()
    story.issued(0, "A")
    story.issued(0, "B")
    story.called(1, "A")
    story.finished(9, "A")
    story.called(40, "B")
    translation, found = Translation(hospital()), []
    for told in story.told:
        for second in range(0, 3600, 20):
            moment = SEVEN + timedelta(seconds=second)
            if moment <= told.at:
                found += list(translation.until(moment))
        found += list(translation.take(told.at, told.frame))
    assert [one for one in found if one["ev"] != "day"] == events(story)


def test_rooms_and_rules_may_change_during_the_day() -> None:
    story = Story()
    story.issued(0, "A")
    story.issued(0, "P", "aged_75")
    story.called(1, "A")
    story.tell(2, frames.PolicyChanged(policy=Strict()))
    story.tell(3, frames.ServicesChanged(services=(), rooms=(room(is_open=False), room("r9", "skin"))))
    found = events(story)
    assert [one["prio"] for one in found if one["ev"] == "arrive"] == [0, 0, 1]
    assert ("strict", "r1") in [(one.get("discipline"), one["queue"]) for one in found if one["ev"] == "policy"]
    assert [one["queue"] for one in found if one["ev"] == "queue"] == ["r1", "r9"]
    assert steps([one for one in found if one["ev"] == "close"]) == [("close", 3, "r1")]


def told_of(story: Story, minute: float, change: Any, now: Room, was: Room) -> None:
    story.tell(minute, frames.RoomChanged(room=now, was=was, change=change))


def test_staff_say_that_a_room_pauses_goes_on_and_closes() -> None:
    story, usual = Story(), room()
    pausing = usual.model_copy(update={"pause": Pause(reason="break", until=SEVEN + timedelta(minutes=30))})
    shut = usual.model_copy(update={"open": False})
    told_of(story, -5, "opened", usual, shut)  # it is at work when it calls
    story.issued(0, "A")
    story.issued(0, "B")
    story.called(1, "A")
    told_of(story, 5, "paused", pausing, usual)
    story.finished(9, "A")  # the pause begins when nobody is inside
    told_of(story, 30, "resumed", usual, pausing)
    story.called(31, "B")
    told_of(story, 32, "closed", shut, usual)
    told_of(story, 40, "opened", usual, shut)
    found = [event for event in events(story) if event["ev"] not in ("arrive", "start", "queue")]
    assert [step[:2] for step in steps(found)] == [
        ("open", 1), ("call", 1), ("finish", 9), ("pause", 9), ("resume", 30), ("call", 31), ("close", 32),
        ("open", 40),
    ]  # fmt: skip
    assert found[3]["until"] == SEVEN_S + 1800


def test_what_is_told_late_keeps_its_place() -> None:
    story = Story()
    story.issued(30, "A")
    story.issued(10, "B")  # from a kiosk that could not reach the server
    late = events(story)[-1]
    assert (late["t"], late["place"]) == (SEVEN_S + 1800, SEVEN_S + 600)
    story.issued(-1440, "C")  # yesterday: it waits in no line of today
    assert events(story)[-1] == late


def test_every_kind_that_is_read_is_a_frame() -> None:
    assert set(KINDS) <= {frame.model_fields["type"].default for frame in frames.FRAME_TYPES}


POLICIES: tuple[Policy, ...] = (
    FirstCome(), Strict(), Ageing(), OneInN(n=4), Capped(), HeadStart(minutes={"aged_75": 30, "pregnant": 10}),
)  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one.rule)
def test_every_policy_has_a_reading(policy: Policy) -> None:
    named, param = discipline(policy)
    assert named in READINGS
    assert param > 0 or named in ("fifo", "strict")


@pytest.mark.parametrize(
    "policy",
    [Strict(classes=()), Capped(overtakes=0), Ageing(rates={}), HeadStart(minutes={})],
    ids=lambda one: one.rule,
)
def test_a_policy_that_gives_nothing_is_first_come(policy: Policy) -> None:
    assert discipline(policy) == ("fifo", 0.0)


def test_head_starts_of_different_length_and_emergencies_find_their_place() -> None:
    story, policy = Story(), POLICIES[-1]
    for minute, name, known in ((0, "A", "normal"), (9, "B", "pregnant"), (20, "C", "aged_75"), (40, "D", "emergency")):
        story.issued(minute, name, known)  # type: ignore[arg-type]
    waiting = list(story.now.values())
    order = [choice.entry.entry_id for choice in line(waiting, (), policy, SEVEN + timedelta(hours=1))]
    lead = timedelta(minutes=30)
    by_standing = sorted(waiting, key=lambda one: standing(one, policy).place - lead * standing(one, policy).first)
    assert [one.entry_id for one in by_standing] == order == ["D", "C", "B", "A"]
    assert [before_in_class(one, waiting, policy) for one in waiting] == [0, 2, 1, 0]
