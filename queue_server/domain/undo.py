"""Which actions may be taken back, and for how long. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

from protocol.frames import (
    ActionUndone,
    AnyFrame,
    TicketCalled,
    TicketFinished,
    TicketHeld,
    TicketNotHere,
    TicketSentOn,
    TicketTransferred,
)
from protocol.nouns import Entry
from queue_server.domain import lifecycle

WINDOW = timedelta(seconds=60)
"""DESIGN.md: every action can be undone for 60 s."""
Refusal: TypeAlias = Literal["not_undoable", "undo_too_late"]


def refusal(frame: AnyFrame | None, age: timedelta) -> Refusal | None:
    """Why what `frame` tells of cannot be undone `age` after it happened; None = it can."""
    if not isinstance(frame, (TicketCalled, TicketNotHere, TicketHeld, TicketFinished, TicketTransferred)):
        return "not_undoable"
    return "undo_too_late" if age > WINDOW else None


def was(frame: AnyFrame, before: Entry | None) -> Entry | None:
    """The entry as it was before `frame`, when the journal tells `before`; one that began with it is cancelled."""
    return frame.entry.model_copy(update={"state": "cancelled"}) if isinstance(frame, TicketSentOn) else before


def taken_with_it(frame: AnyFrame | None) -> tuple[int, ...]:
    """Numbers of the journal entries that are undone together with `frame`."""
    if isinstance(frame, TicketCalled):
        return frame.closes
    return frame.sends if isinstance(frame, TicketFinished) else ()


def undone(frame: AnyFrame, seq: int, before: Entry, now: Entry, zone_id: str | None) -> ActionUndone:
    """`now` is the entry that `frame`, number `seq`, left behind; `before` as it was until then."""
    return ActionUndone(
        entry=lifecycle.restore(now, before),
        undone_seq=seq,
        undone_type=frame.type,
        from_room_id=now.room_id if now.room_id != before.room_id else None,
        zone_id=zone_id,
    )
