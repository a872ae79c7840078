"""The way of a visit: what a journey offers next, whether it is sound, and what of it is done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from protocol.journey import Journey, Step
from protocol.nouns import Entry
from queue_server.domain.admission import ACTIVE

MOST_STEPS = 20
"""Of one journey."""
MOST_ENTRIES = 30
"""Of one ticket: whoever is sent round and round is a case for a person, not for a template."""

Mistaken: TypeAlias = Literal[
    "too_many_steps",
    "step_named_twice",
    "service_or_return",
    "unknown_service",
    "first_step_elsewhere",
    "unknown_step",
    "returns_to_no_service",
    "never_reached",
    "nobody_can_leave",
    "endless_loop",
]
"""The sentence is ``server.journey.<kind>``."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong with `step`; `other` is the name that the mistake is about, if any."""

    kind: Mistaken
    step: str
    other: str = ""


@dataclass(frozen=True)
class Offer:
    """Where somebody may go on to from a step: one of `one_of`, or one or more of `any_of`."""

    one_of: tuple[str, ...]
    any_of: tuple[str, ...]
    default: tuple[str, ...]
    """Taken when staff choose nothing; empty = the visit ends here."""

    def allows(self, steps: Sequence[str]) -> bool:
        if len(set(steps)) != len(steps) or not steps:
            return False
        return set(steps) <= set(self.any_of) or (len(steps) == 1 and steps[0] in self.one_of)


Standing: TypeAlias = Literal["done", "now", "next"]


@dataclass(frozen=True)
class Stage:
    """One part of the way as its holder is told it. `room_id` is None where it is not settled yet."""

    service_id: str
    room_id: str | None
    standing: Standing


# --- is it sound? --------------------------------------------------------------------------------------------------


def mistakes(journey: Journey, first_service: str, services: Iterable[str]) -> list[Mistake]:
    """Everything that is wrong with a journey that begins at `first_service`; empty = it may be used.

    What follows from a wrong name is not told beside it: first the names, then the ways.
    """
    return _wrong_names(journey, first_service, frozenset(services)) or _wrong_ways(journey)


def _wrong_names(journey: Journey, first_service: str, services: frozenset[str]) -> list[Mistake]:
    found: list[Mistake] = []
    names = [step.step for step in journey.steps]
    if len(names) > MOST_STEPS:
        found.append(Mistake("too_many_steps", names[MOST_STEPS], str(MOST_STEPS)))
    found += [Mistake("step_named_twice", name) for name in dict.fromkeys(names) if names.count(name) > 1]
    for step in journey.steps:
        found += _wrong_names_in(journey, step, services)
    first = journey.steps[0]
    if first.service_id != first_service:
        found.append(Mistake("first_step_elsewhere", first.step, first_service))
    return found


def _wrong_names_in(journey: Journey, step: Step, services: frozenset[str]) -> list[Mistake]:
    found: list[Mistake] = []
    if (step.service_id is None) == (step.return_to is None):
        found.append(Mistake("service_or_return", step.step))
    if step.service_id is not None and step.service_id not in services:
        found.append(Mistake("unknown_service", step.step, step.service_id))
    back = journey.step(step.return_to)
    named = (*step.next, *step.any_of, *((step.return_to,) if step.return_to else ()))
    found += [Mistake("unknown_step", step.step, name) for name in named if journey.step(name) is None]
    if back is not None and back.service_id is None:
        found.append(Mistake("returns_to_no_service", step.step, back.step))
    return found


def _wrong_ways(journey: Journey) -> list[Mistake]:
    follows = {step.step: (*step.next, *step.any_of) for step in journey.steps}
    reached = _reachable(follows, journey.steps[0].step)
    found = [Mistake("never_reached", name) for name in follows if name not in reached]
    ends = {name for name, following in follows.items() if not following}
    locked = [name for name in follows if not _reachable(follows, name) & ends]
    found += [Mistake("nobody_can_leave", name) for name in locked]
    found += [Mistake("endless_loop", name) for name in follows if name not in locked and _goes_round(journey, name)]
    return found


