"""The one writer: batches, savepoints, commits that fail, order. On SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import OperationalError

from protocol.frames import AlertRaised
from protocol.nouns import Device, Site
from queue_server.errors import Conflict, Invalid, Unavailable
from queue_server.store import journal
from queue_server.store.engine import Engine, open_engine
from queue_server.store.journal import Line
from queue_server.store.repository import ensure_site, next_ordinal
from queue_server.store.schema import migrate
from queue_server.store.tables import patient, zone
from queue_server.store.writer import Writer

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
SITE = Site(site_id="main", names={"vi": "Bệnh viện"})


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    opened = Writer(engine, "main", limit=50, batch=8)
    opened.start()
    opened.submit(lambda connection: ensure_site(connection, SITE)).result()
    yield opened
    opened.stop()


def add(zone_id: str) -> Callable[[Connection], str]:
    def change(connection: Connection) -> str:
        connection.execute(insert(zone).values(zone_id=zone_id, site_id="main", names={}))
        return zone_id

    return change


def zones(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(zone.c.zone_id)).scalars())


class Held:
    """A change that holds the writer until it is let go, so that others pile up behind it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, _connection: Connection) -> None:
        self.begun.set()
        assert self.go_on.wait(10)


async def hold(writer: Writer) -> Held:
    held = Held()
    writer.submit(held)
    await asyncio.to_thread(held.begun.wait, 10)
    return held


