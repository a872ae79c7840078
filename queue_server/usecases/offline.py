"""Numbers that a kiosk gave by itself while it could not reach the server. They are facts: the paper wins.

Nothing that a hospital settles (hours, quotas, rooms, one ticket per person) refuses them; why it would have is flagged
in the journal. Refused is only what cannot be kept, by name, so that the kiosk can tell staff.
"""

from __future__ import annotations

from datetime import date, timedelta

from protocol.frames import TicketIssued
from protocol.nouns import Device, Identity, Intake, Priority, Ticket
from protocol.requests import UploadOfflineTicket
from queue_server.auth.keys import new_address, new_id
from queue_server.domain.admission import would_refuse
from queue_server.domain.assignment import room_of_paper
from queue_server.domain.journey import current
from queue_server.domain.numbering import split
from queue_server.domain.priority import known_class, on_arrival
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import journal, people
from queue_server.store import repository as store
from queue_server.store.repository import TicketRow
from queue_server.usecases.announcing import when_full
from queue_server.usecases.appointments import keeping_of
from queue_server.usecases.arrivals import Given, checked, describe, keep_ticket
from queue_server.usecases.assigning import room_loads
from queue_server.usecases.change import Change
from queue_server.usecases.opening import status_for
from queue_server.usecases.overnight import carry_late, kept_overnight

OLDEST = timedelta(days=7)


def upload(change: Change, request: UploadOfflineTicket, kiosk: Device) -> Ticket:
    """The ticket as it stands in the line, by the time at which it was given. Sent twice, it is one ticket.

    Raises NotFound ``unknown_service``; Invalid ``impossible_number``, ``foreign_series``, ``too_old``,
    ``bad_identity``; Conflict ``number_taken`` (the number stands for something else), ``no_room`` (no room gives this
    service at all).
    """
    _check_paper(change, request, kiosk)
    intake = checked(change.site, request.intake)
    service = store.load_service(change.connection, change.site.site_id, request.service_id)
    if service is None:
        raise NotFound("unknown_service")
    known = store.load_ticket_by_number(change.connection, change.site.site_id, change.day, request.number)
    if known is not None:
        return _again(change, request, intake, known)
    if request.address and store.load_ticket_by_address(change.connection, change.site.site_id, request.address):
        raise Conflict("number_taken", number=request.number)
    place = room_of_paper(service.service_id, request.room_id, room_loads(change, change.day))
    if place is None:
        raise Conflict("no_room", service_id=service.service_id)
    room, moved = place
    person = people.keep_patient(change.connection, change.site.site_id, intake, new_id(), change.now)
    patient_id = person.patient_id
    overnight = bool(kept_overnight(change))
    held = store.entries_of_patient(change.connection, patient_id, change.day, overnight)
    priority = on_arrival(intake, date.fromisoformat(change.day), request.declared, person.card_birth)
    keeping = keeping_of(change, patient_id, service.service_id)
    then = status_for(change, service, patient_id, known_class(priority), change.at)
    flags = would_refuse(service, held, then, keeping)
    visit_id = people.keep_visit(
        change.connection, change.site.site_id, patient_id, change.day, intake, new_id(), change.at
    )
    given = Given(
        number=request.number,
        address=request.address or new_address(),
        room=room,
        priority=priority,
        device_id=kiosk.device_id,
        offline=True,
        printed_room_id=request.room_id,
        names_room=request.room_id is not None,
        keeping=keeping,
        flags=tuple(dict.fromkeys((*flags, moved) if moved else flags)),  # both may say that no room is open
    )
    ticket = keep_ticket(change, service, intake, visit_id, given)
    when_full(change, service.service_id)
    return ticket.model_copy(update={"entry": carry_late(change, ticket.entry, change.day)})


def _check_paper(change: Change, request: UploadOfflineTicket, kiosk: Device) -> None:
    parts = split(request.number)
    if parts is None:
        raise Invalid("impossible_number")
    if parts[0] != kiosk.series:
        raise Invalid("foreign_series", series=kiosk.series)
    if change.now - change.at > OLDEST:
        raise Invalid("too_old")


def _again(change: Change, request: UploadOfflineTicket, intake: Intake, known: TicketRow) -> Ticket:
    """The ticket that this number is already, as it is now. Raises Conflict ``number_taken``."""
    line = journal.issue_of(change.connection, change.site.site_id, known.ticket_id)
    told = line.frame if line else None
    said = (request.service_id, request.room_id, intake.language)
    if (
        not isinstance(told, TicketIssued)
        or said != (told.entry.service_id, told.printed_room_id, told.entry.language)
        or told.entry.priority not in _priorities(change, request, known.ticket_id)
        or not _same_person(change, intake.identity, known.ticket_id)
    ):
        raise Conflict("number_taken", number=request.number)
    entry = current(store.entries_of_ticket(change.connection, known.ticket_id))
    service = store.load_service(change.connection, change.site.site_id, entry.service_id)
    assert service is not None, "an entry always has its service"
    return describe(change, known, entry, service, store.day_of_entry(change.connection, entry.entry_id))


def _priorities(change: Change, request: UploadOfflineTicket, ticket_id: str) -> tuple[Priority, Priority]:
    """By this paper alone, and with what the holder's cards tell by now: a card may have been shown since."""
    day, intake, declared = date.fromisoformat(change.day), request.intake, request.declared
    told = people.known_birth(change.connection, people.patient_of_ticket(change.connection, ticket_id))
    return on_arrival(intake, day, declared), on_arrival(intake, day, declared, told)


def _same_person(change: Change, identity: Identity, ticket_id: str) -> bool:
    """By a number of theirs; a document without any number by all that it says."""
    holder = people.patient_of_ticket(change.connection, ticket_id)
    found = people.find_patient(change.connection, change.site.site_id, identity)
    return found == holder if found else people.identity_of_ticket(change.connection, ticket_id) == identity
