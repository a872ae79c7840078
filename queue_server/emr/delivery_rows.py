"""Rows of the feed: from journal entries to frozen messages, and from a claim to its outcome.

Every function runs inside one change of the writer, or only reads. Personal data go from `patient` into a message's
payload here and nowhere else; nothing of it is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from protocol.nouns import Entry, Intake, Service, Site
from queue_server.emr.errors import MappingFault
from queue_server.emr.mapping import RegisteredVisit, frozen_text, registered_visit
from queue_server.emr.port import Message, Outcome
from queue_server.emr.settings import Systems
from queue_server.store import journal
from queue_server.store.people import stored_identity
from queue_server.store.tables import emr_message, patient, room, service, site, ticket, visit

READER = "emr"
DESTINATION = "emr"
_KINDS = ("ticket_issued",)
_LATER = emr_message.alias("later")
_EARLIER = emr_message.alias("earlier")
_SETTLED = ("delivered", "discarded")
_STUCK = ("dead", "needs_person")


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeedStatus:
    """Figures for the desk. The age of the oldest waiting message is the alarm that matters."""

    waiting: int
    oldest_age_s: float
    delivered: int
    dead: int
    """Refused by the EMR, or not mappable: a person has to act."""
    needs_person: int
    blocked: int
    """Waiting behind a dead message of the same visit."""
    circuit_open: bool = False
    paused_until: datetime | None = None
    reason: str = ""


# --- from the journal to messages ------------------------------------------------------------------------------------


def something_new(connection: Connection, site_id: str) -> bool:
    after = journal.place(connection, site_id, READER)
    return bool(journal.read(connection, site_id, after, limit=1, kinds=_KINDS))


def take_in(
    connection: Connection, site_id: str, systems: Systems, now: datetime, new_id: Callable[[], str], limit: int = 5
) -> int:
    """Turn new journal entries into messages and move the reader's place, in one change. Returns how many were read.

    Few at a time: making one takes some 5 ms, and while a backlog is taken in, patients wait for the same writer.
    """
    after = journal.place(connection, site_id, READER)
    lines = journal.read(connection, site_id, after, limit=limit, kinds=_KINDS)
    for line in lines:
        frame_entry = getattr(line.frame, "entry", None)
        if isinstance(frame_entry, Entry):
            _freeze(connection, frame_entry, line.seq, systems, now, new_id)
    if lines:
        journal.move_place(connection, site_id, READER, lines[-1].seq)
    return len(lines)


def _freeze(
    connection: Connection, entry: Entry, seq: int, systems: Systems, now: datetime, new_id: Callable[[], str]
) -> None:
    registered = _registered(connection, entry)
    if registered is None:
        return  # erased before it could be told: there is nothing left to tell
    try:
        payload, state, fault = frozen_text(registered_visit(registered, systems)), "waiting", None
    except MappingFault as error:
        payload, state, fault = None, "dead", str(error)
        log.error("emr_message_dead visit=%s reason=%s", registered.visit_id, fault)
    connection.execute(
        insert(emr_message).values(
            message_id=new_id(),
            site_id=registered.site.site_id,
            destination=DESTINATION,
            stream=registered.visit_id,
            position=seq,
            kind="registered_visit",
            payload=payload,
            state=state,
            due_at=now,
            last_error=fault,
            created_at=now,
        )
    )


def _registered(connection: Connection, entry: Entry) -> RegisteredVisit | None:
    query = (
        select(
            visit.c.visit_id, visit.c.language, visit.c.entered_by, visit.c.business_day, visit.c.document,
            patient.c.identity,
            service.c.names.label("service_names"), room.c.number.label("room_number"),
            site.c.site_id, site.c.names.label("site_names"), site.c.time_zone,
        )
        .select_from(ticket)
        .join(visit, visit.c.visit_id == ticket.c.visit_id)
        .join(patient, patient.c.patient_id == visit.c.patient_id)
        .join(site, site.c.site_id == ticket.c.site_id)
        .join(service, service.c.service_id == entry.service_id)
        .join(room, room.c.room_id == entry.room_id)
        .where(ticket.c.ticket_id == entry.ticket_id)
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    if row is None or row["identity"] is None:
        return None
    # What was shown for this visit; another document may have told more of the person before.
    identity = stored_identity(row["identity"] | {"document": row["document"]})
    return RegisteredVisit(
        visit_id=row["visit_id"],
        intake=Intake(identity=identity, language=row["language"], entered_by=row["entered_by"]),
        entry=entry,
        service=Service(service_id=entry.service_id, names=row["service_names"]),
        room_number=row["room_number"],
        business_day=row["business_day"],
        site=Site(site_id=row["site_id"], names=row["site_names"], time_zone=row["time_zone"]),
    )


# --- claiming and settling -------------------------------------------------------------------------------------------


def _next_of_its_visit(site_id: str) -> ColumnElement[bool]:
    """Messages with nothing unfinished before them in their visit, and with something to send."""
    blocked = exists().where(
        _EARLIER.c.destination == emr_message.c.destination,
        _EARLIER.c.stream == emr_message.c.stream,
        _EARLIER.c.position < emr_message.c.position,
        _EARLIER.c.state.not_in(_SETTLED),
    )
    ours = and_(emr_message.c.site_id == site_id, emr_message.c.destination == DESTINATION)
    return and_(ours, emr_message.c.payload.is_not(None), ~blocked)


def _claimable(site_id: str, now: datetime) -> ColumnElement[bool]:
    """... and due, and not in another worker's hands."""
    due = and_(emr_message.c.state == "waiting", emr_message.c.due_at <= now)
    abandoned = and_(emr_message.c.state == "sending", emr_message.c.lease_until <= now)
    return and_(or_(due, abandoned), _next_of_its_visit(site_id))


