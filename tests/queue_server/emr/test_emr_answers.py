"""What a FHIR server may answer, lies included, over a real HTTP connection where that matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from queue_server.emr.answers import pause_asked_for, read_answer
from queue_server.emr.fhir_rest import FhirRest
from queue_server.emr.mapping import frozen_text, registered_visit
from queue_server.emr.port import Message, Outcome
from tests.queue_server.emr.intakes import CARD, SYSTEMS, a_visit

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MESSAGE = Message("message-1", "visit-1", "registered_visit", frozen_text(registered_visit(a_visit(CARD), SYSTEMS)))
ENTRIES = 3


def answered(*statuses: str) -> str:
    entries = [
        {"response": {"status": status, "location": f"https://emr.test/fhir/Patient/{index}/_history/1"}}
        for index, status in enumerate(statuses)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


def read(status: int, body: str = "", **headers: str) -> Outcome:
    return read_answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, ENTRIES, NOW)


REFUSED = json.dumps(
    {
        "resourceType": "OperationOutcome",
        "issue": [{"code": "structure", "details": {"text": "Nguyễn 001199000124"}, "expression": ["Encounter.class"]}],
    }
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, answered("201 Created", "201", "200 OK"), "delivered", "ok"),
        (200, answered("201 Created", "412", "201 Created"), "needs_person", "entries_refused"),
        (200, answered("201 Created", "503", "429"), "transient", "entries_busy"),
        (200, answered("201 Created", "503", "400"), "needs_person", "entries_refused"),
        (200, answered("201 Created", "201 Created"), "needs_person", "wrong_count"),
        (200, answered("201", "201", "very well"), "needs_person", "entries_refused"),
        (200, answered("201", "201", "2010"), "needs_person", "entries_refused"),
        (200, json.dumps({"resourceType": "Bundle", "type": "transaction-response"}), "needs_person", "wrong_count"),
        (200, json.dumps({"resourceType": "Bundle", "entry": [None, 1, {}]}), "needs_person", "entries_refused"),
        (200, json.dumps({"resourceType": "Bundle", "entry": "201"}), "needs_person", "no_bundle"),
        (200, REFUSED, "needs_person", "no_bundle"),
        (200, "<html><body>Please sign in to the network</body></html>", "transient", "not_fhir"),
        (200, '{"status": "ok"}', "transient", "not_fhir"),
        (200, "[" * 100_000, "transient", "not_fhir"),
        (204, "", "transient", "not_fhir"),
        (302, "", "transient", "redirected"),
        (400, REFUSED, "dead", "refused"),
        (401, "", "transient", "unauthorized"),
        (403, "", "pause", "configuration"),
        (404, "", "pause", "configuration"),
        (408, "", "transient", "server_busy"),
        (409, "", "transient", "server_busy"),
        (412, REFUSED, "needs_person", "several_matches"),
        (413, "", "dead", "refused"),
        (418, "", "dead", "refused"),
        (422, REFUSED, "dead", "refused"),
        (425, "", "transient", "server_busy"),
        (429, "", "pause", "too_many_requests"),
        (500, "", "transient", "server_busy"),
        (502, "<html>", "transient", "server_busy"),
        (503, "", "transient", "server_busy"),
        (504, "", "transient", "server_busy"),
        (599, "", "transient", "server_busy"),
    ],
)  # fmt: skip
def test_every_answer_has_one_meaning(status: int, body: str, kind: str, code: str) -> None:
    outcome = read(status, body)
    assert (outcome.kind, outcome.code) == (kind, code)


def test_a_refusal_tells_the_place_and_never_the_data() -> None:
    assert read(400, REFUSED).detail == "HTTP 400 structure Encounter.class"


def test_places_of_the_entries_are_kept() -> None:
    assert read(200, answered("201", "201", "201")).remote_ids == ("Patient/0", "Patient/1", "Patient/2")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "999999999"}, 3600.0),
        ({"retry-after": "Sat, 21 Nov 2026 01:01:30 GMT"}, 90.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:00 +99999999999999"}, None),
        ({"ratelimit": '"fhirInteractions";r=0;t=42'}, 42.0),
        ({"ratelimit": "limit=5"}, None),
    ],
)
def test_a_pause_is_as_long_as_the_server_asks(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_asked_for(headers, NOW) == seconds


# --- over the wire -------------------------------------------------------------------------------------------------

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(speak: Speak) -> AsyncIterator[str]:
    """A TCP server that reads one request and then does what it likes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/fhir"
    finally:
        listening.close()


async def request_of(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")))
    return head, await reader.readexactly(length)


async def sent_to(speak: Speak, read_s: float = 0.3) -> Outcome:
    async with server(speak) as address:
        transport = FhirRest(address, lambda: "secret", connect_s=0.3, read_s=read_s)
        try:
            return await transport.send(MESSAGE)
        finally:
            await transport.close()


def saying(raw: bytes) -> Speak:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(raw)
        await writer.drain()

    return speak


async def test_a_good_answer_is_delivered_and_the_request_is_as_it_should_be() -> None:
    seen: list[tuple[str, bytes]] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        body = answered("201", "201", "201").encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    assert (await sent_to(speak)).kind == "delivered"
    head, body = seen[0]
    assert head.startswith("POST /fhir HTTP/1.1")
    assert "authorization: bearer secret" in head.lower()
    assert "application/fhir+json" in head
    assert body == MESSAGE.payload.encode()
    assert "Nguyễn" in body.decode()
    assert "001199000124" not in head


async def test_silence_ends_in_time() -> None:
    ended = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await reader.read()  # until the sender gives up
        ended.set()

    outcome = await sent_to(silence)
    assert (outcome.kind, outcome.code) == ("transient", "timeout")
    await asyncio.wait_for(ended.wait(), 2)


async def test_an_answer_that_trickles_ends_in_time() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert (await asyncio.wait_for(sent_to(trickle, read_s=0.2), 3)).code == "timeout"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", "unreachable"),
        (b"220 mail.example.org ESMTP\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "unreachable"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\nContent-Length: 0\r\n\r\n", "redirected"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5_000_000, "not_fhir"),
    ],
)
async def test_a_broken_connection_is_transient(raw: bytes, code: str) -> None:
    outcome = await sent_to(saying(raw), read_s=2.0)
    assert (outcome.kind, outcome.code) == ("transient", code)


async def test_nobody_there_is_transient() -> None:
    transport = FhirRest("http://127.0.0.1:9/fhir", lambda: "secret", connect_s=0.3, read_s=0.3)
    assert (await transport.send(MESSAGE)).code == "unreachable"
    await transport.close()


async def test_a_429_without_retry_after_pauses() -> None:
    outcome = await sent_to(saying(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"))
    assert (outcome.kind, outcome.retry_after_s) == ("pause", None)


async def test_the_token_is_asked_for_each_time() -> None:
    tokens = iter(["one", "two"])
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401)

    transport = FhirRest("https://emr.test/fhir", lambda: next(tokens), transport=httpx.MockTransport(answer))
    assert [(await transport.send(MESSAGE)).code for _ in range(2)] == ["unauthorized", "unauthorized"]
    assert seen == ["Bearer one", "Bearer two"]
    await transport.close()
