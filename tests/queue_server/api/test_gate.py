"""Callers who stop half-way are shown out, and hold nobody else up."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import connect

from protocol.frames import FROM_SERVER, Hello, Snapshot
from queue_server.api.front import Front
from queue_server.api.gate import Gate, open_files
from queue_server.app import PAIRINGS_A_MINUTE
from tests.queue_server.support import House, open_served_house

FEW_S = 0.3


class Impatient(Gate):
    head_s = FEW_S


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_served_house(tmp_path, http=Impatient) as opened:
        yield opened


async def knock(house: House, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.base.rsplit(":", 1)[1]))
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def is_shown_out(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 20) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
async def test_who_does_not_ask_in_time_is_shown_out(house: House, sent: bytes) -> None:
    reader, writer = await knock(house, sent)
    assert await is_shown_out(reader)
    writer.close()


async def test_a_few_more_bytes_win_no_time(house: House) -> None:
    reader, writer = await knock(house, b"GET /healthz HTTP/1.1\r\n")

    async def trickle() -> None:
        for number in range(1000):
            writer.write(b"X-%d: y\r\n" % number)
            await writer.drain()
            await asyncio.sleep(FEW_S / 20)

    dripping = asyncio.create_task(trickle())
    assert await is_shown_out(reader)
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)
    writer.close()


async def test_who_asks_is_answered_and_shown_out_when_nothing_more_comes(house: House) -> None:
    reader, writer = await knock(house, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    rest = await asyncio.wait_for(reader.read(), 20)
    assert b"\r\n\r\n" in rest
    writer.close()


async def test_a_listener_of_the_feed_stays(house: House) -> None:
    async with connect(house.base.replace("http", "ws") + "/api/feed", proxy=None) as listener:
        await listener.send(Hello(key=house.keys["kiosk"]).model_dump_json())
        assert isinstance(FROM_SERVER.validate_json(await listener.recv()), Snapshot)
        await asyncio.sleep(3 * FEW_S)
        assert "heartbeat" in str(await asyncio.wait_for(listener.recv(), 20))


async def test_a_body_that_does_not_come_is_refused_by_name() -> None:
    sent: list[Message] = []

    async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it was passed on")

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def keep(message: Message) -> None:
        sent.append(message)

    front = Front(nobody, lambda *_: None, body_s=0.01)
    headers = [(b"content-type", b"application/json"), (b"accept-language", b"en")]
    scope = {"type": "http", "method": "POST", "path": "/api/pair", "headers": headers, "query_string": b""}
    await front(scope, never, keep)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "request_too_slow"


def test_as_many_files_as_allowed() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(before[1], 65_536), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(("trusted", "status"), [((), 429), (("127.0.0.1",), 403)], ids=["nobody", "a proxy"])
async def test_only_a_trusted_proxy_says_who_calls(tmp_path: Path, trusted: tuple[str, ...], status: int) -> None:
    """Else a new name for each try would win as many tries as one likes."""
    wish = {"code": "000000", "protocol_version": 1}
    async with open_served_house(tmp_path, trusted_proxies=trusted) as opened:
        for number in range(PAIRINGS_A_MINUTE + 1):
            headers = {"X-Forwarded-For": f"192.0.2.{number}"}
            answer = await opened.http.post("/api/pair", json=wish, headers=headers)
    assert answer.status_code == status


async def test_only_who_comes_by_no_proxy_is_this_machine(house: House) -> None:
    assert (await house.http.get("/metrics")).status_code == 200
    for name in ("X-Forwarded-For", "Forwarded"):
        assert (await house.http.get("/metrics", headers={name: "127.0.0.1"})).status_code == 401