def _reachable(follows: Mapping[str, tuple[str, ...]], start: str) -> set[str]:
    reached, todo = {start}, [start]
    while todo:
        new = [name for name in follows[todo.pop()] if name not in reached]
        reached.update(new)
        todo += new
    return reached


def _goes_round(journey: Journey, name: str) -> bool:
    """Whether a visit in which staff choose nothing comes back to this step."""
    return name in _by_default(journey, name)


def _by_default(journey: Journey, name: str | None) -> list[str]:
    """The steps after this one when staff choose nothing, until one comes again."""
    way: list[str] = []
    step = journey.step(name)
    while step is not None and step.next and step.next[0] not in way:
        way.append(step.next[0])
        step = journey.step(step.next[0])
    return way


# --- where next? ---------------------------------------------------------------------------------------------------


def offer(journey: Journey, entry: Entry) -> Offer | None:
    """Where the holder of `entry` may go on to. What was chosen before and is still to do comes first.

    None when the journey does not know this step (it has been changed since, or the visit is on no journey).
    """
    step = journey.step(entry.step)
    if step is None:
        return None
    left = tuple(name for name in entry.then if journey.step(name) is not None)
    tests = (*left, *(name for name in step.any_of if name not in left))
    return Offer(one_of=step.next, any_of=tests, default=left or step.next[:1])


def in_order(journey: Journey, steps: Sequence[str], minutes: Mapping[str, float]) -> tuple[str, ...]:
    """The chosen steps in the order in which they are done. `minutes` of work wait at each; missing = no room."""
    if not journey.any_order:
        return tuple(steps)
    return tuple(sorted(steps, key=lambda name: minutes.get(name, float("inf"))))


@dataclass(frozen=True)
class Back:
    """Into the room of an earlier entry, at the place that it had there."""

    service_id: str
    room_id: str
    place: datetime


def way_back(step: Step, entries: Sequence[Entry]) -> Back | None:
    """Where a step that returns leads: to the first entry of that step. None when there was none."""
    there = [entry for entry in in_time(entries) if entry.step == step.return_to and entry.state != "cancelled"]
    if step.return_to is None or not there:
        return None
    first = there[0]
    return Back(first.service_id, first.room_id, first.place or first.issued_at)


def service_of(journey: Journey, step: Step) -> str:
    """The service of a step, or of the one that it returns to. The journey must be sound."""
    there = step if step.service_id is not None else journey.step(step.return_to)
    return (there.service_id if there else None) or ""


def services_by_default(journey: Journey) -> tuple[str, ...]:
    """The services that a visit goes through when staff choose nothing. The journey must be sound."""
    names = [journey.steps[0].step, *_by_default(journey, journey.steps[0].step)]
    return tuple(service_of(journey, step) for name in names if (step := journey.step(name)) is not None)


# --- the whole way -------------------------------------------------------------------------------------------------


def in_time(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.issued_at, entry.entry_id))


def current(entries: Iterable[Entry]) -> Entry:
    """Where the ticket is now: the entry that is still good, else the last one that was not taken back."""
    known = in_time(entries)
    active = [entry for entry in known if entry.state in ACTIVE]
    return (active or [entry for entry in known if entry.state != "cancelled"] or known)[-1]


def whole_way(journey: Journey | None, entries: Sequence[Entry]) -> list[Stage]:
    """What is done, what is now, and what comes if staff choose nothing else."""
    here = current(entries)
    done = [entry for entry in in_time(entries) if entry.state == "finished"]
    way = [Stage(entry.service_id, entry.room_id, "done") for entry in done]
    if here.state in ACTIVE:
        way.append(Stage(here.service_id, here.room_id, "now"))
    if journey is None or journey.step(here.step) is None or here.state == "cancelled":
        return way
    ahead = [*here.then, *_by_default(journey, here.then[-1] if here.then else here.step)]
    return way + [stage for name in ahead if (stage := _to_come(journey, name, entries)) is not None]


def _to_come(journey: Journey, name: str, entries: Sequence[Entry]) -> Stage | None:
    step = journey.step(name)
    if step is None:
        return None
    back = way_back(step, entries)
    if back is not None:
        return Stage(back.service_id, back.room_id, "next")
    return Stage(service_of(journey, step), None, "next")
