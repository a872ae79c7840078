"""A person arrives and takes a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocol.frames import TicketIssued, TicketReturned
from protocol.nouns import Entry, Intake, PriorityClass, Room, Service, Site, Ticket
from protocol.requests import IssueTicket
from queue_server.auth.keys import new_id
from queue_server.domain import estimate, lifecycle
from queue_server.domain.admission import AlreadyHeld, NotAdmitted, admit
from queue_server.domain.assignment import RoomLoad, least_busy
from queue_server.domain.calling import CallingRules, place_after
from queue_server.domain.journey import current
from queue_server.domain.opening import Status
from queue_server.domain.priority import on_arrival
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import people
from queue_server.store import repository as store
from queue_server.store.repository import TicketRow
from queue_server.usecases.announcing import when_full
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.journeys import Stage, first_step, whole_way
from queue_server.usecases.opening import opens_text, status_now, take_number
from queue_server.usecases.ordering import line_of_room, people_ahead

TICKET_PATH = "/t/"
LONGEST_NUMBER = 64


def issue(change: Change, request: IssueTicket, device_id: str | None, rules: CallingRules = CallingRules()) -> Ticket:
    """A new ticket, or the one this person already holds for this service today (``already_held``).

    Raises NotFound ``unknown_service``; Conflict ``no_open_room`` or a `queue_server.domain.opening.ClosedCode`;
    Invalid ``bad_identity``.
    """
    service = store.load_service(change.connection, change.site.site_id, request.service_id)
    if service is None:
        raise NotFound("unknown_service")
    if any(len(value) > LONGEST_NUMBER for _, value in people.numbers(request.intake.identity)):
        raise Invalid("bad_identity")
    intake = request.intake.model_copy(update={"language": _language(change.site, request.intake.language)})
    site_id = change.site.site_id
    patient_id = people.keep_patient(change.connection, site_id, intake, new_id(), change.now)
    status = status_now(change, change.at)(service)
    admission = admit(service, store.entries_of_patient(change.connection, patient_id, change.day), status)
    if isinstance(admission, NotAdmitted):
        raise _refusal(change, service, admission.now)
    if isinstance(admission, AlreadyHeld):
        return _held(change, service, admission, device_id, rules)
    visit_id = people.keep_visit(change.connection, site_id, patient_id, change.day, intake, new_id(), change.at)
    ticket = _new_ticket(change, service, intake, visit_id, device_id, request.declared)
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


def _language(site: Site, wanted: str) -> str:
    return wanted if wanted in site.languages else site.languages[0]


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
    if entry.service_id != service.service_id:  # further on its journey
        service = store.load_service(change.connection, change.site.site_id, entry.service_id) or service
    return describe(change, ticket, entry, service).model_copy(update={"already_held": True})


def _new_ticket(
    change: Change,
    service: Service,
    intake: Intake,
    visit_id: str,
    device_id: str | None,
    declared: PriorityClass | None,
) -> Ticket:
    room = assign_room(change, service.service_id)
    ticket = TicketRow(
        ticket_id=new_id(),
        visit_id=visit_id,
        service_id=service.service_id,
        number=take_number(change, service),
        address=new_id(),
        business_day=change.day,
        issued_at=change.at,
        offline=False,
    )
    entry = Entry(
        entry_id=new_id(),
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        service_id=service.service_id,
        room_id=room.room_id,
        priority=on_arrival(intake, date.fromisoformat(change.day), declared),
        state="waiting",
        version=1,
        issued_at=change.at,
        language=intake.language,
        step=first_step(change, service.service_id),
    )
    store.insert_ticket(change.connection, change.site.site_id, ticket, device_id)
    store.insert_entry(change.connection, change.site.site_id, change.day, entry)
    change.journal(TicketIssued(entry=entry, device_id=device_id, zone_id=room.zone_id), visit_id=visit_id)
    return describe(change, ticket, entry, service)


def room_loads(change: Change) -> list[RoomLoad]:
    """Every room with the work that waits at it."""
    minutes = store.service_minutes(change.connection, change.site.site_id)
    work = store.work_by_room(change.connection, change.site.site_id, change.day)
    return [
        RoomLoad(room, sum(minutes[service] * people for service, people in work.get(room.room_id, {}).items()))
        for room in store.load_rooms(change.connection, change.site.site_id)
    ]


def assign_room(change: Change, service_id: str) -> Room:
    """The open room of a service with the least work. Raises Conflict ``no_open_room``."""
    chosen = least_busy(service_id, room_loads(change))
    if chosen is None:
        raise Conflict("no_open_room", service_id=service_id)
    return chosen.room


def _room(reading: Reading, entry: Entry) -> Room:
    room = store.load_room(reading.connection, reading.site.site_id, entry.room_id)
    assert room is not None, "an entry always has its room"
    return room


def describe(reading: Reading, ticket: TicketRow, entry: Entry, service: Service) -> Ticket:
    """The ticket as its holder needs it now: where to go, how many are before them, how long it will take."""
    room = _room(reading, entry)
    ahead = 0
    if entry.state in ("waiting", "held"):  # whose place is kept
        waiting = store.entries_of_day(
            reading.connection, reading.site.site_id, ticket.business_day, ("waiting",), room.room_id
        )
        ahead = people_ahead(reading, entry, room, waiting, ticket.business_day)
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
    """The day of this ticket has passed."""
    way: tuple[Stage, ...] = ()
    """All stages of the visit: done, now, and to come."""


def ticket_by_address(reading: Reading, address: str) -> TicketView:
    """The ticket whose page is ``/t/<address>``. Raises NotFound ``unknown_ticket``."""
    row = store.load_ticket_by_address(reading.connection, reading.site.site_id, address)
    if row is None:
        raise NotFound("unknown_ticket")
    entries = store.entries_of_ticket(reading.connection, row.ticket_id)
    entry = current(entries)
    service = store.load_service(reading.connection, reading.site.site_id, entry.service_id)
    assert service is not None, "an entry always has its service"
    over = row.business_day < reading.today
    return TicketView(describe(reading, row, entry, service), reading.site, over, whole_way(reading, row, entries))
