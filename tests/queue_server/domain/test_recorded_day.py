"""Reading a day from its journal, playing it again, and its figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol import frames
from protocol.nouns import Entry, Priority, PriorityClass
from protocol.policy import Capped, FirstCome, OneInN, Policy, Strict
from queue_server.domain.day_figures import comparison, figures, overtaken, spread, table
from queue_server.domain.order import most_overtaken
from queue_server.domain.recorded_day import Day, Hours, Told, UnusableDay, Wait, read_day, room_hours, rooms_of_pools
from queue_server.domain.rerun import call_order, rerun

EIGHT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def entry(number: int, known: PriorityClass = "normal", came: float = 0, room_id: str = "r1") -> Entry:
    return Entry(
        entry_id=f"e{number}",
        ticket_id=f"t{number}",
        number=f"A{number:03d}",
        service_id="general",
        room_id=room_id,
        priority=Priority(priority_class=known, status="proven"),
        state="waiting",
        version=1,
        issued_at=EIGHT + minutes(came),
        language="vi",
    )


class Journal:
    """Told minute by minute."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def add(self, minute: float, frame: frames.AnyFrame) -> int:
        self.told.append(Told(len(self.told) + 1, EIGHT + minutes(minute), frame))
        return len(self.told)

    def issued(self, minute: float, one: Entry) -> int:
        return self.add(minute, frames.TicketIssued(entry=one))

    def called(self, minute: float, one: Entry) -> int:
        return self.add(minute, frames.TicketCalled(entry=one, room_number="1", service_names={}))

    def finished(self, minute: float, one: Entry) -> int:
        return self.add(minute, frames.TicketFinished(entry=one))


def test_waits_and_the_rooms_hours_are_read() -> None:
    a, b, told = entry(1), entry(2, came=3), Journal()
    told.issued(0, a)
    told.issued(3, b)
    told.called(10, a)
    told.called(11, a)  # again
    told.finished(15, a)
    told.called(20, b)
    told.finished(26, b)
    day = read_day(told.told)
    assert [wait.waited for wait in day.waits] == [minutes(10), minutes(17)]
    assert [wait.ended - wait.called for wait in day.waits] == [minutes(5), minutes(6)]
    away = ((EIGHT, EIGHT + minutes(10)), (EIGHT + minutes(15), EIGHT + minutes(20)))
    assert day.hours == {"r1": Hours(away)}


def test_who_was_not_here_and_came_back_has_two_waits() -> None:
    a, told = entry(1), Journal()
    told.issued(0, a)
    told.called(1, a)
    told.add(3, frames.TicketNotHere(entry=a))
    told.add(9, frames.TicketReturned(entry=a))
    told.called(12, a)
    day = read_day(told.told)
    assert [(wait.here, wait.after, wait.waited) for wait in day.waits] == [
        (False, None, minutes(1)),
        (True, 0, minutes(3)),
    ]
    assert rerun(day, FirstCome()) == day.waits
    assert figures(day.waits).no_shows == 1


def test_what_was_undone_never_was() -> None:
    a, b, told = entry(1), entry(2, came=1), Journal()
    told.issued(0, a)
    told.issued(1, b)
    wrong = told.called(2, b)
    told.add(2.5, frames.ActionUndone(entry=b, undone_seq=wrong, undone_type="ticket_called"))
    told.called(3, a)
    told.finished(5, a)
    told.called(6, b)
    assert [wait.entry.number for wait in read_day(told.told).waits] == ["A001", "A002"]


def test_a_wait_without_a_call_is_counted_and_not_kept() -> None:
    a, b, told = entry(1), entry(2), Journal()
    told.issued(0, a)
    told.issued(0, b)
    told.add(4, frames.TicketHeld(entry=a))
    day = read_day(told.told)
    assert (day.waits, day.never_called) == ((), 2)
    assert rerun(day, Strict()) == ()


def test_somebody_sent_on_joins_the_next_line_as_much_later() -> None:
    a, b, told = entry(1, came=0), entry(2, "aged_75", came=1), Journal()
    told.issued(0, a)
    told.issued(1, b)
    told.called(2, a)
    moved = entry(1, room_id="r2")
    told.add(
        6,
        frames.TicketTransferred(
            entry=moved, from_room_id="r1", from_service_id="general", room_number="2", reason="next_step"
        ),
    )
    told.called(8, moved)
    told.called(9, b)
    told.finished(12, b)
    told.finished(13, moved)
    day = read_day(told.told)
    assert rerun(day, FirstCome()) == day.waits
    changed = {(wait.entry.number, wait.entry.room_id): wait for wait in rerun(day, Strict())}
    first = changed["A001", "r1"]
    assert first.called == EIGHT + minutes(5)  # after the one of 75, who took 3 minutes from when the room began
    assert changed["A001", "r2"].joined == first.ended


