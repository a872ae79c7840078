"""Administrators change when a service takes people, how many, and what its numbers look like. From now on."""

from __future__ import annotations

from sqlalchemy import update

from protocol.appointments import APPOINTMENT_RULE, AppointmentRule, ChangeAppointmentRule
from protocol.frames import ServiceSettingsChanged
from protocol.nouns import Value
from protocol.opening import (
    ASSIGNMENT,
    HOURS,
    NUMBERS,
    OVERNIGHT,
    QUOTA,
    Assignment,
    NumberFormat,
    OpeningHours,
    Overnight,
    Quota,
    RoomAssignment,
)
from protocol.requests import (
    ChangeAssignment,
    ChangeNumbers,
    ChangeOpeningHours,
    ChangeOvernight,
    ChangeQuota,
    ChangeService,
    Done,
)
from queue_server.errors import Conflict, NotFound
from queue_server.store import repository as store
from queue_server.store.rules import SITE, Kind, load_rules, save_rule
from queue_server.store.series import letters_in_use
from queue_server.store.tables import service as service_table
from queue_server.usecases.announcing import announce, announce_all
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.overnight import mark_carried


class ServiceSettings(Value):
    """What was set for one service; None where it follows the site, or has no limit."""

    service_id: str | None
    hours: OpeningHours | None = None
    quota: Quota | None = None
    numbers: NumberFormat | None = None
    overnight: Overnight | None = None
    appointments: AppointmentRule | None = None
    assignment: Assignment = "at_issue"


class AllSettings(Value):
    settings: tuple[ServiceSettings, ...]


def change_service(change: Change, request: ChangeService) -> Done:
    """Open or close by hand, or say why it is closed. Who holds a ticket keeps it. Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    values = {"open": request.open, "closed_reason": {} if request.open else request.closed_reason}
    which = service_table.c.service_id == request.service_id
    change.connection.execute(update(service_table).where(which).values(values))
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="open", open=request.open)
    seq = change.journal(frame)
    announce_all(change)  # closed as before, perhaps, but for another reason
    return Done(seq=seq)


def change_hours(change: Change, request: ChangeOpeningHours) -> Done:
    """Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    _keep(change, "hours", request.service_id, request.hours)
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="hours", hours=request.hours)
    return _told(change, frame)


def change_quota(change: Change, request: ChangeQuota) -> Done:
    """Tickets already given count. Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    _keep(change, "quota", request.service_id, request.quota)
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="quota", quota=request.quota)
    return _told(change, frame)


def change_numbers(change: Change, request: ChangeNumbers) -> Done:
    """From the next ticket on; a number that was given is never given again on that day.

    Raises ``unknown_service``; Conflict ``series_taken`` when another service or a kiosk has one of these letters.
    """
    _check_service(change, request.service_id)
    taken = letters_in_use(change.connection, change.site.site_id, but=request.service_id)
    both = taken & request.numbers.all_letters() if request.numbers else set()
    if both:
        raise Conflict("series_taken", letters=", ".join(sorted(both)))
    _keep(change, "numbers", request.service_id, request.numbers)
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="numbers", numbers=request.numbers)
    return _told(change, frame)


def change_overnight(change: Change, request: ChangeOvernight) -> Done:
    """From the next change of day on. Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    _keep(change, "overnight", request.service_id, request.overnight)
    mark_carried(change)  # who was sent home this morning does not come back into the line now
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="overnight", overnight=request.overnight)
    return Done(seq=change.journal(frame))


def change_appointment_rule(change: Change, request: ChangeAppointmentRule) -> Done:
    """For whoever comes from now on. Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    _keep(change, "appointments", request.service_id, request.rule)
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="appointments", appointments=request.rule)
    return Done(seq=change.journal(frame))


def change_assignment(change: Change, request: ChangeAssignment) -> Done:
    """From the next ticket on; who waits keeps what their ticket says. Raises ``unknown_service``."""
    _check_service(change, request.service_id)
    _keep(change, "assignment", request.service_id, RoomAssignment(assignment=request.assignment))
    frame = ServiceSettingsChanged(service_id=request.service_id, changed="assignment", assignment=request.assignment)
    return _told(change, frame)


def settings(reading: Reading) -> AllSettings:
    """What was set for the site, and for each service."""
    connection, site_id = reading.connection, reading.site.site_id
    hours = load_rules(connection, site_id, "hours", HOURS)
    quotas = load_rules(connection, site_id, "quota", QUOTA)
    numbers = load_rules(connection, site_id, "numbers", NUMBERS)
    overnight = load_rules(connection, site_id, "overnight", OVERNIGHT)
    appointments = load_rules(connection, site_id, "appointments", APPOINTMENT_RULE)
    assigned = load_rules(connection, site_id, "assignment", ASSIGNMENT)
    scopes = [SITE, *(one.service_id for one in store.load_services(connection, site_id))]
    return AllSettings(
        settings=tuple(
            ServiceSettings(
                service_id=scope or None,
                hours=hours.get(scope),
                quota=quotas.get(scope),
                numbers=numbers.get(scope),
                overnight=overnight.get(scope),
                appointments=appointments.get(scope),
                assignment=assigned[scope].assignment if scope in assigned else "at_issue",
            )
            for scope in scopes
        )
    )


def _check_service(change: Change, service_id: str | None) -> None:
    known = service_id is None or store.load_service(change.connection, change.site.site_id, service_id) is not None
    if not known:
        raise NotFound("unknown_service")


def _keep(change: Change, kind: Kind, service_id: str | None, value: Value | None) -> None:
    save_rule(change.connection, change.site.site_id, kind, service_id or SITE, value, change.now)


def _told(change: Change, frame: ServiceSettingsChanged) -> Done:
    seq = change.journal(frame)
    announce(change)
    return Done(seq=seq)
