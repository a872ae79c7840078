"""`denluot-server simulate`: a synthetic day of the demonstration's hospital through the real use cases.

The database is a real one in a folder of its own that is gone afterwards; time is what the agenda says it is.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from protocol.frames import AnyFrame
from protocol.nouns import Birth, Entry, Identity, Intake, Room, Site
from protocol.policy import Capped, Policy
from protocol.requests import CallNext, ChangeAssignment, ChangePolicy, EntryAction, IssueTicket
from queue_server.command_line import COMMAND_LINE, Database, open_database
from queue_server.core import first_site
from queue_server.domain.calendar import day_start
from queue_server.domain.day_figures import figures, table
from queue_server.domain.recorded_day import Told, read_day
from queue_server.domain.simulation import Arrival, SimulatedDay, make_day
from queue_server.domain.waits.accuracy import accuracy
from queue_server.domain.waits.accuracy import table as accuracy_table
from queue_server.domain.waits.forecast import Forecasts
from queue_server.errors import CannotUse, Conflict
from queue_server.journal_lines import write_journal
from queue_server.settings import load
from queue_server.store import journal
from queue_server.store.engine import Connection
from queue_server.store.repository import load_rooms, load_site, service_minutes
from queue_server.store.rules import save_rule
from queue_server.store.writer import T
from queue_server.usecases import arrivals, calling, demo_data, demo_hospital, policies, service_settings
from queue_server.usecases.change import Change
from queue_server.waits import Waits

DAY = "2026-11-20"
"""An ordinary Friday."""
MOST_DAYS = 60
LOOKS_AFTER, ALL_ANEW = timedelta(seconds=10), timedelta(minutes=4)
"""How often it is looked what to expect: at rooms where something happened, and at all."""
NOT_HERE_AFTER = timedelta(minutes=2)
JOURNAL = "journal.jsonl"
Say = Callable[[str], object]


def simulate(
    patients: int,
    seed: int,
    policy: Policy | None,
    out: Path | None,
    say: Say,
    days: int = 1,
    pooled: Sequence[str] = (),
) -> list[str]:
    """Lines for people; `say` hears how far it is. With `out`, the journal is left there as ``journal.jsonl``.

    The rooms of the services `pooled` call from one pool.

    With more than one day, the waits that are told on the last one rest on the days before it, and are measured.

    Raises NotFound ``unknown_service``; CannotUse ``file_unusable`` before anything is done when
    `out` is no folder or holds a journal already.
    """
    file = out / JOURNAL if out else None
    if file and out and (file.exists() or (out.exists() and not out.is_dir())):
        raise CannotUse("file_unusable", file=str(file), why="(is there already, or its folder is a file)")
    told = simulated_journal(patients, seed, policy, say, days, pooled)
    day = read_day(told)
    lines = [f"{patients} people, seed {seed}, {len(told)} journal entries", "", *table(figures(day.waits))]
    if days > 1:
        lines += ["", "waits as they were told:", *accuracy_table(accuracy(DAY, told))]
    if file:
        lines.append(f"journal: {file} ({write_journal(file, told)} lines)")
    return lines


def simulated_journal(
    patients: int, seed: int, policy: Policy | None, say: Say, days: int = 1, pooled: Sequence[str] = ()
) -> list[Told]:
    """The journal of the last of so many days, with ids that are the same for the same seed."""
    with tempfile.TemporaryDirectory(prefix="denluot-simulate-", ignore_cleanup_errors=True) as folder:
        settings = load(None, {"database_url": f"sqlite:///{folder}/day.sqlite3"})
        with open_database(settings) as database:
            hospital = Hospital(database, first_site(settings))
            hospital.open(policy, days, pooled)
            for before in range(days - 1, -1, -1):
                hospital.begin(before, foresees=before == 0 < days - 1)
                if days > 1:
                    say(f"{hospital.day}:")
                chance = Random(seed + before * 1_000_003)  # noqa: S311 (no secret)
                DayRun(hospital, make_day(chance, patients, hospital.midnight, *hospital.places()), say).run()
            return _with_steady_ids(hospital.journal())


class Hospital:
    """The use cases at a moment that the caller tells."""

    def __init__(self, database: Database, site: Site) -> None:
        self._database = database
        self._site = site
        self._waits: Waits | None = None
        self._now = self._looked = datetime.min.replace(tzinfo=UTC)
        self._began = 0
        self.begin(0, foresees=False)

    def begin(self, before: int, *, foresees: bool) -> None:
        """The day so many days `before` the last one. On a day that `foresees` waits, tickets tell what was learned."""
        self.day = (date.fromisoformat(DAY) - timedelta(days=before)).isoformat()
        self.midnight = day_start(self.day, self._site.time_zone).astimezone(UTC)
        engine, site_id = self._database.engine, self._site.site_id
        if foresees:
            with engine.connect() as connection:
                self._began = journal.last_seq(connection, site_id)
            self._waits = Waits(engine, site_id, Capped(), MOST_DAYS, lambda: self._now, all_anew=ALL_ANEW)

    def open(self, policy: Policy | None, days: int, pooled: Sequence[str] = ()) -> None:
        """The demonstration's hospital; nobody can sign in there."""
        site_id = self._site.site_id
        self.begin(days - 1, foresees=False)
        self._database.change(lambda connection: demo_data.make(connection, site_id, "", self.midnight, {}))
        self._database.change(self._without_journeys)
        if policy is not None:
            request = ChangePolicy(policy=policy)
            self.at(self.midnight, lambda change: policies.change_policy(change, request))
        for service_id in pooled:
            wish = ChangeAssignment(service_id=service_id, assignment="at_call")
            self.at(self.midnight, partial(service_settings.change_assignment, request=wish))

    def _without_journeys(self, connection: Connection) -> None:
        """The people of a synthetic day come for one service each."""
        for service_id in demo_hospital.JOURNEYS:
            save_rule(connection, self._site.site_id, "journey", service_id, None, self.midnight)

    def at(self, moment: datetime, act: Callable[[Change], T]) -> T:
        """`act` as one change through the writer. Raises what it raises."""

        forecasts = self._look(moment)

        def change(connection: Connection) -> T:
            site = load_site(connection, self._site.site_id) or self._site
            return act(Change(connection, site, Capped(), moment, moment, COMMAND_LINE, forecasts=forecasts))

        return self._database.change(change)

    def _look(self, moment: datetime) -> Forecasts:
        """What the running server would know at this moment."""
        self._now = moment
        if self._waits is None:
            return {}
        if moment - self._looked >= LOOKS_AFTER:
            self._waits.catch_up()
            self._looked = moment
        return self._waits.forecasts

    def places(self) -> tuple[tuple[Room, ...], dict[str, int]]:
        """Rooms, and minutes by service."""
        with self._database.engine.connect() as connection:
            site_id = self._site.site_id
            return load_rooms(connection, site_id), service_minutes(connection, site_id)

    def rooms_of(self, service_id: str) -> tuple[str, ...]:
        return tuple(room.room_id for room in self.places()[0] if service_id in room.service_ids)

    def journal(self) -> list[Told]:
        """Of the last day."""
        told: list[Told] = []
        with self._database.engine.connect() as connection:
            while lines := journal.read(connection, self._site.site_id, told[-1].seq if told else self._began):
                told += [Told(line.seq, line.at, line.frame) for line in lines if line.frame is not None]
        return told


