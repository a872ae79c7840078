"""The client against servers that misbehave: repeat, leave out, fall silent, go away, talk nonsense."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from protocol.client import FeedLost, FromFeed, ServerAway, ServerClient, ServerRefused
from protocol.frames import Heartbeat, Hello, Numbered, Refused, Snapshot, TicketPrinted
from protocol.nouns import Site, Value
from protocol.requests import CallNext, Done, RaiseAlert

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
Talk = Callable[[ServerConnection], Awaitable[None]]


def snapshot(seq: int) -> Snapshot:
    return Snapshot(
        seq=seq, at=NOW, site=Site(site_id="s", names={}), listener="display",
        zones=(), services=(), rooms=(), entries=(), calls=(),
    )  # fmt: skip


def numbered(seq: int, previous: int) -> Numbered:
    frame = TicketPrinted(ticket_id="t", number="A001", device_id="d", outcome="printed")
    return Numbered(seq=seq, previous=previous, at=NOW, frame=frame)


class FakeFeed:
    """A feed that plays what the test says, one list of messages per connection, and then stays silent."""

    def __init__(self, *connections: list[Value | str | None]) -> None:
        self._connections = list(connections)
        self.hellos: list[Hello] = []
        self.closed = 0

    async def __call__(self, connection: ServerConnection) -> None:
        self.hellos.append(Hello.model_validate_json(str(await connection.recv())))
        said = self._connections.pop(0) if self._connections else [snapshot(99)]
        for message in said:
            if message is None:  # hang up
                return
            await connection.send(message if isinstance(message, str) else message.model_dump_json())
        await connection.wait_closed()
        self.closed += 1


@asynccontextmanager
async def follow(talk: Talk, silence_s: float = 5.0) -> AsyncIterator[Callable[[], Awaitable[FromFeed]]]:
    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        client = ServerClient(f"http://127.0.0.1:{port}", "the key", silence_s=silence_s)
        async with aclosing(client.follow(("r1",))) as messages:

            async def following() -> FromFeed:
                async with asyncio.timeout(8):
                    return await anext(messages)

            yield following
        await client.close()


async def test_it_says_who_it_is_and_passes_on_what_it_hears() -> None:
    feed = FakeFeed([snapshot(4), numbered(5, 4), numbered(9, 5), Heartbeat(seq=9, at=NOW)])
    async with follow(feed) as following:
        assert await following() == snapshot(4)
        assert await following() == numbered(5, 4)
        assert await following() == numbered(9, 5)
        assert await following() == Heartbeat(seq=9, at=NOW)
    assert feed.hellos == [Hello(key="the key", rooms=("r1",), last_seq=0)]


async def test_what_is_repeated_is_told_once() -> None:
    feed = FakeFeed([snapshot(4), numbered(5, 4), numbered(5, 4), numbered(4, 3), numbered(6, 5)])
    async with follow(feed) as following:
        told = [await following() for _ in range(3)]
    assert told == [snapshot(4), numbered(5, 4), numbered(6, 5)]


@pytest.mark.parametrize("gap", [numbered(7, 6), Heartbeat(seq=6, at=NOW)])
async def test_a_gap_is_closed_by_asking_anew(gap: Value) -> None:
    feed = FakeFeed([snapshot(4), numbered(5, 4), gap], [snapshot(7), numbered(8, 7)])
    async with follow(feed) as following:
        told = [await following() for _ in range(4)]
    assert told == [snapshot(4), numbered(5, 4), snapshot(7), numbered(8, 7)]
    assert [hello.last_seq for hello in feed.hellos] == [0, 5]


async def test_frames_of_a_newer_server_are_skipped_and_leave_no_gap() -> None:
    newer = numbered(5, 4).model_dump(mode="json") | {"frame": {"type": "from_tomorrow"}}
    feed = FakeFeed([snapshot(4), json.dumps(newer), json.dumps({"type": "whisper"}), numbered(6, 5)])
    async with follow(feed) as following:
        assert [await following(), await following()] == [snapshot(4), numbered(6, 5)]


async def test_a_lost_connection_is_told_once_and_joined_again() -> None:
    feed = FakeFeed([snapshot(4), None], [None], [None], [snapshot(9)])
    async with follow(feed) as following:
        told = [await following() for _ in range(3)]
    assert told == [snapshot(4), FeedLost(code="unreachable"), snapshot(9)]


async def test_a_silent_connection_is_lost() -> None:
    async with follow(FakeFeed([snapshot(4)], [snapshot(4)]), silence_s=0.2) as following:
        assert [await following(), await following()] == [snapshot(4), FeedLost(code="silent")]
        assert await following() == snapshot(4)


@pytest.mark.parametrize("nonsense", ["<html>", "[]", json.dumps({"type": "heartbeat", "seq": 1, "at": str(NOW)})])
async def test_what_is_no_server_of_ours_is_not_believed(nonsense: str) -> None:
    async with follow(FakeFeed([nonsense])) as following:
        assert await following() == FeedLost(code="not_our_server")


async def test_a_refusal_is_told() -> None:
    async with follow(FakeFeed([Refused(code="device_revoked")])) as following:
        assert await following() == FeedLost(code="device_revoked")


async def test_a_server_that_stops_is_joined_again_soon() -> None:
    feed = FakeFeed([snapshot(1), Refused(code="stopping")], [snapshot(2)])
    async with follow(feed) as following:
        told = [await following() for _ in range(3)]
    assert told == [snapshot(1), FeedLost(code="stopping"), snapshot(2)]


async def test_nobody_there_is_told_and_tried_until_somebody_is() -> None:
    async with serve(FakeFeed(), "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
    client = ServerClient(f"http://127.0.0.1:{port}")
    async with aclosing(client.follow()) as messages:
        assert await anext(messages) == FeedLost(code="unreachable")
        waiting = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        async with serve(FakeFeed([snapshot(3)]), "127.0.0.1", port), asyncio.timeout(5):
            assert await waiting == snapshot(3)
    await client.close()


# --- requests --------------------------------------------------------------------------------------------------------

Reply = tuple[int, Any] | None


@asynccontextmanager
async def answering(*replies: Reply) -> AsyncIterator[tuple[ServerClient, list[dict[str, Any]]]]:
    """An HTTP server that gives these replies in turn; None hangs up without a word."""
    waiting, asked = list(replies), []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        asked.append(json.loads(await reader.readexactly(length)) | {"head": head})
        reply = waiting.pop(0)
        if reply is not None:
            status, body = reply
            text = body if isinstance(body, str) else json.dumps(body)
            line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
            writer.write(f"{line}Content-Length: {len(text.encode())}\r\n\r\n{text}".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    client = ServerClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "the key", language="en")
    async with server:
        yield client, asked
        await client.close()


BUSY = {"code": "busy", "message": "…"}


async def test_a_request_and_its_answer() -> None:
    async with answering((200, {"seq": 7})) as (client, asked):
        assert await client.ask(RaiseAlert(reason="help", request_id="r1"), Done) == Done(seq=7)
    assert asked[0]["request_id"] == "r1"
    assert "authorization: bearer the key" in asked[0]["head"]
    assert "accept-language: en" in asked[0]["head"]


async def test_the_same_request_is_sent_again_until_it_is_answered() -> None:
    async with answering(None, (503, BUSY), (502, "<html>"), (200, {"seq": 7})) as (client, asked):
        assert await client.post(RaiseAlert(reason="help", request_id="r1", age_s=3.0)) == Done(seq=7)
    assert [request["request_id"] for request in asked] == ["r1"] * 4
    ages = [request["age_s"] for request in asked]
    assert ages == sorted(ages)
    assert 3.0 <= ages[0] < 3.2 < 3.6 < ages[3] + 0.6


async def test_a_server_that_is_away_is_logged_once_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    """A kiosk that could not reach its server wrote several lines a second."""
    caplog.set_level(logging.INFO, "protocol.client")
    away: list[Reply] = [None] * 3 + [(503, BUSY)] * 2
    answers: list[Reply] = [(200, {"seq": 1}), (200, {"seq": 2})]
    async with answering(*away, *answers) as (client, _):
        for _ in range(2):
            await client.post(RaiseAlert(reason="help"))
    assert [line.getMessage().split(" ")[0] for line in caplog.records] == ["server_away", "server_back"]
    assert caplog.records[0].getMessage() == f"server_away address={client.base} code=unreachable"


async def test_a_refusal_is_not_sent_again() -> None:
    told = {"code": "nobody_waiting", "message": "Nobody is waiting.", "detail": {"room_id": "r1"}}
    async with answering((409, told)) as (client, _):
        with pytest.raises(ServerRefused) as refused:
            await client.post(CallNext(room_id="r1"))
    caught = refused.value
    assert (caught.code, caught.message, caught.status) == ("nobody_waiting", "Nobody is waiting.", 409)
    assert caught.detail == {"room_id": "r1"}


@pytest.mark.parametrize(
    ("reply", "code"),
    [((503, BUSY), "busy"), ((200, "<html>"), "not_our_server"), ((404, "nothing"), "not_our_server"),
     (None, "unreachable")],
)  # fmt: skip
async def test_when_time_is_up_the_server_is_away(reply: Reply, code: str) -> None:
    async with answering(*[reply] * 30) as (client, asked):
        with pytest.raises(ServerAway) as away:
            await client.post(RaiseAlert(reason="help"), deadline_s=0.5)
    assert away.value.code == code
    assert len(asked) >= 2


async def test_an_answer_that_cannot_be_unpacked_is_not_our_servers() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        client = ServerClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ServerAway) as away:
            await client.post(RaiseAlert(reason="help"), deadline_s=0.3)
        assert away.value.code == "not_our_server"
        await client.close()


async def test_a_server_that_says_nothing_is_not_waited_for_longer_than_the_deadline() -> None:
    silent = asyncio.Event()

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        client = ServerClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ServerAway) as away:
            await client.post(RaiseAlert(reason="help"), deadline_s=0.3)
        assert away.value.code == "timeout"
        silent.set()
        await client.close()
