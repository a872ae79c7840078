"""A small hospital in a database, whose visits the tests let the feed tell of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from protocol.frames import TicketFinished, TicketIssued, TicketSentOn
from protocol.nouns import Entry, Identity
from queue_server.store import journal
from queue_server.store import tables as db
from queue_server.store.engine import open_engine
from queue_server.store.schema import migrate
from tests.queue_server.emr.intakes import CARD, GENERAL, SITE, a_visit

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def open_hospital(folder: Path) -> Engine:
    """The database in this folder, made on first use."""
    engine = open_engine(f"sqlite:///{folder / 'hospital.sqlite3'}")
    migrate(engine)
    with engine.begin() as connection:
        if connection.execute(select(db.site.c.site_id)).first() is None:
            _build(connection)
    return engine


def _build(connection: Connection) -> None:
    connection.execute(
        insert(db.site).values(site_id=SITE.site_id, names=SITE.names, time_zone=SITE.time_zone, languages=["vi", "en"])
    )
    connection.execute(insert(db.zone).values(zone_id="zone-1", site_id=SITE.site_id, names={"vi": "Khu A"}))
    service = {"service_id": GENERAL.service_id, "names": GENERAL.names, "icon": "stethoscope", "series": "A"}
    connection.execute(insert(db.service).values(**service, site_id=SITE.site_id, closed_reason={}))
    room = {"room_id": "room-5", "number": "5", "names": {"vi": "Phòng 5"}, "zone_id": "zone-1", "directions": {}}
    connection.execute(insert(db.room).values(**room, site_id=SITE.site_id))


def register(connection: Connection, number: int, identity: Identity | None = None, tickets: int = 1) -> str:
    """One person's visit with its tickets, journalled as the queue does it. Returns the visit's id."""
    who = identity or CARD.model_copy(update={"personal_id": f"{number:012d}"})
    visit_id = f"visit-{number}"
    connection.execute(
        insert(db.patient).values(
            patient_id=f"patient-{number}", site_id=SITE.site_id, identity=who.model_dump(mode="json"),
            entered_by="scan", created_at=START, changed_at=START,
        )
    )  # fmt: skip
    connection.execute(
        insert(db.visit).values(
            visit_id=visit_id, site_id=SITE.site_id, patient_id=f"patient-{number}", business_day="2026-11-21",
            language="vi", entered_by="scan", document=who.document, created_at=START,
        )
    )  # fmt: skip
    for one in range(tickets):
        _issue(connection, visit_id, f"A{number * 10 + one:04d}")
    return visit_id


def _issue(connection: Connection, visit_id: str, number: str) -> None:
    seen = a_visit(visit_id=visit_id, number=number).entry
    entry: Entry = seen.model_copy(update={"ticket_id": f"ticket-{number}", "entry_id": f"entry-{number}"})
    connection.execute(
        insert(db.ticket).values(
            ticket_id=entry.ticket_id, site_id=SITE.site_id, visit_id=visit_id, service_id=entry.service_id,
            business_day="2026-11-21", number=number, address=entry.ticket_id, issued_at=START,
        )
    )  # fmt: skip
    frame = TicketIssued(entry=entry, zone_id="zone-1")
    journal.append(
        connection, SITE.site_id, frame, at=START, written_at=START, caller="device:kiosk-1", visit_id=visit_id
    )
    # Other things happen between arrivals; the feed passes them by.
    further = entry.model_copy(update={"entry_id": f"further-{number}"})
    sent_on = TicketSentOn(entry=further, from_entry_id=entry.entry_id, from_room_id="room-5", room_number="5")
    for other in (sent_on, TicketFinished(entry=entry)):
        journal.append(connection, SITE.site_id, other, at=START, written_at=START, caller="device:kiosk-1")
