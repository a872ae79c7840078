"""Was it true what people were told with their tickets? Measured from a day's journal. Pure.

A promise is the wait that the journal keeps with the ticket; it is judged by the first call that was not a mistake.
Whoever was sent on or held before that was not called out of the line that the promise was about, and is only counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol import frames
from protocol.nouns import PriorityClass, Value, WaitEstimate
from queue_server.domain.order import class_of
from queue_server.domain.recorded_day import Told

KINDS = ("ticket_issued", "ticket_called", "ticket_held", "ticket_transferred", "action_undone")
"""The kinds of frames that are looked at."""
TOO_LITTLE_MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One promise and what came of it, in minutes."""

    service_id: str
    known_class: PriorityClass
    waited: float
    promised: WaitEstimate

    @property
    def middle(self) -> float:
        """Of a rule of thumb, which has no middle, half-way."""
        if self.promised.p50_minutes is not None:
            return float(self.promised.p50_minutes)
        return ((self.promised.low_minutes or 0) + (self.promised.high_minutes or 0)) / 2

    @property
    def learned(self) -> bool:
        return self.promised.p50_minutes is not None

    @property
    def held(self) -> bool:
        """By the interval as it was foreseen, which claims four in five. Its ends were rounded up to whole minutes."""
        return (self.promised.p10_minutes or 0) - 1 <= self.waited <= (self.promised.p90_minutes or 0)

    @property
    def kept(self) -> bool:
        return (self.promised.low_minutes or 0) <= self.waited <= (self.promised.high_minutes or 0)


class Promises(Value):
    """How promises came true, of one service and class; None: of all."""

    service_id: str | None = None
    priority_class: PriorityClass | None = None
    people: int
    kept: float
    """Share called within the interval that they were told, which is rounded to both sides."""
    held: float | None = None
    """Of the learned promises, the share called within the interval as it was foreseen; it claims 0.8."""
    too_little: float
    """Share that waited over ten minutes longer than the middle of what was foreseen."""
    error_minutes: float
    """Mean absolute error of the middle."""
    waited_minutes: float
    """Mean."""


class Accuracy(Value):
    day: str
    everyone: Promises | None
    """None: nobody was promised anything and called."""
    by: tuple[Promises, ...] = ()
    """By service and class."""
    learned: int = 0
    """Promises that rest on what was learned; the others are a rule of thumb."""
    nothing_said: int = 0
    """Tickets with no interval."""
    not_called: int = 0
    """Promises of which nothing can be said: sent on, held, or not called (yet)."""


def accuracy(day: str, told: Iterable[Told]) -> Accuracy:
    """`told` is the journal of the day; other kinds of entries than `KINDS` are passed over."""
    lines = list(told)
    undone = {line.frame.undone_seq for line in lines if isinstance(line.frame, frames.ActionUndone)}
    waiting: dict[str, Told] = {}
    outcomes: list[Outcome] = []
    nothing_said = not_called = 0
    for line in lines:
        frame = line.frame
        if line.seq in undone:
            continue
        if isinstance(frame, frames.TicketIssued):
            if frame.promised is None or frame.promised.high_minutes is None:
                nothing_said += 1
            else:
                waiting[frame.entry.entry_id] = line
        elif isinstance(frame, frames.TicketCalled) and frame.entry.entry_id in waiting:
            outcomes.append(_outcome(waiting.pop(frame.entry.entry_id), line))
        elif isinstance(frame, frames.TicketHeld | frames.TicketTransferred):
            not_called += waiting.pop(frame.entry.entry_id, None) is not None
    return Accuracy(
        day=day,
        everyone=_promises(outcomes) if outcomes else None,
        by=_by_service_and_class(outcomes),
        learned=sum(one.learned for one in outcomes),
        nothing_said=nothing_said,
        not_called=not_called + len(waiting),
    )


def _outcome(issued: Told, called: Told) -> Outcome:
    assert isinstance(issued.frame, frames.TicketIssued)
    assert issued.frame.promised is not None
    entry = issued.frame.entry
    waited = max(0.0, (called.at - issued.at).total_seconds() / 60)
    return Outcome(entry.service_id, class_of(entry), waited, issued.frame.promised)


def _by_service_and_class(outcomes: Sequence[Outcome]) -> tuple[Promises, ...]:
    groups: dict[tuple[str, PriorityClass], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.service_id, one.known_class].append(one)
    return tuple(_promises(groups[key], *key) for key in sorted(groups))


def _promises(
    outcomes: Sequence[Outcome], service_id: str | None = None, known_class: PriorityClass | None = None
) -> Promises:
    count = len(outcomes)
    learned = [one for one in outcomes if one.learned]
    return Promises(
        service_id=service_id,
        priority_class=known_class,
        people=count,
        kept=round(sum(one.kept for one in outcomes) / count, 4),
        held=round(sum(one.held for one in learned) / len(learned), 4) if learned else None,
        too_little=round(sum(one.waited > one.middle + TOO_LITTLE_MINUTES for one in outcomes) / count, 4),
        error_minutes=round(sum(abs(one.waited - one.middle) for one in outcomes) / count, 2),
        waited_minutes=round(sum(one.waited for one in outcomes) / count, 2),
    )


def table(found: Accuracy) -> list[str]:
    """Lines for people."""
    if found.everyone is None:
        return [f"{found.day}: nobody was promised a wait and called"]
    head = _row("service", "class", "people", "kept", "held", "too little", "error", "waited")
    rows = [
        _row(
            one.service_id or "all", one.priority_class or "all", str(one.people), f"{one.kept:.1%}",
            "-" if one.held is None else f"{one.held:.1%}", f"{one.too_little:.1%}", f"{one.error_minutes:.1f} min",
            f"{one.waited_minutes:.1f} min",
        )
        for one in (found.everyone, *found.by)
    ]  # fmt: skip
    rest = f"{found.learned} learned; {found.nothing_said} told nothing; {found.not_called} not called or sent on"
    return [found.day, head, *rows, rest]


def _row(service: str, known_class: str, *figures: str) -> str:
    return f"{service:<20}{known_class:<18}" + "".join(f"{figure:>11}" for figure in figures)
