"""The reader of the journal that foresees waits: it learns from the last business days, then keeps up.

It has a thread of its own and gives way: it rests between its pieces of work, longer while changes wait for the writer,
so that issuing a ticket never waits for it. What it foresees is a table for each room, replaced as a whole; whoever
asks only looks it up. It keeps nothing on disk: when the server starts, it reads the last days again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from protocol.frames import PolicyChanged
from protocol.opening import ASSIGNMENT
from protocol.policy import POLICY, Policy
from queue_server.domain.calendar import business_day, day_start
from queue_server.domain.waits.forecast import Forecast, Forecasts
from queue_server.domain.waits.outlook import Outlook
from queue_server.domain.waits.translation import KINDS, Hospital
from queue_server.store import journal
from queue_server.store.engine import Connection, Engine, StoreAway
from queue_server.store.journal import Line
from queue_server.store.repository import load_rooms, load_site, service_minutes
from queue_server.store.rules import SITE, load_rules

log = logging.getLogger(__name__)

ONCE_IN_S = 1.0
"""At most so often it is looked what happened."""
ALL_ANEW = timedelta(seconds=10)
"""Rooms at which nothing happened are foreseen anew after this time."""
AFTER_A_FAULT_S = 60.0
BATCH = 200
REST, LONG_REST = 4.0, 30.0
"""So many times the time that a piece of work took; the longer one while changes wait for the writer."""


class Waits:
    """`busy` tells whether changes wait; `days` are the business days to learn from, today not counted."""

    def __init__(
        self,
        engine: Engine,
        site_id: str,
        default: Policy,
        days: int,
        clock: Callable[[], datetime],
        busy: Callable[[], bool] = lambda: False,
        all_anew: timedelta = ALL_ANEW,
    ) -> None:
        self.forecasts: Forecasts = {}
        """By room. Never changed, only replaced: read it from any thread."""
        self._engine = engine
        self._site_id = site_id
        self._default = default
        self._days = days
        self._clock = clock
        self._busy = busy
        self._outlook: Outlook | None = None
        self._place = 0
        self._all_anew = all_anew
        self._was_anew: datetime | None = None
        self._news = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._days == 0 or self._thread is not None:
            return
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="waits", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Blocks until the piece of work at hand is done. Started again, it learns from the beginning."""
        self._ending.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._ending.clear()
        self._outlook = None

    def wake(self, _lines: Sequence[Line] = ()) -> None:
        """Something was committed. May be called from any thread."""
        self._news.set()

    def catch_up(self) -> None:
        """Read what is new and foresee anew what changed. In the thread, or where there is none. Raises StoreAway."""
        now = self._clock()
        outlook = self._outlook
        with self._engine.connect() as connection:
            if outlook is None:
                outlook = self._begin(connection, now)
            else:
                outlook.look_around(self._hospital(connection))
        self._read(outlook)
        self._outlook = outlook
        was = self._was_anew
        self._foresee(outlook, now, everything=was is None or not was <= now < was + self._all_anew)

    # --- in the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.is_set():
            self._news.clear()
            try:
                self.catch_up()
            except StoreAway as away:
                log.warning("store_away error=%s", type(away).__name__)
            except Exception:  # the thread outlives whatever one look does, and learns from the beginning again
                log.exception("waits_fault")
                self._outlook = None
                self._ending.wait(AFTER_A_FAULT_S)
            self._ending.wait(ONCE_IN_S)
            self._news.wait(self._all_anew.total_seconds())

    def _begin(self, connection: Connection, now: datetime) -> Outlook:
        hospital = self._hospital(connection)
        first = day_start(business_day(now, hospital.time_zone), hospital.time_zone) - timedelta(days=self._days)
        self._place = journal.last_before(connection, self._site_id, first)
        changes = [
            line.frame
            for line in _lines(connection, self._site_id, self._place, ("policy_changed",))
            if isinstance(line.frame, PolicyChanged)
        ]
        log.info("waits_learn days=%d after=%d", self._days, self._place)
        return Outlook(replace(hospital, policies=_before(hospital.policies, changes)))

    def _hospital(self, connection: Connection) -> Hospital:
        site = load_site(connection, self._site_id)
        assigned = load_rules(connection, self._site_id, "assignment", ASSIGNMENT)
        return Hospital(
            rooms=load_rooms(connection, self._site_id),
            minutes=service_minutes(connection, self._site_id),
            policies=load_rules(connection, self._site_id, "policy", POLICY),
            default=self._default,
            time_zone=site.time_zone if site else "Asia/Ho_Chi_Minh",
            pooled=frozenset(service_id for service_id, rule in assigned.items() if rule.assignment == "at_call"),
        )

    def _read(self, outlook: Outlook) -> None:
        while not self._ending.is_set():
            begun = time.perf_counter()
            with self._engine.connect() as connection:
                lines = journal.read(connection, self._site_id, self._place, BATCH, KINDS)
            for line in lines:
                if line.frame is not None:
                    outlook.take(line.at, line.frame)
                self._place = line.seq
            if len(lines) < BATCH:
                return
            self._rest(begun)

    def _foresee(self, outlook: Outlook, now: datetime, everything: bool) -> None:
        outlook.until(now)
        found: dict[str, Forecast] = {} if everything else dict(self.forecasts)
        for queue in outlook.queues if everything else [name for name in outlook.queues if name in outlook.changed]:
            if self._ending.is_set():
                return
            begun = time.perf_counter()
            forecast = outlook.forecast(queue, now)
            for room in outlook.rooms(queue):
                if forecast is not None:
                    found[room.room_id] = forecast
                else:
                    found.pop(room.room_id, None)
            outlook.changed.discard(queue)
            self._rest(begun)
        self.forecasts = found
        if everything:
            self._was_anew = now

    def _rest(self, begun: float) -> None:
        if self._thread is not None:
            self._ending.wait((time.perf_counter() - begun) * (LONG_REST if self._busy() else REST))


def _lines(connection: Connection, site_id: str, after: int, kinds: tuple[str, ...]) -> Iterator[journal.Line]:
    while lines := journal.read(connection, site_id, after, BATCH, kinds):
        yield from lines
        after = lines[-1].seq


def _before(policies: Mapping[str, Policy], changes: Sequence[PolicyChanged]) -> dict[str, Policy]:
    """The policies that were in force before these changes."""
    then = dict(policies)
    for change in reversed(changes):
        if change.was is not None:
            then[change.service_id or SITE] = change.was
        else:
            then.pop(change.service_id or SITE, None)
    return then
