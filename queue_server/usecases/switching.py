"""Somebody takes the quicker room that was offered with their ticket."""

from __future__ import annotations

from protocol.frames import TicketIssued
from protocol.nouns import Ticket
from protocol.requests import SwitchRoom
from queue_server.errors import Conflict
from queue_server.store import journal
from queue_server.usecases.arrivals import ticket_of
from queue_server.usecases.assigning import wanted_room
from queue_server.usecases.at_room import looked_at
from queue_server.usecases.change import Change
from queue_server.usecases.handover import move


def switch(change: Change, request: SwitchRoom, device_id: str) -> Ticket:
    """Wait in front of the room that was offered with the ticket, by the time on it.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version`` (taken already, or called), ``no_offer`` (never made,
    or at another kiosk), ``wanted_room_closed``.
    """
    entry, here = looked_at(change, request)
    line = journal.newest_of(change.connection, change.site.site_id, entry.entry_id)
    frame = line.frame if line else None
    if (
        not isinstance(frame, TicketIssued)
        or frame.offered_room_id != request.room_id
        or frame.device_id != device_id
        or entry.state != "waiting"
    ):
        raise Conflict("no_offer")
    there = wanted_room(change, entry.service_id, request.room_id)
    move(change, entry, here, there, "balance")
    return ticket_of(change, entry.ticket_id)
