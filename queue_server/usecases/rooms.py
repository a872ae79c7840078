"""Rooms open, pause, go on and close while the day runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from protocol.frames import RoomChanged
from protocol.nouns import Pause, Room
from protocol.requests import CloseRoom, OpenRoom, PauseRoom, RoomActed, UndoRoom
from queue_server.domain import undo as undo_rules
from queue_server.errors import Conflict
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.usecases import announcing, handover, undoing
from queue_server.usecases.at_room import room_of
from queue_server.usecases.change import Change, Reading


def pause(change: Change, request: PauseRoom) -> RoomActed:
    """Call nobody for a while. Raises NotFound ``unknown_room``; Conflict ``room_closed``, ``line_changed``."""
    room = room_of(change, request.room_id)
    if not room.open:
        raise Conflict("room_closed", room_id=room.room_id)
    moves, stay = handover.carry_out(change, room, request.handover, "room_paused") if request.handover else ((), 0)
    until = change.at + timedelta(minutes=request.minutes)
    paused = room.model_copy(update={"pause": Pause(reason=request.reason, until=until)})
    return _change(change, room, paused, "paused", moves, stay)


def close(change: Change, request: CloseRoom) -> RoomActed:
    """Take nobody any more. Raises NotFound ``unknown_room``; Conflict ``room_closed``, ``line_changed``."""
    room = room_of(change, request.room_id)
    if not room.open:
        raise Conflict("room_closed", room_id=room.room_id)
    moves, stay = handover.carry_out(change, room, request.handover, "room_closed")
    closed = room.model_copy(update={"open": False, "pause": None})
    return _change(change, room, closed, "closed", moves, stay)


def open_room(change: Change, request: OpenRoom) -> RoomActed:
    """Take people again, or go on after a pause. Raises NotFound ``unknown_room``; Conflict ``room_open``."""
    room = room_of(change, request.room_id)
    if room.open and room.pause is None:
        raise Conflict("room_open", room_id=room.room_id)
    opened = room.model_copy(update={"open": True, "pause": None})
    return _change(change, room, opened, "resumed" if room.open else "opened")


def undo(change: Change, request: UndoRoom) -> RoomActed:
    """Take back a pause or a closing of the last minute: the room is as before, and so are the people it sent away.

    Somebody with whom something else was done since stays where they are. Raises NotFound ``unknown_room``; Conflict
    ``not_undoable``, ``undo_too_late``, ``room_changed`` (somebody changed the room since).
    """
    room = room_of(change, request.room_id)
    line = journal.one(change.connection, change.site.site_id, request.seq)
    frame = line.frame if line else None
    if line is None or not isinstance(frame, RoomChanged) or frame.room.room_id != room.room_id:
        raise Conflict("not_undoable")
    if frame.change not in ("paused", "closed"):
        raise Conflict("not_undoable")
    if change.at - line.at > undo_rules.WINDOW:
        raise Conflict("undo_too_late")
    if (room.open, room.pause) != (frame.room.open, frame.room.pause):
        raise Conflict("room_changed", room_id=room.room_id)
    back = undoing.take_back_those_who_can(change, frame.moves)
    before = room.model_copy(update={"open": frame.was.open, "pause": frame.was.pause})
    return _change(change, room, before, "undone", back, len(frame.moves) - len(back), undone_seq=line.seq)


def end_pause(change: Change, room: Room) -> Room:
    """Somebody is called into the room: then it does not pause any more."""
    if room.pause is None:
        return room
    return _change(change, room, room.model_copy(update={"pause": None}), "resumed").room


def any_due(reading: Reading) -> bool:
    """Some room's pause is over."""
    return bool(_due(reading))


def resume_due(change: Change) -> int:
    """Let every room go on whose pause is over; how many there were."""
    due = _due(change)
    for room in due:
        end_pause(change, room)
    return len(due)


def _due(reading: Reading) -> list[Room]:
    rooms = store.load_rooms(reading.connection, reading.site.site_id)
    return [room for room in rooms if room.pause and room.pause.until <= reading.now]


def _change(
    change: Change,
    was: Room,
    room: Room,
    what: Literal["opened", "paused", "resumed", "closed", "undone"],
    moves: tuple[int, ...] = (),
    stay: int = 0,
    undone_seq: int | None = None,
) -> RoomActed:
    store.save_room_state(change.connection, room)
    frame = RoomChanged(room=room, was=was, change=what, moves=moves, undone_seq=undone_seq)
    seq = change.journal(frame)
    announcing.announce_all(change)
    return RoomActed(room=room, seq=seq, moved=len(moves), stay=stay)
