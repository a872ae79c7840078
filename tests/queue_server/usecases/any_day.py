"""Any day at all: whatever people, kiosks, staff and administrators do, in any order, mistakes taken back included.

The use cases themselves, each wish through the one place where repeats are met. The day turns over too, with people in
line who are kept overnight and people who are not, and everything goes on. After every step (`what_holds`):

- moves are legal, and the journal read from its beginning gives the very entries that are stored, no number left out;
- each room has at most one person inside, each person at most one active number for a service (besides paper that a
  kiosk gave while the server was away, which is never refused), each ticket one entry that is good, no number twice;
- who is kept overnight stands in the line of the new day, and nobody else of the day before;
- what a ticket says of the people ahead is its place in the line of the room, or the pool, that will call it;
- what the store keeps for the policy's bound is what the journal tells, and the policy overtakes within its bound.

An action is added as one rule that calls `ask`, and its outcomes are checked with all the others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from protocol.appointments import AddAppointment, Booking
from protocol.journey import ChangeJourney
from protocol.nouns import Device, Value
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
from queue_server.usecases import (
    appointments,
    arrivals,
    calling,
    handover,
    holding,
    journeys,
    offline,
    overnight,
    policies,
    rooms,
    sending_on,
    service_settings,
    transferring,
    undoing,
)
from queue_server.usecases.change import Change
from queue_server.usecases.once import once
from tests.queue_server.support import wish
from tests.queue_server.usecases.any_hospital import KEPT, ROOMS, VISIT, seen
from tests.queue_server.usecases.what_holds import WhatHolds

RULES = CallingRules(recalls=2, recall_gap=timedelta(seconds=15), return_after=2, not_here_after=timedelta(minutes=3))
KIOSK = Device(device_id="kiosk", kind="kiosk", name="x", series="KA")
PEOPLE = st.integers(1, 9)
PICK = st.integers(0, 50)
SERVICES = st.sampled_from(["general", "eyes"])
POLICIES: tuple[Policy | None, ...] = (None, FirstCome(), OneInN(n=3), Strict(), Capped(overtakes=1))
Coming: TypeAlias = tuple[int, str, bool, bool]
"""Who, for what, whether of 75 and over, whether pregnancy is declared."""
Night: TypeAlias = tuple[list[Coming], list[str], list[str]]
"""Who comes in the evening, what happens before midnight and what after it: a room calls, or of who is called."""
COMING: st.SearchStrategy[Coming] = st.tuples(PEOPLE, SERVICES, st.booleans(), st.booleans())
HOURS = st.sampled_from([*ROOMS, *ROOMS, "hold", "not_here"])
NIGHTS: st.SearchStrategy[Night] = st.tuples(
    st.lists(COMING, min_size=3, max_size=8), st.lists(HOURS, min_size=2, max_size=6), st.lists(HOURS, max_size=3)
)
CLOSED_NOW = OpeningHours.model_validate({"weekly": {"fri": [{"start": "13:00", "end": "16:00"}]}})


class AnyDay(WhatHolds):
    """Whatever people, kiosks, staff and administrators do, in any order."""

    @initialize(pool=st.booleans(), journey=st.booleans(), kept=st.sampled_from(KEPT), night=st.none() | NIGHTS)
    def a_day_begins(self, pool: bool, journey: bool, kept: tuple[str, ...], night: Night | None) -> None:
        """In the morning, or with people of the evening before."""
        self.open_the_hospital(kept)
        if pool:
            self.ask(ChangeAssignment(service_id="general", assignment="at_call"), service_settings.change_assignment)
        if journey:
            self.ask(ChangeJourney(service_id="general", journey=VISIT), journeys.change_journey)
        if night is not None:
            people, evening, morning = night
            self.people_arrive(people)
            self.the_day_turns_over(evening, 60, morning)

    # --- what people and kiosks do ---

    @rule(people=st.lists(COMING, min_size=1, max_size=4))
    def people_arrive(self, people: list[Coming]) -> None:
        for person, service, old, declared in people:
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

    @rule(room=st.sampled_from(list(ROOMS)))
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

    @rule(pick=PICK, room=st.sampled_from(list(ROOMS)), place=st.sampled_from(["seniority", "front", "end"]))
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

    @rule(room=st.sampled_from(list(ROOMS)), what=st.sampled_from(["pause", "empty", "close", "open"]))
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

    @precondition(lambda self: any(entry.state in ACTIVE for entry in self.entries()))
    @rule(evening=st.lists(HOURS, max_size=6), seconds=st.integers(0, 600), morning=st.lists(HOURS, max_size=3))
    def the_day_turns_over(self, evening: list[str], seconds: int, morning: list[str]) -> None:
        """Whoever is kept is carried by the first who does anything in the new day, or by the clock."""
        for what in evening:
            self.an_hour_of_a_night(what)
        self.midnight()
        self.now += timedelta(seconds=seconds)
        for what in morning:
            self.an_hour_of_a_night(what)
        self.happen(overnight.carry_over)

    def an_hour_of_a_night(self, what: str) -> None:
        if what in ROOMS:
            self.next_is_called(what)
        elif (at := self.one(0, "called")) is not None:
            if what == "hold":
                self.ask(Hold(**at, reason="rest"), holding.hold)
            else:
                self.ask(MarkNotHere(**at), calling.not_here)
