"""When a service takes people, how many, and what its numbers look like: data that administrators set."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, field_validator, model_validator
from pydantic_core import PydanticCustomError

from protocol.nouns import PriorityClass, Value

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock: TypeAlias = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
"""The hospital's own clock, ``07:30``; ``24:00`` is the end of the day."""
Letters: TypeAlias = Annotated[str, Field(pattern=r"^[A-HJ-NPR-Z]{1,4}$")]
"""Without I, O and Q, which read as 1 and 0 on a wall."""
Count: TypeAlias = Annotated[int, Field(ge=0, le=100_000)]


class _Setting(Value):
    # A misspelt setting would silently be the default: it is refused instead.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Span(_Setting):
    """From `start` until just before `end`."""

    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _forward(self) -> Span:
        if self.start >= self.end:
            raise PydanticCustomError("span_ends_before_it_starts", "a span must end after it starts")
        return self


class OpeningHours(_Setting):
    """Tickets are given within the spans of the day; the gap between two spans is a break.

    A day in `special` has those spans and no others; a day in `holidays` has none. The last tickets are given
    `last_ticket_minutes` before the end of the day's last span; with `by_forecast` also as soon as who takes one would
    not be seen before that end, by the usual minutes of those who wait.
    """

    weekly: dict[Weekday, tuple[Span, ...]]
    holidays: tuple[str, ...] = ()
    """ISO dates."""
    special: dict[str, tuple[Span, ...]] = Field(default_factory=dict)
    last_ticket_minutes: Annotated[int, Field(ge=0, le=720)] = 0
    by_forecast: bool = False

    @field_validator("weekly", "special")
    @classmethod
    def _apart(cls, days: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
        for spans in days.values():
            if any(later.start < earlier.end for earlier, later in pairwise(spans)):
                raise PydanticCustomError("spans_overlap", "spans of a day must be in order and must not overlap")
        return days

    @field_validator("holidays", "special")
    @classmethod
    def _dates(cls, days: tuple[str, ...] | dict[str, object]) -> tuple[str, ...] | dict[str, object]:
        for day in days:
            if not _is_date(day):
                raise PydanticCustomError("not_a_date", "a day is written 2026-09-02")
        return days


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Quota(_Setting):
    """So many tickets at most; None is no limit. An hour is one of the clock, 08:00 to 08:59."""

    per_day: Count | None = None
    per_hour: Count | None = None
    per_class: dict[PriorityClass, Count] = Field(default_factory=dict)
    """In a day for people of a class; one that was only declared counts as ``normal``."""
    per_person: Annotated[int, Field(ge=1, le=100)] | None = None
    """In a day for one person, finished ones too."""


class NumberFormat(_Setting):
    """``A001``: letters, then at least `width` digits, from `start` on each business day."""

    letters: Letters
    width: Annotated[int, Field(ge=2, le=6)] = 3
    start: Annotated[int, Field(ge=1, le=99_999)] = 1
    by_class: dict[PriorityClass, Letters] = Field(default_factory=dict)
    """Other letters for people of these classes. Everybody in the hall sees them, so not for what is nobody's business.
    A class that was only declared counts as ``normal``."""
    by_weekday: dict[Weekday, Letters] = Field(default_factory=dict)
    """Other letters on these days, so that yesterday's paper cannot be taken for today's."""
    by_shift: dict[Clock, Letters] = Field(default_factory=dict)
    """Other letters from this time of the clock on: ``{"12:00": "AC"}`` for the afternoon."""

    def letters_for(self, day: str, clock: str, known: PriorityClass) -> str:
        """The letters on a business day (ISO) at ``07:30`` for a class: the class decides first, then day, shift."""
        weekday = WEEKDAYS[date.fromisoformat(day).weekday()]
        began = max((shift for shift in self.by_shift if shift <= clock), default=None)
        of_shift = self.letters if began is None else self.by_shift[began]
        return self.by_class.get(known, self.by_weekday.get(weekday, of_shift))

    def all_letters(self) -> frozenset[str]:
        others = (self.by_class, self.by_weekday, self.by_shift)
        return frozenset({self.letters, *(letters for chosen in others for letters in chosen.values())})


class Overnight(_Setting):
    """Whether people who were not seen stay in line when the day changes, as an emergency department needs it."""

    keep: bool


Assignment: TypeAlias = Literal["at_issue", "at_call"]
"""When somebody's room is settled: with the ticket, or by whichever room of the service calls first (a pool)."""


class RoomAssignment(_Setting):
    assignment: Assignment


ASSIGNMENT: TypeAdapter[RoomAssignment] = TypeAdapter(RoomAssignment)
HOURS: TypeAdapter[OpeningHours] = TypeAdapter(OpeningHours)
QUOTA: TypeAdapter[Quota] = TypeAdapter(Quota)
NUMBERS: TypeAdapter[NumberFormat] = TypeAdapter(NumberFormat)
OVERNIGHT: TypeAdapter[Overnight] = TypeAdapter(Overnight)
