"""Numbers that the kiosk gives by itself while the server is away: when it may, and what is promised. Pure.

Promised is only what cannot be wrong: the number, the service, and where the rooms of the service are as the server
last told. Nobody knows the line, so no wait is told and no room, unless the person asked for its doctor or the service
has no other that is open.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from kiosk.events import Give, NotGiven, Remembered, Step
from kiosk.state import Hospital, State, Trouble, Visit
from protocol.nouns import Entry, Names, Priority, Room, Ticket, WaitEstimate
from protocol.requests import IssueTicket, UploadOfflineTicket

AWAY_SHOWN_AFTER_S = 4.0
"""A server that restarts is back in less; nobody needs to hear of it."""
NOWHERE = Room(room_id="", number="", names={}, zone_id="")
"""Stands for a room that is not known."""


def away_for_long(state: State) -> bool:
    """The server has been away for longer than a restart takes."""
    return state.away_since is not None and state.now - state.away_since >= AWAY_SHOWN_AFTER_S


def can_give(state: State) -> bool:
    """Whether the kiosk can give numbers by itself: it has letters, knows the hospital, and has where to keep them."""
    hospital = state.hospital
    return bool(hospital.series and hospital.site and hospital.services) and not state.cannot_give


def goes_on(state: State) -> bool:
    """Numbers are given by the kiosk itself now, and whoever comes is told so."""
    return away_for_long(state) and can_give(state)


def remembered(state: State, event: Remembered) -> State:
    """The kiosk was switched on: it can go on with what it knew, and says at once that the server is away."""
    if state.hospital.site is not None:
        return state
    return replace(state, hospital=event.hospital, away_since=state.now - AWAY_SHOWN_AFTER_S)


def give(state: State, visit: Visit, request: IssueTicket) -> Step:
    """The server did not answer: the person gets a number of the kiosk's own, and the screen stays until then."""
    giving = replace(visit, giving=True, in_flight_since=state.now)
    return replace(state, visit=giving), (Give(request, state.hospital),)


def not_given(state: State, event: NotGiven) -> Step:
    """The disk is full or broken: until the server is back the kiosk says that it cannot give numbers."""
    state = replace(state, cannot_give=event.code)
    visit = state.visit
    if visit is None or visit.pending is None or visit.pending.request_id != event.request_id:
        return state, ()
    waiting = replace(visit, in_flight_since=None, retry_at=state.now)
    return replace(state, screen="trouble", trouble=Trouble("server_away"), visit=waiting), ()


def room_promised(hospital: Hospital, asked: IssueTicket) -> Room | None:
    """The room that the paper may name."""
    rooms = _open_rooms(hospital, asked.service_id)
    for room in rooms:
        if room.room_id == asked.room_id or len(rooms) == 1:
            return room
    return None


def ticket_of(hospital: Hospital, asked: IssueTicket, given: UploadOfflineTicket, at: datetime) -> Ticket:
    """What the paper and the screen say of a number given `at` that time."""
    assert hospital.site is not None, "given only where the hospital is known"
    named, where = room_promised(hospital, asked), _area(hospital, asked.service_id)
    room = named or (where or (NOWHERE, {}))[0]
    names = next((one.names for one in hospital.services if one.service_id == asked.service_id), {})
    entry = Entry(
        entry_id=given.request_id,
        ticket_id=given.request_id,
        number=given.number,
        service_id=asked.service_id,
        room_id=room.room_id,
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=at,
        language=asked.intake.language,
        pooled=named is None,
    )
    return Ticket(
        ticket_id=given.request_id,
        number=given.number,
        address=f"/t/{given.address}",
        business_day=at.astimezone(ZoneInfo(hospital.site.time_zone)).date().isoformat(),
        issued_at=at,
        entry=entry,
        service_names=names,
        room=room,
        people_ahead=0,
        wait=WaitEstimate(),
        zone_names=where[1] if where else {},
        offline=True,
    )


def _area(hospital: Hospital, service_id: str) -> tuple[Room, Names] | None:
    """The waiting area and floor that all open rooms of the service share: one of its rooms, and its name. None where
    they share none, or its name is not known."""
    rooms = _open_rooms(hospital, service_id)
    zones = {zone.zone_id: zone.names for zone in hospital.zones}
    if len({(room.zone_id, room.floor) for room in rooms}) != 1 or not zones.get(rooms[0].zone_id):
        return None
    return rooms[0], zones[rooms[0].zone_id]


def _open_rooms(hospital: Hospital, service_id: str) -> list[Room]:
    return [room for room in hospital.rooms if room.open and service_id in room.service_ids]
