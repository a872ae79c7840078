"""The hub: one reader of the journal for all listeners of this process.

It wakes on every commit of its own writer and, on PostgreSQL, of other processes; it also looks by itself twice a
second. Each listener has a bounded queue; one that cannot keep up is dropped and never holds up the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from queue_server.store import journal
from queue_server.store.engine import Engine, StoreAway
from queue_server.store.journal import Line
from queue_server.threads import to_the_end
from queue_server.usecases.listening import Ear

log = logging.getLogger(__name__)

LOOK_S = 0.5
STANDING_S = 1.0
"""How often it is checked that devices are not revoked and sessions not ended."""
QUEUE = 256
Standing = Callable[[list[Ear]], list[Ear]]
"""Blocking: which of these may no longer listen."""


class Seat:
    """One listener's place: what it is still to be sent, and why it must go, when it must."""

    def __init__(self, ear: Ear, size: int) -> None:
        self.ear = ear
        self.lines: asyncio.Queue[Line] = asyncio.Queue(size)
        self.dropped: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def drop(self, code: str) -> None:
        if not self.dropped.done():
            self.dropped.set_result(code)


class Hub:
    """`standing` tells who lost the right to listen. Used from one event loop, save for `wake`."""

    def __init__(self, engine: Engine, site_id: str, standing: Standing, queue: int = QUEUE) -> None:
        self._engine = engine
        self._site_id = site_id
        self._standing = standing
        self._queue = queue
        self._seats: set[Seat] = set()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._place = 0

    @property
    def listeners(self) -> int:
        return len(self._seats)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._place = await to_the_end(self._last_seq)
        self._task = self._loop.create_task(self._run(), name="hub")

    async def stop(self) -> None:
        """Send everybody away and end."""
        for seat in self._seats:
            seat.drop("stopping")
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def wake(self) -> None:
        """Something was committed. May be called from any thread. Raises RuntimeError when the loop has ended."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._news.set)

    def join(self, ear: Ear) -> Seat:
        """From now on everything that `ear` may hear is kept for it. Join first, then take the snapshot."""
        seat = Seat(ear, self._queue)
        self._seats.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        self._seats.discard(seat)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the news.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._pass_on()
                if loop.time() - checked >= STANDING_S:
                    checked = loop.time()
                    await self._check_standing()
            except StoreAway as away:  # for a while: no trace twice a second
                log.warning("store_away error=%s", type(away).__name__)
            except Exception:  # the hub outlives whatever one look does
                log.exception("hub_fault")

    async def _pass_on(self) -> None:
        while lines := await to_the_end(self._read):
            for line in lines:
                for seat in self._seats:
                    self._offer(seat, line)
                self._place = line.seq

    def _offer(self, seat: Seat, line: Line) -> None:
        if line.frame is None or not seat.ear.hears(line.frame):
            return
        try:
            seat.lines.put_nowait(line)
        except asyncio.QueueFull:
            seat.drop("too_slow")

    async def _check_standing(self) -> None:
        ears = [seat.ear for seat in self._seats]
        if not ears:
            return
        gone = await to_the_end(self._standing, ears)
        for seat in self._seats:
            if seat.ear in gone:
                seat.drop("device_revoked" if seat.ear.device else "not_signed_in")

    def _read(self) -> list[Line]:
        with self._engine.connect() as connection:
            # Less than a seat holds at a time: what comes all at once (after a pause) must not drop who keeps up.
            return journal.read(connection, self._site_id, self._place, limit=max(1, self._queue // 2))

    def _last_seq(self) -> int:
        with self._engine.connect() as connection:
            return journal.last_seq(connection, self._site_id)
