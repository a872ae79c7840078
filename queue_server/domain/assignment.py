"""Which clinic room a new ticket goes to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from protocol.nouns import Room
from queue_server.domain.numbering import reading_order


@dataclass(frozen=True)
class RoomLoad:
    """A room and the minutes of work that already wait in front of its door."""

    room: Room
    minutes: float


def pause_left(room: Room, now: datetime) -> float:
    """Minutes until the room goes on; 0 when it does not pause."""
    return max(0.0, (room.pause.until - now).total_seconds() / 60) if room.pause else 0.0


def least_busy(service_id: str, loads: Sequence[RoomLoad]) -> RoomLoad | None:
    """The open room for this service with the least work; of equals the lowest room number. None when there is none."""
    able = [load for load in loads if load.room.open and service_id in load.room.service_ids]
    return min(able, key=lambda load: (load.minutes, reading_order(load.room.number)), default=None)