async def test_a_ticket_that_was_answered_survives_a_power_cut(tmp_path: Path) -> None:
    """SQLite keeps what is committed only while it waits for the disk at each commit."""
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)
    writer = Writer(engine, "main")
    writer.start()

    def pragmas(connection: Connection) -> list[object]:
        names = ("synchronous", "journal_mode", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    try:
        assert await writer.run(pragmas) == [2, "wal", 1]  # 2 is FULL
    finally:
        writer.stop()
        engine.dispose()


async def test_what_waits_is_committed_together(writer: Writer, engine: Engine) -> None:
    held = await hold(writer)
    before = writer.commits
    futures = [writer.submit(add(f"z{index}")) for index in range(20)]
    held.go_on.set()
    assert [await asyncio.wrap_future(future) for future in futures] == [f"z{index}" for index in range(20)]
    assert writer.commits - before == 1 + 3  # the held one alone, then 8 + 8 + 4
    assert len(zones(engine)) == 20


async def test_it_is_pressed_while_changes_come_together(writer: Writer) -> None:
    await writer.run(add("alone"))
    assert not writer.is_pressed
    await asyncio.gather(*(writer.run(add(f"z{index}")) for index in range(6)))
    assert writer.is_pressed


async def test_one_turn_of_the_loop_is_one_commit(writer: Writer) -> None:
    before = writer.commits
    await asyncio.gather(*(writer.run(add(f"z{index}")) for index in range(8)))
    assert writer.commits - before == 1


async def test_whoever_stopped_waiting_takes_nobody_along(writer: Writer) -> None:
    gone = asyncio.create_task(writer.run(add("gone")))
    others = [asyncio.create_task(writer.run(add(f"z{index}"))) for index in range(3)]
    await asyncio.sleep(0)
    gone.cancel()
    assert await asyncio.gather(*others) == ["z0", "z1", "z2"]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_change_that_fails_takes_nobody_along(writer: Writer, engine: Engine) -> None:
    def half(connection: Connection) -> None:
        add("half")(connection)
        raise Conflict("nobody_waiting")

    held = await hold(writer)
    futures = [writer.submit(change) for change in (add("first"), half, add("first"), add("last"))]
    held.go_on.set()
    results = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    assert results[0] == "first"
    assert isinstance(results[1], Conflict)
    assert isinstance(results[2], Exception)  # the same key twice
    assert results[3] == "last"
    assert zones(engine) == {"first", "last"}


def alert(change: Callable[[Connection], object] = lambda _connection: None) -> Callable[[Connection], object]:
    """Writes into the journal, and then does `change`."""

    def write(connection: Connection) -> None:
        frame = AlertRaised(reason="help", device=Device(device_id="k", kind="kiosk", name="k"))
        journal.append(connection, "main", frame, at=NOW, written_at=NOW, caller="device:k")
        change(connection)

    return write


def broken(_connection: Connection) -> None:
    raise Conflict("nobody_waiting")


async def test_listeners_are_told_what_the_journal_holds(writer: Writer, engine: Engine) -> None:
    """Nothing of a change that failed, and the same that a reader of the journal would find."""
    told: list[Line] = []
    writer.listen(told.extend)
    held = await hold(writer)
    futures = [writer.submit(change) for change in (alert(), alert(broken), alert(), add("z"), alert(broken))]
    held.go_on.set()
    await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    await asyncio.to_thread(writer.stop)
    with engine.connect() as connection:
        assert told == journal.read(connection, "main", 0)
    assert [line.seq for line in told] == [1, 2]


async def test_when_the_commit_fails_nothing_happened_and_everybody_hears_it(writer: Writer, engine: Engine) -> None:
    told: list[object] = []
    writer.listen(told.append)
    held = await hold(writer)
    futures = [writer.submit(add(f"z{index}")) for index in range(3)]

    def disk_full(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    held.go_on.set()
    await asyncio.sleep(0)
    event.listen(engine, "commit", disk_full)
    try:
        late = [writer.submit(add(f"late{index}")) for index in range(3)]
        results = await asyncio.gather(*(asyncio.wrap_future(future) for future in late), return_exceptions=True)
    finally:
        event.remove(engine, "commit", disk_full)
    assert [getattr(result, "code", None) for result in results] == ["store_away"] * 3
    await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    assert not any(zone_id.startswith("late") for zone_id in zones(engine))
    assert await writer.run(add("after")) == "after"


async def test_when_the_database_ends_the_transaction_nobody_is_told_that_it_was_kept(
    writer: Writer, engine: Engine
) -> None:
    """A full disk made SQLite roll everything back; those before in the batch were told that they had a number."""

    def fills_the_disk(connection: Connection) -> None:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        connection.exec_driver_sql("PRAGMA cache_size = 1")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
        big = {"document": "x" * 1_000_000}
        row = {"patient_id": "big", "site_id": "main", "entered_by": "scan", "created_at": NOW, "changed_at": NOW}
        connection.execute(insert(patient).values(identity=big, **row))

    held = await hold(writer)
    futures = [writer.submit(change) for change in (add("before"), fills_the_disk, add("after"))]
    held.go_on.set()
    results = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    assert [getattr(result, "code", result) for result in results] == ["store_away"] * 3
    assert zones(engine) == set()
    engine.dispose()
    assert await writer.run(add("later")) == "later"


async def test_a_change_that_the_database_cannot_do_now_is_told_so(writer: Writer, engine: Engine) -> None:
    def cannot(_connection: Connection) -> None:
        raise OperationalError("INSERT", {}, Exception("no space left"))

    held = await hold(writer)
    futures = [writer.submit(change) for change in (add("before"), cannot, add("after"))]
    held.go_on.set()
    results = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    assert [getattr(result, "code", result) for result in results] == ["before", "store_away", "after"]
    assert zones(engine) == {"before", "after"}


async def test_nothing_is_told_before_the_commit(writer: Writer, engine: Engine) -> None:
    seen: list[set[str]] = []
    writer.listen(lambda _lines: seen.append(zones(engine)))
    await writer.run(add("a"))
    assert "a" in zones(engine)
    await writer.run(add("b"))
    await asyncio.to_thread(writer.stop)
    # On PostgreSQL there are wake-ups for other processes' news too, in a thread of their own that may note late what
    # it saw; none may show anything but what was committed.
    assert {frozenset(shown) for shown in seen if shown} == {frozenset({"a"}), frozenset({"a", "b"})}


async def test_changes_happen_in_the_order_in_which_they_came(writer: Writer) -> None:
    def take(connection: Connection) -> int:
        return next_ordinal(connection, "main", "2026-11-20", "A")

    futures = [writer.submit(take) for _ in range(40)]
    assert [await asyncio.wrap_future(future) for future in futures] == list(range(1, 41))


async def test_too_many_waiting_are_told_that_it_is_busy(writer: Writer) -> None:
    held = await hold(writer)
    futures = [writer.submit(add(f"z{index}")) for index in range(50)]
    with pytest.raises(Unavailable) as refused:
        writer.submit(add("too many"))
    assert refused.value.code == "busy"
    held.go_on.set()
    assert len([await asyncio.wrap_future(future) for future in futures]) == 50


async def test_who_gave_up_while_waiting_changes_nothing(writer: Writer, engine: Engine) -> None:
    held = await hold(writer)
    waiting = asyncio.create_task(writer.run(add("given up")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    held.go_on.set()
    await writer.run(add("next"))
    assert zones(engine) == {"next"}


async def test_stopping_finishes_what_was_accepted(writer: Writer, engine: Engine) -> None:
    futures = [writer.submit(add(f"z{index}")) for index in range(10)]
    await asyncio.to_thread(writer.stop)
    assert all(future.done() for future in futures)
    assert len(zones(engine)) == 10
    with pytest.raises(Unavailable) as refused:
        writer.submit(add("late"))
    assert refused.value.code == "stopping"


async def test_text_that_the_database_cannot_hold_is_the_callers_fault(writer: Writer, engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        assert await writer.run(add("nul\x00")) == "nul\x00"
        return
    with pytest.raises((Invalid, ValueError)):
        await writer.run(add("nul\x00"))
    assert await writer.run(add("fine")) == "fine"


async def test_two_processes_share_one_site(engine: Engine, database_url: str, writer: Writer) -> None:
    """Two writers on one database: every number once, no gap."""
    other = Writer(engine, "main")
    other.start()

    def take(connection: Connection) -> int:
        return next_ordinal(connection, "main", "2026-11-20", "A")

    futures = [one.submit(take) for _ in range(25) for one in (writer, other)]
    taken = [await asyncio.wrap_future(future) for future in futures]
    await asyncio.to_thread(other.stop)
    assert sorted(taken) == list(range(1, 51))
