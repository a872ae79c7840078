"""The figures of a day: waits by class, no-shows, who was overtaken most, calls by room. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from protocol.nouns import Entry, PriorityClass
from queue_server.domain.numbering import reading_order
from queue_server.domain.order import seniority
from queue_server.domain.recorded_day import Wait, rooms_of_pools


@dataclass(frozen=True)
class Spread:
    """Waits in seconds."""

    people: int
    p50: float
    p90: float
    longest: float


@dataclass(frozen=True)
class Figures:
    classes: dict[PriorityClass, Spread]
    everyone: Spread
    no_shows: int
    """Calls to which nobody came."""
    most_overtaken: int
    """How often the one who was overtaken most was, emergencies not counted."""
    most_overtaken_number: str
    """Their number; empty when nobody was."""
    calls: dict[str, int]
    """By room id."""


def figures(waits: Sequence[Wait]) -> Figures:
    by_class: dict[PriorityClass, list[timedelta]] = {}
    for wait in waits:
        by_class.setdefault(wait.known_class, []).append(wait.waited)
    times, number = _most_overtaken(waits)
    rooms = Counter(wait.entry.room_id for wait in waits)
    return Figures(
        classes={known: spread(those) for known, those in sorted(by_class.items(), key=lambda one: -len(one[1]))},
        everyone=spread([wait.waited for wait in waits]),
        no_shows=sum(not wait.here for wait in waits),
        most_overtaken=times,
        most_overtaken_number=number,
        calls={room_id: rooms[room_id] for room_id in sorted(rooms, key=reading_order)},
    )


def spread(waits: Iterable[timedelta]) -> Spread:
    ordered = sorted(wait.total_seconds() for wait in waits)
    if not ordered:
        return Spread(0, 0.0, 0.0, 0.0)
    return Spread(len(ordered), _part(ordered, 0.5), _part(ordered, 0.9), ordered[-1])


def _part(ordered: Sequence[float], share: float) -> float:
    """The smallest wait that this share of people did not wait longer than."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def overtaken(wait: Wait, of_line: Iterable[Wait]) -> int:
    """How many who had come later were called before, while this one waited, by a room that could have called it."""
    mine = seniority(wait.entry)
    return sum(
        wait.joined <= other.called < wait.called and other.known_class != "emergency" and seniority(other.entry) > mine
        for other in of_line
    )


def _most_overtaken(waits: Sequence[Wait]) -> tuple[int, str]:
    of_room: dict[str, list[Wait]] = {}
    for wait in waits:
        of_room.setdefault(wait.entry.room_id, []).append(wait)
    pools = {
        service_id: [wait for room_id in rooms for wait in of_room[room_id]]
        for service_id, rooms in rooms_of_pools(waits).items()
    }

    def of_line(entry: Entry) -> list[Wait]:
        return pools[entry.service_id] if entry.pooled else of_room[entry.room_id]

    counted = [(overtaken(wait, of_line(wait.entry)), wait.entry.number) for wait in waits]
    most = max(counted, key=lambda one: one[0], default=(0, ""))
    return most if most[0] else (0, "")


# --- as text for the command line ------------------------------------------------------------------------------------


def table(told: Figures) -> list[str]:
    """For `simulate`."""
    number = f" ({told.most_overtaken_number})" if told.most_overtaken_number else ""
    return [
        f"{'class':<20}{'calls':>7}{'p50':>8}{'p90':>8}{'longest':>9}",
        *(f"{known:<20}{_calls(those)}" for known, those in told.classes.items()),
        f"{'everyone':<20}{_calls(told.everyone)}",
        "",
        f"no-shows: {told.no_shows}",
        f"most overtaken: {told.most_overtaken} times{number}",
        "calls by room: " + ", ".join(f"{room_id} {calls}" for room_id, calls in told.calls.items()),
    ]


def comparison(recorded: Figures, rerun: Figures, rule: str) -> list[str]:
    """For `replay`. The same people may be of a class in one and not in the other only if staff confirmed it late."""
    nobody = spread(())
    known = dict.fromkeys((*recorded.classes, *rerun.classes))
    rows = [(name, recorded.classes.get(name, nobody), rerun.classes.get(name, nobody)) for name in known]
    return [
        f"{'':<20}{'recorded':>32}   {rule:>32}",
        f"{'class':<20}" + "   ".join([f"{'calls':>7}{'p50':>8}{'p90':>8}{'longest':>9}"] * 2),
        *(f"{name:<20}{_calls(was)}   {_calls(would)}" for name, was, would in rows),
        f"{'everyone':<20}{_calls(recorded.everyone)}   {_calls(rerun.everyone)}",
        "",
        f"most overtaken: {recorded.most_overtaken} times recorded, {rerun.most_overtaken} times with {rule}",
    ]


def _calls(those: Spread) -> str:
    return f"{those.people:>7}{_clock(those.p50):>8}{_clock(those.p90):>8}{_clock(those.longest):>9}"


def _clock(seconds: float) -> str:
    """Minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