def any_claimable(connection: Connection, site_id: str, now: datetime) -> bool:
    return (
        connection.execute(select(emr_message.c.message_id).where(_claimable(site_id, now)).limit(1)).first()
        is not None
    )


def claim(
    connection: Connection, site_id: str, owner: str, now: datetime, lease_s: float, limit: int
) -> list[tuple[Message, int]]:
    """Take up to `limit` messages, with the attempts made so far. A lease that ran out may be taken by anyone."""
    oldest_first = select(emr_message).where(_claimable(site_id, now)).order_by(emr_message.c.position).limit(limit)
    rows = connection.execute(oldest_first).mappings().all()
    taken = [row["message_id"] for row in rows]
    connection.execute(
        update(emr_message)
        .where(emr_message.c.message_id.in_(taken))
        .values(state="sending", lease_owner=owner, lease_until=now + timedelta(seconds=lease_s))
    )
    return [(Message(row["message_id"], row["stream"], row["kind"], row["payload"]), row["attempts"]) for row in rows]


def settle(
    connection: Connection,
    message: Message,
    owner: str,
    outcome: Outcome,
    attempts: int,
    now: datetime,
    due_at: datetime,
) -> bool:
    """Write what came of a message, if it is still `owner`'s. False when another worker took it meanwhile."""
    state = "waiting" if outcome.kind in ("transient", "pause") else outcome.kind
    done = connection.execute(
        update(emr_message)
        .where(emr_message.c.message_id == message.message_id, emr_message.c.lease_owner == owner)
        .values(
            state=state,
            attempts=attempts,
            due_at=due_at,
            lease_owner=None,
            lease_until=None,
            last_error=None if state == "delivered" else f"{outcome.code}: {outcome.detail}"[:500],
            remote_ids=list(outcome.remote_ids) or None,
            delivered_at=now if state == "delivered" else None,
        )
    )
    return done.rowcount == 1


def release(connection: Connection, owner: str, now: datetime) -> None:
    """Give back what was claimed and not settled: the process is ending."""
    held = and_(emr_message.c.lease_owner == owner, emr_message.c.state == "sending")
    values = {"state": "waiting", "due_at": now, "lease_owner": None, "lease_until": None}
    connection.execute(update(emr_message).where(held).values(**values))


def hurry(connection: Connection, site_id: str, now: datetime) -> None:
    """The EMR is back: nothing has to sit out a long back-off."""
    late = and_(emr_message.c.site_id == site_id, emr_message.c.state == "waiting", emr_message.c.due_at > now)
    connection.execute(update(emr_message).where(late).values(due_at=now))


def forget_payloads(connection: Connection, site_id: str, before: datetime) -> int:
    """Clear the payloads of messages that were delivered before this time: the EMR has them."""
    old = and_(
        emr_message.c.site_id == site_id,
        emr_message.c.state == "delivered",
        emr_message.c.delivered_at < before,
        emr_message.c.payload.is_not(None),
    )
    return connection.execute(update(emr_message).where(old).values(payload=None)).rowcount


# --- figures ---------------------------------------------------------------------------------------------------------


def next_due(connection: Connection, site_id: str) -> datetime | None:
    """When the next message that waits for its time may go; None when there is none. What is blocked does not count."""
    when = func.min(func.coalesce(emr_message.c.lease_until, emr_message.c.due_at))
    unfinished = emr_message.c.state.in_(("waiting", "sending"))
    return connection.execute(select(when).where(unfinished, _next_of_its_visit(site_id))).scalar()


def parked(connection: Connection, site_id: str, at_most: int) -> list[tuple[str, str]]:
    """Visits whose message waits for a person, the newest first, each with the reason."""
    query = (
        select(emr_message.c.stream, emr_message.c.last_error)
        .where(emr_message.c.site_id == site_id, emr_message.c.state.in_(_STUCK))
        .order_by(emr_message.c.created_at.desc())
        .limit(at_most)
    )
    return [(row[0], row[1] or "") for row in connection.execute(query)]


def figures(connection: Connection, site_id: str, now: datetime) -> FeedStatus:
    counted = select(emr_message.c.state, func.count()).where(emr_message.c.site_id == site_id)
    counts = {row[0]: row[1] for row in connection.execute(counted.group_by(emr_message.c.state))}
    unfinished = and_(emr_message.c.site_id == site_id, emr_message.c.state.in_(("waiting", "sending")))
    oldest = connection.execute(select(func.min(emr_message.c.created_at)).where(unfinished)).scalar()
    stuck = exists().where(
        emr_message.c.stream == _LATER.c.stream,
        emr_message.c.destination == _LATER.c.destination,
        emr_message.c.position < _LATER.c.position,
        emr_message.c.state.in_(_STUCK),
    )
    behind = (
        select(func.count()).select_from(_LATER).where(_LATER.c.site_id == site_id, _LATER.c.state == "waiting", stuck)
    )
    return FeedStatus(
        waiting=counts.get("waiting", 0) + counts.get("sending", 0),
        oldest_age_s=(now - oldest).total_seconds() if oldest else 0.0,
        delivered=counts.get("delivered", 0),
        dead=counts.get("dead", 0),
        needs_person=counts.get("needs_person", 0),
        blocked=int(connection.execute(behind).scalar() or 0),
    )
