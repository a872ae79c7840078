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


def undone(frame: AnyFrame, seq: int, before: Entry, now: Entry, zone_id: str | None) -> ActionUndone:
    """`now` is the entry that `frame`, number `seq`, left behind; `before` as it was until then."""
    return ActionUndone(
        entry=lifecycle.restore(now, before),
        undone_seq=seq,
        undone_type=frame.type,
        from_room_id=now.room_id if now.room_id != before.room_id else None,
        zone_id=zone_id,
    )
