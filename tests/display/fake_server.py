"""A queue server for the display's tests: says what it is told to, keeps what was posted, can be away or refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from protocol.errors import ServerAway, ServerRefused
from protocol.nouns import Value
from protocol.requests import AcknowledgeCall, Done, ReportHealth, Request


class FakeServer:
    def __init__(self) -> None:
        self.posted: list[Request] = []
        self.away = False
        self.refuses = False
        self.closed = False
        self.rooms: Sequence[str] | None = None
        self._feed: asyncio.Queue[object] = asyncio.Queue()

    def says(self, *words: object) -> None:
        for word in words:
            self._feed.put_nowait(word)

    async def post(self, request: Request) -> Value:
        if self.away:
            raise ServerAway("unreachable")
        if self.refuses:
            raise ServerRefused("not_allowed", "no", 403, {})
        self.posted.append(request)
        return Done(seq=len(self.posted))

    async def follow(self, rooms: Sequence[str] = ()) -> AsyncGenerator[object, None]:
        self.rooms = rooms
        while True:
            word = await self._feed.get()
            if isinstance(word, Exception):
                raise word
            yield word

    async def close(self) -> None:
        self.closed = True

    def acknowledged(self) -> list[tuple[int, str, str]]:
        return [(one.call_seq, one.outcome, one.code) for one in self.posted if isinstance(one, AcknowledgeCall)]

    def health(self, part: str) -> list[tuple[str, str]]:
        told = [one.health for one in self.posted if isinstance(one, ReportHealth)]
        return [(health.state, health.code) for health in told if health.part == part]


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until it holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - pictures, words and files set no event
            await asyncio.sleep(0.01)
