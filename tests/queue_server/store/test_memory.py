"""What the writer remembers between two changes says what the tables say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from protocol.nouns import Entry, Priority, PriorityClass, Room
from queue_server.domain import order
from queue_server.errors import Unavailable
from queue_server.store import memory
from queue_server.store.engine import Connection, Engine
from queue_server.store.memory import Memory
from queue_server.store.writer import Writer

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
DAY = "2026-11-20"
ROOMS = {
    name: Room(room_id=name, number=name, names={"vi": name}, zone_id="a", service_ids=("general",))
    for name in ("r1", "r2")
}
CLASSES: tuple[PriorityClass, ...] = ("normal", "normal", "normal", "aged_75", "emergency")

ENTRIES = st.builds(
    lambda ordinal, room, minute, known, state, pooled, moved: Entry(
        entry_id=f"e{ordinal}",
        ticket_id=f"t{ordinal}",
        number=f"A{ordinal:03d}",
        service_id="general",
        room_id=room,
        priority=Priority(priority_class=known, status="proven"),
        state=state,
        version=1,
        issued_at=START + timedelta(minutes=minute),
        place=START + timedelta(minutes=moved) if moved is not None else None,
        pooled=pooled,
    ),
    ordinal=st.integers(1, 12),
    room=st.sampled_from(sorted(ROOMS)),
    minute=st.integers(0, 5),
    known=st.sampled_from(CLASSES),
    state=st.sampled_from(["waiting", "waiting", "called", "held", "not_here", "finished"]),
    pooled=st.sampled_from([False, False, False, True]),
    moved=st.none() | st.integers(0, 5),
)


@given(written=st.lists(ENTRIES, max_size=30), asked=ENTRIES, room=st.sampled_from(sorted(ROOMS)))
def test_a_door_knows_what_looking_at_everybody_finds(written: list[Entry], asked: Entry, room: str) -> None:
    remembered = Memory()
    remembered.learn(DAY, ())
    for entry in written:
        remembered.keep(entry, DAY)
    waiting = remembered.waiting_for(ROOMS[room])
    door = remembered.door(ROOMS[room])
    if door is None:
        assert any(entry.pooled for entry in written)
        return
    others = [entry for entry in waiting if entry.entry_id != asked.entry_id]
    assert not any(entry.pooled for entry in waiting)
    assert door.came == sorted(order.seniority(entry) for entry in waiting)
    assert door.came_before(asked) == sum(key < order.seniority(asked) for key in door.came)
    assert door.asking == sum(order.may_ask_to_go_first(entry) for entry in waiting)
    assert +door.classes == Counter(order.class_of(entry) for entry in waiting)
    if len(others) == len(waiting):
        assert door.came_before(asked) == order.people_before(asked, others)


def test_the_memory_goes_with_the_connection_only_while_the_writer_has_it(engine: Engine) -> None:
    own = Memory()
    with engine.connect() as connection:
        with memory.attached(connection, own):
            assert memory.of(connection) is own
        assert memory.of(connection) is None
        with pytest.raises(ZeroDivisionError), memory.attached(connection, own):
            _ = 1 // 0
        assert memory.of(connection) is None


def test_after_a_commit_that_failed_nobody_reads_from_the_memory(engine: Engine) -> None:
    """The connection went back to the pool with the memory, and whoever took it next was told what never happened."""
    writer = Writer(engine, "main")
    writer.start()
    left: list[Memory | None] = []

    def disk_full(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(engine, "commit", disk_full)
    try:
        with pytest.raises(Unavailable):
            writer.submit(lambda connection: memory.known(connection, "hospital", lambda: "as it was")).result(10)
        with engine.connect() as connection:
            left.append(memory.of(connection))
            assert memory.known(connection, "hospital", lambda: "as it is") == "as it is"
    finally:
        event.remove(engine, "commit", disk_full)
        writer.stop()
    assert left == [None]
