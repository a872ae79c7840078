"""The tables. Personal data live in `patient` and `patient_number` only, so that they can be erased, and for a day in
`entry_note`.

Times are UTC and timezone-aware in Python. Business days and birth dates are ISO text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A point in time. SQLite keeps no time zone, so it is stored as UTC and comes back as aware UTC everywhere."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """At once as SQLAlchemy's own type for SQLite writes it, in a tenth of the time: a ticket has a dozen."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    utc = _to_utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds")[:26]


class Json(TypeDecorator[Any]):
    """JSON. A value of the protocol is given as it is and writes itself (a fifth of the time of doing it in two steps);
    it comes back as dictionaries and lists. None is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:  # noqa: ARG002
        return _to_json


def _to_json(value: Any) -> str | None:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return None if value is None else json.dumps(value)


def _id(name: str, *args: Any, **options: Any) -> Column[str]:
    return Column(name, String(64), *args, **options)


def _flag(name: str, default: bool) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=true() if default else false())


def _count(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=str(default))


def _json(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, Json(), nullable=nullable)


def _moment(name: str, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _site() -> Column[str]:
    return _id("site_id", ForeignKey("site.site_id"), nullable=False)


# --- the hospital --------------------------------------------------------------------------------------------------

site = Table(
    "site",
    metadata,
    _id("site_id", primary_key=True),
    _json("names"),
    Column("time_zone", String(64), nullable=False),
    _json("languages"),
    # Number of the newest journal entry. Taken and raised inside the change it belongs to: no gaps, one order.
    _count("last_seq"),
    # Raised by triggers whenever the hospital itself is changed, by whatever program: who remembers it asks again.
    _count("configuration"),
)

zone = Table("zone", metadata, _id("zone_id", primary_key=True), _site(), _json("names"), _count("position"))

service = Table(
    "service",
    metadata,
    _id("service_id", primary_key=True),
    _site(),
    _json("names"),
    Column("icon", String(64), nullable=False),
    Column("series", String(4), nullable=False),
    _flag("open", True),
    _json("closed_reason"),
    _count("minutes", 10),  # what one patient usually takes
    _flag("self_service", True),
    _count("position"),
)

room = Table(
    "room",
    metadata,
    _id("room_id", primary_key=True),
    _site(),
    Column("number", String(16), nullable=False),
    _json("names"),
    _id("zone_id", ForeignKey("zone.zone_id"), nullable=False),
    _count("floor", 1),
    _json("directions"),
    _flag("open", True),
    Column("doctor", String(120), server_default="", nullable=False),  # as shown to patients
    Column("pause_reason", String(16), nullable=True),
    _moment("paused_until", nullable=True),
    UniqueConstraint("site_id", "number"),
)

room_service = Table(
    "room_service",
    metadata,
    _id("room_id", ForeignKey("room.room_id", ondelete="CASCADE"), primary_key=True),
    _id("service_id", ForeignKey("service.service_id", ondelete="CASCADE"), primary_key=True),
)

# --- people: personal data, erasable ---------------------------------------------------------------------------------

patient = Table(
    "patient",
    metadata,
    _id("patient_id", primary_key=True),
    _site(),
    _json("identity", nullable=True),  # protocol.nouns.Identity; NULL once erased
    Column("entered_by", String(16), nullable=False),  # scan | typed
    _moment("created_at"),
    _moment("changed_at"),
    _moment("erased_at", nullable=True),
)

# The numbers a person is recognised by when another of their documents is shown.
patient_number = Table(
    "patient_number",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("scheme", String(16), primary_key=True),  # personal | cmnd | bhyt | bhxh
    Column("value", String(64), primary_key=True),
    _id("patient_id", ForeignKey("patient.patient_id", ondelete="CASCADE"), nullable=False, index=True),
)

# --- the queue -------------------------------------------------------------------------------------------------------

visit = Table(
    "visit",
    metadata,
    _id("visit_id", primary_key=True),
    _site(),
    _id("patient_id", ForeignKey("patient.patient_id"), nullable=False),
    Column("business_day", String(10), nullable=False),
    Column("language", String(16), nullable=False),
    Column("entered_by", String(16), nullable=False),  # scan | typed
    Column("document", String(32), nullable=False),  # kind of the document shown, never its number
    _moment("created_at"),
    Index("ix_visit_patient_day", "patient_id", "business_day"),
)

ticket = Table(
    "ticket",
    metadata,
    _id("ticket_id", primary_key=True),
    _site(),
    _id("visit_id", ForeignKey("visit.visit_id"), nullable=False, index=True),
    _id("service_id", ForeignKey("service.service_id"), nullable=False),
    Column("business_day", String(10), nullable=False),
    Column("number", String(16), nullable=False),
    Column("address", String(64), nullable=False, unique=True),  # opaque, in the QR
    _moment("issued_at"),
    _id("device_id", nullable=True),
    _flag("offline", False),
    UniqueConstraint("site_id", "business_day", "number"),
)

entry = Table(
    "entry",
    metadata,
    _id("entry_id", primary_key=True),
    _site(),
    _id("ticket_id", ForeignKey("ticket.ticket_id"), nullable=False, index=True),
    _id("service_id", ForeignKey("service.service_id"), nullable=False),
    _id("room_id", ForeignKey("room.room_id"), nullable=False),
    Column("number", String(16), nullable=False),
    Column("business_day", String(10), nullable=False),
    Column("priority_class", String(32), nullable=False),
    Column("priority_status", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    _count("version", 1),
    Column("language", String(16), nullable=False),
    _count("calls"),
    # True when it was called before a normal entry that had come earlier: how often in a row is bounded.
    _flag("overtook", False),
    _moment("issued_at"),
    _moment("first_called_at", nullable=True),
    _moment("turn_at", nullable=True),  # when it was called last by the policy, and not as an emergency
    _moment("called_at", nullable=True),
    _moment("finished_at", nullable=True),
    _count("recalls"),
    Column("held_reason", String(16), nullable=True),
    _moment("held_until", nullable=True),
    _moment("place", nullable=True),  # in the order of the line, in place of issued_at
    _moment("appointment", nullable=True),  # from then on it may go before others, as far as the policy lets it
    Column("step", String(32), nullable=True),  # of the journey
    Column("then_steps", Text, nullable=True),  # chosen for afterwards, with a space between each; NULL = none
    _flag("pooled", False),  # any room of the service may call it
    Index(
        "ix_entry_room_day_turn",
        "room_id",
        "business_day",
        "turn_at",
        sqlite_where=text("turn_at IS NOT NULL"),
        postgresql_where=text("turn_at IS NOT NULL"),
    ),
    Index("ix_entry_room_day_state", "room_id", "business_day", "state"),
    Index("ix_entry_site_day_state", "site_id", "business_day", "state"),
)

appointment = Table(
    "appointment",
    metadata,
    _id("appointment_id", primary_key=True),
    _site(),
    _id("source_id", nullable=False),  # what the record system calls it
    _id("patient_id", ForeignKey("patient.patient_id"), nullable=False),
    _id("service_id", ForeignKey("service.service_id"), nullable=False),
    _id("room_id", ForeignKey("room.room_id"), nullable=True),
    _moment("starts_at"),
    _count("window_minutes"),
    Column("elsewhere", String(120), nullable=True),  # the building, when it is not this one
    Column("state", String(16), nullable=False),  # booked | arrived | cancelled
    _id("ticket_id", nullable=True),
    _moment("changed_at"),
    UniqueConstraint("site_id", "source_id"),
    Index("ix_appointment_patient_start", "patient_id", "starts_at"),
    Index("ix_appointment_site_start", "site_id", "starts_at"),
)

# What staff wrote for the next room about one entry. It may be about the patient: forgotten after a day.
entry_note = Table(
    "entry_note",
    metadata,
    _id("entry_id", ForeignKey("entry.entry_id"), primary_key=True),
    _id("room_id", ForeignKey("room.room_id"), nullable=False),  # for which it was written
    Column("words", String(200), nullable=False),
    _moment("written_at"),
)

series_counter = Table(
    "series_counter",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("business_day", String(10), primary_key=True),
    Column("series", String(4), primary_key=True),
    _count("last"),
)

# How this hospital works, as data: one kind of rule for a service, or for the site where the scope is empty.
rule = Table(
    "rule",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("kind", String(16), primary_key=True),  # `queue_server.store.rules.Kind`
    _id("scope", primary_key=True),  # service id, or ''
    _json("value"),
    _moment("changed_at"),
)

# --- what happened ---------------------------------------------------------------------------------------------------

journal = Table(
    "journal",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _moment("at"),  # when it happened
    _moment("written_at"),  # when the server heard of it
    Column("kind", String(32), nullable=False),
    _json("frame"),
    _id("ticket_id", nullable=True, index=True),
    _id("entry_id", nullable=True, index=True),
    _id("visit_id", nullable=True),
    _id("zone_id", nullable=True),
    _id("device_id", nullable=True),
    Column("caller", String(80), nullable=False),  # device:<id> | staff:<id>: whose wish it was
    Index("ix_journal_site_kind_seq", "site_id", "kind", "seq"),
)

reader = Table(
    "reader",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    _count("seq"),
)

# Answers already given, so that a repeated request gets the same one. Secrets are never kept here.
request = Table(
    "request",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    _id("request_id", primary_key=True),
    Column("caller", String(80), nullable=False),
    Column("path", String(64), nullable=False),
    _json("answer"),
    Column("created_at", Moment, nullable=False, index=True),
)

# --- devices and staff -----------------------------------------------------------------------------------------------

device = Table(
    "device",
    metadata,
    _id("device_id", primary_key=True),
    _site(),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    _id("zone_id", ForeignKey("zone.zone_id"), nullable=True),
    Column("key_hash", String(64), nullable=False, unique=True),  # SHA-256 of a random key of 256 bits
    _moment("paired_at"),
    _moment("revoked_at", nullable=True),
    Column("series", String(4), nullable=True),  # a kiosk's own letters, never given to anybody else
    Index("ix_device_site_series", "site_id", "series", unique=True),
)

device_health = Table(
    "device_health",
    metadata,
    _id("device_id", ForeignKey("device.device_id", ondelete="CASCADE"), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    _moment("since"),
)

pairing_code = Table(
    "pairing_code",
    metadata,
    _id("pairing_id", primary_key=True),
    _site(),
    Column("code_hash", String(64), nullable=False),
    _id("request_id", nullable=False),  # of the request that made the code
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    _id("zone_id", ForeignKey("zone.zone_id"), nullable=True),
    _moment("created_at"),
    _moment("expires_at"),
    _moment("used_at", nullable=True),
    _id("used_by_request", nullable=True),
    _id("device_id", ForeignKey("device.device_id"), nullable=True),
    _count("failures"),
)

staff = Table(
    "staff",
    metadata,
    _id("staff_id", primary_key=True),
    _site(),
    Column("username", String(64), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("role", String(16), nullable=False),  # staff | admin
    Column("password_hash", String(255), nullable=False),
    _moment("disabled_at", nullable=True),
    UniqueConstraint("site_id", "username"),
)

# Kept by name, not by person, so that a name that does not exist behaves like one that does.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    _id("site_id", ForeignKey("site.site_id"), primary_key=True),
    Column("username", String(64), primary_key=True),
    _count("failures"),
    _moment("last_at"),
    _moment("locked_until", nullable=True),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _id("staff_id", ForeignKey("staff.staff_id", ondelete="CASCADE"), nullable=False, index=True),
    _moment("created_at"),
    _moment("expires_at"),
    _moment("last_seen_at"),
)

# --- what the record system is told -----------------------------------------------------------------------------------

emr_message = Table(
    "emr_message",
    metadata,
    _id("message_id", primary_key=True),
    _site(),
    Column("destination", String(64), nullable=False),
    _id("stream", ForeignKey("visit.visit_id"), nullable=False, index=True),  # in order within one visit
    Column("position", Integer, nullable=False),  # number of the journal entry it comes from
    Column("kind", String(32), nullable=False),
    Column("payload", Text, nullable=True),  # personal data: cleared when the patient is erased
    Column("state", String(16), nullable=False),  # waiting | sending | delivered | dead | blocked
    _count("attempts"),
    Column("due_at", Moment, nullable=False),
    _moment("lease_until", nullable=True),
    _id("lease_owner", nullable=True),
    Column("last_error", Text, nullable=True),
    _json("remote_ids", nullable=True),
    _moment("created_at"),
    _moment("delivered_at", nullable=True),
    UniqueConstraint("destination", "stream", "position", "kind"),
    Index("ix_emr_message_state_due", "state", "due_at"),
)
