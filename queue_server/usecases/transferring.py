"""Somebody is sent on to another service or room, under the same number."""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.frames import TicketTransferred
from protocol.nouns import Entry, Room, TransferPlace
from protocol.requests import Acted, Transfer
from queue_server.domain import lifecycle
from queue_server.domain.assignment import room_of_doctor
from queue_server.domain.order import seniority
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import notes
from queue_server.store import repository as store
from queue_server.usecases.assigning import assign_room, is_pooled, room_loads
from queue_server.usecases.at_room import looked_at, moved, room_of, waiting_for
from queue_server.usecases.change import Change
from queue_server.usecases.sending_on import check_holds_no_other

_NEXT = timedelta(microseconds=1)


def transfer(change: Change, request: Transfer) -> Acted:
    """Wait in another line. With a room or a doctor named, there; else in the room of the service with the least work.

    Raises NotFound ``unknown_entry``, ``unknown_room``, ``unknown_service``, ``unknown_doctor``; Invalid
    ``nowhere_to_go``; Conflict ``stale_version``, ``wrong_move``, ``already_there``, ``no_open_room``, ``doctor_away``,
    ``room_without_service``, ``holds_another`` (the person already has a number for that service).
    """
    entry, here = looked_at(change, request)
    room, service_id = _target(change, request, entry)
    named = request.room_id is not None or request.doctor is not None
    pooled = not named and is_pooled(change, service_id)
    if (service_id, pooled) == (entry.service_id, entry.pooled) and (pooled or room.room_id == entry.room_id):
        raise Conflict("already_there")
    if service_id != entry.service_id:
        check_holds_no_other(change, entry, service_id, {entry.entry_id})
    place = _place(entry, waiting_for(change, room), request.place, change.at)
    after = moved(lambda known: lifecycle.transfer(known, service_id, room.room_id, place, pooled), entry)
    store.save_entry(change.connection, after, first_called_at=None, turn_at=None, overtook=False)
    notes.keep(change.connection, after, request.note, change.now)
    frame = TicketTransferred(
        entry=after,
        from_room_id=entry.room_id,
        from_service_id=entry.service_id,
        room_number=room.number,
        reason=request.reason,
        placed=request.place,
        doctor=request.doctor or "",
        zone_id=room.zone_id if room.zone_id == here.zone_id else None,
    )
    return Acted(entry=after, seq=change.journal(frame))


def _target(change: Change, request: Transfer, entry: Entry) -> tuple[Room, str]:
    wanted = request.service_id
    if wanted is not None and store.load_service(change.connection, change.site.site_id, wanted) is None:
        raise NotFound("unknown_service")
    if request.doctor is not None:
        room = _room_of_doctor(change, request.doctor, wanted or entry.service_id)
    elif request.room_id is not None:
        room = room_of(change, request.room_id)
    elif wanted is not None:
        return assign_room(change, wanted, change.day), wanted
    else:
        raise Invalid("nowhere_to_go")
    if not room.open:
        raise Conflict("no_open_room", room_id=room.room_id)
    given = room.service_ids
    service_id = wanted or (entry.service_id if entry.service_id in given else next(iter(given), ""))
    if service_id not in given:
        raise Conflict("room_without_service", room_id=room.room_id)
    return room, service_id


def _room_of_doctor(change: Change, doctor: str, service_id: str) -> Room:
    """Where a doctor is now: as written at the rooms, which change from day to day."""
    loads = room_loads(change, change.day)
    room = room_of_doctor(doctor, service_id, loads)
    if room is not None:
        return room
    if all(load.room.doctor != doctor for load in loads):
        raise NotFound("unknown_doctor", doctor=doctor)
    raise Conflict("doctor_away", doctor=doctor)


def _place(entry: Entry, waiting: list[Entry], wanted: TransferPlace, at: datetime) -> datetime | None:
    """Where in the new line; a right to priority is kept in any case."""
    times = [seniority(other)[0] for other in waiting]
    if wanted == "front":
        return min([seniority(entry)[0], *(time - _NEXT for time in times)])
    return max([at, *(time + _NEXT for time in times)]) if wanted == "end" else entry.place
