"""The hospital in which any day happens: on one connection of a database in memory, its clock set by the test.

How often the states that matter were reached is counted in `REACHED`, so that a test can refuse to prove nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import Connection, create_engine, event, select

from protocol.frames import AnyFrame, TicketCalled, TicketCarriedOver
from protocol.journey import Journey, Step
from protocol.nouns import Entry, Site, Value
from protocol.opening import Overnight
from protocol.policy import Capped
from protocol.requests import ChangeOvernight, Request
from queue_server.domain.admission import ACTIVE
from queue_server.domain.calendar import business_day, day_start
from queue_server.errors import Refused
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.usecases import service_settings
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.once import change, once, reading
from tests.queue_server.support import MORNING, make_hospital

T = TypeVar("T")
REACHED: Counter[str] = Counter()
DEFAULT = Capped(overtakes=2)
SITE = Site(site_id="main", names={"vi": "x"})
ROOMS = {"r1": "general", "r2": "general", "r3": "eyes"}
"""With the service that each gives."""
KEPT: tuple[tuple[str, ...], ...] = (("eyes",), ("general",), ("eyes", "general"))
VISIT = Journey(
    any_order=True,
    steps=(
        Step(step="doctor", service_id="general", any_of=("look", "again"), next=("last",)),
        Step(step="look", service_id="eyes", next=("back",)),
        Step(step="again", service_id="eyes", next=("back",)),
        Step(step="back", return_to="doctor", any_of=("look",), next=("last",)),
        Step(step="last", service_id="eyes"),
    ),
)


@dataclass(frozen=True)
class Asked:
    """A wish that was answered: asked once more, it gets this answer again and nothing happens."""

    request: Request
    answer: Value


class AnyHospital(RuleBasedStateMachine):
    """`write` and `look` are what another place for it must give."""

    connection: Connection

    def write(self, do: Callable[[Connection], T]) -> T:
        """`do` as one change; when it raises, nothing of it stays."""
        savepoint = self.connection.begin_nested()
        try:
            done = do(self.connection)
        except Refused:
            savepoint.rollback()
            raise
        savepoint.commit()
        return done

    def look(self, question: Callable[[Connection], T]) -> T:
        return question(self.connection)

    def open(self) -> None:
        self.engine = create_engine("sqlite://")
        event.listen(self.engine, "connect", lambda raw, _record: setattr(raw, "isolation_level", None))
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self.connection = self.engine.connect()
        tables.metadata.create_all(self.connection)

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()

    def open_the_hospital(self, kept: tuple[str, ...]) -> None:
        """Services `kept` keep their people overnight."""
        self.now = MORNING
        self.core: Any = SimpleNamespace(
            settings=SimpleNamespace(site_id="main", overtakes=DEFAULT.overtakes),
            clock=lambda: self.now,
            waits=SimpleNamespace(forecasts={}),
        )
        self.asked: list[Asked] = []
        self.printed = 0
        self.kept = kept
        self.open()
        self.write(_build)
        for service in kept:
            keep = ChangeOvernight(service_id=service, overnight=Overnight(keep=True))
            self.ask(keep, service_settings.change_overnight)

    def teardown(self) -> None:
        if hasattr(self, "core"):
            self._tell_what_was_reached()
            self.close()

    def _tell_what_was_reached(self) -> None:
        carried: set[str] = set()
        for _, frame in self.frames():
            if isinstance(frame, TicketCarriedOver):
                carried.add(frame.entry.entry_id)
                self.reached(f"kept overnight: {frame.entry.state}")
            elif isinstance(frame, TicketCalled) and frame.entry.entry_id in carried:
                self.reached("called on the day after")
        for entry, day in self.stand():
            if entry.state in ACTIVE and day < self.today:
                self.reached("not kept")

    def reached(self, what: str) -> None:
        REACHED[what] += 1
        hypothesis.event(what)

    # --- asking and looking ---

    @property
    def today(self) -> str:
        return business_day(self.now, SITE.time_zone)

    @property
    def tomorrow(self) -> str:
        return (date.fromisoformat(self.today) + timedelta(days=1)).isoformat()

    def ask(self, request: Any, act: Callable[[Change, Any], Any]) -> Any:
        """The answer; None when it was refused, and then nothing may have changed."""
        self.now += timedelta(seconds=7)
        try:
            answer = self.write(
                lambda connection: once(
                    self.core, connection, request, "staff:x", lambda change: act(change, request), request.answer
                )
            )
        except Refused:
            return None
        self.asked.append(Asked(request, answer))
        return answer

    def happen(self, act: Callable[[Change], Any]) -> None:
        """Something that nobody asked for."""
        self.write(lambda connection: act(change(self.core, connection, "server:timer")))

    def midnight(self) -> None:
        self.now = day_start(self.tomorrow, SITE.time_zone)

    def read(self, question: Callable[[Reading], T]) -> T:
        return self.look(lambda connection: question(reading(self.core, connection)))

    def answers(self, kind: type[T]) -> list[T]:
        return [one.answer for one in self.asked if isinstance(one.answer, kind)]

    def stand(self) -> list[tuple[Entry, str]]:
        """Every entry, and the business day in whose line it stands."""
        query = select(tables.entry).order_by(tables.entry.c.number, tables.entry.c.issued_at)
        return self.look(
            lambda connection: [
                (store.to_entry(row), row["business_day"]) for row in connection.execute(query).mappings()
            ]
        )

    def entries(self) -> list[Entry]:
        return [entry for entry, _ in self.stand()]

    def one(self, pick: int, *states: str) -> dict[str, Any] | None:
        wanted = states or ("waiting", "called", "not_here", "held", "cancelled")
        known = [entry for entry in self.entries() if entry.state in wanted]
        return seen(known[pick % len(known)]) if known else None

    def lines(self) -> Iterator[tuple[int, str, AnyFrame]]:
        """The journal: number, business day on which it happened, frame."""
        for line in self.look(lambda connection: journal.read(connection, "main", 0, limit=100_000)):
            if line.frame is not None:
                yield line.seq, business_day(line.at, SITE.time_zone), line.frame

    def frames(self) -> list[tuple[int, AnyFrame]]:
        return [(seq, frame) for seq, _, frame in self.lines()]


def _build(connection: Connection) -> None:
    store.ensure_site(connection, SITE)
    make_hospital(connection)


def seen(entry: Entry) -> dict[str, Any]:
    return {"entry_id": entry.entry_id, "version": entry.version}
