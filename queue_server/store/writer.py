"""The one writer of a server process: every change goes through it.

It takes whatever changes are waiting, runs each in a savepoint of one transaction, and commits them together once.
So the order is total, SQLite never sees two writers, and throughput rises with load, because many tickets share one
`fsync`. A change that fails is rolled back alone and only its own caller hears of it; when the commit itself fails,
nothing happened and every caller hears that. Nothing leaves (answer or frame) before the commit.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import DataError, SQLAlchemyError

from queue_server.errors import Invalid, Unavailable
from queue_server.store import journal, memory, plain
from queue_server.store.engine import IMMEDIATE, StoreAway
from queue_server.store.journal import Line
from queue_server.store.news import News
from queue_server.store.tables import site

log = logging.getLogger(__name__)
T = TypeVar("T")
Change = Callable[[Connection], T]
Listener = Callable[[Sequence[Line]], object]
"""Is told what the commit wrote into the journal; nothing when that has to be read (another process wrote it)."""


PRESSED_BATCH, PRESSED_S = 3, 1.0
"""So many changes at once, and for so many seconds after, mean that there is no time to spare."""

_TURN = plain.Statement(
    select(site.c.last_seq, site.c.configuration).where(site.c.site_id == bindparam("the_site")).with_for_update()
)


_AnyFuture: TypeAlias = Future[Any] | asyncio.Future[Any]
"""Of a thread that waits, or of an event loop."""


@dataclass(frozen=True)
class _Job:
    change: Callable[[Connection], Any]
    future: _AnyFuture

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for it, now that its turn has come."""
        if isinstance(self.future, asyncio.Future):
            return not self.future.cancelled()
        return self.future.set_running_or_notify_cancel()


@dataclass(frozen=True)
class _Outcome:
    future: _AnyFuture
    value: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """In the thread of the event loop, when the future is one of a loop."""
        if isinstance(self.future, asyncio.Future) and self.future.done():  # whoever waited was told to stop
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


