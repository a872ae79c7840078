"""Several processes on one site: what one writes wakes the others, and nobody goes on with an old memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, update

from protocol.frames import FRAME
from protocol.nouns import Entry, Site
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.store.engine import Engine
from queue_server.store.journal import Line
from queue_server.store.writer import Writer
from tests.queue_server.support import make_hospital

SITE = Site(site_id="main", names={"vi": "Bệnh viện"})
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
DAY = "2026-11-20"


@pytest.fixture
async def two(engine: Engine) -> AsyncIterator[tuple[Writer, Writer]]:
    """Two writers as two processes have them."""
    writers = Writer(engine, "main"), Writer(engine, "main")
    for writer in writers:
        writer.start()
    await writers[0].run(lambda connection: store.ensure_site(connection, SITE))
    await writers[0].run(make_hospital)
    yield writers
    for writer in writers:
        await asyncio.to_thread(writer.stop)


def take(connection: Connection) -> Entry:
    """A ticket without its patient is enough here."""
    ordinal = store.next_ordinal(connection, "main", DAY, "A")
    plain = {"site_id": "main", "entered_by": "scan", "created_at": AT}
    person, visit_id, ticket_id = f"p{ordinal}", f"v{ordinal}", f"t{ordinal}"
    connection.execute(tables.patient.insert().values(patient_id=person, changed_at=AT, **plain))
    more = {"business_day": DAY, "language": "vi", "document": "can_cuoc_new"}
    connection.execute(tables.visit.insert().values(visit_id=visit_id, patient_id=person, **more, **plain))
    row = store.TicketRow(ticket_id, visit_id, "general", f"A{ordinal:03d}", ticket_id, DAY, AT, offline=False)
    store.insert_ticket(connection, "main", row, None)
    entry = Entry.model_validate(
        {
            "entry_id": f"e{ordinal}", "ticket_id": ticket_id, "number": row.number, "service_id": "general",
            "room_id": "r1", "priority": {}, "state": "waiting", "version": 1, "issued_at": AT, "language": "vi",
        }
    )  # fmt: skip
    store.insert_entry(connection, "main", DAY, entry)
    frame = FRAME.validate_python({"type": "ticket_issued", "entry": entry.model_dump()})
    journal.append(connection, "main", frame, at=AT, written_at=AT, caller="device:k")
    return entry


def waiting(connection: Connection) -> list[str]:
    return [entry.number for entry in store.entries_of_day(connection, "main", DAY, ("waiting",), "r1")]


async def test_each_sees_what_the_other_wrote(two: tuple[Writer, Writer]) -> None:
    one, other = two
    for writer in (one, other, other, one):
        await writer.run(take)
    numbers = ["A001", "A002", "A003", "A004"]
    assert [await writer.run(waiting) for writer in two] == [numbers, numbers]
    assert (await one.run(lambda connection: store.work_by_room(connection, "main", DAY)))["r1"] == {"general": 4}


async def test_a_changed_room_is_known_to_all_at_once(two: tuple[Writer, Writer]) -> None:
    one, _ = two

    def is_open(connection: Connection) -> bool:
        room = store.load_room(connection, "main", "r1")
        return room is not None and room.open

    assert [await writer.run(is_open) for writer in two] == [True, True]
    close = update(tables.room).where(tables.room.c.room_id == "r1").values(open=False)

    def close_and_look(connection: Connection) -> bool:
        connection.execute(close)
        return is_open(connection)

    assert await one.run(close_and_look) is False
    assert [await writer.run(is_open) for writer in two] == [False, False]


async def test_what_failed_is_not_remembered(two: tuple[Writer, Writer]) -> None:
    one, _ = two

    def fails(connection: Connection) -> None:
        take(connection)
        connection.execute(update(tables.service).values(minutes=99))
        assert store.service_minutes(connection, "main")["general"] == 99
        assert waiting(connection) == ["A002"] or waiting(connection) == ["A001", "A002"]
        raise ValueError("no")

    await one.run(take)
    with pytest.raises(ValueError, match="no"):
        await one.run(fails)
    assert await one.run(waiting) == ["A001"]
    assert (await one.run(lambda connection: store.service_minutes(connection, "main")))["general"] == 10
    saved = await one.run(take)
    await one.run(lambda c: store.save_entry(c, saved.model_copy(update={"state": "finished", "version": 2})))
    assert await one.run(waiting) == ["A001"]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_commit_wakes_the_other_process(two: tuple[Writer, Writer]) -> None:
    one, other = two
    loop = asyncio.get_running_loop()
    woken: asyncio.Queue[str] = asyncio.Queue()

    def tell(name: str, _lines: Sequence[Line]) -> None:
        loop.call_soon_threadsafe(woken.put_nowait, name)

    for writer, name in ((one, "one"), (other, "other")):
        writer.listen(partial(tell, name))
    await all_woken(woken, {"one", "other"})  # each is told to look when it begins to listen
    await one.run(take)
    await all_woken(woken, {"other"})


async def all_woken(woken: asyncio.Queue[str], names: set[str]) -> None:
    """How often somebody is woken is nobody's promise: `one` may still be told of the set-up, which it wrote itself."""
    async with asyncio.timeout(10):
        while names:
            names = names - {await woken.get()}
