"""Personal data: finding, keeping and reading what a document says of a person. Nothing else reads these tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from protocol.nouns import Birth, Identity, Intake
from queue_server.domain.identities import Known, known_by, merged
from queue_server.errors import Invalid
from queue_server.store import plain
from queue_server.store.tables import patient, patient_number, ticket, visit


def numbers(identity: Identity) -> list[tuple[str, str]]:
    """What a person can be recognised by, as (scheme, value); the surest first."""
    found = [
        ("personal", identity.personal_id),
        ("cmnd", identity.old_cmnd),
        ("bhyt", identity.card_no),
        ("bhxh", identity.bhxh_code),
    ]
    if identity.digits:
        found.append(("digits", identity.digits))
    return [(scheme, value) for scheme, value in found if value]


def _identifying(identity: Identity) -> list[tuple[str, str]]:
    """Without a former nine-digit number that stands alone: provinces gave them out, two people may hold the same."""
    return [(scheme, value) for scheme, value in numbers(identity) if scheme != "cmnd" or identity.personal_id]


_WHOSE = plain.Statement(
    select(patient_number.c.patient_id).where(
        patient_number.c.site_id == bindparam("site_id"),
        patient_number.c.scheme == bindparam("scheme"),
        patient_number.c.value == bindparam("value"),
    )
)
_COLUMNS = ("site_id", "scheme", "value", "patient_id")
_THEIRS = {
    module.dialect.name: plain.Statement(
        module.insert(patient_number).values({name: bindparam(name) for name in _COLUMNS}).on_conflict_do_nothing()
    )
    for module in (sqlite, postgresql)
}
_WHO = plain.Statement(
    select(patient.c.identity, patient.c.entered_by).where(patient.c.patient_id == bindparam("patient_id"))
)
_VISIT = plain.Statement(
    select(visit.c.visit_id).where(
        visit.c.patient_id == bindparam("patient_id"), visit.c.business_day == bindparam("day")
    )
)


def find_patient(connection: Connection, site_id: str, identity: Identity) -> str | None:
    """The person whom one of these numbers belongs to; the surest number decides.

    Former nine-digit numbers were given out by province, so two people may hold the same one: alone it identifies
    nobody, and it does not make somebody of a person who is known by another citizen number.
    """
    return _find(connection, site_id, identity, _identifying(identity))


def find_booked(connection: Connection, site_id: str, identity: Identity) -> str | None:
    """As `find_patient`, by a lone former number too: a list may tell no other, and a booking shows nothing of anybody
    and changes nothing of them."""
    return _find(connection, site_id, identity, numbers(identity))


def _find(connection: Connection, site_id: str, identity: Identity, by: list[tuple[str, str]]) -> str | None:
    for scheme, value in by:
        found = _WHOSE.one(connection, site_id=site_id, scheme=scheme, value=value)
        if found is not None and not _is_somebody_else(connection, site_id, found[0], identity):
            return str(found[0])
    return None


def _is_somebody_else(connection: Connection, site_id: str, patient_id: str, identity: Identity) -> bool:
    if not identity.personal_id:
        return False
    query = select(patient_number.c.value).where(
        patient_number.c.site_id == site_id,
        patient_number.c.patient_id == patient_id,
        patient_number.c.scheme == "personal",
    )
    known = set(connection.execute(query).scalars())
    return bool(known) and known.isdisjoint({identity.personal_id, *identity.cancelled_ids})


@dataclass(frozen=True)
class Kept:
    """`card_birth` is what a card of theirs told, today or before; None when no card did."""

    patient_id: str
    card_birth: Birth | None


def keep_patient(connection: Connection, site_id: str, intake: Intake, new_id: str, now: datetime) -> Kept:
    """The person, made when they are new; else what is known of them grows (`queue_server.domain.identities.merged`).

    Raises Invalid ``bad_identity`` for half a character (a lone surrogate), which JSON can say and no page can show.
    """
    try:
        intake.identity.model_dump_json()
    except PydanticSerializationError:
        raise Invalid("bad_identity") from None
    said = known_by(intake)
    patient_id = find_patient(connection, site_id, intake.identity)
    if patient_id is None:
        patient_id, known = new_id, said
        row = {"patient_id": patient_id, "site_id": site_id, "created_at": now, **_row(known, now)}
        plain.insert(connection, patient, row)
    else:
        before = _known(connection, patient_id)
        known = merged(before, said) if before else said
        if known != before:
            plain.update(connection, patient, "patient_id", patient_id, _row(known, now) | {"erased_at": None})
    _keep(connection, site_id, patient_id, _identifying(intake.identity))
    return Kept(patient_id, known.card_birth)


def known_birth(connection: Connection, patient_id: str) -> Birth | None:
    """The birth date that a card of this person told."""
    known = _known(connection, patient_id)
    return known.card_birth if known else None


def _known(connection: Connection, patient_id: str) -> Known | None:
    row = _WHO.one(connection, patient_id=patient_id)
    return Known(stored_identity(row[0]), row[1]) if row and row[0] else None


def _row(known: Known, now: datetime) -> dict[str, object]:
    return {"identity": known.identity, "entered_by": known.entered_by, "changed_at": now}


def keep_numbers(connection: Connection, site_id: str, patient_id: str, identity: Identity) -> None:
    """The person is recognised by all of these from now on; one that is somebody else's stays theirs."""
    _keep(connection, site_id, patient_id, numbers(identity))


