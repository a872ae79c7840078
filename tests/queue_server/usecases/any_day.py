"""Any day at all: whatever people, kiosks, staff and administrators do, in any order, mistakes taken back included.

The use cases themselves, each wish through the one place where repeats are met. After every step:

- moves are legal, and the journal read from its beginning gives the very entries that are stored, no number left out;
- each room has at most one person inside, each person at most one active number for a service (besides paper that a
  kiosk gave while the server was away, which is never refused), each ticket one entry that is good, no number twice;
- what a ticket says of the people ahead is its place in the line of the room that will call it;
- what the store keeps for the policy's bound is what the journal tells, and the policy overtakes within its bound.

An action is added as one rule that calls `ask`, and its outcomes are checked with all the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, create_engine, event, select

from protocol.appointments import AddAppointment, Booking
from protocol.frames import AnyFrame
from protocol.journey import ChangeJourney, Journey, Step
from protocol.nouns import Device, Entry, Site, Value
from protocol.opening import OpeningHours, Quota
from protocol.policy import Capped, FirstCome, OneInN, Policy, Strict
from protocol.requests import (
    Acted,
    CallChosen,
    CallNext,
    ChangeAssignment,
    ChangeOpeningHours,
    ChangePolicy,
    ChangeQuota,
    ChangeService,
    CloseRoom,
    ConfirmPriority,
    EndVisit,
    Finish,
    Hold,
    MarkNotHere,
    OpenRoom,
    PauseRoom,
    Recall,
    Release,
    Request,
    RoomActed,
    SendOn,
    Transfer,
    Undo,
    UndoRoom,
    UploadOfflineTicket,
)
from queue_server.domain.admission import ACTIVE
from queue_server.domain.calling import CallingRules
from queue_server.domain.replayed import replay
from queue_server.errors import Refused
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.store.rules import recent_calls
from queue_server.usecases import (
    appointments,
    arrivals,
    calling,
    handover,
    holding,
    journeys,
    offline,
    policies,
    rooms,
    sending_on,
    service_settings,
    transferring,
    undoing,
)
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.once import change, once, reading
from queue_server.usecases.ordering import line_of_room
from tests.queue_server.support import MORNING, make_hospital, wish
from tests.queue_server.usecases.counted_calls import CountedCalls

T = TypeVar("T")
DEFAULT = Capped(overtakes=2)
RULES = CallingRules(recalls=2, recall_gap=timedelta(seconds=15), return_after=2, not_here_after=timedelta(minutes=3))
KIOSK = Device(device_id="kiosk", kind="kiosk", name="x", series="KA")
SITE = Site(site_id="main", names={"vi": "x"})
ROOMS = ("r1", "r2", "r3")
DAY = "2026-11-20"
PEOPLE = st.integers(1, 9)
PICK = st.integers(0, 50)
SERVICES = st.sampled_from(["general", "eyes"])
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
POLICIES: tuple[Policy | None, ...] = (None, FirstCome(), OneInN(n=3), Strict(), Capped(overtakes=1))
CLOSED_NOW = OpeningHours.model_validate({"weekly": {"fri": [{"start": "13:00", "end": "16:00"}]}})


@dataclass(frozen=True)
class Asked:
    """A wish that was answered: asked once more, it gets this answer again and nothing happens."""

    request: Request
    answer: Value


class AnyDay(RuleBasedStateMachine):
    """On one connection of a database in memory. `write` and `look` are what another place for it must give."""

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

    # --- the day begins ---

    @initialize(pool=st.booleans(), journey=st.booleans())
    def open_the_hospital(self, pool: bool, journey: bool) -> None:
        self.now = MORNING
        self.core: Any = SimpleNamespace(
            settings=SimpleNamespace(site_id="main", overtakes=DEFAULT.overtakes),
            clock=lambda: self.now,
            waits=SimpleNamespace(forecasts={}),
        )
        self.asked: list[Asked] = []
        self.printed = 0
        self.open()
        self.write(_build)
        if pool:
            self.ask(ChangeAssignment(service_id="general", assignment="at_call"), service_settings.change_assignment)
        if journey:
            self.ask(ChangeJourney(service_id="general", journey=VISIT), journeys.change_journey)

    def teardown(self) -> None:
        if hasattr(self, "core"):
            self.close()

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

    def read(self, question: Callable[[Reading], T]) -> T:
        return self.look(lambda connection: question(reading(self.core, connection)))

    def answers(self, kind: type[T]) -> list[T]:
        return [one.answer for one in self.asked if isinstance(one.answer, kind)]

    def entries(self) -> list[Entry]:
        query = select(tables.entry).order_by(tables.entry.c.number, tables.entry.c.issued_at)
        return self.look(lambda connection: [store.to_entry(row) for row in connection.execute(query).mappings()])

    def one(self, pick: int, *states: str) -> dict[str, Any] | None:
        wanted = states or ("waiting", "called", "not_here", "held", "cancelled")
        known = [entry for entry in self.entries() if entry.state in wanted]
        return seen(known[pick % len(known)]) if known else None

    def frames(self) -> list[tuple[int, AnyFrame]]:
        lines = self.look(lambda connection: journal.read(connection, "main", 0, limit=100_000))
        return [(line.seq, line.frame) for line in lines if line.frame is not None]

    # --- what people and kiosks do ---

    @rule(person=PEOPLE, service=SERVICES, old=st.booleans(), declared=st.booleans())
    def arrives(self, person: int, service: str, old: bool, declared: bool) -> None:
        birth = "1940-01-01" if old else "1990-01-01"
        request = wish(person + (100 if old else 0), service, birth, declared="pregnant" if declared else None)
        self.ask(request, lambda change, asked: arrivals.issue(change, asked, None, RULES))

    @rule(person=PEOPLE, service=SERVICES, minutes=st.integers(0, 60), again=st.booleans())
    def a_kiosk_tells_what_it_gave_offline(self, person: int, service: str, minutes: int, again: bool) -> None:
        self.printed += 0 if again and self.printed else 1
        number, intake = f"KA{self.printed:03d}", wish(person).intake
        known = {entry.number for entry in self.entries()}
        paper = UploadOfflineTicket(
            number=number, service_id=service, intake=intake, room_id="r2", age_s=minutes * 60.0
        )
        ticket = self.ask(paper, lambda change, asked: offline.upload(change, asked, KIOSK))
        assert (ticket is None) <= (number in known), "only a number that stands for something else is refused"
        if ticket is not None and number in known:
            assert ticket.entry in self.entries()

    @rule(person=PEOPLE, service=SERVICES, minutes=st.integers(-10, 40))
    def somebody_is_booked(self, person: int, service: str, minutes: int) -> None:
        booking = Booking(
            source_id=f"{person}-{service}",
            personal_id=f"{person:012d}",
            service_id=service,
            starts_at=self.now + timedelta(minutes=minutes),
            window_minutes=20,
        )
        self.ask(AddAppointment(booking=booking), appointments.add)

    @rule(back=st.integers(1, 8))
    def a_wish_comes_again(self, back: int) -> None:
        """The answer was lost on its way: the same answer, and nothing is done twice."""
        if len(self.asked) < back:
            return
        before, one = self.frames(), self.asked[-back]

        def never(_change: Change) -> Value:
            raise AssertionError("done twice")

        again = self.write(lambda c: once(self.core, c, one.request, "staff:x", never, type(one.answer)))
        assert again == one.answer
        assert self.frames() == before

    # --- what staff do ---

    @rule(room=st.sampled_from(ROOMS))
    def next_is_called(self, room: str) -> None:
        self.ask(CallNext(room_id=room), calling.call_next)

    @rule(pick=PICK, kind=st.sampled_from(["recall", "not_here", "finish", "chosen", "hold", "release", "end"]))
    def staff_act(self, pick: int, kind: str) -> None:
        at = self.one(pick)
        if at is None:
            return
        acts: dict[str, tuple[Request, Callable[[Change, Any], Acted]]] = {
            "recall": (Recall(**at), lambda change, asked: calling.recall(change, asked, RULES)),
            "not_here": (MarkNotHere(**at), calling.not_here),
            "finish": (Finish(**at), calling.finish),
            "chosen": (CallChosen(**at, reason="agreed"), lambda c, asked: calling.call_chosen(c, asked, "staff")),
            "hold": (Hold(**at, reason="rest", minutes=3), holding.hold),
            "release": (Release(**at), holding.release),
            "end": (EndVisit(**at), sending_on.end_visit),
        }
        self.ask(*acts[kind])

    @rule(pick=PICK, steps=st.lists(st.sampled_from(["look", "again", "back", "last"]), max_size=2))
    def somebody_is_sent_on(self, pick: int, steps: list[str]) -> None:
        at = self.one(pick, "called")
        if at is not None:
            self.ask(SendOn(**at, steps=tuple(steps), note="x"), sending_on.send_on)

    @rule(pick=PICK, room=st.sampled_from(ROOMS), place=st.sampled_from(["seniority", "front", "end"]))
    def somebody_is_sent_elsewhere(self, pick: int, room: str, place: Any) -> None:
        at = self.one(pick)
        if at is not None:
            self.ask(Transfer(**at, room_id=room, place=place, reason="balance"), transferring.transfer)

    @rule(pick=PICK, known=st.sampled_from(["pregnant", "emergency", "normal"]))
    def a_priority_is_confirmed(self, pick: int, known: Any) -> None:
        at = self.one(pick, "waiting", "held", "not_here")
        if at is not None:
            proof: Any = "none" if known == "normal" else "seen"
            self.ask(ConfirmPriority(**at, priority_class=known, proof=proof), policies.confirm_priority)

    @rule(back=st.integers(1, 3))
    def something_just_done_is_taken_back(self, back: int) -> None:
        done = self.answers(Acted)[-back:]
        if not done:
            return
        before = {entry.entry_id: entry for entry in self.entries()}
        undone = self.ask(Undo(**seen(done[0].entry), seq=done[0].seq), undoing.undo)
        if undone is not None:
            assert undone.entry.version == before[undone.entry.entry_id].version + 1

    @rule(pick=PICK)
    def somebody_looks_at_what_is_old(self, pick: int) -> None:
        at = self.one(pick)
        if at is not None:
            stale = Finish(entry_id=at["entry_id"], version=at["version"] + 1)
            assert self.ask(stale, calling.finish) is None

    @rule(room=st.sampled_from(ROOMS), what=st.sampled_from(["pause", "empty", "close", "open"]))
    def a_room_opens_or_closes(self, room: str, what: str) -> None:
        shown = self.read(lambda reading: handover.preview(reading, room)).token
        acts: dict[str, tuple[Request, Callable[[Change, Any], RoomActed]]] = {
            "pause": (PauseRoom(room_id=room, minutes=2, reason="break"), rooms.pause),
            "empty": (PauseRoom(room_id=room, minutes=2, reason="break", handover=shown), rooms.pause),
            "close": (CloseRoom(room_id=room, handover=shown), rooms.close),
            "open": (OpenRoom(room_id=room), rooms.open_room),
        }
        self.ask(*acts[what])

    @rule(back=st.integers(1, 2))
    def what_was_done_to_a_room_is_taken_back(self, back: int) -> None:
        done = self.answers(RoomActed)[-back:]
        if done:
            self.ask(UndoRoom(room_id=done[0].room.room_id, seq=done[0].seq), rooms.undo)

    # --- what administrators change, and time ---

    @rule(policy=st.sampled_from(POLICIES))
    def the_policy_is_changed(self, policy: Policy | None) -> None:
        self.ask(ChangePolicy(policy=policy), policies.change_policy)

    @rule(what=st.sampled_from(["hours", "always", "quota", "any", "shut", "open", "journey", "alone"]))
    def the_hospital_is_changed(self, what: str) -> None:
        of: Any = {"service_id": "general"}
        acts: dict[str, tuple[Request, Callable[[Change, Any], Any]]] = {
            "hours": (ChangeOpeningHours(**of, hours=CLOSED_NOW), service_settings.change_hours),
            "always": (ChangeOpeningHours(**of), service_settings.change_hours),
            "quota": (ChangeQuota(**of, quota=Quota(per_day=4)), service_settings.change_quota),
            "any": (ChangeQuota(**of), service_settings.change_quota),
            "shut": (ChangeService(**of, open=False), service_settings.change_service),
            "open": (ChangeService(**of, open=True), service_settings.change_service),
            "journey": (ChangeJourney(**of, journey=VISIT), journeys.change_journey),
            "alone": (ChangeJourney(**of), journeys.change_journey),
        }
        assert self.ask(*acts[what]) is not None

    @rule(minutes=st.integers(1, 5))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.happen(holding.return_due)
        self.happen(partial(calling.mark_absent, rules=RULES))
        self.happen(rooms.resume_due)

    # --- what always holds ---

    @precondition(lambda self: hasattr(self, "core"))
    @invariant()
    def rooms_and_people_are_where_they_can_be(self) -> None:
        entries = self.entries()
        shown = self.look(lambda connection: store.load_rooms(connection, "main"))
        assert all(room.open or room.pause is None for room in shown)
        inside = Counter(entry.room_id for entry in entries if entry.state == "called")
        assert max(inside.values(), default=0) <= 1
        assert all((entry.held_reason is not None) == (entry.state == "held") for entry in entries)
        assert all(entry.held_until is None or entry.state == "held" for entry in entries)
        good = Counter(entry.ticket_id for entry in entries if entry.state in ACTIVE)
        assert max(good.values(), default=0) <= 1, "a ticket in two places"
        assert len({entry.ticket_id for entry in entries}) == len({entry.number for entry in entries}), "a number twice"

    @precondition(lambda self: hasattr(self, "core"))
    @invariant()
    def a_person_holds_one_number_for_a_service(self) -> None:
        ticket, entry, visit = tables.ticket, tables.entry, tables.visit
        query = (
            select(visit.c.patient_id, entry.c.service_id)
            .select_from(entry.join(ticket, ticket.c.ticket_id == entry.c.ticket_id).join(visit))
            .where(entry.c.state.in_(ACTIVE), ticket.c.offline.is_(False))
        )
        rows = self.look(lambda connection: connection.execute(query).all())
        assert len(rows) == len(set(rows)), "two active numbers of one person for one service"

    @precondition(lambda self: hasattr(self, "core"))
    @invariant()
    def the_journal_rebuilds_the_entries(self) -> None:
        assert replay(self.frames()) == {entry.entry_id: entry for entry in self.entries()}
        assert self.look(lambda connection: journal.first_gap(connection, "main")) is None

    @precondition(lambda self: hasattr(self, "core"))
    @invariant()
    def a_ticket_tells_its_place_in_the_line(self) -> None:
        for room, line in self.read(_lines):
            assert self.read(partial(_ahead, line)) == list(range(len(line))), room

    @precondition(lambda self: hasattr(self, "core"))
    @invariant()
    def the_policy_keeps_its_bound(self) -> None:
        """Replayed from the journal: which calls count in which room, newest first; the store must know the same."""
        counted = CountedCalls(DEFAULT)
        for seq, frame in self.frames():
            counted.hear(seq, frame)
        for room in ROOMS:
            assert self.look(partial(recent_calls, room_id=room, day=DAY, at_most=25)) == counted.of(room)


def _build(connection: Connection) -> None:
    store.ensure_site(connection, SITE)
    make_hospital(connection)


def _lines(reading: Reading) -> list[tuple[str, list[Entry]]]:
    """Who waits in front of each room, in the order of being called; rooms that may call from a pool left out."""
    found = []
    for room in store.load_rooms(reading.connection, "main"):
        waiting = store.waiting_for(reading.connection, "main", DAY, room)
        if not any(entry.pooled for entry in waiting):
            line = [choice.entry for choice in line_of_room(reading, room, waiting, DAY)]
            found.append((room.room_id, line))
    return found


def _ahead(line: list[Entry], reading: Reading) -> list[int]:
    """What the ticket of each tells of the people ahead."""
    told = []
    for entry in line:
        ticket = store.load_ticket(reading.connection, "main", entry.ticket_id)
        service = store.load_service(reading.connection, "main", entry.service_id)
        assert ticket is not None
        assert service is not None
        told.append(arrivals.describe(reading, ticket, entry, service, DAY).people_ahead)
    return told


def seen(entry: Entry) -> dict[str, Any]:
    return {"entry_id": entry.entry_id, "version": entry.version}
