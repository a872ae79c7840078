"""Where the people of a room go when it closes, or pauses for long. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from protocol.nouns import Entry, Room
from queue_server.domain.assignment import RoomLoad, least_busy

MOVED = ("waiting", "held", "not_here")
"""States in which people go along: whoever is inside stays until they are done."""


@dataclass(frozen=True)
class Move:
    """`to` is None when no other open room gives the service: then they stay."""

    entry: Entry
    to: Room | None


def hand_over(
    room: Room, people: Sequence[Entry], loads: Sequence[RoomLoad], minutes: Mapping[str, float]
) -> list[Move]:
    """Everybody of `people`, in their order, to the other room of their service with the least work, as at issue.

    `loads` are all rooms of the site, `minutes` those of one patient by service. Each one moved counts for the next.
    """
    others = {load.room.room_id: load for load in loads if load.room.room_id != room.room_id}
    moves: list[Move] = []
    for entry in people:
        found = least_busy(entry.service_id, list(others.values()))
        moves.append(Move(entry, found.room if found else None))
        if found is not None:
            more = found.minutes + minutes[entry.service_id]
            others[found.room.room_id] = replace(found, minutes=more)
    return moves


def token(room: Room, moves: Sequence[Move]) -> str:
    """A fingerprint of who would go where: the same while nothing changes that matters to it. 32 hex digits."""
    lines = sorted(
        f"{move.entry.entry_id} {move.entry.version} {move.to.room_id if move.to else '-'}" for move in moves
    )
    return hashlib.sha256("\n".join([room.room_id, *lines]).encode()).hexdigest()[:32]
