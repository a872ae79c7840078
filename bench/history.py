"""Taking a number and calling the next with much history behind: made in bulk, measured through the use cases."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from bench.client import quantile
from protocol.nouns import Identity, Intake, Ticket
from protocol.requests import Acted, CallNext, IssueTicket
from queue_server.app import build
from queue_server.core import Core, utc_now
from queue_server.emr.settings import EmrSettings
from queue_server.settings import ServerSettings
from queue_server.usecases import arrivals, calling, demo_data
from queue_server.usecases.once import answer

ROUNDS = 250
A_DAY = 5000
"""Tickets of a day of history."""

_N = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) "
_DAY = "date(:today, '-' || (1 + i / :a_day) || ' days')"
_AT = f"{_DAY} || ' 02:00:00.000000'"
_PAST = (
    f"INSERT INTO patient (patient_id, site_id, identity, entered_by, created_at, changed_at) {_N}"
    f"SELECT 'p' || i, 'main', '{{\"document\":\"typed_personal_id\"}}', 'typed', {_AT}, {_AT} FROM n",
    f"INSERT INTO patient_number (site_id, scheme, value, patient_id) {_N}"
    "SELECT 'main', 'personal', 'old' || i, 'p' || i FROM n",
    f"INSERT INTO visit (visit_id, site_id, patient_id, business_day, language, entered_by, document, created_at) {_N}"
    f"SELECT 'v' || i, 'main', 'p' || i, {_DAY}, 'vi', 'typed', 'typed_personal_id', {_AT} FROM n",
    "INSERT INTO ticket (ticket_id, site_id, visit_id, service_id, business_day, number, address, issued_at, offline) "
    f"{_N} SELECT 't' || i, 'main', 'v' || i, 'general', {_DAY}, 'A' || i, 'a' || i, {_AT}, 0 FROM n",
    "INSERT INTO entry (entry_id, site_id, ticket_id, service_id, room_id, number, business_day, priority_class, "
    "priority_status, state, version, language, calls, overtook, issued_at, first_called_at, called_at, finished_at) "
    f"{_N} SELECT 'e' || i, 'main', 't' || i, 'general', 'room-' || (1 + i % 5), 'A' || i, {_DAY}, 'normal', 'proven', "
    f"'finished', 3, 'vi', 1, 0, {_AT}, {_AT}, {_AT}, {_AT} FROM n",
    "INSERT INTO journal (site_id, seq, at, written_at, kind, frame, ticket_id, entry_id, visit_id, caller) "
    f"{_N} SELECT 'main', :seq + i + 1, {_AT}, {_AT}, 'ticket_issued', "
    "'{\"type\":\"services_changed\",\"services\":[],\"rooms\":[]}', 't' || i, 'e' || i, 'v' || i, 'bench' FROM n",
    f"INSERT INTO request (site_id, request_id, caller, path, answer, created_at) {_N}"
    f"SELECT 'main', 'r' || i, 'bench', '/api/tickets', '{{}}', {_AT} FROM n",
    "UPDATE site SET last_seq = last_seq + :count",
)


def write_past(file: Path, count: int) -> None:
    """So many tickets of earlier days, all finished, straight into the tables."""
    connection = sqlite3.connect(file)
    seq = connection.execute("SELECT last_seq FROM site").fetchone()[0]
    day = (utc_now() + timedelta(hours=7)).date().isoformat()
    for statement in _PAST:
        connection.execute(statement, {"count": count, "today": day, "a_day": A_DAY, "seq": seq})
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _take(core: Core) -> Ticket:
    identity = Identity(document="typed_personal_id", personal_id=f"{uuid4().int % 10**12:012d}")
    wish = IssueTicket(service_id="general", intake=Intake(identity=identity))
    return await answer(core, wish, "bench", lambda change: arrivals.issue(change, wish, None), Ticket)


async def _call(core: Core, wish: CallNext) -> Acted:
    return await answer(core, wish, "bench", lambda change: calling.call_next(change, wish), Acted)


async def _times(file: Path, count: int) -> tuple[float, float]:
    """Median seconds of taking a number and of calling the next."""
    no_emr = EmrSettings(enabled=False, sandbox_enabled=False)
    app = build(ServerSettings(database_url=f"sqlite:///{file}", emr=no_emr))  # type: ignore[arg-type]
    core = app.state.core
    assert isinstance(core, Core)
    async with app.router.lifespan_context(app):
        await core.writer.run(lambda connection: demo_data.make(connection, "main", "no password", utc_now(), {}))
    await asyncio.to_thread(write_past, file, count)
    app = build(ServerSettings(database_url=f"sqlite:///{file}", emr=no_emr))  # type: ignore[arg-type]
    core = app.state.core
    taking: list[float] = []
    calling_next: list[float] = []
    async with app.router.lifespan_context(app):
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            issued = await _take(core)
            between = time.perf_counter()
            await _call(core, CallNext(room_id=issued.room.room_id))
            taking.append(between - begun)
            calling_next.append(time.perf_counter() - between)
    return quantile(taking[20:], 0.5), quantile(calling_next[20:], 0.5)


def measure(folder: Path, sizes: list[int]) -> list[tuple[str, float, str, float | None, str]]:
    """Rows for the table: milliseconds with each size of history, against those with the smallest."""
    found: list[tuple[str, float, str, float | None, str]] = []
    first: tuple[float, float] | None = None
    for size in sizes:
        file = folder / f"history-{size}-{random.random()}.sqlite3"
        times = asyncio.run(_times(file, size))
        first = first or times
        for name, value, least in zip(("take a number", "call the next"), times, first, strict=True):
            target = "<= 1.2" if size == sizes[-1] else ""
            found.append((f"sqlite: {name}, {size} tickets of history", value * 1e3, "ms, p50", least * 1e3, target))
        file.unlink()
    return found
