"""How our policies are read by the estimator, which knows two classes and one place for each ticket. Pure.

Where it has no word for a rule the nearest is taken (docs/waits.md says which); the reading that foretells most of the
real calls is then found by the estimator itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from protocol.nouns import Entry
from protocol.policy import Ageing, Capped, FirstCome, HeadStart, OneInN, Policy, Strict
from queue_server.domain.order import class_of, goes_first, seniority

BEFORE_ALL = timedelta(days=1)
"""An emergency stands before everybody under every rule: as if it had come so much earlier."""
FIRST_COME = ("fifo", 0.0)


def discipline(policy: Policy) -> tuple[str, float]:
    """The estimator's name of the rule, and its parameter (docs/waits.md)."""
    match policy:
        case FirstCome():
            return FIRST_COME
        case Strict():
            return ("strict", 0.0) if policy.classes else FIRST_COME
        case Ageing():
            return ("apq", max(policy.rates.values())) if policy.rates else FIRST_COME
        case OneInN():
            return ("ratio", float(policy.n)) if policy.classes else FIRST_COME
        case Capped():
            return ("wrr", float(policy.overtakes)) if policy.classes and policy.overtakes else FIRST_COME
        case HeadStart():
            return ("headstart", float(longest_start(policy))) if policy.minutes else FIRST_COME
        case _:
            assert_never(policy)


def longest_start(policy: HeadStart) -> int:
    return max(policy.minutes.values(), default=0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands: among those who may go first or among the others, and the time that counts there."""

    first: bool
    place: datetime


def standing(entry: Entry, policy: Policy) -> Standing:
    place = seniority(entry)[0]
    if class_of(entry) == "emergency":
        return Standing(True, place - BEFORE_ALL)
    first = goes_first(entry, policy)
    if first and isinstance(policy, HeadStart):  # the estimator gives the longest head start to all
        place += timedelta(minutes=longest_start(policy) - policy.minutes[class_of(entry)])
    return Standing(first, place)


def before_in_class(entry: Entry, waiting: Sequence[Entry], policy: Policy) -> int:
    """How many of `waiting`, which may hold the entry itself, stand before it among those of its standing."""
    own = standing(entry, policy)
    key = own.place, seniority(entry)
    others = ((other, standing(other, policy)) for other in waiting if other.entry_id != entry.entry_id)
    return sum(its.first is own.first and (its.place, seniority(other)) < key for other, its in others)
