"""How many tickets were given already: what quotas count."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from protocol.nouns import PriorityClass
from queue_server.store.tables import entry, ticket, visit


def of_service(
    connection: Connection, site_id: str, day: str, service_id: str, start: datetime | None, end: datetime | None
) -> int:
    """Tickets of a business day; only those given from `start` on and before `end`, where they are told."""
    which = _given(site_id, day, service_id)
    if start is not None:
        which &= ticket.c.issued_at >= start
    if end is not None:
        which &= ticket.c.issued_at < end
    return int(connection.execute(select(func.count()).where(which)).scalar_one())


def of_class(connection: Connection, site_id: str, day: str, service_id: str, known: PriorityClass) -> int:
    """Tickets of a business day whose holders are of a class as far as is known now: declared ones are ``normal``."""
    declared = entry.c.priority_status == "declared"
    holds = and_(entry.c.priority_class == known, ~declared)
    if known == "normal":
        holds = or_(entry.c.priority_class == known, declared)
    query = select(func.count()).select_from(ticket).join(entry, entry.c.ticket_id == ticket.c.ticket_id)
    return int(connection.execute(query.where(_given(site_id, day, service_id), holds)).scalar_one())


def of_patient(connection: Connection, site_id: str, day: str, service_id: str, patient_id: str) -> int:
    """Tickets that one person got on a business day."""
    query = select(func.count()).select_from(ticket).join(visit, visit.c.visit_id == ticket.c.visit_id)
    holds = and_(_given(site_id, day, service_id), visit.c.patient_id == patient_id)
    return int(connection.execute(query.where(holds)).scalar_one())


def _given(site_id: str, day: str, service_id: str) -> ColumnElement[bool]:
    return and_(ticket.c.site_id == site_id, ticket.c.business_day == day, ticket.c.service_id == service_id)
