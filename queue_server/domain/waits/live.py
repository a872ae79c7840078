"""What is known of one queue at this moment. Pure. Times in seconds after midnight."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from queue_server.domain.waits.policy import Memory, Policy, Waiting


class RoomIs(StrEnum):
    OFF = "off"
    IDLE = "idle"
    CALLING = "calling"
    SERVING = "serving"
    PAUSED = "paused"


@dataclass(slots=True)
class Room:
    name: str
    state: RoomIs = RoomIs.OFF
    since: float = 0.0
    kind: str = "new"
    morning: bool = False  # this session began before noon
    openings: int = 0  # today
    closed: float | None = None
    until: float = 0.0  # when a pause ends, as was told
    finished: float | None = None  # the last finish of which it is not known yet whether a pause follows

    def now_is(self, state: RoomIs, now: float) -> None:
        self.state, self.since = state, now

    @property
    def working(self) -> bool:
        return self.state is not RoomIs.OFF


@dataclass(slots=True)
class Queue:
    name: str
    service: str
    nominal: float  # seconds
    rooms: dict[str, Room]
    policy: Policy
    waiting: dict[str, Waiting] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    def ordered(self, priority: bool) -> list[Waiting]:
        """Those of one class, the earliest credited arrival first."""
        chosen = [entry for entry in self.waiting.values() if entry.priority is priority]
        chosen.sort(key=lambda entry: (entry.credited, entry.arrived))
        return chosen

    def leaves(self, ticket: str) -> Waiting | None:
        """Take a called ticket out and count whom it passed."""
        gone = self.waiting.pop(ticket, None)
        if gone is None:
            return None
        others = [entry for entry in self.waiting.values() if not entry.priority]
        if gone.priority:
            for entry in others:
                entry.passed += 1
                entry.passed_by_later += gone.arrived > entry.arrived
        self.memory.note(gone.priority, bool(others))
        return gone
