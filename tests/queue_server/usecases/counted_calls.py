"""Which calls count for the bound of the policy in force, replayed from the journal; none may overtake beyond it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import takewhile

from protocol.frames import (
    ActionUndone,
    AnyFrame,
    PolicyChanged,
    TicketCalled,
    TicketCarriedOver,
    TicketIssued,
    TicketSentOn,
    TicketTransferred,
)
from protocol.policy import Capped, FirstCome, OneInN, Policy

POOL = ("r1", "r2")
"""Rooms that share the pool of general: who comes from it is counted over both."""


class CountedCalls:
    """For each entry the call that counts for the bound of its room: the latest since it was sent there.

    The calls of a day count for the people of that day; where people are kept overnight (`kept` rooms), those of the
    day before count for them too.
    """

    def __init__(self, policy: Policy, kept: frozenset[str]) -> None:
        self._first = self._policy = policy
        self._kept = kept
        self._told: dict[str, list[tuple[int, AnyFrame]]] = defaultdict(list)
        self._days: dict[str, str] = {}

    def of(self, day: str, *rooms: str) -> tuple[bool, ...]:
        days = {day}
        if self._kept.intersection(rooms):
            days.add((date.fromisoformat(day) - timedelta(days=1)).isoformat())
        counting = [found for told in self._told.values() if (found := _counting(told)) is not None]
        here = [
            (seq, frame)
            for seq, frame in counting
            if frame.entry.room_id in rooms and self._days[frame.entry.entry_id] in days
        ]
        return tuple(frame.overtook for _, frame in sorted(here, key=lambda call: -call[0]))[:25]

    def hear(self, seq: int, day: str, frame: AnyFrame) -> None:
        if isinstance(frame, PolicyChanged):
            self._policy = frame.policy or self._first
        elif isinstance(frame, (TicketIssued, TicketSentOn)):
            self._days[frame.entry.entry_id] = day
        elif isinstance(frame, TicketCarriedOver):
            self._days[frame.entry.entry_id] = frame.business_day
        elif isinstance(frame, TicketCalled) and ((frame.rule and frame.reason != "emergency") or frame.overtook):
            self._call(seq, day, frame)
        elif isinstance(frame, TicketTransferred):
            self._told[frame.entry.entry_id].append((seq, frame))
        elif isinstance(frame, ActionUndone):
            told = self._told[frame.entry.entry_id]
            self._told[frame.entry.entry_id] = [one for one in told if one[0] != frame.undone_seq]

    def _call(self, seq: int, day: str, frame: TicketCalled) -> None:
        lines = [(frame.entry.room_id,), POOL] if frame.from_pool else [(frame.entry.room_id,)]
        if frame.rule:
            assert frame.rule == self._policy.rule
            assert all(self._may(frame, self.of(day, *rooms)) for rooms in lines), "overtaken once too often"
        self._told[frame.entry.entry_id].append((seq, frame))

    def _may(self, call: TicketCalled, latest: tuple[bool, ...]) -> bool:
        policy = self._policy
        if not call.overtook:
            return True
        if isinstance(policy, FirstCome):
            return False
        if isinstance(policy, Capped):
            return sum(1 for _ in takewhile(bool, latest)) < policy.overtakes
        return not any(latest[: policy.n - 1]) if isinstance(policy, OneInN) else True


def _counting(told: list[tuple[int, AnyFrame]]) -> tuple[int, TicketCalled] | None:
    if not told:
        return None
    seq, frame = told[-1]
    return (seq, frame) if isinstance(frame, TicketCalled) else None
