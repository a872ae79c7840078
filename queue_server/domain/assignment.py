"""Which clinic room a new ticket goes to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from protocol.nouns import Room
from queue_server.domain.numbering import reading_order

RoomFlag: TypeAlias = Literal["room_closed", "no_open_room"]
"""Why a ticket that was printed already does not wait where others would: its room closed since, or none is open."""


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


def room_of_doctor(doctor: str, service_id: str, loads: Sequence[RoomLoad]) -> Room | None:
    """The open room where a doctor is, if possible one for this service, and of several the one with the least work."""
    there = [load for load in loads if load.room.open and load.room.doctor == doctor]

    def rank(load: RoomLoad) -> tuple[bool, float, tuple[object, ...]]:
        return service_id not in load.room.service_ids, load.minutes, reading_order(load.room.number)

    return min(there, key=rank).room if there else None


def room_of_paper(
    service_id: str, printed: str | None, loads: Sequence[RoomLoad]
) -> tuple[Room, RoomFlag | None] | None:
    """Where somebody waits whose paper names the room `printed`, or none. None when no room gives the service at all.

    The paper wins while its room is open. Else an open room of the service; with none open, where the paper sent them.
    """
    named = next((load.room for load in loads if load.room.room_id == printed), None)
    if named is not None and named.open and service_id in named.service_ids:
        return named, None
    free = least_busy(service_id, loads)
    if free is not None:
        return free.room, None if printed is None else "room_closed"
    giving = [load.room for load in loads if service_id in load.room.service_ids]
    there = named or min(giving, key=lambda room: reading_order(room.number), default=None)
    return None if there is None else (there, "no_open_room")
