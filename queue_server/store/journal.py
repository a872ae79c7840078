"""The journal: whatever happens in the queue, once, in order, numbered per site without a gap.

Written in the same transaction as the change it tells of. Everyone else is a reader with a place of their own in it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from protocol.frames import FRAME, AnyFrame
from queue_server.store import memory, plain
from queue_server.store.tables import entry as queued
from queue_server.store.tables import journal, reader, site

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """One journal entry. `frame` is None when a newer program wrote a kind that this one does not know."""

    seq: int
    at: datetime
    kind: str
    frame: AnyFrame | None
    ticket_id: str | None
    entry_id: str | None
    visit_id: str | None
    device_id: str | None


_NEXT = plain.Statement(
    update(site)
    .where(site.c.site_id == bindparam("the_site"))
    .values(last_seq=site.c.last_seq + 1)
    .returning(site.c.last_seq)
)


def append(
    connection: Connection,
    site_id: str,
    frame: AnyFrame,
    *,
    at: datetime,
    written_at: datetime,
    caller: str,
    ticket_id: str | None = None,
    visit_id: str | None = None,
    device_id: str | None = None,
) -> int:
    """Write `frame` as the next entry and return its number. Only inside a change.

    `at` is when it happened, `caller` whose wish it was (``device:<id>`` or ``staff:<id>``).
    """
    row = _NEXT.one(connection, the_site=site_id)
    assert row is not None, "the journal belongs to a site"
    seq = int(row[0])
    known = memory.of(connection)
    if known is not None:
        known.last_seq = seq
    entry = getattr(frame, "entry", None)
    values: dict[str, Any] = {
        "site_id": site_id,
        "seq": seq,
        "at": at,
        "written_at": written_at,
        "kind": frame.type,
        "frame": frame,
        "ticket_id": ticket_id or getattr(frame, "ticket_id", None) or (entry.ticket_id if entry else None),
        "entry_id": entry.entry_id if entry else None,
        "visit_id": visit_id,
        "zone_id": frame.zone_id,
        "device_id": device_id or getattr(frame, "device_id", None),
        "caller": caller,
    }
    plain.insert(connection, journal, values)
    lines: list[Line] | None = connection.info.get(_WRITTEN)
    if lines is not None:
        about = (values["ticket_id"], values["entry_id"], visit_id, values["device_id"])
        lines.append(Line(seq, at, frame.type, frame, *about))
    return seq


_WRITTEN = "denluot_written"


@contextmanager
def written(connection: Connection) -> Iterator[list[Line]]:
    """What is appended on this connection meanwhile."""
    lines = connection.info[_WRITTEN] = []
    try:
        yield lines
    finally:
        del connection.info[_WRITTEN]


def last_seq(connection: Connection, site_id: str) -> int:
    """Number of the newest entry; 0 when nothing happened yet."""
    return int(connection.execute(select(site.c.last_seq).where(site.c.site_id == site_id)).scalar() or 0)


def read(connection: Connection, site_id: str, after: int, limit: int = 500, kinds: tuple[str, ...] = ()) -> list[Line]:
    """Up to `limit` entries with a number above `after`, in order; only of `kinds` when any are named."""
    query = select(journal).where(journal.c.site_id == site_id, journal.c.seq > after)
    if kinds:
        query = query.where(journal.c.kind.in_(kinds))
    return [_line(row) for row in connection.execute(query.order_by(journal.c.seq).limit(limit))]


def last_before(connection: Connection, site_id: str, moment: datetime) -> int:
    """Number of the last entry that was written before `moment`; 0 when there is none.

    Numbers grow with the time of writing, so a few looks by number find it, however long the journal is.
    """
    low, high = 0, last_seq(connection, site_id)
    while low < high:
        middle = (low + high + 1) // 2
        written = select(journal.c.written_at).where(journal.c.site_id == site_id, journal.c.seq == middle)
        if connection.execute(written).scalar_one() < moment:
            low = middle
        else:
            high = middle - 1
    return low


def newest(connection: Connection, site_id: str, kind: str, since: datetime, limit: int) -> list[Line]:
    """Those of the newest `limit` entries of one kind that happened at `since` or later, newest first.

    The time is looked at here and not in the query: early in the morning that would read all years back, in vain.
    """
    query = (
        select(journal)
        .where(journal.c.site_id == site_id, journal.c.kind == kind)
        .order_by(journal.c.seq.desc())
        .limit(limit)
    )
    return [_line(row) for row in connection.execute(query) if row.at >= since]


def one(connection: Connection, site_id: str, seq: int) -> Line | None:
    row = connection.execute(select(journal).where(journal.c.site_id == site_id, journal.c.seq == seq)).first()
    return _line(row) if row else None


def newest_of(connection: Connection, site_id: str, entry_id: str) -> Line | None:
    """What happened last to this queue entry."""
    return before(connection, site_id, entry_id, 2**31 - 1)


def before(connection: Connection, site_id: str, entry_id: str, seq: int) -> Line | None:
    """The newest entry of the journal about this queue entry with a number under `seq`: how it was until then."""
    query = (
        select(journal)
        .where(journal.c.site_id == site_id, journal.c.entry_id == entry_id, journal.c.seq < seq)
        .order_by(journal.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return _line(row) if row else None


def issue_of(connection: Connection, site_id: str, ticket_id: str) -> Line | None:
    """The entry that tells how this ticket was issued."""
    query = select(journal).where(
        journal.c.site_id == site_id, journal.c.ticket_id == ticket_id, journal.c.kind == "ticket_issued"
    )
    row = connection.execute(query).first()
    return _line(row) if row else None


def _line(row: Row[tuple[object, ...]]) -> Line:
    known = row._mapping
    return Line(
        seq=known["seq"],
        at=known["at"],
        kind=known["kind"],
        frame=_frame(known["seq"], known["frame"]),
        ticket_id=known["ticket_id"],
        entry_id=known["entry_id"],
        visit_id=known["visit_id"],
        device_id=known["device_id"],
    )


def _frame(seq: int, stored: object) -> AnyFrame | None:
    try:
        return FRAME.validate_python(stored)
    except ValidationError:
        log.warning("unknown_frame seq=%d", seq)
        return None


# --- readers' places -----------------------------------------------------------------------------------------------


def place(connection: Connection, site_id: str, name: str) -> int:
    """How far the reader `name` has come; 0 for a new one."""
    query = select(reader.c.seq).where(reader.c.site_id == site_id, reader.c.name == name)
    return int(connection.execute(query).scalar() or 0)


def move_place(connection: Connection, site_id: str, name: str, seq: int) -> None:
    """The reader `name` has dealt with everything up to `seq`. In the same change as what it made of it."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(reader).values(site_id=site_id, name=name, seq=seq)
    connection.execute(statement.on_conflict_do_update(index_elements=["site_id", "name"], set_={"seq": seq}))


def of_day(connection: Connection, site_id: str, day: str) -> list[Line]:
    """Everything about the tickets that were good on a business day, in order. For `doctor`."""
    tickets = select(queued.c.ticket_id).where(queued.c.site_id == site_id, queued.c.business_day == day)
    query = select(journal).where(journal.c.site_id == site_id, journal.c.ticket_id.in_(tickets))
    return [_line(row) for row in connection.execute(query.order_by(journal.c.seq))]


def first_gap(connection: Connection, site_id: str) -> int | None:
    """The first number that is missing, or None when the journal is whole. Reads all of it: for `doctor` and tests."""
    expected = 1
    for (seq,) in connection.execute(select(journal.c.seq).where(journal.c.site_id == site_id).order_by(journal.c.seq)):
        if seq != expected:
            return expected
        expected += 1
    return None if expected == last_seq(connection, site_id) + 1 else expected
