"""Somebody is set aside for a while, and waits again when staff say so or when the time is over."""

from __future__ import annotations

from datetime import timedelta

from protocol.frames import TicketHeld, TicketReturned
from protocol.nouns import Entry, Room
from protocol.requests import Acted, EntryAction, Hold
from queue_server.domain import lifecycle
from queue_server.store import repository as store
from queue_server.usecases.at_room import looked_at, moved, room_of
from queue_server.usecases.change import Change, Reading


def hold(change: Change, request: Hold) -> Acted:
    """Set aside, waiting or called; the place in the line is kept.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move``.
    """
    entry, room = looked_at(change, request)
    until = change.at + timedelta(minutes=request.minutes) if request.minutes else None
    held = moved(lambda known: lifecycle.hold(known, request.reason, until), entry)
    store.save_entry(change.connection, held)
    return Acted(entry=held, seq=change.journal(TicketHeld(entry=held, zone_id=room.zone_id)))


def release(change: Change, request: EntryAction) -> Acted:
    """Held no longer: waits again in the old place."""
    return _release(change, *looked_at(change, request))


def any_due(reading: Reading) -> bool:
    """Somebody's time is over."""
    return bool(store.entries_held_until(reading.connection, reading.site.site_id, reading.today, reading.now))


def return_due(change: Change) -> int:
    """Let everybody wait again whose time is over; how many there were."""
    due = store.entries_held_until(change.connection, change.site.site_id, change.day, change.now)
    for entry in due:
        _release(change, entry, room_of(change, entry.room_id))
    return len(due)


def _release(change: Change, entry: Entry, room: Room) -> Acted:
    released = moved(lifecycle.release, entry)
    store.save_entry(change.connection, released)
    return Acted(entry=released, seq=change.journal(TicketReturned(entry=released, zone_id=room.zone_id)))
