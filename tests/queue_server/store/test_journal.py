"""The journal: gapless under everything, readers with a place of their own; and the tables' history."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, update

from protocol.frames import ServicesChanged, TicketPrinted
from protocol.nouns import Site
from queue_server.errors import Conflict
from queue_server.store import journal
from queue_server.store.engine import Engine, for_snapshot, open_engine
from queue_server.store.repository import ensure_site
from queue_server.store.schema import MIGRATIONS, NEWEST, alembic_config, is_current, migrate
from queue_server.store.tables import journal as table
from queue_server.store.tables import metadata
from queue_server.store.writer import Writer

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def frame(number: str = "A001") -> TicketPrinted:
    return TicketPrinted(ticket_id="t1", number=number, device_id="d1", outcome="printed")


def write(connection: Connection, number: str = "A001", at: datetime = AT) -> int:
    return journal.append(connection, "main", frame(number), at=at, written_at=at, caller="device:d1")


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    opened = Writer(engine, "main", batch=16)
    opened.start()
    opened.submit(lambda connection: ensure_site(connection, Site(site_id="main", names={}))).result()
    yield opened
    opened.stop()


async def test_no_gap_whatever_fails_in_between(writer: Writer, engine: Engine) -> None:
    chance = random.Random(7)

    def change(fails: bool, entries: int) -> Future[list[int]]:
        def run(connection: Connection) -> list[int]:
            numbers = [write(connection) for _ in range(entries)]
            if fails:
                raise Conflict("nobody_waiting")
            return numbers

        return writer.submit(run)

    futures = [change(chance.random() < 0.3, chance.randint(1, 3)) for _ in range(200)]
    results = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    answered = [number for result in results if isinstance(result, list) for number in result]
    assert answered == list(range(1, len(answered) + 1))
    with engine.connect() as connection:
        assert [line.seq for line in journal.read(connection, "main", 0, 1000)] == answered
        assert journal.first_gap(connection, "main") is None


async def test_a_gap_is_found(writer: Writer, engine: Engine) -> None:
    for _ in range(4):
        await writer.run(write)
    await writer.run(lambda connection: connection.execute(delete(table).where(table.c.seq == 3)))
    with engine.connect() as connection:
        assert journal.first_gap(connection, "main") == 3


async def test_reading_from_a_place(writer: Writer, engine: Engine) -> None:
    for number in ("A001", "A002", "A003"):
        await writer.run(lambda connection, number=number: write(connection, number))  # type: ignore[misc]
    with engine.connect() as connection:
        lines = journal.read(connection, "main", after=1, limit=1)
        assert [(line.seq, line.kind, line.at, line.ticket_id) for line in lines] == [(2, "ticket_printed", AT, "t1")]
        assert lines[0].frame == frame("A002")
        assert journal.read(connection, "main", 0, kinds=("ticket_issued",)) == []
        assert [line.seq for line in journal.newest(connection, "main", "ticket_printed", AT, 2)] == [3, 2]
        assert journal.newest(connection, "main", "ticket_printed", AT + timedelta(seconds=1), 2) == []
        assert journal.read(connection, "elsewhere", 0) == []


async def test_the_newest_are_found_without_reading_all_years(writer: Writer, engine: Engine) -> None:
    """At dawn nobody was called yet, and every wall that joined had the whole journal read for it."""
    if engine.dialect.name != "sqlite":
        return
    await writer.run(lambda connection: [write(connection) for _ in range(3000)])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, 100)
        assert journal.newest(connection, "main", "ticket_printed", AT + timedelta(days=1), 20) == []
        driver.set_progress_handler(None, 0)
    assert steps < 30, steps


async def test_a_kind_of_a_newer_program_is_skipped_but_counted(writer: Writer, engine: Engine) -> None:
    await writer.run(write)
    await writer.run(lambda connection: connection.execute(update(table).values(frame={"type": "from_tomorrow"})))
    with engine.connect() as connection:
        line = journal.one(connection, "main", 1)
    assert line is not None
    assert (line.seq, line.frame) == (1, None)


async def test_every_reader_has_a_place_of_its_own(writer: Writer, engine: Engine) -> None:
    await writer.run(lambda connection: journal.move_place(connection, "main", "emr", 5))
    await writer.run(lambda connection: journal.move_place(connection, "main", "emr", 9))
    await writer.run(lambda connection: journal.move_place(connection, "main", "hub", 2))
    with engine.connect() as connection:
        assert [journal.place(connection, "main", name) for name in ("emr", "hub", "new")] == [9, 2, 0]


async def test_a_snapshot_sees_one_moment(writer: Writer, engine: Engine) -> None:
    await writer.run(write)
    with for_snapshot(engine).connect() as connection, connection.begin():
        before = journal.last_seq(connection, "main")
        await writer.run(write)
        assert (before, journal.last_seq(connection, "main")) == (1, 1)
        assert [line.seq for line in journal.read(connection, "main", 0)] == [1]
    with engine.connect() as connection:
        assert journal.last_seq(connection, "main") == 2


async def test_moments_come_back_with_their_time_zone(writer: Writer, engine: Engine) -> None:
    vietnam = AT.astimezone()
    await writer.run(lambda connection: write(connection, at=vietnam))
    with engine.connect() as connection:
        line = journal.one(connection, "main", 1)
    assert line is not None
    assert line.at == AT
    assert line.at.tzinfo is UTC
    with pytest.raises(Exception, match="time zone"):
        await writer.run(lambda connection: write(connection, at=AT.replace(tzinfo=None)))


async def test_frames_without_an_entry_are_kept_too(writer: Writer, engine: Engine) -> None:
    changed = ServicesChanged(services=(), rooms=(), zone_id="a")
    await writer.run(
        lambda connection: journal.append(connection, "main", changed, at=AT, written_at=AT, caller="staff:1")
    )
    with engine.connect() as connection:
        line = journal.one(connection, "main", 1)
    assert line is not None
    assert (line.frame, line.entry_id) == (changed, None)


def test_the_newest_revision_is_known_by_name() -> None:
    """So that a server need not load Alembic to find that there is nothing to do."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_the_migrations_make_the_tables_that_the_program_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert is_current(engine)
    migrate(engine)  # nothing left to do
    assert is_current(engine)