@dataclass(frozen=True)
class _Inside:
    """Who was called, and what comes of it."""

    action: EntryAction
    room_id: str
    person: Arrival
    comes: bool


class DayRun:
    """Plays a day: people come, rooms that are free and open call, whoever is inside takes their time."""

    def __init__(self, hospital: Hospital, day: SimulatedDay, say: Say) -> None:
        self._hospital = hospital
        self._day = day
        self._say = say
        self._agenda: list[tuple[datetime, int, int, Callable[[datetime], None]]] = []
        self._count = 0
        self._people: dict[str, Arrival] = {}
        self._missed: set[str] = set()
        self._busy: set[str] = set()
        self._called = 0

    def run(self) -> None:
        for person in self._day.arrivals:
            self._plan(person.at, 0, partial(self._arrive, person))
        told = self._hospital.midnight + timedelta(hours=7)
        while self._agenda:
            at, _, _, act = heapq.heappop(self._agenda)
            while told <= at:
                hour = (told - self._hospital.midnight) // timedelta(hours=1)
                self._say(f"{hour:02d}:00  {len(self._people)} of {len(self._day.arrivals)} came, {self._called} calls")
                told += timedelta(hours=1)
            act(at)

    def _plan(self, at: datetime, rank: int, act: Callable[[datetime], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, rank, self._count, act))

    def _arrive(self, person: Arrival, at: datetime) -> None:
        """For the first time, or back after the call was missed: at the kiosk it is the same."""
        request = _wish(person)
        ticket = self._hospital.at(at, lambda change: arrivals.issue(change, request, None))
        self._people[ticket.entry.entry_id] = person
        for room_id in self._rooms_of(ticket.entry):
            self._call(room_id, at)

    def _rooms_of(self, entry: Entry) -> tuple[str, ...]:
        """Those that may call it."""
        return self._hospital.rooms_of(entry.service_id) if entry.pooled else (entry.room_id,)

    def _call(self, room_id: str, at: datetime) -> None:
        if room_id in self._busy:
            return
        ready = self._day.hours[room_id].ready(at)
        if ready > at:
            self._plan(ready, 1, partial(self._call, room_id))
            return
        request = CallNext(room_id=room_id)
        try:
            acted = self._hospital.at(at, lambda change: calling.call_next(change, request))
        except Conflict as refused:
            if refused.code != "nobody_waiting":
                raise
            return
        self._called += 1
        self._busy.add(room_id)
        entry = acted.entry
        person = self._people[entry.entry_id]
        comes = person.comes or entry.entry_id in self._missed
        action = EntryAction(entry_id=entry.entry_id, version=entry.version)
        inside = _Inside(action, room_id, person, comes)
        self._plan(at + (person.inside if comes else NOT_HERE_AFTER), 1, partial(self._end, inside))

    def _end(self, inside: _Inside, at: datetime) -> None:
        act = calling.finish if inside.comes else calling.not_here
        self._hospital.at(at, lambda change: act(change, inside.action))
        self._busy.discard(inside.room_id)
        if not inside.comes:
            self._missed.add(inside.action.entry_id)
            back = inside.person.back_after
            if back is not None:
                self._plan(at + back, 0, partial(self._arrive, inside.person))
        self._call(inside.room_id, at)


def _wish(person: Arrival) -> IssueTicket:
    identity = Identity(
        document="can_cuoc_new",
        personal_id=f"{person.person:012d}",
        full_name=f"Người bệnh {person.person}",
        birth=Birth(value=person.birth, precision="day"),
    )
    return IssueTicket(service_id=person.service_id, intake=Intake(identity=identity))


def _with_steady_ids(told: list[Told]) -> list[Told]:
    """Tickets and entries are named in the order in which they came: their own ids are drawn by lot."""
    names: dict[str, str] = {}
    return [Told(line.seq, line.at, _renamed(line.frame, names)) for line in told]


def _renamed(frame: AnyFrame, names: dict[str, str]) -> AnyFrame:
    entry = getattr(frame, "entry", None)
    if entry is None:
        return frame
    entry_id = names.setdefault(entry.entry_id, f"entry-{len(names) + 1}")
    new = {"entry_id": entry_id, "ticket_id": entry_id.replace("entry", "ticket")}
    return frame.model_copy(update={"entry": entry.model_copy(update=new)})
