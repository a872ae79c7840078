"""A room's people wait in front of other doors: shown before it happens, then done exactly so or not at all."""

from __future__ import annotations

from collections import defaultdict

from protocol.frames import TicketTransferred
from protocol.nouns import Entry, HandoverReason, Names, Room, TransferReason, Value, WaitEstimate
from queue_server.domain import estimate, lifecycle
from queue_server.domain.handover import MOVED, Move, hand_over, token
from queue_server.domain.order import seniority
from queue_server.errors import Conflict, NotFound
from queue_server.store import repository as store
from queue_server.usecases.assigning import room_loads
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.foreseen import waits_of_line
from queue_server.usecases.ordering import line_of_room


class PlannedMove(Value):
    entry: Entry
    service_names: Names
    room: Room | None
    """Where this one would wait; None: stays, because no other open room gives the service."""
    people_ahead: int
    """There; 0 for those who are held or not here, of whom no wait is told."""
    wait: WaitEstimate


class Handover(Value):
    """What closing a room would do to its people."""

    room: Room
    moves: tuple[PlannedMove, ...]
    """In the order of the line; then those who are held or not here."""
    token: str
    """Sent along with the request that does it: it is refused when anything of this has changed."""


def preview(reading: Reading, room_id: str) -> Handover:
    """Who would go where, and how long they would wait there. Raises NotFound ``unknown_room``."""
    room = store.load_room(reading.connection, reading.site.site_id, room_id)
    if room is None:
        raise NotFound("unknown_room")
    moves = _plan(reading, room)
    foreseen = _foreseen(reading, moves)
    services = store.load_services(reading.connection, reading.site.site_id)
    names = {service.service_id: service.names for service in services}

    def told(move: Move) -> PlannedMove:
        elsewhere = (0, WaitEstimate() if move.to else estimate.NO_ROOM)
        people, wait = foreseen.get(move.entry.entry_id, elsewhere)
        service_names = names[move.entry.service_id]
        return PlannedMove(entry=move.entry, service_names=service_names, room=move.to, people_ahead=people, wait=wait)

    return Handover(room=room, moves=tuple(told(move) for move in moves), token=token(room, moves))


def carry_out(change: Change, room: Room, shown: str, reason: HandoverReason) -> tuple[tuple[int, ...], int]:
    """Move everybody as the preview with the token `shown` said, and tell each of it.

    The numbers of the journal entries that tell of it, and how many stay. Raises Conflict ``line_changed``.
    """
    moves = _plan(change, room)
    if token(room, moves) != shown:
        raise Conflict("line_changed", room_id=room.room_id)
    seqs = [move(change, one.entry, room, one.to, reason) for one in moves if one.to is not None]
    return tuple(seqs), len(moves) - len(seqs)


def _plan(reading: Reading, room: Room) -> list[Move]:
    site_id, day = reading.site.site_id, reading.today
    here = store.entries_of_day(reading.connection, site_id, day, MOVED, room.room_id)
    waiting = [entry for entry in here if entry.state == "waiting"]
    line = [choice.entry for choice in line_of_room(reading, room, waiting, day)]
    others = sorted((entry for entry in here if entry.state != "waiting"), key=seniority)
    minutes = store.service_minutes(reading.connection, site_id)
    return hand_over(room, [*line, *others], room_loads(reading, day), minutes)


def _foreseen(reading: Reading, moves: list[Move]) -> dict[str, tuple[int, WaitEstimate]]:
    """For those who would wait elsewhere: how many are before them once everybody has moved, and how long it takes."""
    coming: dict[str, list[Entry]] = defaultdict(list)
    rooms = {move.to.room_id: move.to for move in moves if move.to}
    for move in moves:
        if move.to and move.entry.state == "waiting":
            coming[move.to.room_id].append(move.entry)
    found: dict[str, tuple[int, WaitEstimate]] = {}
    for room_id, entries in coming.items():
        there = store.waiting_for(reading.connection, reading.site.site_id, reading.today, rooms[room_id])
        everybody = {entry.entry_id: entry for entry in (*there, *entries)}
        line = line_of_room(reading, rooms[room_id], list(everybody.values()), reading.today)
        waits = waits_of_line(reading, rooms[room_id], line)
        for ahead, (choice, wait) in enumerate(zip(line, waits, strict=True)):
            found[choice.entry.entry_id] = ahead, wait
    return found


def move(change: Change, entry: Entry, here: Room, there: Room, reason: HandoverReason | TransferReason) -> int:
    """Wait in front of another door, with the same place; the number of the journal entry that tells of it."""
    after = lifecycle.move(entry, there.room_id)
    store.save_entry(change.connection, after, first_called_at=None, turn_at=None, overtook=False)
    frame = TicketTransferred(
        entry=after,
        from_room_id=here.room_id,
        from_service_id=entry.service_id,
        room_number=there.number,
        reason=reason,
        zone_id=there.zone_id if there.zone_id == here.zone_id else None,
    )
    return change.journal(frame)
