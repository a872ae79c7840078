"""What holds after every step of any day (`any_day`)."""

from __future__ import annotations

from collections import Counter
from functools import partial

from hypothesis.stateful import invariant, precondition
from sqlalchemy import select

from protocol.frames import ActionUndone, AnyFrame, TicketCarriedOver, TicketFinished, TicketIssued, TicketSentOn
from protocol.nouns import Entry, Room
from queue_server.domain.admission import ACTIVE
from queue_server.domain.order import RECENT, class_of, seniority
from queue_server.domain.replayed import replay
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.usecases import arrivals, overnight
from queue_server.usecases.change import Reading
from queue_server.usecases.ordering import calls_of_pool, calls_of_room, line_of_room, rooms_of_pool
from tests.queue_server.usecases.any_hospital import DEFAULT, ROOMS, AnyHospital
from tests.queue_server.usecases.counted_calls import CountedCalls

POOL = "general"
OPENED = precondition(lambda self: hasattr(self, "core"))


class WhatHolds(AnyHospital):
    @OPENED
    @invariant()
    def rooms_and_people_are_where_they_can_be(self) -> None:
        stand = self.stand()
        shown = self.look(lambda connection: store.load_rooms(connection, "main"))
        assert all(room.open or room.pause is None for room in shown)
        inside = Counter((entry.room_id, day) for entry, day in stand if entry.state == "called")
        assert max(inside.values(), default=0) <= 1
        entries = [entry for entry, _ in stand]
        assert all((entry.held_reason is not None) == (entry.state == "held") for entry in entries)
        assert all(entry.held_until is None or entry.state == "held" for entry in entries)
        good = Counter(entry.ticket_id for entry in entries if entry.state in ACTIVE)
        assert max(good.values(), default=0) <= 1, "a ticket in two places"
        given = [entry for entry, day in stand if day == self.today and not entry.number.startswith("KA")]
        numbers = Counter(entry.number for entry in given if entry.state in ACTIVE)
        assert max(numbers.values(), default=0) <= 1, "a number twice"

    @OPENED
    @invariant()
    def a_person_holds_one_number_for_a_service(self) -> None:
        ticket, entry, visit = tables.ticket, tables.entry, tables.visit
        query = (
            select(visit.c.patient_id, entry.c.service_id, entry.c.business_day)
            .select_from(entry.join(ticket, ticket.c.ticket_id == entry.c.ticket_id).join(visit))
            .where(entry.c.state.in_(ACTIVE), ticket.c.offline.is_(False))
        )
        rows = self.look(lambda connection: connection.execute(query).all())
        assert len(rows) == len(set(rows)), "two active numbers of one person for one service"

    @OPENED
    @invariant()
    def the_journal_rebuilds_the_entries_and_in_which_days_line_each_stands(self) -> None:
        stand = self.stand()
        assert replay(self.frames()) == {entry.entry_id: entry for entry, _ in stand}
        days: dict[str, str] = {}
        for _, day, frame in self.lines():
            days |= line_day(day, frame)
            entry = getattr(frame, "entry", None)
            if isinstance(entry, Entry) and days[entry.entry_id] < day:
                assert isinstance(frame, (TicketFinished, ActionUndone)), "done with a number of a day gone by"
        assert days == {entry.entry_id: day for entry, day in stand}
        assert self.look(lambda connection: journal.first_gap(connection, "main")) is None

    @OPENED
    @invariant()
    def whoever_is_kept_overnight_stands_in_todays_line_and_nobody_else(self) -> None:
        due: bool = self.read(overnight.is_due)
        if due:
            return  # since midnight nothing has happened
        for entry, day in self.stand():
            if entry.state in ACTIVE and entry.service_id in self.kept:
                assert day == self.today, "forgotten at midnight"
        kept = {frame.entry.service_id for _, frame in self.frames() if isinstance(frame, TicketCarriedOver)}
        assert kept <= set(self.kept), "kept, and should not have been"

    @OPENED
    @invariant()
    def a_ticket_tells_its_place_in_the_line(self) -> None:
        for room, line in self.read(_lines):
            assert self.read(partial(_ahead, line)) == list(range(len(line))), room

    @OPENED
    @invariant()
    def a_ticket_of_a_pool_tells_its_place_among_all_whom_its_rooms_may_call(self) -> None:
        pool = self.read(_Pool)
        told = dict(zip(pool.pooled, self.read(partial(_ahead, list(pool.pooled.values()))), strict=True))
        assert len(set(told.values())) == len(told), "two at one place"
        assert all(0 <= ahead < len(pool.everybody) for ahead in told.values())
        for one in pool.pooled.values():
            for other in pool.everybody.values():
                same = class_of(one) == class_of(other) and one.appointment is None and other.appointment is None
                if other.entry_id in told and same and seniority(one) < seniority(other):
                    assert told[one.entry_id] < told[other.entry_id], "one of their own class goes before them"
        if pool.sure is not None and told:
            self.reached("a pool of one mind")
            assert told == {key: ahead for ahead, key in enumerate(pool.sure) if key in told}

    @OPENED
    @invariant()
    def the_policy_keeps_its_bound(self) -> None:
        """Replayed from the journal: which calls count in which room, newest first; the store must know the same."""
        kept = frozenset(room for room, service in ROOMS.items() if service in self.kept)
        counted = CountedCalls(DEFAULT, kept)
        for seq, day, frame in self.lines():
            counted.hear(seq, day, frame)
        for room in self.look(lambda connection: store.load_rooms(connection, "main")):
            assert self.read(partial(_calls_of_room, room=room)) == counted.of(self.today, room.room_id)


