"""Chance that is the same every time: a journal replayed gives the same answers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

Item = TypeVar("Item")
LENGTH = 8191  # a prime, so that draws do not fall into step with the runs that take them
_MULTIPLIER, _INCREMENT, _MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


class Chance:
    """Uniform numbers from a linear congruential generator (Knuth's MMIX constants)."""

    def __init__(self, seed: int = 1) -> None:
        self._state = seed
        for _ in range(4):
            self.uniform()

    def uniform(self) -> float:
        """Strictly between 0 and 1."""
        self._state = (self._state * _MULTIPLIER + _INCREMENT) % _MODULUS
        return ((self._state >> 11) + 0.5) / (1 << 53)

    def shuffle(self, items: MutableSequence[Item]) -> None:
        for last in range(len(items) - 1, 0, -1):
            other = int(self.uniform() * (last + 1))
            items[last], items[other] = items[other], items[last]


@dataclass(frozen=True, slots=True)
class Draws:
    """Endless streams: evenly spread numbers between 0 and 1, and exponential ones with mean 1, in a mixed order."""

    uniforms: Iterator[float]
    exponentials: Iterator[float]


class Tables:
    """The numbers that streams of draws go round in."""

    def __init__(self, seed: int) -> None:
        self._uniforms = [(index + 0.5) / LENGTH for index in range(LENGTH)]
        self._exponentials = [-math.log((index + 0.5) / LENGTH) for index in range(LENGTH)]
        Chance(seed).shuffle(self._uniforms)
        Chance(seed + 2).shuffle(self._exponentials)

    def draws(self) -> Draws:
        """From the beginning: whoever asks twice gets the same numbers."""
        return Draws(cycle(self._uniforms), cycle(self._exponentials))
