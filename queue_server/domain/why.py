"""Why was one number called before another? Answered from what the journal holds of both. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from protocol.frames import AnyFrame, TicketCalled
from protocol.nouns import Entry, Priority
from queue_server.domain.order import seniority

Cause: TypeAlias = Literal[
    "not_called",  # the first was not called yet
    "other_way",  # the second was called first
    "other_room",  # they waited in different lines
    "came_first",
    "not_known",  # the second was given by a kiosk offline, and the server heard of it only later
    "not_waiting",  # the second was away or set aside at that moment
    "appointment",  # the first was on time for an appointment, and the policy let it go first
    "not_due",  # the second came too early for its appointment, and stands in line from its time on
    "place",  # one of them had been given another place than that of its arrival
    "emergency",
    "right",  # the first has a right to priority, and the policy let it go first
    "fair_turn",  # the second has priority, but the policy's bound was reached
    "chosen",  # staff called the first out of turn
]
"""The sentence is ``order.why.<cause>``."""


@dataclass(frozen=True)
class Told:
    """One journal entry about a ticket."""

    seq: int
    at: datetime
    frame: AnyFrame


@dataclass(frozen=True)
class Story:
    """One number as it was when the first of the two was called."""

    number: str
    entry: Entry
    called_at: datetime | None
    """When it was called first."""
    called_seq: int | None


@dataclass(frozen=True)
class Answer:
    cause: Cause
    first: Story
    second: Story
    rule: str
    """Of the policy then in force; empty when the journal does not say."""
    at: datetime | None
    """When the first was called."""
    seq: int | None
    """The journal entry that tells of it."""


def why(first: Sequence[Told], second: Sequence[Told]) -> Answer:
    """Why the first was called before the second. Each is what the journal holds of it, in order, from its issue on."""
    first, second = _stands(first), _stands(second)
    call = next((told for told in first if isinstance(told.frame, TicketCalled)), None)
    if call is None or not isinstance(call.frame, TicketCalled):
        return Answer("not_called", _story(first, None), _story(second, None), "", None, None)
    one, other = _story(first, call.seq), _story(second, call.seq)
    unknown = second[0].seq > call.seq and other.entry.issued_at < call.at
    cause = _cause(call.frame, one, other, _called_before(second, call.seq), unknown)
    return Answer(cause, one, other, call.frame.rule, call.at, call.seq)


def _cause(call: TicketCalled, first: Story, second: Story, second_was_called: bool, unknown: bool) -> Cause:
    """`unknown`: the second had its number at that moment, but the server had not heard of it."""
    if second_was_called:
        return "not_waiting" if second.entry.state in ("not_here", "held") else "other_way"
    if not _could_be_called(second.entry, call.entry):
        return "other_room"
    if unknown and (_has_right(second.entry.priority) or seniority(second.entry) < seniority(first.entry)):
        return "not_known"
    if second.entry.state != "waiting":
        return "not_waiting"
    if call.reason == "chosen":
        return "chosen"
    if call.reason == "emergency":
        return "emergency"
    if call.reason == "appointment":
        return "appointment"
    if _was_placed(first.entry) or _was_placed(second.entry):
        return "place"
    if second.entry.place and second.entry.issued_at < first.entry.issued_at:
        return "not_due"
    if seniority(first.entry) <= seniority(second.entry):
        return "fair_turn" if call.reason == "fair_turn" and _has_right(second.entry.priority) else "came_first"
    return "right" if call.overtook and _has_right(first.entry.priority) else "chosen"


def _was_placed(entry: Entry) -> bool:
    """By staff: who came early for an appointment has a place too."""
    return entry.place is not None and entry.place != entry.appointment


def _could_be_called(second: Entry, called: Entry) -> bool:
    """Whether the room that called the first could have called the second."""
    return second.room_id == called.room_id or (second.pooled and second.service_id == called.service_id)


def _has_right(priority: Priority) -> bool:
    return priority.priority_class != "normal" and priority.status != "declared"


def _stands(story: Sequence[Told]) -> list[Told]:
    """Without what was undone: a call by mistake is no call."""
    undone = {getattr(told.frame, "undone_seq", None) for told in story}
    return [told for told in story if told.seq not in undone]


def _called_before(story: Sequence[Told], seq: int) -> bool:
    return any(isinstance(told.frame, TicketCalled) and told.seq < seq for told in story)


def _story(story: Sequence[Told], until: int | None) -> Story:
    """The number as it was just before journal entry `until`, or as it is now. Its own issue always counts."""
    entries = [(told, entry) for told in story if isinstance(entry := getattr(told.frame, "entry", None), Entry)]
    known = [entry for told, entry in entries if until is None or told.seq < until] or [entries[0][1]]
    call = next((told for told, _ in entries if isinstance(told.frame, TicketCalled)), None)
    return Story(known[-1].number, known[-1], call.at if call else None, call.seq if call else None)