def _calls_of_room(reading: Reading, room: Room) -> tuple[bool, ...]:
    return calls_of_room(reading, room, reading.today)


def line_day(day: str, frame: AnyFrame) -> dict[str, str]:
    """In which day's line an entry stands after `frame`, when it tells of that."""
    if isinstance(frame, TicketCarriedOver):
        return {frame.entry.entry_id: frame.business_day}
    return {frame.entry.entry_id: day} if isinstance(frame, (TicketIssued, TicketSentOn)) else {}


def _lines(reading: Reading) -> list[tuple[str, list[Entry]]]:
    """Who waits in front of each room, in the order of being called; rooms that may call from a pool left out."""
    found = []
    for room in store.load_rooms(reading.connection, "main"):
        waiting = store.waiting_for(reading.connection, "main", reading.today, room)
        if not any(entry.pooled for entry in waiting):
            line = [choice.entry for choice in line_of_room(reading, room, waiting, reading.today)]
            found.append((room.room_id, line))
    return found


class _Pool:
    """Who waits in the pool of general, and who else waits in front of its rooms."""

    def __init__(self, reading: Reading) -> None:
        day = reading.today
        rooms = rooms_of_pool(reading, POOL)
        lines = {room.room_id: store.waiting_for(reading.connection, "main", day, room) for room in rooms}
        self.everybody = {entry.entry_id: entry for line in lines.values() for entry in line}
        self.pooled = {key: entry for key, entry in self.everybody.items() if entry.pooled}
        self.sure: list[str] | None = None
        """The one order in which they are called whichever room calls; None where it hangs on the room."""
        for room in rooms:
            everybody_here = len(lines[room.room_id]) == len(self.everybody)
            if everybody_here and calls_of_room(reading, room, day) == calls_of_pool(reading, POOL, day)[:RECENT]:
                order = line_of_room(reading, room, lines[room.room_id], day)
                self.sure = [choice.entry.entry_id for choice in order]


def _ahead(line: list[Entry], reading: Reading) -> list[int]:
    """What the ticket of each tells of the people ahead."""
    told = []
    for entry in line:
        ticket = store.load_ticket(reading.connection, "main", entry.ticket_id)
        service = store.load_service(reading.connection, "main", entry.service_id)
        assert ticket is not None
        assert service is not None
        told.append(arrivals.describe(reading, ticket, entry, service, reading.today).people_ahead)
    return told