def test_a_priority_counts_from_when_it_was_confirmed() -> None:
    a, b, told = entry(1), entry(2, came=1), Journal()
    told.issued(0, a)
    told.issued(1, b)
    sure = b.model_copy(update={"priority": Priority(priority_class="pregnant", status="confirmed")})
    told.add(2, frames.PriorityConfirmed(entry=sure, was=b.priority, proof="seen"))
    told.called(5, a)
    told.finished(6, a)
    told.called(6, sure)
    told.finished(9, sure)
    day = read_day(told.told)
    assert [wait.entry.number for wait in rerun(day, Strict())] == ["A002", "A001"]
    assert rerun(day, FirstCome()) == day.waits


def test_no_day_at_all_is_refused() -> None:
    told = Journal()
    with pytest.raises(UnusableDay, match="empty"):
        read_day([])
    told.called(0, entry(1))
    with pytest.raises(UnusableDay, match="never issued") as refused:
        read_day(told.told)
    assert refused.value.seq == 1
    two_days = Journal()
    two_days.issued(0, entry(1))
    two_days.issued(60 * 40, entry(2))
    with pytest.raises(UnusableDay, match="more than one day"):
        read_day(two_days.told)


# --- any day ---------------------------------------------------------------------------------------------------------

CLASSES: tuple[PriorityClass, ...] = ("normal", "normal", "aged_75", "pregnant", "emergency")
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(CLASSES),
        st.integers(0, 5400).map(lambda second: second / 60),
        st.floats(0.5, 15),
        st.sampled_from(("r1", "r2", "pool r1", "pool r2")),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda person: person[1],
)
POLICIES = st.sampled_from([FirstCome(), Strict(), Capped(overtakes=1), Capped(), OneInN(n=3)])


def first_run(people: list[tuple[PriorityClass, float, float, str]], policy: Policy, away: float) -> Day:
    """A day whose rooms open `away` minutes after eight, under a policy."""
    waits = []
    for number, (known, came, inside, room_id) in enumerate(people, start=1):
        one, joined = entry(number, known, came, room_id[-2:]), EIGHT + minutes(came)
        one = one.model_copy(update={"pooled": room_id.startswith("pool")})
        waits.append(Wait(one, one.priority, joined, joined, joined + minutes(inside)))
    hours = Hours(((EIGHT, EIGHT + minutes(away)),))
    done = rerun(Day(tuple(waits), {"r1": hours, "r2": hours}), policy)
    return Day(done, room_hours(done))


@given(PEOPLE, POLICIES, st.floats(0, 60))
def test_the_same_policy_gives_the_same_day(
    people: list[tuple[PriorityClass, float, float, str]], policy: Policy, away: float
) -> None:
    """Rooms and moments of all calls, those from the pool too, whose rooms are known by their calls from it."""
    day = first_run(people, policy, away)
    assume(set(rooms_of_pools(day.waits).get("general", ("r1", "r2"))) == {"r1", "r2"})
    assert call_order(rerun(day, policy)) == call_order(day.waits)


def test_a_pool_is_one_line_from_which_whichever_room_is_free_calls() -> None:
    """Two rooms; the long visit of the second keeps nobody waiting for that room."""
    told = Journal()
    people = [entry(n, came=0).model_copy(update={"pooled": True}) for n in (1, 2, 3, 4)]
    old = people[3].model_copy(update={"priority": Priority(priority_class="aged_75", status="proven")})
    for one in (*people[:3], old):
        told.issued(0, one)
    in_room = {n: one.model_copy(update={"pooled": False, "room_id": f"r{n % 2 + 1}"}) for n, one in enumerate(people)}
    told.called(1, in_room[0])
    told.called(1, in_room[1])
    told.finished(3, in_room[0])
    told.called(3, in_room[2])
    told.finished(30, in_room[1])
    told.called(30, in_room[3].model_copy(update={"priority": old.priority}))
    told.finished(31, in_room[2])
    told.finished(40, in_room[3])
    day = read_day(told.told)
    assert rerun(day, FirstCome()) == day.waits
    first, *rest = rerun(day, Strict())
    assert (first.entry.number, first.waited) == ("A004", minutes(1))
    assert [(wait.entry.number, wait.waited) for wait in rest] == [
        ("A001", minutes(1)),
        ("A002", minutes(3)),
        ("A003", minutes(11)),
    ]
    assert figures(rerun(day, Strict())).most_overtaken == 1


