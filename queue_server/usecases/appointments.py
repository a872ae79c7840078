"""Appointments: staff and record systems make and cancel them; who arrives for one stands in line at its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from protocol.appointments import (
    APPOINTMENT_RULE,
    AddAppointment,
    Appointment,
    AppointmentRule,
    Booked,
    Booking,
    CancelAppointment,
    ImportAppointments,
    Imported,
    ImportProblem,
)
from protocol.frames import AppointmentChanged
from protocol.nouns import Identity, Intake, Value
from queue_server.auth.keys import new_id
from queue_server.domain.calendar import day_start
from queue_server.domain.keeping import Keeping, keep
from queue_server.errors import Conflict, NotFound, Refused
from queue_server.store import appointments as rows
from queue_server.store import journal, people
from queue_server.store import repository as store
from queue_server.store.rules import SITE, load_rules
from queue_server.usecases.change import Change, Reading


class AppointmentsOfDay(Value):
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True)
class _Known:
    appointment: Appointment
    patient_id: str


@dataclass(frozen=True)
class _Plan:
    """What becomes of one booking. `before` is None for a new one; `patient_id` for somebody who is not known yet."""

    booking: Booking
    appointment: Appointment
    patient_id: str | None
    before: _Known | None

    @property
    def changes(self) -> bool:
        return self.before is None or (self.appointment, self.patient_id) != (
            self.before.appointment,
            self.before.patient_id,
        )


# --- making them -----------------------------------------------------------------------------------------------------


def add(change: Change, request: AddAppointment) -> Booked:
    """Make an appointment, or change the one with this source id.

    Raises NotFound ``unknown_service``, ``unknown_room``; Conflict ``room_without_service``, ``appointment_over`` (its
    time has passed), ``appointment_used`` (a number was taken for it).
    """
    source_id = request.booking.source_id
    plan = _plan(change, request.booking, _known(change, [source_id]).get(source_id))
    seq = _write(change, plan) if plan.changes else journal.last_seq(change.connection, change.site.site_id)
    return Booked(appointment=plan.appointment, seq=seq)


def cancel(change: Change, request: CancelAppointment) -> Booked:
    """Raises NotFound ``unknown_appointment``; Conflict ``appointment_used``."""
    found = rows.load(change.connection, change.site.site_id, request.appointment_id)
    if found is None:
        raise NotFound("unknown_appointment")
    if found.state == "arrived":
        raise Conflict("appointment_used")
    cancelled = found.model_copy(update={"state": "cancelled"})
    rows.set_state(change.connection, cancelled, change.now)
    return Booked(appointment=cancelled, seq=change.journal(AppointmentChanged(appointment=cancelled)))


def import_all(change: Change, request: ImportAppointments) -> Imported:
    """Take a list; what cannot be taken is told by place and code, and left out. Sent again, it changes nothing."""
    known = _known(change, [booking.source_id for booking in request.bookings])
    problems: list[ImportProblem] = []
    plans: dict[str, _Plan] = {}
    for place, booking in enumerate(request.bookings, start=1):
        try:
            if booking.source_id in plans:
                raise Conflict("source_id_twice")
            plans[booking.source_id] = _plan(change, booking, known.get(booking.source_id))
        except Refused as refused:
            problems.append(ImportProblem(place=place, source_id=booking.source_id, code=refused.code))
    writing = [plan for plan in plans.values() if plan.changes]
    if not request.dry_run:
        for plan in writing:
            _write(change, plan)
    added = sum(plan.before is None for plan in writing)
    return Imported(
        dry_run=request.dry_run,
        added=added,
        changed=len(writing) - added,
        unchanged=len(plans) - len(writing),
        problems=tuple(problems),
    )


def of_day(reading: Reading, day: date | None) -> AppointmentsOfDay:
    """All of a business day (today when None), in order."""
    first = day or date.fromisoformat(reading.today)
    start, end = (day_start(one.isoformat(), reading.site.time_zone) for one in (first, first + timedelta(days=1)))
    return AppointmentsOfDay(appointments=tuple(rows.of_day(reading.connection, reading.site.site_id, start, end)))


def _known(change: Change, source_ids: list[str]) -> dict[str, _Known]:
    found = rows.by_source(change.connection, change.site.site_id, source_ids)
    return {source_id: _Known(*one) for source_id, one in found.items()}


def _plan(change: Change, booking: Booking, before: _Known | None) -> _Plan:
    _check_place(change, booking)
    if before is not None and before.appointment.state == "arrived":
        raise Conflict("appointment_used")
    appointment = Appointment(
        appointment_id=before.appointment.appointment_id if before else new_id(),
        state="booked",
        **booking.model_dump(include=set(Appointment.model_fields)),
    )
    if appointment.ends_at < change.now:
        raise Conflict("appointment_over")
    patient_id = people.find_booked(change.connection, change.site.site_id, _identity(booking))
    return _Plan(booking, appointment, patient_id, before)


def _check_place(change: Change, booking: Booking) -> None:
    site_id = change.site.site_id
    if store.load_service(change.connection, site_id, booking.service_id) is None:
        raise NotFound("unknown_service")
    if booking.room_id is None:
        return
    room = store.load_room(change.connection, site_id, booking.room_id)
    if room is None:
        raise NotFound("unknown_room")
    if booking.service_id not in room.service_ids:
        raise Conflict("room_without_service", room_id=room.room_id)


def _identity(booking: Booking) -> Identity:
    numbers = booking.model_dump(include={"personal_id", "old_cmnd", "card_no", "bhxh_code"})
    return Identity(document="typed_personal_id", **numbers)


def _write(change: Change, plan: _Plan) -> int:
    """Somebody who is not known yet is kept with nothing but the numbers, like all personal data with the patients."""
    site_id = change.site.site_id
    identity = _identity(plan.booking)
    patient_id = people.find_booked(change.connection, site_id, identity)  # may be new in this very list
    if patient_id is None:
        intake = Intake(identity=identity, entered_by="typed")
        patient_id = people.keep_patient(change.connection, site_id, intake, new_id(), change.now).patient_id
    people.keep_numbers(change.connection, site_id, patient_id, identity)
    rows.keep(change.connection, site_id, plan.appointment, patient_id, change.now, new=plan.before is None)
    return change.journal(AppointmentChanged(appointment=plan.appointment))


# --- arriving for one ------------------------------------------------------------------------------------------------


def rule_of(reading: Reading, service_id: str) -> AppointmentRule:
    rules = load_rules(reading.connection, reading.site.site_id, "appointments", APPOINTMENT_RULE)
    return rules.get(service_id) or rules.get(SITE) or AppointmentRule()


def keeping_of(change: Change, patient_id: str, service_id: str) -> Keeping | None:
    """How this person comes for an appointment for the service, if they have one."""
    since = day_start(change.day, change.site.time_zone)
    booked = rows.booked_for(change.connection, patient_id, since)
    if not booked:
        return None
    return keep(booked, service_id, rule_of(change, service_id), change.at, change.site.time_zone)


def arrived(change: Change, keeping: Keeping | None, ticket_id: str) -> None:
    """The number was taken for this appointment: nobody comes for it twice."""
    if keeping is not None and keeping.uses_it:
        after = keeping.appointment.model_copy(update={"state": "arrived"})
        rows.set_state(change.connection, after, change.now, ticket_id)
