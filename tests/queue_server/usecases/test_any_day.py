"""Any day at all: whatever people and staff do, in any order, mistakes taken back included, the queue stays whole.

The use cases themselves, on a database in memory. After every step:

- each room has at most one person inside, and each person at most one active number for a service (besides paper that a
  kiosk gave while the server was away, which is never refused);
- the journal, read from its beginning, gives the very entries that are stored, and no version is left out;
- what the store keeps for the policy's bound is what the journal tells, and the policy overtakes within its bound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, event, select

from protocol.frames import ActionUndone, AnyFrame, TicketCalled, TicketTransferred
from protocol.nouns import Device, Entry, Site
from protocol.policy import Capped
from protocol.requests import (
    Acted,
    CallChosen,
    CallNext,
    ChangeAssignment,
    CloseRoom,
    EntryAction,
    Finish,
    Hold,
    MarkNotHere,
    OpenRoom,
    PauseRoom,
    Recall,
    Release,
    RoomActed,
    Transfer,
    Undo,
    UndoRoom,
    UploadOfflineTicket,
)
from queue_server.domain.admission import ACTIVE
from queue_server.domain.calling import CallingRules
from queue_server.errors import Refused
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.store.rules import recent_calls
from queue_server.usecases import (
    arrivals,
    calling,
    handover,
    holding,
    offline,
    rooms,
    service_settings,
    transferring,
    undoing,
)
from queue_server.usecases.change import Change
from tests.queue_server.support import MORNING, make_hospital, wish

OVERTAKES = 2
RULES = CallingRules(recalls=2, recall_gap=timedelta(seconds=15), return_after=2)
KIOSK = Device(device_id="kiosk", kind="kiosk", name="x", series="KA")
SITE = Site(site_id="main", names={"vi": "x"})
ROOMS = ("r1", "r2", "r3")
PEOPLE = st.integers(1, 9)
PICK = st.integers(0, 50)


class AnyDay(RuleBasedStateMachine):
    @initialize(pool=st.booleans())
    def open_the_hospital(self, pool: bool) -> None:
        self.engine = create_engine("sqlite://")
        event.listen(self.engine, "connect", lambda raw, _record: setattr(raw, "isolation_level", None))
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self.connection = self.engine.connect()
        tables.metadata.create_all(self.connection)
        store.ensure_site(self.connection, SITE)
        make_hospital(self.connection)
        self.now = MORNING
        self.done: list[Acted] = []
        self.rooms_done: list[RoomActed] = []
        self.printed = 0
        if pool:
            wanted = ChangeAssignment(service_id="general", assignment="at_call")
            self.act(lambda change: service_settings.change_assignment(change, wanted))

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
            self.engine.dispose()

    def act(self, do: Callable[[Change], Any]) -> Any:
        """What came of it; None when it was refused, and then nothing may have changed."""
        self.now += timedelta(seconds=7)
        savepoint = self.connection.begin_nested()
        change = Change(self.connection, SITE, Capped(overtakes=OVERTAKES), self.now, self.now, "staff:x")
        try:
            done = do(change)
        except Refused:
            savepoint.rollback()
            return None
        savepoint.commit()
        if isinstance(done, Acted):
            self.done.append(done)
        return done

    def entries(self) -> list[Entry]:
        rows = self.connection.execute(select(tables.entry).order_by(tables.entry.c.number)).mappings()
        return [store.to_entry(row) for row in rows]

    def one(self, pick: int) -> dict[str, Any] | None:
        known = [entry for entry in self.entries() if entry.state != "finished"]
        return seen(known[pick % len(known)]) if known else None

    def frames(self) -> list[tuple[int, AnyFrame]]:
        lines = journal.read(self.connection, "main", 0, limit=100_000)
        return [(line.seq, line.frame) for line in lines if line.frame is not None]

    # --- what happens ---

    @rule(person=PEOPLE, service=st.sampled_from(["general", "eyes"]), old=st.booleans())
    def arrives(self, person: int, service: str, old: bool) -> None:
        birth = "1940-01-01" if old else "1990-01-01"
        number = person + (100 if old else 0)
        self.act(lambda change: arrivals.issue(change, wish(number, service, birth), None, RULES))

    @rule(person=PEOPLE, service=st.sampled_from(["general", "eyes"]), minutes=st.integers(0, 60), again=st.booleans())
    def a_kiosk_tells_what_it_gave_offline(self, person: int, service: str, minutes: int, again: bool) -> None:
        self.printed += 0 if again and self.printed else 1
        paper = UploadOfflineTicket(
            number=f"KA{self.printed:03d}", service_id=service, intake=wish(person).intake, room_id="r2"
        )
        ago = timedelta(minutes=minutes)
        known = {entry.number: entry for entry in self.entries()}
        ticket = self.act(lambda change: offline.upload(replace(change, at=change.now - ago), paper, KIOSK))
        assert (ticket is None) <= (paper.number in known), "only a number that stands for something else is refused"
        if ticket is not None and paper.number in known:
            assert ticket.entry == known[paper.number]

    @rule(room=st.sampled_from(ROOMS))
    def next_is_called(self, room: str) -> None:
        self.act(lambda change: calling.call_next(change, CallNext(room_id=room)))

    @rule(pick=PICK, kind=st.sampled_from(["recall", "not_here", "finish", "chosen", "hold", "release"]))
    def staff_act(self, pick: int, kind: str) -> None:
        at = self.one(pick)
        if at is None:
            return
        acts: dict[str, Callable[[Change], Acted]] = {
            "recall": lambda change: calling.recall(change, Recall(**at), RULES),
            "not_here": lambda change: calling.not_here(change, MarkNotHere(**at)),
            "finish": lambda change: calling.finish(change, Finish(**at)),
            "chosen": lambda change: calling.call_chosen(change, CallChosen(**at, reason="agreed"), "staff"),
            "hold": lambda change: holding.hold(change, Hold(**at, reason="rest", minutes=3)),
            "release": lambda change: holding.release(change, Release(**at)),
        }
        self.act(acts[kind])

    @rule(pick=PICK, room=st.sampled_from(ROOMS), place=st.sampled_from(["seniority", "front", "end"]))
    def somebody_is_sent_on(self, pick: int, room: str, place: Any) -> None:
        at = self.one(pick)
        if at is not None:
            wanted = Transfer(**at, room_id=room, place=place, reason="balance")
            self.act(lambda change: transferring.transfer(change, wanted))

    @rule(back=st.integers(1, 3))
    def something_just_done_is_taken_back(self, back: int) -> None:
        if len(self.done) < back:
            return
        done, before = self.done[-back], {entry.entry_id: entry for entry in self.entries()}
        undone = self.act(lambda change: undoing.undo(change, Undo(**seen(done.entry), seq=done.seq)))
        if undone is not None:
            assert undone.entry.version == before[undone.entry.entry_id].version + 1

    @rule(room=st.sampled_from(ROOMS), what=st.sampled_from(["pause", "empty", "close", "open"]))
    def a_room_opens_or_closes(self, room: str, what: str) -> None:
        shown = self.act(lambda change: handover.preview(change, room)).token
        pause = PauseRoom(room_id=room, minutes=2, reason="break", handover=shown if what == "empty" else None)
        acts: dict[str, Callable[[Change], RoomActed]] = {
            "pause": lambda change: rooms.pause(change, pause),
            "empty": lambda change: rooms.pause(change, pause),
            "close": lambda change: rooms.close(change, CloseRoom(room_id=room, handover=shown)),
            "open": lambda change: rooms.open_room(change, OpenRoom(room_id=room)),
        }
        done = self.act(acts[what])
        if done is not None:
            self.rooms_done.append(done)

    @rule(back=st.integers(1, 2))
    def what_was_done_to_a_room_is_taken_back(self, back: int) -> None:
        if len(self.rooms_done) >= back:
            done = self.rooms_done[-back]
            self.act(lambda change: rooms.undo(change, UndoRoom(room_id=done.room.room_id, seq=done.seq)))

    @rule(pick=PICK)
    def somebody_looks_at_what_is_old(self, pick: int) -> None:
        at = self.one(pick)
        if at is not None:
            stale = EntryAction(entry_id=at["entry_id"], version=at["version"] + 1)
            assert self.act(lambda change: calling.finish(change, stale)) is None

    @rule(minutes=st.integers(1, 5))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.act(holding.return_due)
        self.act(rooms.resume_due)

    # --- what always holds ---

    @invariant()
    def rooms_and_people_are_where_they_can_be(self) -> None:
        if not hasattr(self, "connection"):
            return
        entries = self.entries()
        shown = {room.room_id: room for room in store.load_rooms(self.connection, "main")}
        assert all(room.open or room.pause is None for room in shown.values())
        inside = Counter(entry.room_id for entry in entries if entry.state == "called")
        assert max(inside.values(), default=0) <= 1
        assert all((entry.held_reason is not None) == (entry.state == "held") for entry in entries)
        assert all(entry.held_until is None or entry.state == "held" for entry in entries)
        owner = tables.visit.c.patient_id
        joined = tables.entry.join(tables.ticket, tables.ticket.c.ticket_id == tables.entry.c.ticket_id)
        rows = self.connection.execute(
            select(owner, tables.entry.c.service_id)
            .select_from(joined.join(tables.visit, tables.visit.c.visit_id == tables.ticket.c.visit_id))
            .where(tables.entry.c.state.in_(ACTIVE), tables.ticket.c.offline.is_(False))
        ).all()
        assert len(rows) == len(set(rows)), "two active numbers of one person for one service"

    @invariant()
    def the_journal_rebuilds_the_entries(self) -> None:
        if not hasattr(self, "connection"):
            return
        rebuilt: dict[str, Entry] = {}
        for _, frame in self.frames():
            entry = getattr(frame, "entry", None)
            if isinstance(entry, Entry):
                before = rebuilt.get(entry.entry_id)
                assert entry.version == (before.version + 1 if before else 1)
                rebuilt[entry.entry_id] = entry
        assert rebuilt == {entry.entry_id: entry for entry in self.entries()}
        assert journal.first_gap(self.connection, "main") is None

    @invariant()
    def the_policy_keeps_its_bound(self) -> None:
        """Replayed from the journal: which calls count in which room, newest first; the store must know the same."""
        if not hasattr(self, "connection"):
            return
        counted = CountedCalls()
        for seq, frame in self.frames():
            counted.hear(seq, frame)
        for room in ROOMS:
            assert recent_calls(self.connection, room, "2026-11-20", 25) == counted.of(room)


def seen(entry: Entry) -> dict[str, Any]:
    return {"entry_id": entry.entry_id, "version": entry.version}


class CountedCalls:
    """For each entry the call that counts for the bound of its room: the latest since it was sent there."""

    def __init__(self) -> None:
        self._told: dict[str, list[tuple[int, AnyFrame]]] = defaultdict(list)

    def of(self, *rooms_: str) -> tuple[bool, ...]:
        counting = [found for told in self._told.values() if (found := _counting(told)) is not None]
        here = [(seq, frame) for seq, frame in counting if frame.entry.room_id in rooms_]
        return tuple(frame.overtook for _, frame in sorted(here, key=lambda call: -call[0]))[:25]

    def hear(self, seq: int, frame: AnyFrame) -> None:
        if isinstance(frame, TicketCalled) and (frame.rule or frame.overtook):
            # Rooms 1 and 2 share the pool of general: who comes from it is counted over both.
            lines = [(frame.entry.room_id,), ("r1", "r2")] if frame.from_pool else [(frame.entry.room_id,)]
            for rooms_ in lines:
                latest = self.of(*rooms_)[:OVERTAKES]
                if frame.rule and frame.overtook:
                    assert len(latest) < OVERTAKES or not all(latest), "overtaken once too often"
            self._told[frame.entry.entry_id].append((seq, frame))
        elif isinstance(frame, TicketTransferred):
            self._told[frame.entry.entry_id].append((seq, frame))
        elif isinstance(frame, ActionUndone):
            told = self._told[frame.entry.entry_id]
            self._told[frame.entry.entry_id] = [one for one in told if one[0] != frame.undone_seq]


def _counting(told: list[tuple[int, AnyFrame]]) -> tuple[int, TicketCalled] | None:
    if not told:
        return None
    seq, frame = told[-1]
    return (seq, frame) if isinstance(frame, TicketCalled) else None


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = how(max_examples=60, stateful_step_count=40, deadline=None)
