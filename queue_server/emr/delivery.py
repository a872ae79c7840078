"""The feed: reads the journal, freezes messages, sends them, for as long as the server runs.

A journal entry becomes a message in the same change that moves the reader's place, so nothing is lost between the two.
Sending is outside any transaction and the patient never waits for it. Whatever fails, the loop goes on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from queue_server.emr import delivery_rows as rows
from queue_server.emr.delivery_rows import FeedStatus
from queue_server.emr.port import Emr, Message, Outcome
from queue_server.emr.retry import Destination, after, counts_as_attempt, due_again
from queue_server.emr.settings import EmrSettings
from queue_server.errors import QueueError
from queue_server.store.journal import Line
from queue_server.store.writer import Writer
from queue_server.threads import to_the_end

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST_SLEEP_S = 5.0
"""The loop looks by itself this often, should a notification be missed (another process wrote)."""
_TIDY_EVERY = timedelta(hours=1)


class Delivery:
    """`start` and `stop` belong to the server's loop. Several processes may each run one on the same database."""

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        settings: EmrSettings,
        emr: Emr,
        *,
        site_id: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        parallel: int = 2,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._settings = settings
        self._systems = settings.systems()
        self._emr = emr
        self._site_id = site_id
        self._clock = clock
        self._chance = chance
        self._parallel = parallel
        self._owner = uuid4().hex
        self._lease_s = settings.connect_timeout_s + 4 * settings.read_timeout_s  # longer than any one sending
        self._destination = Destination()
        self._tidied = datetime.min.replace(tzinfo=UTC)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer.listen(self._committed)
        self._task = self._loop.create_task(self._for_ever(), name="emr-delivery")

    async def stop(self) -> None:
        """Stop sending and give back what is in hand. The writer must still be running."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        with suppress(QueueError):
            await self._writer.run(lambda connection: rows.release(connection, self._owner, self._clock()))
        await self._emr.close()

    def status(self) -> FeedStatus:
        """Figures of now. Blocks for a short read: call it from a thread."""
        now, state = self._clock(), self._destination
        with self._engine.connect() as connection:
            found = rows.figures(connection, self._site_id, now)
        paused = None if state.may_send(now) else state.closed_until
        return replace(found, circuit_open=state.circuit_open, paused_until=paused, reason=state.reason)

    # --- the loop ---

    def _committed(self, _lines: Sequence[Line]) -> None:
        """Called in the writer's thread after each commit."""
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _for_ever(self) -> None:
        while True:
            try:
                sleep_s = await self.step()
            except (QueueError, SQLAlchemyError) as error:
                log.warning("emr_store_away error=%s", type(error).__name__)
                sleep_s = LONGEST_SLEEP_S
            except Exception:  # the feed outlives whatever one message does
                log.exception("emr_feed_fault")
                sleep_s = LONGEST_SLEEP_S
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the wake-up.
            with suppress(TimeoutError):
                async with asyncio.timeout(sleep_s):
                    await self._wake.wait()
            self._wake.clear()

    async def step(self) -> float:
        """Read the journal, send what is due, and return how long nothing will be due (seconds).

        By turns: while many people arrive, there is always more to read, and what was read must go out all the same.
        """
        await self._tidy()
        busy = True
        while busy:
            took = await self._take_in()
            busy = await self._send_some() or took
        return await self._until_next()

    async def _take_in(self) -> bool:
        """Turn what is next in the journal into messages; False when there was nothing new."""
        if not await self._read(lambda connection: rows.something_new(connection, self._site_id)):
            return False
        await self._writer.run(
            lambda connection: rows.take_in(
                connection, self._site_id, self._systems, self._clock(), lambda: uuid4().hex
            )
        )
        return True

    async def _send_some(self) -> bool:
        """Send as many as may be under way at once; False when nothing may be sent now."""
        claimed = await self._claim() if self._destination.may_send(self._clock()) else []
        await asyncio.gather(*(self._deliver(message, attempts) for message, attempts in claimed))
        return bool(claimed)

    async def _claim(self) -> list[tuple[Message, int]]:
        now = self._clock()
        # Looking first costs a read; a claim of nothing would cost a commit, and each commit wakes this loop again.
        if not await self._read(lambda connection: rows.any_claimable(connection, self._site_id, now)):
            return []
        limit = 1 if self._destination.circuit_open else self._parallel
        return await self._writer.run(
            lambda connection: rows.claim(connection, self._site_id, self._owner, now, self._lease_s, limit)
        )

    async def _deliver(self, message: Message, attempts: int) -> None:
        outcome = await self._emr.send(message)
        await self._store(message, attempts, outcome)

    async def _store(self, message: Message, attempts: int, outcome: Outcome) -> None:
        now = self._clock()
        before = self._destination
        self._destination = after(before, outcome, now)
        tried = attempts + (1 if counts_as_attempt(before, outcome) else 0)
        due_at = due_again(outcome, tried, now, self._chance())
        kept = await self._writer.run(
            lambda connection: rows.settle(connection, message, self._owner, outcome, tried, now, due_at)
        )
        level = logging.INFO if outcome.kind == "delivered" else logging.WARNING
        log.log(
            level, "emr_message id=%s visit=%s outcome=%s code=%s attempts=%d kept=%s",
            message.message_id, message.stream, outcome.kind, outcome.code, tried, kept,
        )  # fmt: skip
        if before.circuit_open and not self._destination.circuit_open:
            await self._writer.run(lambda connection: rows.hurry(connection, self._site_id, now))

    async def _until_next(self) -> float:
        now = self._clock()
        closed = self._destination.closed_until
        due = closed if closed is not None and closed > now else None
        if due is None:
            due = await self._read(lambda connection: rows.next_due(connection, self._site_id))
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.05, (due - now).total_seconds()))

    async def _tidy(self) -> None:
        now = self._clock()
        if now - self._tidied < _TIDY_EVERY:
            return
        self._tidied = now
        before = now - timedelta(days=self._settings.keep_payload_days)
        await self._writer.run(lambda connection: rows.forget_payloads(connection, self._site_id, before))

    async def _read(self, question: Callable[[Connection], T]) -> T:
        def ask() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        return await to_the_end(ask)
