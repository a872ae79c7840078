"""Hands scans and news of health from a device's own thread to the event loop that opened the device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import TypeVar

from hardware.errors import DeviceAway
from hardware.health import HealthTeller
from hardware.scanner.port import Scan
from protocol.nouns import DeviceHealth, HealthState

Item = TypeVar("Item")

_MOST_WAITING = 8
"""Codes that nobody took; the oldest goes first, for the person in front of the reader is the newest."""


class Mailbox:
    """``deliver`` and ``observe`` may be called from any thread, the rest from the loop that called ``attach``.

    Drivers are kinds of it: they only have to open, read and close.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scans: asyncio.Queue[Scan | None] = asyncio.Queue()
        self._news: asyncio.Queue[DeviceHealth | None] = asyncio.Queue()
        self._teller = HealthTeller("scanner", "away", "starting")
        self._closed = False

    def attach(self) -> None:
        self._loop = asyncio.get_running_loop()

    def deliver(self, payload: bytes, source: str) -> None:
        self._from_any_thread(lambda: _put(self._scans, Scan(payload, datetime.now(UTC), source)))

    def observe(self, state: HealthState, code: str = "ok", detail: str = "") -> None:
        self._from_any_thread(lambda: self._observe(state, code, detail))

    def health(self) -> DeviceHealth:
        return self._teller.now

    async def next_scan(self) -> Scan:
        return await _take(self._scans)

    async def next_health(self) -> DeviceHealth:
        return await _take(self._news)

    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            try:
                scan = await self.next_scan()
            except DeviceAway:
                return
            yield scan

    def forget(self) -> None:
        while not self._closed and not self._scans.empty():
            self._scans.get_nowait()

    def detach(self) -> None:
        """Nothing more comes: whoever waits is told."""
        if not self._closed:
            self._closed = True
            self._scans.put_nowait(None)
            self._news.put_nowait(None)

    def _observe(self, state: HealthState, code: str, detail: str) -> None:
        told = self._teller.observe(state, code, detail)
        if told is not None:
            _put(self._news, told)

    def _from_any_thread(self, act: Callable[[], None]) -> None:
        def unless_closed() -> None:
            if not self._closed:
                act()

        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(unless_closed)


def _put(queue: asyncio.Queue[Item | None], item: Item) -> None:
    while queue.qsize() >= _MOST_WAITING:
        queue.get_nowait()
    queue.put_nowait(item)


async def _take(queue: asyncio.Queue[Item | None]) -> Item:
    item = await queue.get()
    if item is None:
        queue.put_nowait(None)  # whoever else waits is told too
        raise DeviceAway("closed")
    return item
