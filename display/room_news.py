"""What became of rooms, for those who wait in front of them: which pause, and who is to go to another door. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from protocol.frames import ActionUndone, AnyFrame, ServicesChanged, TicketCalled, TicketTransferred
from protocol.nouns import HandoverReason, Room

MOVED_SHOWN_S = 300.0
"""So long the wall tells who is to go to another room."""
MOVED_KEPT = 60


@dataclass(frozen=True)
class Moved:
    """A number that waits in front of another door than it did; ``since`` is monotonic seconds."""

    entry_id: str
    number: str
    room: str
    since: float


@dataclass(frozen=True)
class RoomNews:
    rooms: tuple[Room, ...] = ()
    moved: tuple[Moved, ...] = ()
    """Oldest first, each number once."""


def after(news: RoomNews, frame: AnyFrame, now: float) -> RoomNews:
    """The news after one frame of the feed. Who is called, or goes back, is no longer told to go elsewhere."""
    if isinstance(frame, ServicesChanged):
        return replace(news, rooms=frame.rooms)
    if isinstance(frame, (TicketCalled, TicketTransferred, ActionUndone)):
        moved = tuple(one for one in news.moved if one.entry_id != frame.entry.entry_id)
        elsewhere = isinstance(frame, TicketTransferred) and frame.reason in get_args(HandoverReason)
        if (
            isinstance(frame, TicketTransferred) and elsewhere and not frame.entry.pooled
        ):  # whose room is told when called
            moved = (*moved, Moved(frame.entry.entry_id, frame.entry.number, frame.room_number, now))[-MOVED_KEPT:]
        return replace(news, moved=moved)
    return news


def fresh(news: RoomNews, now: float) -> RoomNews:
    """Without what was told long enough."""
    moved = tuple(one for one in news.moved if now - one.since < MOVED_SHOWN_S)
    return news if moved == news.moved else replace(news, moved=moved)