def _tell(outcomes: Sequence[_Outcome]) -> None:
    """Each loop is woken once for all of its outcomes: waking it is what costs."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if isinstance(outcome.future, asyncio.Future):
            by_loop[outcome.future.get_loop()].append(outcome)
        else:
            outcome.tell()
    for loop, its in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_here, its)
        except RuntimeError:  # the loop has ended, and nobody waits any more
            log.warning("caller_gone changes=%d", len(its))


def _tell_here(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()


class Writer:
    """`limit` changes may wait (then callers are refused as busy), at most `batch` share one commit."""

    def __init__(self, engine: Engine, site_id: str, *, limit: int = 1000, batch: int = 64) -> None:
        self._engine = engine
        self._site_id = site_id
        self._batch = batch
        self._limit = limit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._turn: list[_Job] = []
        """What was asked for in this turn of the event loop."""
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        self._memory = memory.Memory()
        self._news = News(engine, site_id, self._notify)
        self._door = threading.Lock()
        self._batch_at = 0.0
        """When several changes last came at once, by the monotonic clock."""
        self.commits = 0
        self.changes = 0

    def start(self) -> None:
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what was accepted, then end. Blocks until it is done."""
        if self._thread is None:
            return
        with self._door:  # after this nothing is accepted, so nothing can come in behind the end
            self._closing = True
            self._hand_over()
            self._jobs.put(None)
        self._thread.join()
        self._thread = None
        self._news.stop()

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every commit, of this process or another: in a thread, so it must only pass it on."""
        self._listeners.append(listener)
        self._news.start()

    @property
    def waiting(self) -> int:
        return self._jobs.qsize() + len(self._turn)

    @property
    def is_pressed(self) -> bool:
        """Whether changes come faster than one by one: whoever can wait should."""
        return self.waiting > 0 or time.monotonic() - self._batch_at < PRESSED_S

    def submit(self, change: Change[T]) -> Future[T]:
        """Queue a change. Raises Unavailable ``busy`` when too many wait, ``stopping`` when the server is ending."""
        future: Future[T] = Future()
        with self._door:
            self._take_in(_Job(change, future))
            self._hand_over()
        return future

    async def run(self, change: Change[T]) -> T:
        """The value of `change` once it is committed. Raises what the change raised, or Unavailable.

        Whatever one turn of the event loop asks for is handed over at its end. So the writer has it in one transaction,
        and does its work while the loop waits, instead of both pulling at Python's lock.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._door:
            self._take_in(_Job(change, future))
        loop.call_soon(self._end_turn)
        return await future

    def _take_in(self, job: _Job) -> None:
        if self._closing or self._thread is None:
            raise Unavailable("stopping")
        if self.waiting >= self._limit:
            raise Unavailable("busy")
        self._turn.append(job)

    def _end_turn(self) -> None:
        if self._turn:
            with self._door:
                self._hand_over()

    def _hand_over(self) -> None:
        for job in self._turn:
            self._jobs.put(job)
        self._turn.clear()

    # --- in the writer's thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            jobs, ending = self._take()
            if jobs:
                outcomes, lines = self._write(jobs)
                self._notify(lines)  # walls first: they are told in less time than an answer takes
                _tell(outcomes)
            if ending:
                break
        self._refuse_the_rest()

    def _take(self) -> tuple[list[_Job], bool]:
        """The next batch: waits for one job, then takes what else is there. True when it is time to end."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            if job.is_wanted:
                jobs.append(job)
            if len(jobs) >= self._batch:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _write(self, jobs: list[_Job]) -> tuple[list[_Outcome], list[Line]]:
        try:
            with self._engine.connect().execution_options(**{IMMEDIATE: True}) as connection:
                with (
                    connection.begin(),
                    memory.attached(connection, self._memory),
                    journal.written(connection) as lines,
                ):
                    self._remember(connection)
                    outcomes = [self._attempt(connection, job, lines) for job in jobs]
                    self._news.tell(connection)
                self.commits += 1
                self.changes += len(jobs)
                if len(jobs) >= PRESSED_BATCH:
                    self._batch_at = time.monotonic()
                return outcomes, lines
        except SQLAlchemyError as error:
            self._memory = memory.Memory()
            log.error("store_away error=%s changes=%d", type(error).__name__, len(jobs))
            return [_Outcome(job.future, error=_store_away(error)) for job in jobs], []
        except Exception as error:  # the writer outlives whatever a batch does: every caller is told
            self._memory = memory.Memory()
            log.exception("writer_fault changes=%d", len(jobs))
            return [_Outcome(job.future, error=error) for job in jobs], []

    def _remember(self, connection: Connection) -> None:
        """Take the turn, and see whether others wrote since the last one.

        Several processes on PostgreSQL take turns by the lock on this row; SQLite took its lock at BEGIN IMMEDIATE.
        """
        row = _TURN.one(connection, the_site=self._site_id)
        self._memory.begin(*(row or (-1, -1)))

    def _attempt(self, connection: Connection, job: _Job, lines: list[Line]) -> _Outcome:
        plain.command(connection, "SAVEPOINT change")
        before = len(lines)
        self._memory.touched = False
        try:
            value = job.change(connection)
        except Exception as error:  # a change's failure belongs to its caller alone
            # ... unless the database ended the whole transaction (SQLite does when the disk is full): then this raises,
            # and all of the batch hears that nothing happened.
            self._memory.failed()
            del lines[before:]
            plain.command(connection, "ROLLBACK TO SAVEPOINT change")
            plain.command(connection, "RELEASE SAVEPOINT change")
            return _Outcome(job.future, error=_fault(error))
        plain.command(connection, "RELEASE SAVEPOINT change")
        return _Outcome(job.future, value=value)

    def _notify(self, lines: Sequence[Line] = ()) -> None:
        for listener in self._listeners:
            try:
                listener(lines)
            except RuntimeError:  # its event loop is gone
                log.warning("listener_gone")

    def _refuse_the_rest(self) -> None:
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is not None and job.is_wanted:
                _tell([_Outcome(job.future, error=Unavailable("stopping"))])


def _fault(error: Exception) -> Exception:
    """What the caller of a change is told. Text that this database cannot hold (a NUL in PostgreSQL) is their fault."""
    if isinstance(error, DataError):
        return Invalid("invalid_value")
    return _store_away(error) if isinstance(error, StoreAway) else error


def _store_away(cause: Exception) -> Unavailable:
    error = Unavailable("store_away")
    error.__cause__ = cause
    return error
