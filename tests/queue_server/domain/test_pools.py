"""Rooms that share pools keep one promise to everybody in them, however the rooms and pools overlap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import TicketCalled, TicketIssued
from protocol.nouns import Entry, Priority, PriorityClass
from protocol.policy import Capped, OneInN, Policy
from queue_server.domain import lifecycle
from queue_server.domain.order import choose, class_of, most_overtaken, seniority
from queue_server.domain.why import Told, why
from tests.queue_server.support import MORNING

ROOMS: dict[str, tuple[str, ...]] = {"r1": ("a", "b"), "r2": ("a",), "r3": ("b",)}
CLASSES: tuple[PriorityClass, ...] = ("normal", "normal", "aged_75", "pregnant", "emergency")
policies: st.SearchStrategy[Policy] = st.one_of(
    st.builds(Capped, overtakes=st.integers(0, 4)), st.builds(OneInN, n=st.integers(2, 5))
)
arrival = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(CLASSES), st.sampled_from(["pool", "r1"]))
mornings = st.lists(st.one_of(arrival, st.sampled_from(list(ROOMS))), max_size=60)
"""Somebody comes, for a pool or for room r1 by name; or a room calls."""


def person(number: int, service: str, known: PriorityClass = "normal", where: str = "pool") -> Entry:
    return Entry(
        entry_id=f"e{number}",
        ticket_id=f"t{number}",
        number=f"A{number:03d}",
        service_id=service,
        room_id="r1",
        priority=Priority(priority_class=known),
        state="waiting",
        version=1,
        issued_at=MORNING + timedelta(minutes=number),
        pooled=where == "pool",
    )


@dataclass
class Morning:
    policy: Policy
    waiting: list[Entry] = field(default_factory=list)
    calls: list[tuple[str, bool]] = field(default_factory=list)
    """Newest first: the room, and whether it overtook."""
    before: dict[str, int] = field(default_factory=dict)
    """By number, how many had come before whom a room that may call this one might call instead."""
    overtaken: Counter[str] = field(default_factory=Counter)

    def candidates(self, room: str) -> list[Entry]:
        return [one for one in self.waiting if room in rooms_for(one)]

    def come(self, new: Entry) -> None:
        rivals = {
            one.number for room in rooms_for(new) for one in self.candidates(room) if class_of(one) != "emergency"
        }
        self.before[new.number] = len(rivals)
        self.waiting.append(new)

    def call(self, room: str) -> None:
        waiting = self.candidates(room)
        own = [overtook for where, overtook in self.calls if where == room]
        pooled = {one.service_id for one in waiting if one.pooled}
        pools = [[overtook for where, overtook in self.calls if service in ROOMS[where]] for service in pooled]
        choice = choose(waiting, own, self.policy, MORNING + timedelta(hours=2), pools)
        if choice is None:
            return
        self.waiting.remove(choice.entry)
        if choice.reason == "emergency":
            return
        self.calls.insert(0, (room, choice.overtook))
        for other in waiting:
            self.overtaken[other.number] += seniority(other) < seniority(choice.entry)


def rooms_for(entry: Entry) -> list[str]:
    return [room for room, given_ in ROOMS.items() if entry.service_id in given_] if entry.pooled else [entry.room_id]


@given(policies, mornings)
def test_nobody_in_a_pool_is_overtaken_more_often_than_in_a_line_of_one_room(
    policy: Policy, events: list[tuple[str, PriorityClass, str] | str]
) -> None:
    morning = Morning(policy)
    for minute, event in enumerate(events, start=1):
        if isinstance(event, str):
            morning.call(event)
        else:
            morning.come(person(minute, *event))
    for room in [*ROOMS] * len(events):
        morning.call(room)
    assert morning.waiting == []
    for number, before in morning.before.items():
        most = most_overtaken(policy, before)
        assert most is not None
        assert morning.overtaken[number] <= most


def test_three_rooms_do_not_each_overtake_to_the_full() -> None:
    """Without the record of the whole pool, three rooms that may overtake twice each would do so six times in a row."""
    morning = Morning(Capped(overtakes=2))
    for number in range(1, 4):
        morning.come(person(number, "a"))
    for number in range(4, 10):
        morning.come(person(number, "a", "aged_75"))
    for room in ("r1", "r2", "r1", "r2", "r1", "r2"):
        morning.call(room)
    assert [overtook for _, overtook in reversed(morning.calls)] == [True, True, False, True, True, False]


def test_who_is_called_from_a_pool_belongs_to_the_room_that_called() -> None:
    called = lifecycle.call(person(1, "a"), MORNING, "r2")
    assert (called.room_id, called.pooled) == ("r2", False)
    assert lifecycle.call(called, MORNING).room_id == "r2"


def test_why_is_answered_across_the_rooms_of_a_pool() -> None:
    """B is counted at another door than A, but the room that called A could have called B."""
    first, second = person(1, "a"), person(2, "a").model_copy(update={"room_id": "r2"})
    elsewhere = person(3, "b").model_copy(update={"room_id": "r3"})
    call = TicketCalled(entry=lifecycle.call(first, MORNING, "r1"), room_number="1", service_names={}, from_pool=True)
    story = [Told(1, MORNING, TicketIssued(entry=first)), Told(4, MORNING, call)]
    assert why(story, [Told(2, MORNING, TicketIssued(entry=second))]).cause == "came_first"
    assert why(story, [Told(3, MORNING, TicketIssued(entry=elsewhere))]).cause == "other_room"
