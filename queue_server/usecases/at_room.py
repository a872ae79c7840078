"""What every action of a room's staff begins with: the room, the entry as they saw it, the move that it may make."""

from __future__ import annotations

from collections.abc import Callable

from protocol.nouns import Entry, Room
from protocol.requests import EntryAction
from queue_server.domain import lifecycle
from queue_server.errors import Conflict, NotFound
from queue_server.store import repository as store
from queue_server.usecases.change import Change


def looked_at(change: Change, request: EntryAction) -> tuple[Entry, Room]:
    """The entry, if it still is as the caller saw it. Raises NotFound ``unknown_entry``, Conflict ``stale_version``."""
    entry = store.load_entry(change.connection, change.site.site_id, request.entry_id)
    if entry is None:
        raise NotFound("unknown_entry")
    if entry.version != request.version:
        raise Conflict("stale_version", version=str(entry.version), state=entry.state)
    return entry, room_of(change, entry.room_id)


def room_of(change: Change, room_id: str) -> Room:
    """Raises NotFound ``unknown_room``."""
    room = store.load_room(change.connection, change.site.site_id, room_id)
    if room is None:
        raise NotFound("unknown_room")
    return room


def in_room(change: Change, room: Room, state: str) -> list[Entry]:
    """Entries of the day in this room and state."""
    return store.entries_of_day(change.connection, change.site.site_id, change.day, (state,), room.room_id)


def waiting_for(change: Change, room: Room) -> list[Entry]:
    """Whom this room may call: who waits in front of it, and the pools of its services."""
    return store.waiting_for(change.connection, change.site.site_id, change.day, room)


def moved(move: Callable[[Entry], Entry], entry: Entry) -> Entry:
    """The entry after the move. Raises Conflict ``wrong_move``."""
    try:
        return move(entry)
    except lifecycle.WrongMove as wrong:
        raise Conflict("wrong_move", state=wrong.now) from wrong
