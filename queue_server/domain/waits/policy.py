"""Who is called next under a policy, and which reading of the policy a hospital follows. Pure.

Within a class the earliest credited arrival goes first. A policy therefore only says, at each call where both
classes wait, whether the first of priority or the first of the others goes. A policy's one-line definition leaves
room (is a review's credit counted in the waiting that ages? does a run go on when nobody else waits?), so each has
several readings; the reading that foretold most of the real calls is the one that is simulated.
"""

# ruff: noqa: ARG001, ARG005 - every rule has the same arguments, whichever it needs

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Waiting:
    """One waiting ticket. Times in seconds after midnight; `credited` is the arrival less a review's credit."""

    ticket: str
    arrived: float
    credited: float
    priority: bool
    review: bool
    passed: int = 0
    passed_by_later: int = 0


@dataclass(slots=True)
class Memory:
    """What a policy remembers of the calls of one queue."""

    run: int = 0  # priority calls since the last normal one
    contended: int = 0  # the same, counted only while a normal patient waited
    gap: int = 1000  # normal calls since the last priority one
    called: list[float] = field(default_factory=list)  # arrivals of priority patients called, in a simulated run

    def note(self, priority: bool, others_wait: bool, arrived: float | None = None) -> None:
        """A call. `arrived` is kept in simulated runs, where nobody counts whom each call passed."""
        if priority:
            if arrived is not None:
                self.called.append(arrived)
            self.run += 1
            self.contended += others_wait
            self.gap = 0
        else:
            self.run = self.contended = 0
            self.gap += 1

    def copy(self) -> Memory:
        return Memory(self.run, self.contended, self.gap)


Rule = Callable[[float, Waiting, Waiting, Memory], bool]
"""(now, first of priority, first of the others, memory) -> priority goes."""


def fifo(param: float) -> list[Rule]:
    return [lambda now, p, n, memory: p.credited <= n.credited]


def strict(param: float) -> list[Rule]:
    return [lambda now, p, n, memory: True]


def headstart(param: float) -> list[Rule]:
    lead = param * 60
    return [lambda now, p, n, memory: p.credited - lead <= n.credited]


def wrr(param: float) -> list[Rule]:
    return [lambda now, p, n, memory: memory.contended < param, lambda now, p, n, memory: memory.run < param]


def ratio(param: float) -> list[Rule]:
    return [
        lambda now, p, n, memory: memory.gap >= param - 1,
        lambda now, p, n, memory: memory.gap >= param - 1 or p.credited <= n.credited,
        lambda now, p, n, memory: memory.gap >= param - 1 and p.credited <= n.credited,
        lambda now, p, n, memory: memory.gap >= param,
    ]


def apq(param: float) -> list[Rule]:
    return [
        lambda now, p, n, memory: (now - p.credited) * param >= now - n.credited,
        lambda now, p, n, memory: (now - p.arrived) * param >= now - n.arrived,
    ]


def aging(param: float) -> list[Rule]:
    limit = param * 60
    return [
        lambda now, p, n, memory: now - n.credited <= limit,
        lambda now, p, n, memory: now - n.arrived <= limit,
        lambda now, p, n, memory: now - n.credited <= limit or p.credited <= n.credited,
    ]


def capped(param: float) -> list[Rule]:
    grows = apq(3.0)[0]

    def later(now: float, p: Waiting, n: Waiting, memory: Memory) -> bool:
        passed = n.passed_by_later + sum(arrived > n.arrived for arrived in memory.called)
        return (passed < param or p.arrived <= n.arrived) and grows(now, p, n, memory)

    def strictly(now: float, p: Waiting, n: Waiting, memory: Memory) -> bool:
        passed = n.passed_by_later + sum(arrived > n.arrived for arrived in memory.called)
        return passed < param and grows(now, p, n, memory)

    def ever(now: float, p: Waiting, n: Waiting, memory: Memory) -> bool:
        return n.passed + len(memory.called) < param and grows(now, p, n, memory)

    return [later, strictly, ever]


READINGS: dict[str, Callable[[float], list[Rule]]] = {
    "fifo": fifo,
    "strict": strict,
    "headstart": headstart,
    "wrr": wrr,
    "ratio": ratio,
    "apq": apq,
    "aging": aging,
    "capped": capped,
}
REMEMBER = ("wrr", "ratio", "capped")  # the policies that look at their memory
FORGET = 0.999  # a hospital that changes what it does is followed after about a thousand calls


class Policy:
    """The readings of one discipline, with how often each foretold the class that was really called."""

    def __init__(self, discipline: str, param: float) -> None:
        self.named = (discipline, param)
        self.readings = READINGS.get(discipline, fifo)(param)
        self.remembers = discipline in REMEMBER
        self.hits = [0.0] * len(self.readings)

    @property
    def rule(self) -> Rule:
        return self.readings[max(range(len(self.readings)), key=self.hits.__getitem__)]

    def learn(self, now: float, first: Waiting, other: Waiting, memory: Memory, went: bool) -> None:
        """`first` of priority and `other` waited; priority `went`, or not."""
        for index, reading in enumerate(self.readings):
            self.hits[index] = self.hits[index] * FORGET + (reading(now, first, other, memory) == went)
