"""Many kiosks and many rooms at once, with a server killed in the middle: no number twice, nothing answered is lost.

On SQLite one server is killed and comes back; on PostgreSQL there are two, of which one is killed for good.
``DENLUOT_MANY=20000`` makes it as many tickets as a full run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench import cluster
from bench.client import Line
from bench.cluster import free_port
from bench.places import Hospital, Place
from queue_server.store import journal, tables
from queue_server.store.engine import open_engine

TICKETS = int(os.environ.get("DENLUOT_MANY", "1500"))
KIOSKS, ROOMS = 32, 16
SERVICES = ("general", "cashier", "heart", "ear-nose-throat", "eyes", "teeth", "skin", "bones")
"""They are given in rooms 1 to 20; the first sixteen of them call."""
pytestmark = pytest.mark.timeout(180 + TICKETS // 10)


@dataclass
class Morning:
    """What the kiosks and rooms were answered."""

    hospital: Hospital
    ports: list[int]
    chance: random.Random
    tickets: dict[int, str] = field(default_factory=dict)
    """Ticket id by person."""
    called: list[str] = field(default_factory=list)
    """Entry ids, as often as a room was told to have called them."""
    differing: int = 0

    async def ask(self, request: bytes, lines: dict[int, Line]) -> tuple[int, bytes]:
        """The answer of any server that lives, however often it has to be asked; sometimes it is asked once more."""
        answers: list[tuple[int, bytes]] = []
        wanted = 2 if self.chance.random() < 0.1 else 1
        while len(answers) < wanted:
            port = self.chance.choice(self.ports)
            line = lines.setdefault(port, Line(port))
            try:
                status, _, body = await asyncio.wait_for(line.ask(request), 20)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                line.close()
                await asyncio.sleep(0.05)
                continue
            if status == 503:
                await asyncio.sleep(0.05)
                continue
            answers.append((status, body))
        # A refusal changed nothing and is not kept: asked again, the room may have somebody by then.
        good = [json.loads(body) for status, body in answers if status == 200]
        self.differing += len(good) == 2 and good[0] != good[1]
        return next(((status, body) for status, body in answers if status == 200), answers[0])

    async def kiosk(self, persons: Iterator[int]) -> None:
        lines: dict[int, Line] = {}
        for person in persons:
            request = self.hospital.take(person, SERVICES[person % len(SERVICES)])
            status, body = await self.ask(request, lines)
            assert status == 200, body
            self.tickets[person] = json.loads(body)["ticket_id"]
        for line in lines.values():
            line.close()

    async def room(self, number: int, cookie: str) -> None:
        lines: dict[int, Line] = {}
        nobody = 0
        while nobody < 3 or len(self.tickets) < TICKETS:
            status, body = await self.ask(self.hospital.call(cookie, f"room-{number}"), lines)
            if status == 200:
                nobody = 0
                self.called.append(json.loads(body)["entry"]["entry_id"])
            else:
                assert status == 409, body
                nobody += 1
                await asyncio.sleep(0.05)
        for line in lines.values():
            line.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_many_take_and_call_while_a_server_is_killed(kind: str, tmp_path: Path) -> None:
    reason = cluster.why_not() if kind == "postgres" else None
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:
        if kind == "postgres":
            url = cluster.new_database(stack.enter_context(cluster.cluster()))
        else:
            url = f"sqlite:///{tmp_path / 'many.sqlite3'}"
        hospital = await asyncio.to_thread(Hospital.make, url, tmp_path)
        servers = [stack.enter_context(hospital.serve(free_port())) for _ in range(2 if kind == "postgres" else 1)]
        await asyncio.gather(*(server.open() for server in servers))
        morning = Morning(hospital, [server.port for server in servers], random.Random(7))
        cookie = await hospital.sign_in(servers[0].port)
        persons = iter(range(1, TICKETS + 1))
        work = [asyncio.create_task(morning.kiosk(persons)) for _ in range(KIOSKS)]
        work += [asyncio.create_task(morning.room(number, cookie)) for number in range(1, ROOMS + 1)]
        await half_way(morning, work)
        await asyncio.to_thread(servers[-1].kill)
        if kind == "sqlite":
            servers = [again(stack, hospital, servers[0])]
        await asyncio.gather(*work)
        await asyncio.to_thread(check, url, morning)


async def half_way(morning: Morning, work: list[asyncio.Task[None]]) -> None:
    while len(morning.tickets) < TICKETS // 2:
        for task in work:
            if task.done():
                task.result()  # says why
        await asyncio.sleep(0.02)


def again(stack: ExitStack, hospital: Hospital, killed: Place) -> Place:
    """The server comes back on its port."""
    return stack.enter_context(hospital.serve(killed.port))


def check(url: str, morning: Morning) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        kept = list(connection.execute(select(tables.ticket.c.ticket_id, tables.ticket.c.number)))
        issued = journal.read(connection, "main", 0, 10 * TICKETS, kinds=("ticket_issued",))
        called = journal.read(connection, "main", 0, 10 * TICKETS, kinds=("ticket_called",))
        inside = select(tables.entry.c.room_id, func.count()).where(tables.entry.c.state == "called")
        crowded = [row for row in connection.execute(inside.group_by(tables.entry.c.room_id)) if row[1] > 1]
        assert journal.first_gap(connection, "main") is None
    engine.dispose()
    assert morning.differing == 0, "the same request was answered in two ways"
    assert [number for number, times in Counter(row.number for row in kept).items() if times > 1] == []
    assert len(morning.tickets) == TICKETS
    assert {row.ticket_id for row in kept} == set(morning.tickets.values()), "lost, or given and never told"
    assert len(kept) == len(issued) == TICKETS
    assert [entry for entry, times in Counter(morning.called).items() if times > 1] == [], "called into two rooms"
    in_journal = Counter(line.entry_id for line in called)
    assert set(in_journal.values()) == {1}
    assert set(morning.called) <= set(in_journal)
    assert crowded == []
