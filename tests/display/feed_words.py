"""What a server says, made in one line: for the tests of the wall and the voice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from protocol.frames import (
    ActionUndone,
    Heartbeat,
    Numbered,
    RecentCall,
    Snapshot,
    TicketCalled,
    TicketFinished,
    TicketHeld,
    TicketNotHere,
    TicketTransferred,
)
from protocol.nouns import Device, Entry, EntryState, Priority, Room, Service, Site, Zone

NINE = datetime(2026, 11, 21, 2, 40, tzinfo=UTC)  # 09:40 in Vietnam
SITE = Site(site_id="an-binh", names={"vi": "Bệnh viện Đa khoa An Bình", "en": "An Binh General Hospital"})
ZONE = Zone(zone_id="noi", names={"vi": "Khu khám Nội, tầng 2", "en": "Internal medicine, floor 2"})
NAMES = {"vi": "Khám Nội", "en": "Internal medicine"}


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def entry(number: str, *, state: EntryState = "called", language: str = "vi", calls: int = 1) -> Entry:
    return Entry(
        entry_id=f"entry-{number}",
        ticket_id=f"ticket-{number}",
        number=number,
        service_id="noi",
        room_id="room-5",
        priority=Priority(),
        state=state,
        version=1,
        issued_at=NINE,
        called_at=NINE,
        calls=calls,
        language=language,
    )


def called(seq: int, number: str, room: str = "5", *, language: str = "vi", names: dict[str, str] = NAMES) -> Numbered:
    frame = TicketCalled(entry=entry(number, language=language), room_number=room, service_names=names)
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=frame)


def over(seq: int, number: str, how: Literal["finished", "not_here"] = "finished") -> Numbered:
    ended = entry(number, state=how)
    frame = TicketFinished(entry=ended) if how == "finished" else TicketNotHere(entry=ended)
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=frame)


def held(seq: int, number: str) -> Numbered:
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=TicketHeld(entry=entry(number, state="held")))


def sent_on(seq: int, number: str) -> Numbered:
    """To room 7, of another service."""
    frame = TicketTransferred(
        entry=entry(number, state="waiting", calls=0),
        from_room_id="room-5",
        from_service_id="noi",
        room_number="7",
        reason="next_step",
    )
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=frame)


def moved(seq: int, number: str, room: str = "7") -> Numbered:
    """Room 5 closed; the number waits in front of `room`."""
    frame = TicketTransferred(
        entry=entry(number, state="waiting", calls=0),
        from_room_id="room-5",
        from_service_id="noi",
        room_number=room,
        reason="room_closed",
    )
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=frame)


def undone(seq: int, number: str, mistake: int, kind: str = "ticket_called", state: EntryState = "waiting") -> Numbered:
    """Frame `mistake` of this `kind` was a mistake; the number is in `state` again."""
    frame = ActionUndone(entry=entry(number, state=state), undone_seq=mistake, undone_type=kind)
    return Numbered(seq=seq, previous=seq - 1, at=at(seq), frame=frame)


def beat(seq: int = 0, seconds: float = 0.0) -> Heartbeat:
    return Heartbeat(seq=seq, at=at(seconds))


def recent(
    seq: int, number: str, room: str = "5", *, age_s: float = 60.0, heard: bool = True, language: str = "vi"
) -> RecentCall:
    told = entry(number, language=language)
    return RecentCall(seq=seq, entry=told, room_number=room, service_names=NAMES, age_s=age_s, heard=heard)


def snapshot(*calls: RecentCall, over: frozenset[str] = frozenset(), zone: Zone = ZONE, site: Site = SITE) -> Snapshot:
    """`calls` in any order; `over` = numbers that are finished, so that the server no longer tells of their entries."""
    newest = tuple(sorted(calls, key=lambda call: -call.seq))
    waiting = {call.entry.entry_id: call.entry for call in newest if call.entry.number not in over}
    return Snapshot(
        seq=newest[0].seq if newest else 0,
        at=NINE,
        site=site,
        listener="display",
        device=Device(device_id="wall-1", kind="display", name="Wall 1", zone_id=zone.zone_id),
        zones=(zone,),
        services=(Service(service_id="noi", names=NAMES),),
        rooms=(Room(room_id="room-5", number="5", names=NAMES, zone_id=zone.zone_id),),
        entries=tuple(waiting.values()),
        calls=newest,
    )
