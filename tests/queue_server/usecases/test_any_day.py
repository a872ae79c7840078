"""Any day at all (`any_day`): on a database in memory, and through the writer with its memory on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as how
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Connection

from protocol.frames import ActionUndone, AnyFrame, TicketCalled, TicketFinished, TicketIssued, TicketTransferred
from protocol.nouns import Entry, Priority
from queue_server.domain.replayed import BrokenJournal, replay
from queue_server.store import tables
from queue_server.store.engine import Engine
from queue_server.store.writer import Writer
from tests.queue_server.usecases.any_day import AnyDay
from tests.queue_server.usecases.any_hospital import REACHED

T = TypeVar("T")
RUNS = 5
MUST_REACH = (
    "kept overnight: waiting",
    "kept overnight: called",
    "not kept",
    "called on the day after",
    "a pool of one mind",
)


@pytest.mark.timeout(300)
def test_any_day() -> None:
    """Runs that carry nobody over midnight, or leave nobody behind, prove nothing of it, and fail. What the days of one
    run come to is chance, so there may be a few."""
    REACHED.clear()
    for _ in range(RUNS):
        run_state_machine_as_test(AnyDay, settings=how(max_examples=30, stateful_step_count=40, deadline=None))
        if all(REACHED[state] for state in MUST_REACH):
            break
    assert [state for state in MUST_REACH if not REACHED[state]] == []


class WrittenDay(AnyDay):
    """Every change through the one writer, which remembers the hospital in between."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine

    def open(self) -> None:
        with self.engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
        self.writer = Writer(self.engine, "main")
        self.writer.start()

    def close(self) -> None:
        self.writer.stop()

    def write(self, do: Callable[[Connection], T]) -> T:
        return self.writer.submit(do).result(60)

    def look(self, question: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return question(connection)


@pytest.mark.timeout(300)
def test_any_day_through_the_writer(engine: Engine) -> None:
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
    few = how(max_examples=8, stateful_step_count=30, deadline=None, suppress_health_check=slow)
    machine: Any = lambda: WrittenDay(engine)  # noqa: E731 (asked for as a class, used as a maker)
    run_state_machine_as_test(machine, settings=few)


# --- replaying ---

NEW = Entry(
    entry_id="e", ticket_id="t", number="A001", service_id="general", room_id="r1", priority=Priority(),
    state="waiting", version=1, issued_at=datetime(2026, 11, 20, 1, tzinfo=UTC),
)  # fmt: skip


def as_(state: str, version: int, **more: object) -> Entry:
    return NEW.model_copy(update={"state": state, "version": version, **more})


def called(entry: Entry) -> TicketCalled:
    return TicketCalled(entry=entry, room_number="1", service_names={})


def test_a_day_is_replayed_from_its_journal() -> None:
    away = TicketTransferred(
        entry=as_("waiting", 5, room_id="r2"), from_room_id="r1", from_service_id="general", room_number="2",
        reason="other",
    )  # fmt: skip
    frames: list[AnyFrame] = [
        TicketIssued(entry=NEW),
        called(as_("called", 2)),
        TicketFinished(entry=as_("finished", 3)),
        ActionUndone(entry=as_("called", 4), undone_seq=3, undone_type="ticket_finished"),
        away,
    ]
    assert replay(enumerate(frames, 1)) == {"e": away.entry}


@pytest.mark.parametrize(
    ("frames", "seq"),
    [
        ([called(as_("called", 2))], 1),
        ([TicketIssued(entry=NEW), TicketIssued(entry=NEW)], 2),
        ([TicketIssued(entry=NEW), called(as_("called", 3))], 2),
        ([TicketIssued(entry=NEW), called(as_("called", 2, number="A002"))], 2),
        ([TicketIssued(entry=NEW), TicketFinished(entry=as_("finished", 2))], 2),
    ],
)
def test_a_journal_that_contradicts_itself_is_found_out(frames: list[AnyFrame], seq: int) -> None:
    with pytest.raises(BrokenJournal) as broken:
        replay(enumerate(frames, 1))
    assert broken.value.seq == seq
