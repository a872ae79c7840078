"""Who goes where when a room closes: balanced, whole, and told beforehand by a fingerprint."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from protocol.nouns import Entry, Pause, Priority, Room
from queue_server.domain import estimate, lifecycle
from queue_server.domain.assignment import RoomLoad, pause_left
from queue_server.domain.handover import hand_over, token
from tests.queue_server.support import MORNING


def room(number: int, *services: str, is_open: bool = True) -> Room:
    given = services or ("general",)
    return Room(room_id=f"r{number}", number=str(number), names={}, zone_id="a", service_ids=given, open=is_open)


def waiting(number: int, service: str = "general", room_id: str = "r1") -> Entry:
    return Entry(
        entry_id=f"e{number}",
        ticket_id=f"t{number}",
        number=f"A{number:03d}",
        service_id=service,
        room_id=room_id,
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=MORNING + timedelta(minutes=number),
    )


MINUTES = {"general": 10.0, "eyes": 5.0}


def test_one_after_the_other_to_where_the_least_work_waits() -> None:
    rooms = [RoomLoad(room(1), 30), RoomLoad(room(2), 20), RoomLoad(room(3), 5)]
    moves = hand_over(room(1), [waiting(one) for one in range(1, 5)], rooms, MINUTES)
    assert [move.to.room_id if move.to else None for move in moves] == ["r3", "r3", "r2", "r3"]


def test_only_open_rooms_of_their_service_are_asked() -> None:
    rooms = [
        RoomLoad(room(1, "general", "eyes"), 0),
        RoomLoad(room(2, is_open=False), 0),
        RoomLoad(room(3, "eyes"), 99),
    ]
    moves = hand_over(rooms[0].room, [waiting(1), waiting(2, "eyes")], rooms, MINUTES)
    assert [move.to.room_id if move.to else None for move in moves] == [None, "r3"]


@given(
    st.lists(st.sampled_from(["general", "eyes"]), max_size=12), st.lists(st.integers(0, 60), min_size=3, max_size=3)
)
def test_everybody_is_told_of_once_and_the_longest_line_grows_by_one_at_most_too_far(
    services: list[str], work: list[int]
) -> None:
    rooms = [RoomLoad(room(number, "general", "eyes"), float(load)) for number, load in enumerate(work, start=1)]
    people = [waiting(number, service) for number, service in enumerate(services)]
    moves = hand_over(rooms[0].room, people, rooms, MINUTES)
    assert [move.entry for move in moves] == people
    after = {load.room.room_id: load.minutes for load in rooms[1:]}
    for move in moves:
        assert move.to is not None
        assert move.to.room_id != "r1"
        assert after[move.to.room_id] == min(after.values()), "each goes where the least work waits at that moment"
        after[move.to.room_id] += MINUTES[move.entry.service_id]


def test_the_fingerprint_changes_with_whatever_matters_and_with_nothing_else() -> None:
    rooms = [RoomLoad(room(1), 0), RoomLoad(room(2), 20), RoomLoad(room(3), 5)]
    people = [waiting(1), waiting(2)]
    shown = token(room(1), hand_over(room(1), people, rooms, MINUTES))
    assert shown == token(room(1), hand_over(room(1), people, [rooms[0], RoomLoad(room(2), 25), rooms[2]], MINUTES))
    held = lifecycle.hold(people[0], "rest", None)
    others = (
        hand_over(room(1), people[:1], rooms, MINUTES),
        hand_over(room(1), [held, people[1]], rooms, MINUTES),
        hand_over(room(1), people, [rooms[0], RoomLoad(room(2), 0), rooms[2]], MINUTES),
        hand_over(room(1), people, rooms[:1], MINUTES),
    )
    assert len({shown, *(token(room(1), moves) for moves in others)}) == 5


def test_whoever_is_held_or_away_stays_so_in_front_of_the_other_door() -> None:
    held = lifecycle.hold(waiting(1), "tests", MORNING)
    moved = lifecycle.move(held, "r2")
    assert (moved.room_id, moved.state, moved.held_until, moved.version) == ("r2", "held", MORNING, 3)


def test_a_pause_counts_by_what_is_left_of_it() -> None:
    paused = room(1).model_copy(update={"pause": Pause(reason="break", until=MORNING + timedelta(minutes=30))})
    assert pause_left(room(1), MORNING) == 0
    assert pause_left(paused, MORNING + timedelta(minutes=20)) == 10
    assert pause_left(paused, MORNING + timedelta(hours=2)) == 0
    nobody = estimate.wait(0, 10, away_minutes=12)
    assert (nobody.low_minutes, nobody.high_minutes) == (15, 25)
    some = estimate.wait(3, 10, away_minutes=30)
    assert (some.low_minutes, some.high_minutes) == (50, 75)
