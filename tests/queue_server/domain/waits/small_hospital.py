"""A room or two whose day is told as frames of the journal, minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from protocol import frames
from protocol.nouns import Entry, Priority, PriorityClass, Room
from protocol.policy import FirstCome, Policy
from queue_server.domain import lifecycle
from queue_server.domain.recorded_day import Told
from queue_server.domain.waits.translation import Hospital

SEVEN = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
"""07:00 in Vietnam, on a Monday."""
SEVEN_S = 7 * 3600.0


def room(name: str = "r1", service_id: str = "general", is_open: bool = True) -> Room:
    return Room(room_id=name, number=name, names={}, zone_id="a", service_ids=(service_id,), open=is_open)


def hospital(*rooms: Room, policy: Policy = FirstCome(), minutes: int = 8) -> Hospital:
    rooms = rooms or (room(),)
    services = {service_id for one in rooms for service_id in one.service_ids}
    return Hospital(rooms, dict.fromkeys(services, minutes), {}, policy, "Asia/Ho_Chi_Minh")


class Story:
    """What happened, as the use cases would have journaled it. Minutes count from seven on the first day."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.now: dict[str, Entry] = {}

    def tell(self, minute: float, frame: frames.AnyFrame) -> int:
        self.told.append(Told(len(self.told) + 1, SEVEN + timedelta(minutes=minute), frame))
        entry: Entry | None = getattr(frame, "entry", None)
        if entry is not None:
            self.now[entry.entry_id] = entry
        return len(self.told)

    def issued(
        self, minute: float, name: str, known: PriorityClass = "normal", room_id: str = "r1", **more: Any
    ) -> int:
        entry = Entry(
            entry_id=name, ticket_id=name, number="A001", service_id="general", room_id=room_id,
            priority=Priority(priority_class=known), state="waiting", version=1,
            issued_at=SEVEN + timedelta(minutes=minute),
        )  # fmt: skip
        return self.tell(minute, frames.TicketIssued(entry=entry, **more))

    def called(self, minute: float, name: str) -> int:
        entry = lifecycle.call(self.now[name], SEVEN + timedelta(minutes=minute))
        return self.tell(minute, frames.TicketCalled(entry=entry, room_number="1", service_names={}))

    def finished(self, minute: float, name: str) -> int:
        return self.tell(minute, frames.TicketFinished(entry=lifecycle.finish(self.now[name])))

    def undone(self, minute: float, name: str, before: Entry, seq: int, kind: str) -> int:
        entry = lifecycle.restore(self.now[name], before)
        return self.tell(minute, frames.ActionUndone(entry=entry, undone_seq=seq, undone_type=kind))


def plain_day(story: Story, day: int = 0, people: int = 60, seed: int = 1, rooms: tuple[str, ...] = ("r1",)) -> None:
    """People come from 6:40 to 14:00; each room works from 7:00 on, with an hour's rest at 11:40."""
    chance = Random(seed + day)
    start, names = day * 1440.0, count()
    for room_id in rooms:
        line = sorted(start + chance.uniform(-20, 420) for _ in range(people))
        steps: list[tuple[float, int, str]] = []
        free = start + chance.uniform(0, 5)
        for came in line:
            name = f"{day}-{room_id}-{next(names)}"
            called = max(free, came)
            if start + 280 <= called < start + 340:
                called = start + 340 + chance.uniform(0, 5)
            free = called + chance.lognormvariate(1.8, 0.5)
            steps += [(came, 0, name), (called, 2, name), (free, 1, name)]
        for minute, what, name in sorted(steps, key=lambda step: (step[0], step[1])):
            (lambda m, n, r=room_id: story.issued(m, n, room_id=r), story.finished, story.called)[what](minute, name)


def in_order(story: Story) -> Iterator[Told]:
    return iter(sorted(story.told, key=lambda line: line.at))
