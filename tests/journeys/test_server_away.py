"""The server is killed under a kiosk that goes on: every paper is in the journal once, in order, and flagged."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.spool import Spool
from protocol.client import ServerClient
from protocol.frames import TicketIssued
from queue_server.command_line import make_demo_data
from queue_server.emr.settings import EmrSettings
from queue_server.settings import ServerSettings
from queue_server.store import journal
from queue_server.store.engine import open_engine
from tests.journeys.kiosk_without_window import Kiosk
from tests.journeys.test_kill_server import Server, until_open, wish
from tests.queue_server.support import Clock

pytestmark = pytest.mark.timeout(180)
HOURS, TICKETS = 8, 1000


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    opened = Server(tmp_path)
    settings = ServerSettings(database_url=opened.url, emr=EmrSettings(enabled=False))  # type: ignore[arg-type]
    make_demo_data(settings, tmp_path / "keys.json", "x")
    opened.start()
    await until_open(opened)
    yield opened
    opened.end(signal.SIGKILL)


def spool(folder: Path) -> Spool:
    return Spool(folder / "kiosk" / "spool.sqlite3", folder / "kiosk" / "spool-key", lambda: datetime.now(UTC))


def kiosk_at(server: Server, folder: Path) -> Kiosk:
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    return Kiosk(ServerClient(server.base, keys["demo-kiosk-1"]), spool(folder))


def card(person: int) -> str:
    return f"{1090000000 + person:012d}||Người Thử {person}|17051990|Nam|Số 12, Hà Nội|20042021"


async def paper_for(kiosk: Kiosk, person: int, service: str) -> str:
    """The whole way of one person; the number on their paper."""
    before = len(kiosk.paper.tickets)
    await kiosk.choose(service, card(person))
    if kiosk.state.screen == "which_doctor":
        await kiosk.touch("any_doctor")
    await kiosk.until(lambda state: state.screen == "your_number" and len(kiosk.paper.tickets) > before)
    await kiosk.touch("done")
    return kiosk.paper.tickets[-1].number


def issued(server: Server) -> list[TicketIssued]:
    engine = open_engine(server.url)
    with engine.connect() as connection:
        lines = journal.read(connection, "main", 0, 10_000, kinds=("ticket_issued",))
        assert journal.first_gap(connection, "main") is None
    engine.dispose()
    return [line.frame for line in lines if isinstance(line.frame, TicketIssued)]


async def test_people_get_numbers_before_during_and_after(server: Server, tmp_path: Path) -> None:
    kiosk = kiosk_at(server, tmp_path)
    await kiosk.start()
    await kiosk.live()
    services = ("general", "eyes", "heart")
    before = [await paper_for(kiosk, person, services[person % 3]) for person in range(3)]
    server.end(signal.SIGKILL)
    during = [await paper_for(kiosk, 3, "general")]  # how soon is told by `tests.kiosk.test_kiosk_offline`
    await kiosk.runner.close()  # and the power of the kiosk fails; what it gave and what it knows are on its disk
    kiosk = kiosk_at(server, tmp_path)
    await kiosk.start()
    during += [await paper_for(kiosk, person, services[person % 3]) for person in range(4, 7)]
    await kiosk.runner.close()
    server.start()
    await until_open(server)
    kiosk = kiosk_at(server, tmp_path)
    await kiosk.start()
    await kiosk.live()
    watched = spool(tmp_path)
    await kiosk.until(lambda _: watched.waiting() == 0)
    watched.close()
    after = [await paper_for(kiosk, 7, "eyes")]
    await kiosk.runner.close()
    frames = issued(server)
    assert [frame.entry.number for frame in frames] == [*before, *during, *after]
    assert [number[2:] for number in during] == ["001", "002", "003", "004"]
    assert [frame.offline for frame in frames] == [False] * 3 + [True] * 4 + [False]
    assert [frame.entry.issued_at for frame in frames] == sorted(frame.entry.issued_at for frame in frames)


async def test_a_thousand_numbers_of_eight_hours_arrive_in_order_after_two_power_cuts(
    server: Server, tmp_path: Path
) -> None:
    kiosk = kiosk_at(server, tmp_path)
    await kiosk.start()
    await kiosk.live()
    letters = kiosk.state.hospital.series
    await kiosk.runner.close()
    clock, given, cut = Clock(datetime.now(UTC) - timedelta(hours=HOURS)), list[str](), list[Spool]()
    for part in (range(400), range(400, 401), range(401, TICKETS)):
        folder = tmp_path / "kiosk"
        cut.append(Spool(folder / "spool.sqlite3", folder / "spool-key", clock))  # the one before: never closed
        for person in part:
            clock.forward(seconds=HOURS * 3600 / TICKETS)
            given.append(cut[-1].give(letters, "Asia/Ho_Chi_Minh", wish(person + 1), None).number)
    kiosk = kiosk_at(server, tmp_path)
    await kiosk.start()
    async with asyncio.timeout(150):
        while cut[-1].waiting():  # noqa: ASYNC110 (another connection's rows tell nobody)
            await asyncio.sleep(0.2)
    await kiosk.runner.close()
    for one in cut:
        one.close()
    frames = issued(server)
    assert [frame.entry.number for frame in frames] == given
    assert all(frame.offline for frame in frames)
    assert [frame.entry.issued_at for frame in frames] == sorted(frame.entry.issued_at for frame in frames)