def test_who_was_not_here_comes_back_to_the_room_that_called_from_the_pool_this_time() -> None:
    told = Journal()
    a, b = (entry(n, came=n).model_copy(update={"pooled": True}) for n in (1, 2))
    old = b.model_copy(update={"priority": Priority(priority_class="aged_75", status="proven")})
    told.issued(1, a)
    told.issued(2, old)
    there, here = (one.model_copy(update={"pooled": False, "room_id": room}) for one, room in ((a, "r1"), (old, "r2")))
    told.called(3, there)
    told.called(4, here)
    told.add(5, frames.TicketNotHere(entry=there))
    told.finished(6, here)
    told.add(8, frames.TicketReturned(entry=there))
    told.called(9, there)
    day = read_day(told.told)
    assert rerun(day, FirstCome()) == day.waits
    again = [wait.entry.room_id for wait in rerun(day, Strict()) if wait.entry.number == "A001"]
    assert again == ["r2", "r2"]


@given(PEOPLE, POLICIES, POLICIES)
def test_another_policy_calls_the_same_people_and_keeps_its_promise(
    people: list[tuple[PriorityClass, float, float, str]], one: Policy, other: Policy
) -> None:
    day = first_run(people, one, 20)
    again = rerun(day, other)
    assert sorted(wait.entry.number for wait in again) == sorted(wait.entry.number for wait in day.waits)
    assert sum((w.ended - w.called for w in again), minutes(0)) == sum(
        (w.ended - w.called for w in day.waits), minutes(0)
    )
    pool = set(rooms_of_pools(day.waits).get("general", ()))
    for wait in again:
        assert wait.joined <= wait.called
        rooms = pool if wait.entry.pooled else {wait.entry.room_id}
        rivals = [w for w in again if w.entry.room_id in rooms or (w.entry.pooled and rooms & pool)]
        most = most_overtaken(other, sum(w.joined < wait.joined for w in rivals))
        if most is not None:
            those = [w for w in again if w.entry.room_id in rooms]
            assert wait.known_class == "emergency" or overtaken(wait, those) <= most


MOVES = st.lists(
    st.tuples(st.sampled_from(("issued", "called", "away", "back", "done")), st.integers(1, 4), st.integers(0, 90)),
    max_size=30,
)


@given(MOVES, POLICIES)
def test_whatever_a_journal_tells_is_refused_or_played_again(moves: list[tuple[str, int, int]], policy: Policy) -> None:
    """Also what no hospital can have done, and in any order of time: every call is played once, none is lost."""
    told = Journal()
    for move, number, minute in moves:
        one = entry(number, room_id=f"r{minute % 2}")
        if move == "issued":
            told.issued(minute, one)
        elif move == "called":
            told.called(minute, one)
        elif move == "done":
            told.finished(minute, one)
        else:
            told.add(minute, (frames.TicketNotHere if move == "away" else frames.TicketReturned)(entry=one))
    try:
        day = read_day(told.told)
    except UnusableDay:
        return
    again = rerun(day, policy)
    assert sorted(wait.entry.number for wait in again) == sorted(wait.entry.number for wait in day.waits)
    assert all(wait.joined <= wait.called <= wait.ended for wait in again)
    figures(again)


def test_figures_are_told() -> None:
    assert spread(minutes(n) for n in (1, 2, 3, 4, 10)).p50 == 180
    assert spread(()).people == 0
    day = first_run([("normal", 0, 5, "r1"), ("normal", 1, 5, "r1"), ("aged_75", 2, 5, "r1")], Strict(), 10)
    told = figures(day.waits)
    assert (told.most_overtaken, told.most_overtaken_number, told.calls) == (1, "A001", {"r1": 3})
    assert told.classes["aged_75"].longest == 480
    lines = table(told)
    assert any(line.startswith("aged_75") and line.endswith("8:00") for line in lines)
    assert "most overtaken: 1 times (A001)" in lines
    beside = comparison(told, figures(rerun(day, FirstCome())), "first_come")
    assert beside[-1] == "most overtaken: 1 times recorded, 0 times with first_come"