def _keep(connection: Connection, site_id: str, patient_id: str, theirs: list[tuple[str, str]]) -> None:
    statement = _THEIRS[connection.dialect.name]
    for scheme, value in theirs:
        values = {"site_id": site_id, "scheme": scheme, "value": value, "patient_id": patient_id}
        statement.run(connection, values)


def keep_visit(
    connection: Connection,
    site_id: str,
    patient_id: str,
    day: str,
    intake: Intake,
    new_id: str,
    now: datetime,
    *,
    first: bool = False,
) -> str:
    """The person's visit of this day, made when it is their first ticket today; with `first` it is known to be."""
    found = None if first else _VISIT.one(connection, patient_id=patient_id, day=day)
    if found is not None:
        return str(found[0])
    values = {
        "visit_id": new_id,
        "site_id": site_id,
        "patient_id": patient_id,
        "business_day": day,
        "language": intake.language,
        "entered_by": intake.entered_by,
        "document": intake.identity.document,
        "created_at": now,
    }
    plain.insert(connection, visit, values)
    return new_id


_HOLDER = plain.Statement(
    select(visit.c.patient_id)
    .join(ticket, ticket.c.visit_id == visit.c.visit_id)
    .where(ticket.c.ticket_id == bindparam("ticket_id"))
)


def patient_of_ticket(connection: Connection, ticket_id: str) -> str:
    """The id of whoever holds this ticket."""
    row = _HOLDER.one(connection, ticket_id=ticket_id)
    assert row is not None, "a ticket always has its visit"
    return str(row[0])


def identity_of_ticket(connection: Connection, ticket_id: str) -> Identity | None:
    """Who holds this ticket; None once the person's data are erased."""
    query = (
        select(patient.c.identity)
        .join(visit, visit.c.patient_id == patient.c.patient_id)
        .join(ticket, ticket.c.visit_id == visit.c.visit_id)
        .where(ticket.c.ticket_id == ticket_id)
    )
    stored = connection.execute(query).scalar()
    return stored_identity(stored) if stored else None


def stored_identity(stored: dict[str, Any]) -> Identity:
    """As it was kept. An impossible birth date, from before such were refused, must not stop a room: it is left out."""
    try:
        return Identity.model_validate(stored)
    except ValidationError:
        return Identity.model_validate(stored | {"birth": None})
