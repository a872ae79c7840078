"""A client that costs little, so that the server is what is measured: HTTP/1.1 by hand, and ears that only count.

httpx is ten times slower than the server it would measure.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from protocol.frames import FEED_PATH, Hello


@dataclass
class Answers:
    """What a load came to; `seconds` of the whole, and of each request."""

    seconds: float = 0.0
    each: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def per_second(self) -> float:
        return len(self.each) / self.seconds

    def quantile(self, part: float) -> float:
        return quantile(self.each, part)


def quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def post(path: str, body: bytes, headers: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


class Line:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer. Raises OSError or IncompleteReadError when the server is gone."""
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head[9:12]), head, await self._reader.readexactly(length)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def load(port: int, requests: Iterator[bytes], clients: int) -> Answers:
    """Send `requests` by so many clients, each waiting for its answer before it asks again."""
    answers = Answers()

    async def client() -> None:
        line = Line(port)
        for request in requests:
            begun = time.perf_counter()
            status, _, _ = await line.ask(request)
            answers.each.append(time.perf_counter() - begun)
            answers.refused += status != 200
        line.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    answers.seconds = time.perf_counter() - begun
    return answers


_PING, _PONG = b"\x89\x04", b"\x8a\x84\0\0\0\0"
"""What a WebSocket ping of four bytes begins with (a byte that no UTF-8 text holds before a 4), and its answer."""


class Ear(asyncio.Protocol):
    """A listener on a WebSocket that counts how often `word` came and answers pings; it understands nothing else."""

    def __init__(
        self, path: str, first_words: str, word: bytes, heard: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self._path, self._first_words, self._word, self._heard, self._lost = path, first_words, word, heard, lost
        self._tail = b""
        self._open = False
        self.left = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self._open:
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._open = True
            self.say(self._first_words)
            data = data.partition(b"\r\n\r\n")[2]
        if data and not self.ready.done():
            self.ready.set_result(None)
        ping = data.find(_PING)
        if ping >= 0 and self.transport is not None:
            self.transport.write(_PONG + data[ping + 2 : ping + 6])
        seen = self._tail + data
        for _ in range(seen.count(self._word)):
            self._heard()
        self._tail = seen[-len(self._word) + 1 :]

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.left:
            self._lost()

    def leave(self) -> None:
        self.left = True
        if self.transport is not None:
            self.transport.abort()

    def say(self, text: str) -> None:
        """One masked text frame (a mask of zeros changes nothing)."""
        assert self.transport is not None
        body = text.encode()
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
        self.transport.write(b"\x81" + size + b"\0\0\0\0" + body)


class Ears:
    """Many listeners; tells when the last of them has heard."""

    def __init__(self, port: int, path: str = FEED_PATH, key: str = "", word: bytes = b'"ticket_called"') -> None:
        self._port, self._path, self._word = port, path, word
        self._hello = Hello(key=key).model_dump_json() if key else json.dumps({"ear": True})
        self._ears: list[Ear] = []
        self._count = 0
        self._lost = 0
        self._all = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ears)

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        while len(self._ears) < count:
            group = []
            for _ in range(min(50, count - len(self._ears))):
                _, ear = await loop.create_connection(
                    lambda: Ear(self._path, self._hello, self._word, self._heard, self._count_lost),
                    "127.0.0.1",
                    self._port,
                )
                group.append(ear)
            await asyncio.gather(*(ear.ready for ear in group))
            self._ears += group

    def _count_lost(self) -> None:
        self._lost += 1
        self._all.set()

    def _heard(self) -> None:
        self._count += 1
        if self._count >= len(self._ears):
            self._all.set()

    async def last_after(self, begun: float) -> float:
        """Seconds from `begun` until the last listener had heard the word once more."""
        async with asyncio.timeout(60):
            await self._all.wait()
        seconds = time.perf_counter() - begun
        assert not self._lost, f"{self._lost} of {len(self._ears)} listeners lost their connection"
        self._all.clear()
        self._count = 0
        return seconds

    def say_first(self, text: str) -> None:
        """The first of them speaks."""
        self._ears[0].say(text)

    def close(self) -> None:
        for ear in self._ears:
            ear.leave()
