"""The hub: one reader of the journal for all listeners of this process.

Its own writer tells it after each commit what was journaled; whatever other processes wrote it reads, when PostgreSQL
tells of it, and it also looks by itself twice a second. All of a commit is made into bytes once for each kind of
listener and written straight to all of them. One that cannot keep up is dropped, and never holds up the others. What
takes time (who may still listen, what kiosks are told of waits) has a task of its own, so that no call waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from protocol.frames import HEARTBEAT_S, Heartbeat, Numbered, for_everyone
from queue_server.seat import Seat, Wire, Words
from queue_server.store import journal
from queue_server.store.engine import Engine, StoreAway
from queue_server.store.journal import Line
from queue_server.threads import to_the_end
from queue_server.usecases.foreseen import NewcomerWaits
from queue_server.usecases.listening import Ear

log = logging.getLogger(__name__)

LOOK_S = 0.5
STANDING_S = 1.0
"""How often it is checked that devices are not revoked and sessions not ended."""
WAITS_S = 10.0
"""How often kiosks are told the waits of their tiles."""
QUEUE = 256
BATCH = 200
"""Entries of the journal read at a time."""
Standing = Callable[[list[Ear]], list[Ear]]
"""Blocking: which of these may no longer listen."""


class Audience:
    """Listeners who hear the same: of one kind, in one zone, at the same rooms. `ear` is any of theirs."""

    def __init__(self, ear: Ear, now: float) -> None:
        self.ear = ear
        self.seats: set[Seat] = set()
        self.told_at = now
        """When it was last told anything, by the clock of the event loop."""


class Hub:
    """`standing` tells who lost the right to listen, `waits` (blocking) what kiosks are told of waits.

    Used from one event loop, save for `hear`.
    """

    def __init__(
        self,
        engine: Engine,
        site_id: str,
        standing: Standing,
        waits: Callable[[], Mapping[str, NewcomerWaits]],
        clock: Callable[[], datetime],
        queue: int = QUEUE,
    ) -> None:
        self._engine = engine
        self._site_id = site_id
        self._standing = standing
        self._waits = waits
        self._clock = clock
        self._queue = queue
        self._audiences: dict[object, Audience] = {}
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._place = 0
        self._checked_at = self._waits_at = 0.0

    @property
    def listeners(self) -> int:
        return sum(len(audience.seats) for audience in self._audiences.values())

    @property
    def place(self) -> int:
        """The number up to which the journal was passed on."""
        return self._place

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._place = await to_the_end(self._last_seq)
        self._checked_at = self._waits_at = self._loop.time()
        self._tasks = [
            self._loop.create_task(self._run(), name="hub"),
            self._loop.create_task(self._care(), name="hub-care"),
        ]

    async def stop(self) -> None:
        """Send everybody away and end."""
        for seat in self._seats():
            seat.drop("stopping")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def hear(self, lines: Sequence[Line] = ()) -> None:
        """What was committed, or nothing when it is to be read. From any thread. RuntimeError: the loop has ended."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take, lines)

    def join(self, ear: Ear, wire: Wire) -> Seat:
        """From now on everything that `ear` may hear is kept for it. Join first, then take the snapshot."""
        seat = Seat(ear, wire, self._queue)
        now = asyncio.get_running_loop().time()
        self._audiences.setdefault(ear.audience, Audience(ear, now)).seats.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        audience = self._audiences[seat.ear.audience]
        audience.seats.discard(seat)
        if not audience.seats:
            del self._audiences[seat.ear.audience]

    def _seats(self) -> Iterator[Seat]:
        for audience in self._audiences.values():
            yield from audience.seats

    # --- what happened ---------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the news.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            self._news.clear()
            await _outliving(self._read_on)

    def _take(self, lines: Sequence[Line]) -> None:
        """Told by the writer itself. When anything is missing before it, or nothing is told, the journal is read."""
        news = self._new(lines)
        if not news or news[0].seq > self._place + 1:
            if news or not lines:
                self._news.set()
            return
        self._tell(news)

    async def _read_on(self) -> None:
        while lines := await to_the_end(self._read):
            self._tell(self._new(lines))
            if len(lines) < BATCH:
                return

    def _new(self, lines: Sequence[Line]) -> list[Line]:
        return [line for line in lines if line.seq > self._place]

    def _tell(self, lines: Sequence[Line]) -> None:
        """To each audience what it may hear, in one piece."""
        if not lines:
            return
        self._place = lines[-1].seq
        now = asyncio.get_running_loop().time()
        told: dict[object, Words] = {}
        for audience in self._audiences.values():
            heard = [line for line in lines if line.frame is not None and audience.ear.hears(line.frame)]
            if heard:
                audience.told_at = now
                to_staff = audience.ear.listener == "staff"
                key = to_staff, tuple(line.seq for line in heard)
                words = told.setdefault(key, Words(partial(_numbered, heard, to_staff)))
                for seat in audience.seats:
                    seat.tell(heard[-1].seq, words)

    def _read(self) -> list[Line]:
        with self._engine.connect() as connection:
            return journal.read(connection, self._site_id, self._place, BATCH)

    def _last_seq(self) -> int:
        with self._engine.connect() as connection:
            return journal.last_seq(connection, self._site_id)

    # --- that nothing happened, and who is still here --------------------------------------------------------------

    async def _care(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await _outliving(self._look_after)

    async def _look_after(self) -> None:
        now = asyncio.get_running_loop().time()
        self._beat(now)
        if now - self._checked_at >= STANDING_S:
            self._checked_at = now
            await self._check_standing()
        if now - self._waits_at >= WAITS_S:
            self._waits_at = now
            await self._tell_waits()

    def _beat(self, now: float) -> None:
        at = self._clock()
        words = Words(lambda previous: [Heartbeat(seq=previous, at=at)])
        for audience in self._audiences.values():
            if now - audience.told_at >= HEARTBEAT_S:
                audience.told_at = now
                for seat in audience.seats:
                    seat.beat(words)

    async def _check_standing(self) -> None:
        ears = [seat.ear for seat in self._seats()]
        if not ears:
            return
        gone = await to_the_end(self._standing, ears)
        for seat in self._seats():
            if seat.ear in gone:
                seat.drop("device_revoked" if seat.ear.device else "not_signed_in")

    async def _tell_waits(self) -> None:
        kiosks = [seat for seat in self._seats() if seat.ear.listener == "kiosk"]
        if not kiosks:
            return
        waits, at = await to_the_end(self._waits), self._clock()
        shortest = {service_id: wait.shortest for service_id, wait in waits.items()}
        rooms = {service_id: wait.at_doctors for service_id, wait in waits.items() if wait.at_doctors}
        words = Words(lambda previous: [Heartbeat(seq=previous, at=at, waits=shortest, room_waits=rooms)])
        for seat in kiosks:
            seat.beat(words)


def _numbered(lines: Sequence[Line], to_staff: bool, previous: int) -> Iterator[Numbered]:
    """Those after the number `previous`, each telling which came before it."""
    for line in lines:
        if line.seq > previous and line.frame is not None:
            frame = line.frame if to_staff else for_everyone(line.frame)
            yield Numbered(seq=line.seq, previous=previous, at=line.at, frame=frame)
            previous = line.seq


async def _outliving(act: Callable[[], Awaitable[None]]) -> None:
    try:
        await act()
    except StoreAway as away:  # for a while: no trace twice a second
        log.warning("store_away error=%s", type(away).__name__)
    except Exception:  # the hub outlives whatever one look does
        log.exception("hub_fault")
