"""Appointments: rows in, nouns of the protocol out. Whose they are is told by the patient's id, as for visits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from protocol.appointments import Appointment
from queue_server.store import plain
from queue_server.store.tables import appointment

_COLUMNS = ("appointment_id", "source_id", "service_id", "room_id", "starts_at", "window_minutes", "elsewhere", "state")
_BOOKED = plain.Statement(
    select(*(appointment.c[name] for name in _COLUMNS)).where(
        appointment.c.patient_id == bindparam("the_patient"),
        appointment.c.state == "booked",
        appointment.c.starts_at >= bindparam("since"),
    )
)


def booked_for(connection: Connection, patient_id: str, since: datetime) -> list[Appointment]:
    """What this person is booked for, from `since` on."""
    rows = _BOOKED.rows(connection, the_patient=patient_id, since=since)
    return [Appointment(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def of_day(connection: Connection, site_id: str, start: datetime, end: datetime) -> list[Appointment]:
    """All that begin from `start` on and before `end`, in order."""
    which = (appointment.c.site_id == site_id, appointment.c.starts_at >= start, appointment.c.starts_at < end)
    query = select(appointment).where(*which).order_by(appointment.c.starts_at, appointment.c.source_id)
    return [_appointment(row) for row in connection.execute(query).mappings()]


def by_source(connection: Connection, site_id: str, source_ids: list[str]) -> dict[str, tuple[Appointment, str]]:
    """Those that are known, with the patient's id, by what the record system calls them."""
    which = appointment.c.source_id.in_(source_ids)
    rows = connection.execute(select(appointment).where(appointment.c.site_id == site_id, which)).mappings()
    return {row["source_id"]: (_appointment(row), row["patient_id"]) for row in rows}


def load(connection: Connection, site_id: str, appointment_id: str) -> Appointment | None:
    query = select(appointment).where(appointment.c.site_id == site_id, appointment.c.appointment_id == appointment_id)
    row = connection.execute(query).mappings().first()
    return _appointment(row) if row else None


def keep(connection: Connection, site_id: str, one: Appointment, patient_id: str, now: datetime, new: bool) -> None:
    """Write an appointment as it is from now on."""
    values = one.model_dump() | {"patient_id": patient_id, "changed_at": now}
    if new:
        connection.execute(insert(appointment).values(site_id=site_id, **values))
    else:
        connection.execute(update(appointment).where(appointment.c.appointment_id == one.appointment_id).values(values))


def set_state(connection: Connection, one: Appointment, now: datetime, ticket_id: str | None = None) -> None:
    """Cancelled, or arrived with a ticket."""
    values = {"state": one.state, "changed_at": now, "ticket_id": ticket_id}
    connection.execute(update(appointment).where(appointment.c.appointment_id == one.appointment_id).values(values))


def _appointment(row: RowMapping) -> Appointment:
    return Appointment(**{name: row[name] for name in _COLUMNS})
