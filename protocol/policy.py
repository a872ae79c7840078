"""Policies: how people with a right to priority and everybody else are interleaved in one line. Data, not code.

Law 15/2023/QH15, article 3(2), gives priority to emergencies, children under 6, pregnant women, people with severe
or exceptionally severe disabilities, people of 75 and over, and people with merit to the revolution. It does not say
how they and everyone else are interleaved: a hospital chooses one of these rules, for a service or for the whole site.

An emergency, which only staff can say, goes before everybody under every rule and is not counted by any bound.
A class that was only declared goes with everyone else until staff have confirmed it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, field_validator
from pydantic_core import PydanticCustomError

from protocol.nouns import PriorityClass, Value

LEGAL_CLASSES: tuple[PriorityClass, ...] = ("child_under_6", "pregnant", "severe_disability", "aged_75", "merit")
"""Those of article 3(2) besides the emergency, in the order of the law's text."""
Rule: TypeAlias = Literal["first_come", "strict", "ageing", "one_in_n", "capped", "head_start"]
Rate: TypeAlias = Annotated[float, Field(ge=1.0, le=10.0)]
Minutes: TypeAlias = Annotated[int, Field(ge=1, le=240)]


class _Rule(Value):
    # A misspelt setting would silently be the default: it is refused instead.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _WithClasses(_Rule):
    classes: tuple[PriorityClass, ...] = LEGAL_CLASSES
    """Who goes first. The order counts only for the strict rule."""

    @field_validator("classes")
    @classmethod
    def _each_once(cls, classes: tuple[PriorityClass, ...]) -> tuple[PriorityClass, ...]:
        _check_classes(classes)
        if len(set(classes)) != len(classes):
            raise PydanticCustomError("class_named_twice", "a class is named twice")
        return classes


class FirstCome(_Rule):
    """Who came first is called first. Bound: nobody is ever overtaken."""

    rule: Literal["first_come"] = "first_come"


class Strict(_WithClasses):
    """The first class named goes before the second and so on, and all before everyone else. No bound."""

    rule: Literal["strict"] = "strict"


class Ageing(_Rule):
    """Accumulating priority: a minute of waiting counts `rates` times for a class, once for everyone else.

    Bound: who has waited w minutes is overtaken only by people who waited at least w divided by the highest rate.
    """

    rule: Literal["ageing"] = "ageing"
    rates: dict[PriorityClass, Rate] = dict.fromkeys(LEGAL_CLASSES, 3.0)

    @field_validator("rates")
    @classmethod
    def _known(cls, rates: dict[PriorityClass, float]) -> dict[PriorityClass, float]:
        _check_classes(tuple(rates))
        return rates


class OneInN(_WithClasses):
    """Of every `n` calls of a room at most one overtakes somebody who came earlier.

    Bound: who has k people before them in time is overtaken at most 1 + k // (n - 1) times.
    """

    rule: Literal["one_in_n"] = "one_in_n"
    n: Annotated[int, Field(ge=2, le=20)] = 3


class Capped(_WithClasses):
    """The classes go first, but at most `overtakes` calls of a room in a row overtake somebody who came earlier.

    Bound: who has k people before them in time is overtaken at most overtakes * (k + 1) times.
    """

    rule: Literal["capped"] = "capped"
    overtakes: Annotated[int, Field(ge=0, le=20)] = 3


class HeadStart(_Rule):
    """A class is placed as if it had come `minutes` earlier.

    Bound: nobody is overtaken by somebody who came later by more than the longest head start.
    """

    rule: Literal["head_start"] = "head_start"
    minutes: dict[PriorityClass, Minutes] = dict.fromkeys(LEGAL_CLASSES, 30)

    @field_validator("minutes")
    @classmethod
    def _known(cls, minutes: dict[PriorityClass, int]) -> dict[PriorityClass, int]:
        _check_classes(tuple(minutes))
        return minutes


def _check_classes(classes: tuple[PriorityClass, ...]) -> None:
    if "normal" in classes:
        raise PydanticCustomError("normal_has_no_priority", "normal is no priority class")
    if "emergency" in classes:
        raise PydanticCustomError("emergency_always_first", "an emergency goes first under every rule; leave it out")


Policy: TypeAlias = Annotated[
    FirstCome | Strict | Ageing | OneInN | Capped | HeadStart,
    Field(discriminator="rule"),
]
POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)