def test_kiosks_that_were_paired_before_get_letters_too(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0005_site")
        site = "INSERT INTO site (site_id, names, time_zone, languages) VALUES ('main', '{}', 'UTC', '[]')"
        connection.exec_driver_sql(site)
        service = "INSERT INTO service (service_id, site_id, names, icon, series, closed_reason) VALUES "
        connection.exec_driver_sql(service + "('s', 'main', '{}', 'x', 'KA', '{}')")
        at = "'2026-11-20 01:30:00'"
        rule = "INSERT INTO rule (site_id, kind, scope, value, changed_at) VALUES "
        form = '{"letters": "A", "by_weekday": {"sat": "KC"}}'
        connection.exec_driver_sql(rule + f"('main', 'numbers', 's', '{form}', {at})")
        for name, kind in (("k1", "kiosk"), ("d1", "display"), ("k2", "kiosk")):
            device = "INSERT INTO device (device_id, site_id, kind, name, key_hash, paired_at) VALUES "
            connection.exec_driver_sql(device + f"('{name}', 'main', '{kind}', 'x', '{name}', {at})")
    migrate(engine)
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT device_id, series FROM device ORDER BY device_id").all()
    assert [tuple(row) for row in kept] == [("d1", None), ("k1", "KB"), ("k2", "KD")]
    engine.dispose()


def test_a_site_is_made_once(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        for name in ("first", "second"):
            ensure_site(connection, Site(site_id="main", names={"vi": name}))
        assert connection.exec_driver_sql("SELECT count(*) FROM site").scalar() == 1
        connection.execute(insert(metadata.tables["zone"]).values(zone_id="z", site_id="main", names={}))
