"""`kill -9` of the server in the middle of 500 tickets: whatever was answered is there once, no number twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from protocol.client import FeedLost, FromFeed, ServerAway, ServerClient
from protocol.frames import Numbered, Snapshot
from protocol.nouns import Birth, Identity, Intake, Ticket
from protocol.requests import IssueTicket
from queue_server.command_line import make_demo_data
from queue_server.emr.settings import EmrSettings
from queue_server.settings import ServerSettings
from queue_server.store import journal, tables
from queue_server.store.engine import open_engine

TICKETS = 500
KIOSKS = 8
KILL_AFTER = 180
"""Answers; then the server is killed while the kiosks go on asking."""
BACK_S = 5.0


class Server:
    """A server process of its own, on one port and one database through all its lives."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'queue.sqlite3'}"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {
            "DENLUOT_SERVER_DATABASE_URL": self.url,
            "DENLUOT_SERVER_EMR__ENABLED": "false",
            "DENLUOT_SERVER_EMR__SANDBOX_ENABLED": "false",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "queue_server", "serve", "--port", str(self.port)],
                cwd=self._folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=20)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    opened = Server(tmp_path)
    opened.start()
    yield opened
    with suppress(ProcessLookupError):
        opened.end(signal.SIGKILL)


def wish(person: int) -> IssueTicket:
    identity = Identity(
        document="can_cuoc_new", personal_id=f"{person:012d}", full_name=f"Người Thử {person}",
        birth=Birth(value="1990-05-17", precision="day"),
    )  # fmt: skip
    service = ("general", "eyes", "heart")[person % 3]
    return IssueTicket(service_id=service, intake=Intake(identity=identity))


async def until_answered(client: ServerClient, request: IssueTicket) -> Ticket:
    """A kiosk's spool: the same request again and again, for as long as it takes."""
    while True:
        try:
            return await client.ask(request, Ticket, deadline_s=2.0)
        except ServerAway:
            continue


async def test_nothing_that_was_answered_is_lost(server: Server, tmp_path: Path) -> None:
    settings = ServerSettings(database_url=server.url, emr=EmrSettings(enabled=False))  # type: ignore[arg-type]
    make_demo_data(settings, tmp_path / "keys.json", "x")
    keys = json.loads((tmp_path / "keys.json").read_text(encoding="utf-8"))
    answered: dict[int, Ticket] = {}
    half, persons = asyncio.Event(), iter(range(1, TICKETS + 1))
    client = ServerClient(server.base, keys["demo-kiosk-1"])
    heard: list[tuple[float, FromFeed]] = []
    wall = asyncio.create_task(listen(server, keys["demo-display-a"], heard))

    async def kiosk() -> None:
        for person in persons:
            answered[person] = await until_answered(client, wish(person))
            if len(answered) >= KILL_AFTER:
                half.set()

    kiosks = [asyncio.create_task(kiosk()) for _ in range(KIOSKS)]
    async with asyncio.timeout(60):
        await half.wait()
    server.end(signal.SIGKILL)
    before = dict(answered)
    server.start()
    restarted = await until_open(server)
    async with asyncio.timeout(90):
        await asyncio.gather(*kiosks)
    assert server.end(signal.SIGINT) in (0, -signal.SIGINT, 130)
    wall.cancel()
    await asyncio.gather(wall, return_exceptions=True)
    await client.close()
    check_tickets(server.url, answered, before)
    check_wall(heard, restarted)


async def until_open(server: Server) -> float:
    """When the server answers again. Starting Python takes as long as this machine is busy; that is not measured."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return time.monotonic()


async def listen(server: Server, key: str, heard: list[tuple[float, FromFeed]]) -> None:
    client = ServerClient(server.base, key)
    async for message in client.follow():
        heard.append((time.monotonic(), message))


def check_tickets(url: str, answered: dict[int, Ticket], before: dict[int, Ticket]) -> None:
    assert KILL_AFTER <= len(before) < len(answered) == TICKETS
    assert [ticket.number for ticket in answered.values() if ticket.already_held] == []
    engine = open_engine(url)
    with engine.connect() as connection:
        kept = list(connection.execute(select(tables.ticket.c.number, tables.ticket.c.ticket_id)))
        patients = list(connection.execute(select(tables.patient.c.patient_id)))
        lines = journal.read(connection, "main", 0, 10_000, kinds=("ticket_issued",))
        assert journal.first_gap(connection, "main") is None
    engine.dispose()
    assert [number for number, times in Counter(row.number for row in kept).items() if times > 1] == []
    assert {(row.number, row.ticket_id) for row in kept} == {
        (ticket.number, ticket.ticket_id) for ticket in answered.values()
    }
    assert len(kept) == len(patients) == len(lines) == TICKETS


def check_wall(heard: list[tuple[float, FromFeed]], restarted: float) -> None:
    """The display said that it was not live, was back in time, and missed no number of its zone."""
    lost = [at for at, message in heard if isinstance(message, FeedLost)]
    assert lost
    back = [at for at, message in heard if isinstance(message, Snapshot) and at > lost[0]]
    assert back
    assert back[0] - restarted < BACK_S, f"back after {back[0] - restarted:.1f} s"
    newest = -1
    for _, message in heard:
        if isinstance(message, Snapshot):
            newest = message.seq
        elif isinstance(message, Numbered):
            assert message.previous == newest
            newest = message.seq
