"""What every action of a room's staff begins with: the room, the entry as they saw it, the move that it may make."""

from __future__ import annotations

from collections.abc import Callable

from protocol.nouns import Entry, Room
from protocol.requests import EntryAction
from queue_server.domain import lifecycle
from queue_server.errors import Conflict, NotFound
from queue_server.store import repository as store
from queue_server.usecases import overnight
from queue_server.usecases.change import Change


def looked_at(change: Change, request: EntryAction) -> tuple[Entry, Room]:
    """The entry, if it still is as the caller saw it and its day has not passed.

    Raises NotFound ``unknown_entry``, Conflict ``stale_version``, ``day_over``.
    """
    entry, room = as_seen(change, request)
    if day_is_over(change, entry):
        raise Conflict("day_over", number=entry.number)
    return entry, room


def as_seen(change: Change, request: EntryAction) -> tuple[Entry, Room]:
    """The same of whatever day. Raises NotFound ``unknown_entry``, Conflict ``stale_version``."""
    overnight.carry_over(change)
    entry = store.load_entry(change.connection, change.site.site_id, request.entry_id)
    if entry is None:
        raise NotFound("unknown_entry")
    if entry.version != request.version:
        raise Conflict("stale_version", version=str(entry.version), state=entry.state)
    return entry, room_of(change, entry.room_id)


def day_is_over(change: Change, entry: Entry) -> bool:
    """It stands in the line of an earlier day: nobody looks there any more."""
    return store.day_of_entry(change.connection, entry.entry_id) < change.day


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
