"""Numbers given without the server reach it in order and once, whatever the line and the server do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk import sender as sender_module
from kiosk.sender import Sender
from protocol import errors
from protocol.nouns import Value
from protocol.requests import Request, UploadOfflineTicket
from tests.kiosk.samples import PERSONAL, ticket
from tests.kiosk.test_spool import Disk


class FakeServer:
    """Keeps what it took. Each try goes as `outcomes` says; after them all is well."""

    def __init__(self, *outcomes: str) -> None:
        self.outcomes, self.tries = list(outcomes), list[str]()
        self.took: dict[str, str] = {}
        """Number by request id: the same id is the same ticket."""
        self.at_once = 0

    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        assert isinstance(request, UploadOfflineTicket)
        self.at_once += 1
        assert self.at_once == 1, "one at a time"
        await asyncio.sleep(0)
        self.at_once -= 1
        self.tries.append(request.number)
        outcome = self.outcomes.pop(0) if self.outcomes else ""
        if outcome == "away":
            raise errors.ServerAway("unreachable")
        code, _, status = outcome.partition(":")
        if status:
            raise errors.ServerRefused(code, "", int(status), {})
        self.took[request.request_id] = request.number
        if outcome == "lost":
            raise errors.ServerAway("timeout")
        return ticket()


@asynccontextmanager
async def sending(disk: Disk, server: FakeServer) -> AsyncIterator[Sender]:
    sender = Sender(disk.spool, server)
    task = asyncio.get_running_loop().create_task(sender.run())
    yield sender
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 (anything may be waited for)
            await asyncio.sleep(0.005)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(sender_module, "FIRST_PAUSE_S", 0.002)
    disk = Disk(tmp_path)
    for _ in range(3):
        disk.give()
    return disk


async def sent(disk: Disk, *outcomes: str) -> FakeServer:
    server = FakeServer(*outcomes)
    async with sending(disk, server):
        await until(lambda: disk.spool.waiting() == 0)
    return server


async def test_all_are_told_once_and_in_order(disk: Disk) -> None:
    server = await sent(disk)
    assert server.tries == ["KA001", "KA002", "KA003"]


async def test_away_is_tried_again_and_nothing_overtakes(disk: Disk) -> None:
    server = await sent(disk, "away", "away", "", "away")
    assert server.tries == ["KA001"] * 3 + ["KA002"] * 2 + ["KA003"]


async def test_a_lost_answer_is_told_again_under_the_same_id(disk: Disk) -> None:
    server = await sent(disk, "lost", "", "lost")
    assert server.tries == ["KA001", "KA001", "KA002", "KA002", "KA003"]
    assert list(server.took.values()) == ["KA001", "KA002", "KA003"]


async def test_a_refusal_is_logged_by_number_and_code_and_the_rest_goes_on(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    server = await sent(disk, "too_old:422", "number_taken:409", "")
    assert server.tries == ["KA001", "KA002", "KA003"]
    assert list(server.took.values()) == ["KA003"]
    assert "offline_ticket_refused id=1 number=KA001 code=too_old" in caplog.text
    assert "offline_ticket_refused id=2 number=KA002 code=number_taken" in caplog.text
    assert not any(text in caplog.text for text in PERSONAL)


@pytest.mark.parametrize("passing", ["unknown_key:401", "wrong_role:403", "not_found:404", "internal:500", "busy:429"])
async def test_what_says_nothing_of_the_number_keeps_it(disk: Disk, passing: str) -> None:
    server = await sent(disk, passing, passing)
    assert list(server.took.values()) == ["KA001", "KA002", "KA003"]


async def test_a_new_number_is_told_at_once(disk: Disk) -> None:
    server = FakeServer()
    async with sending(disk, server) as sender:
        await until(lambda: disk.spool.waiting() == 0)
        disk.give()
        sender.wake()
        await until(lambda: disk.spool.waiting() == 0)
    assert server.tries[-1] == "KA004"


async def test_the_server_that_is_back_is_not_waited_for(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "FIRST_PAUSE_S", 60.0)
    monkeypatch.setattr(sender_module, "LONGEST_PAUSE_S", 60.0)
    server = FakeServer("away")
    async with sending(disk, server) as sender:
        await until(lambda: server.tries == ["KA001"])
        await asyncio.sleep(0.01)
        sender.wake()
        await until(lambda: disk.spool.waiting() == 0)


async def test_a_disk_that_fails_is_tried_again(disk: Disk) -> None:
    whole = disk.spool._file
    disk.spool._file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)  # has no tables
    server = FakeServer()
    async with sending(disk, server):
        await asyncio.sleep(0.05)
        disk.spool._file = whole
        await until(lambda: disk.spool.waiting() == 0)
    assert server.tries == ["KA001", "KA002", "KA003"]
