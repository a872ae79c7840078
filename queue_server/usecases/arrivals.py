"""A person arrives and takes a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from protocol.frames import TicketIssued, TicketReturned, TicketTransferred
from protocol.nouns import (
    Entry,
    HandoverReason,
    Intake,
    Names,
    Priority,
    Room,
    Service,
    Site,
    Ticket,
    WaitEstimate,
)
from protocol.requests import IssueTicket
from queue_server.auth.keys import new_address, new_id
from queue_server.domain import lifecycle
from queue_server.domain.admission import AlreadyHeld, HeldBack, NotAdmitted, admit
from queue_server.domain.calling import CallingRules, place_after
from queue_server.domain.journey import current
from queue_server.domain.keeping import Keeping, stand
from queue_server.domain.opening import Status
from queue_server.domain.priority import known_class, on_arrival
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import journal, people
from queue_server.store import repository as store
from queue_server.store.repository import TicketRow
from queue_server.usecases.announcing import when_full
from queue_server.usecases.appointments import arrived, keeping_of, rule_of
from queue_server.usecases.assigning import assign_room, booked_room, is_pooled, wanted_room
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.foreseen import wait_at, wait_in_pool
from queue_server.usecases.journeys import Stage, first_step, whole_way
from queue_server.usecases.offering import offer
from queue_server.usecases.opening import opens_text, status_for, take_number
from queue_server.usecases.ordering import Place, line_of_room, place_in_line, place_in_pool
from queue_server.usecases.overnight import carry_over, kept_overnight

TICKET_PATH = "/t/"
LONGEST_NUMBER = 64


def issue(change: Change, request: IssueTicket, device_id: str | None, rules: CallingRules = CallingRules()) -> Ticket:
    """A new ticket, or the one this person already holds for this service today (``already_held``).

    Raises NotFound ``unknown_service``, ``unknown_room``; Conflict ``not_self_service``, ``no_open_room``,
    ``room_without_service``, ``wanted_room_closed``, a `queue_server.domain.opening.ClosedCode` or a
    `queue_server.domain.keeping.Refusal`; Invalid ``bad_identity``.
    """
    service = store.load_service(change.connection, change.site.site_id, request.service_id)
    if service is None:
        raise NotFound("unknown_service")
    if not service.self_service:
        raise Conflict("not_self_service", service_id=service.service_id)
    intake = checked(change.site, request.intake)
    carry_over(change)
    site_id = change.site.site_id
    kept = people.keep_patient(change.connection, site_id, intake, fresh := new_id(), change.now)
    patient_id = kept.patient_id
    new = patient_id == fresh
    priority = on_arrival(intake, date.fromisoformat(change.day), request.declared, kept.card_birth)
    status = status_for(change, service, patient_id, known_class(priority))
    overnight = bool(kept_overnight(change))
    held_today = [] if new else store.entries_of_patient(change.connection, patient_id, change.day, overnight)
    keeping = None if new else keeping_of(change, patient_id, service.service_id)
    admission = admit(service, held_today, status, keeping)
    if isinstance(admission, HeldBack):
        raise _held_back(change, admission.keeping)
    if isinstance(admission, NotAdmitted):
        raise _refusal(change, service, admission.now)
    if isinstance(admission, AlreadyHeld):
        return _held(change, service, admission, device_id, rules)
    visit_id = people.keep_visit(
        change.connection, site_id, patient_id, change.day, intake, new_id(), change.at, first=new
    )
    wanted = wanted_room(change, service.service_id, request.room_id) if request.room_id else None
    named = wanted or booked_room(change, service.service_id, keeping)
    room = named or assign_room(change, service.service_id, change.day)
    number = take_number(change, service, known_class(priority))
    given = Given(
        number,
        new_address(),
        room,
        priority,
        device_id,
        names_room=named is not None,
        asked_for=wanted is not None,
        keeping=keeping,
    )
    ticket = keep_ticket(change, service, intake, visit_id, given)
    when_full(change, service.service_id)
    return ticket


def _refusal(change: Change, service: Service, now: Status) -> Conflict:
    """Named, with when to come again: ``opens_at`` for machines, ``opens`` for people."""
    detail = {"service_id": service.service_id}
    if now.code not in ("service_closed", "no_open_room"):  # nobody knows until when
        detail["opens"] = opens_text(change, now.opens_at)
    if now.opens_at is not None:
        detail["opens_at"] = now.opens_at.isoformat()
    return Conflict(now.code or "service_closed", **detail)


def _held_back(change: Change, keeping: Keeping) -> Conflict:
    """Named, with the appointed time (``at``) and when to come (``opens``)."""
    appointment = keeping.appointment
    zone = ZoneInfo(change.site.time_zone)
    at = appointment.starts_at.astimezone(zone)
    detail = {"starts_at": at.isoformat(), "at": opens_text(change, at)}
    if keeping.come_at is not None:
        come_at = keeping.come_at.astimezone(zone)
        detail |= {"opens_at": come_at.isoformat(), "opens": opens_text(change, come_at)}
    if appointment.elsewhere is not None:
        detail["place"] = appointment.elsewhere
    return Conflict(keeping.refusal or "", service_id=appointment.service_id, **detail)


def checked(site: Site, intake: Intake) -> Intake:
    """In a language of the house. Raises Invalid ``bad_identity``."""
    if any(len(value) > LONGEST_NUMBER for _, value in people.numbers(intake.identity)):
        raise Invalid("bad_identity")
    language = intake.language if intake.language in site.languages else site.languages[0]
    return intake.model_copy(update={"language": language})


def _held(change: Change, service: Service, held: AlreadyHeld, device_id: str | None, rules: CallingRules) -> Ticket:
    entry = held.entry
    if held.returns:
        room = _room(change, entry)
        waiting = store.waiting_for(change.connection, change.site.site_id, change.day, room)
        line = [choice.entry for choice in line_of_room(change, room, waiting, change.day)]
        entry = lifecycle.come_back(entry, place_after(entry, line, rules.return_after))
        store.save_entry(change.connection, entry)
        change.journal(TicketReturned(entry=entry, zone_id=room.zone_id), device_id=device_id)
    ticket = store.load_ticket(change.connection, change.site.site_id, entry.ticket_id)
    assert ticket is not None, "an entry always has its ticket"
    if entry.service_id != service.service_id:  # further on its journey
        service = store.load_service(change.connection, change.site.site_id, entry.service_id) or service
    return describe(change, ticket, entry, service, change.day).model_copy(update={"already_held": True})


@dataclass(frozen=True)
class Given:
    """What a new ticket says."""

    number: str
    address: str
    room: Room
    priority: Priority
    device_id: str | None = None
    offline: bool = False
    printed_room_id: str | None = None
    names_room: bool = False
    """The room is settled, also where others are only told theirs by the call: it was booked, or is on the paper."""
    asked_for: bool = False
    """The person asked for this room: a clearly quicker one is offered."""
    keeping: Keeping | None = None
    flags: tuple[str, ...] = ()


def keep_ticket(change: Change, service: Service, intake: Intake, visit_id: str, given: Given) -> Ticket:
    """A person stands in the line from now on, and everybody hears so."""
    room, keeping = given.room, given.keeping
    ticket = TicketRow(
        ticket_id=new_id(),
        visit_id=visit_id,
        service_id=service.service_id,
        number=given.number,
        address=given.address,
        business_day=change.day,
        issued_at=change.at,
        offline=given.offline,
    )
    where = stand(given.keeping, rule_of(change, service.service_id), change.at)
    entry = Entry(
        entry_id=new_id(),
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        service_id=service.service_id,
        room_id=room.room_id,
        priority=given.priority,
        state="waiting",
        version=1,
        issued_at=change.at,
        language=intake.language,
        place=where.place,
        appointment=where.appointment,
        step=first_step(change, service.service_id),
        pooled=not given.names_room and is_pooled(change, service.service_id),
    )
    store.insert_ticket(change.connection, change.site.site_id, ticket, given.device_id)
    store.insert_entry(change.connection, change.site.site_id, change.day, entry)
    told = describe(change, ticket, entry, service, change.day)
    if given.asked_for:
        told = told.model_copy(update={"offer": offer(change, entry, told.wait, change.day)})
    frame = TicketIssued(
        entry=entry,
        device_id=given.device_id,
        flags=given.flags,
        offline=given.offline,
        printed_room_id=given.printed_room_id,
        promised=None if given.offline else told.wait,  # what a kiosk alone promised is not known
        appointment_id=keeping.appointment.appointment_id if keeping and keeping.uses_it else None,
        timing=keeping.timing if keeping else None,
        offered_room_id=told.offer.room.room_id if told.offer else None,
        zone_id=room.zone_id,
    )
    change.journal(frame, visit_id=visit_id)
    arrived(change, keeping, ticket.ticket_id)
    if keeping is None:
        return told
    return told.model_copy(update={"timing": keeping.timing, "appointment_at": keeping.appointment.starts_at})


def _room(reading: Reading, entry: Entry) -> Room:
    room = store.load_room(reading.connection, reading.site.site_id, entry.room_id)
    assert room is not None, "an entry always has its room"
    return room


def describe(reading: Reading, ticket: TicketRow, entry: Entry, service: Service, day: str) -> Ticket:
    """The ticket as its holder needs it now: where to go, how many are before them, how long it will take.

    `day` is the business day in whose line the entry stands.
    """
    room = _room(reading, entry)
    place = Place(0, first=False, before=0)
    if entry.state in ("waiting", "held"):  # whose place is kept
        place = _place(reading, entry, room, day)
    return Ticket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        address=TICKET_PATH + ticket.address,
        business_day=ticket.business_day,
        issued_at=ticket.issued_at,
        entry=entry,
        service_names=service.names,
        room=room,
        people_ahead=place.ahead,
        wait=_wait(reading, entry, room, place),
        zone_names=_zone_names(reading, room) if entry.pooled else {},
        offline=ticket.offline,
    )


def _place(reading: Reading, entry: Entry, room: Room, day: str) -> Place:
    if entry.pooled:
        return place_in_pool(reading, entry, room, day)
    return place_in_line(reading, entry, room, day)


def _wait(reading: Reading, entry: Entry, room: Room, place: Place) -> WaitEstimate:
    if entry.pooled:
        return wait_in_pool(reading, entry.service_id, place)
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[entry.service_id]
    return wait_at(reading, room, place, minutes)


def _zone_names(reading: Reading, room: Room) -> Names:
    zones = store.load_zones(reading.connection, reading.site.site_id)
    return next((zone.names for zone in zones if zone.zone_id == room.zone_id), {})


@dataclass(frozen=True)
class Moved:
    """`before` is the number of the room that closed or pauses."""

    before: str
    reason: HandoverReason


@dataclass(frozen=True)
class TicketView:
    """What the ticket page shows. No personal data: whoever has the paper may see it."""

    ticket: Ticket
    site: Site
    over: bool
    """The day in whose line it stood has passed."""
    way: tuple[Stage, ...] = ()
    """All stages of the visit: done, now, and to come."""
    moved: Moved | None = None
    """It waits in front of another door than it did, and nothing was done with it since."""


def ticket_by_address(reading: Reading, address: str) -> TicketView:
    """The ticket whose page is ``/t/<address>``. Raises NotFound ``unknown_ticket``."""
    row = store.load_ticket_by_address(reading.connection, reading.site.site_id, address)
    if row is None:
        raise NotFound("unknown_ticket")
    ticket, day, entries = _described(reading, row)
    over, moved = day < reading.today, _moved(reading, ticket.entry)
    return TicketView(ticket, reading.site, over, whole_way(reading, row, entries), moved)


def ticket_of(reading: Reading, ticket_id: str) -> Ticket:
    """The ticket with this id as it is now. Raises NotFound ``unknown_ticket``."""
    row = store.load_ticket(reading.connection, reading.site.site_id, ticket_id)
    if row is None:
        raise NotFound("unknown_ticket")
    return _described(reading, row)[0]


def _described(reading: Reading, row: TicketRow) -> tuple[Ticket, str, list[Entry]]:
    """With the day in whose line it stands, and all its entries."""
    entries = store.entries_of_ticket(reading.connection, row.ticket_id)
    entry = current(entries)
    service = store.load_service(reading.connection, reading.site.site_id, entry.service_id)
    assert service is not None, "an entry always has its service"
    day = store.day_of_entry(reading.connection, entry.entry_id)
    return describe(reading, row, entry, service, day), day, entries


def _moved(reading: Reading, entry: Entry) -> Moved | None:
    line = journal.newest_of(reading.connection, reading.site.site_id, entry.entry_id)
    frame = line.frame if line else None
    if entry.pooled or not isinstance(frame, TicketTransferred) or frame.reason not in ("room_closed", "room_paused"):
        return None
    before = store.load_room(reading.connection, reading.site.site_id, frame.from_room_id)
    return Moved(before.number if before else "", frame.reason)
