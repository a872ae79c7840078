"""A person arrives and takes a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from protocol.frames import TicketIssued, TicketReturned
from protocol.nouns import Entry, Intake, Priority, Room, Service, Site, Ticket
from protocol.requests import IssueTicket
from queue_server.auth.keys import new_id
from queue_server.domain import estimate, lifecycle
from queue_server.domain.admission import AlreadyHeld, HeldBack, NotAdmitted, admit
from queue_server.domain.assignment import least_busy
from queue_server.domain.calling import CallingRules, place_after
from queue_server.domain.keeping import Keeping, stand
from queue_server.domain.opening import Status
from queue_server.domain.priority import known_class, on_arrival
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import people
from queue_server.store import repository as store
from queue_server.store.repository import TicketRow
from queue_server.usecases.announcing import when_full
from queue_server.usecases.appointments import arrived, keeping_of, rule_of
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.opening import opens_text, room_loads, status_for, take_number
from queue_server.usecases.ordering import line_of_room, people_ahead
from queue_server.usecases.overnight import carry_over, kept_overnight

TICKET_PATH = "/t/"
LONGEST_NUMBER = 64


def issue(change: Change, request: IssueTicket, device_id: str | None, rules: CallingRules = CallingRules()) -> Ticket:
    """A new ticket, or the one this person already holds for this service today (``already_held``).

    Raises NotFound ``unknown_service``; Conflict ``not_self_service``, ``no_open_room`` or a
    `queue_server.domain.opening.ClosedCode`; Invalid ``bad_identity``.
    """
    service = store.load_service(change.connection, change.site.site_id, request.service_id)
    if service is None:
        raise NotFound("unknown_service")
    if not service.self_service:
        raise Conflict("not_self_service", service_id=service.service_id)
    intake = checked(change.site, request.intake)
    carry_over(change)
    site_id = change.site.site_id
    patient_id = people.keep_patient(change.connection, site_id, intake, new_id(), change.now)
    priority = on_arrival(intake, date.fromisoformat(change.day), request.declared)
    status = status_for(change, service, patient_id, known_class(priority))
    kept = kept_overnight(change)
    held_today = store.entries_of_patient(change.connection, patient_id, change.day, overnight=bool(kept))
    keeping = keeping_of(change, patient_id, service.service_id)
    admission = admit(service, held_today, status, keeping)
    if isinstance(admission, HeldBack):
        raise _held_back(change, admission.keeping)
    if isinstance(admission, NotAdmitted):
        raise _refusal(change, service, admission.now)
    if isinstance(admission, AlreadyHeld):
        return _held(change, service, admission, device_id, rules)
    visit_id = people.keep_visit(change.connection, site_id, patient_id, change.day, intake, new_id(), change.at)
    room = assign_room(change, service.service_id, keeping.appointment.room_id if keeping and keeping.uses_it else None)
    number = take_number(change, service, known_class(priority))
    given = Given(number, new_id(), room, priority, device_id, keeping=keeping)
    ticket = keep_ticket(change, service, intake, visit_id, given)
    when_full(change, service.service_id)
    return ticket


def _refusal(change: Change, service: Service, now: Status) -> Conflict:
    """Named, with when to come again: ``opens_at`` for machines, ``opens`` for people."""
    detail = {"service_id": service.service_id}
    if now.code != "service_closed":
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
        waiting = store.entries_of_day(change.connection, change.site.site_id, change.day, ("waiting",), room.room_id)
        line = [choice.entry for choice in line_of_room(change, room, waiting, change.day)]
        entry = lifecycle.come_back(entry, place_after(entry, line, rules.return_after))
        store.save_entry(change.connection, entry)
        change.journal(TicketReturned(entry=entry, zone_id=room.zone_id), device_id=device_id)
    ticket = store.load_ticket(change.connection, change.site.site_id, entry.ticket_id)
    assert ticket is not None, "an entry always has its ticket"
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
    )
    store.insert_ticket(change.connection, change.site.site_id, ticket, given.device_id)
    store.insert_entry(change.connection, change.site.site_id, change.day, entry)
    frame = TicketIssued(
        entry=entry,
        device_id=given.device_id,
        flags=given.flags,
        offline=given.offline,
        printed_room_id=given.printed_room_id,
        appointment_id=keeping.appointment.appointment_id if keeping and keeping.uses_it else None,
        timing=keeping.timing if keeping else None,
        zone_id=room.zone_id,
    )
    change.journal(frame, visit_id=visit_id)
    arrived(change, keeping, ticket.ticket_id)
    described = describe(change, ticket, entry, service, change.day)
    if keeping is None:
        return described
    return described.model_copy(update={"timing": keeping.timing, "appointment_at": keeping.appointment.starts_at})


def assign_room(change: Change, service_id: str, booked: str | None = None) -> Room:
    """The room that was booked, while it is open; else the open one with the least work for the service.

    Raises Conflict ``no_open_room``.
    """
    if booked is not None:
        room = store.load_room(change.connection, change.site.site_id, booked)
        if room is not None and room.open and service_id in room.service_ids:
            return room
    chosen = least_busy(service_id, room_loads(change, change.day))
    if chosen is None:
        raise Conflict("no_open_room", service_id=service_id)
    return chosen.room


def _room(reading: Reading, entry: Entry) -> Room:
    room = store.load_room(reading.connection, reading.site.site_id, entry.room_id)
    assert room is not None, "an entry always has its room"
    return room


def describe(reading: Reading, ticket: TicketRow, entry: Entry, service: Service, day: str) -> Ticket:
    """The ticket as its holder needs it now: where to go, how many are before them, how long it will take.

    `day` is the business day in whose line the entry stands.
    """
    room = _room(reading, entry)
    ahead = 0
    if entry.state in ("waiting", "held"):  # whose place is kept
        waiting = store.entries_of_day(reading.connection, reading.site.site_id, day, ("waiting",), room.room_id)
        ahead = people_ahead(reading, entry, room, waiting, day)
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[service.service_id]
    return Ticket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        address=TICKET_PATH + ticket.address,
        business_day=ticket.business_day,
        issued_at=ticket.issued_at,
        entry=entry,
        service_names=service.names,
        room=room,
        people_ahead=ahead,
        wait=estimate.wait(ahead, minutes, rooms=1 if room.open else 0),
        offline=ticket.offline,
    )


@dataclass(frozen=True)
class TicketView:
    """What the ticket page shows. No personal data: whoever has the paper may see it."""

    ticket: Ticket
    site: Site
    over: bool
    """The day in whose line it stood has passed."""


def ticket_by_address(reading: Reading, address: str) -> TicketView:
    """The ticket whose page is ``/t/<address>``. Raises NotFound ``unknown_ticket``."""
    row = store.load_ticket_by_address(reading.connection, reading.site.site_id, address)
    if row is None:
        raise NotFound("unknown_ticket")
    entry = store.entry_of_ticket(reading.connection, row.ticket_id)
    service = store.load_service(reading.connection, reading.site.site_id, entry.service_id)
    assert service is not None, "an entry always has its service"
    day = store.day_of_entry(reading.connection, entry.entry_id)
    return TicketView(describe(reading, row, entry, service, day), reading.site, over=day < reading.today)
