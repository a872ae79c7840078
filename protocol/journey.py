"""Journeys: which services a visit goes through under its one number. Data that administrators set per first service.

A journey is a list of steps; the first one is where the number is given. From a step somebody goes on to one of `next`,
or to one or more of `any_of` (tests that a doctor orders), one after the other, before going on. A step either names
a service, or returns to the room of an earlier step: to the same doctor, in the place that one already had there.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter

from protocol.nouns import Value
from protocol.request import Done, Id, Request

StepName: TypeAlias = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z0-9_-]+$")]
ServiceId: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
StepNames: TypeAlias = Annotated[tuple[StepName, ...], Field(max_length=20)]


class _Part(Value):
    # A misspelt setting would silently be the default: it is refused instead.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Step(_Part):
    """One step. With neither `next` nor `any_of` the visit ends there."""

    step: StepName
    service_id: ServiceId | None = None
    return_to: StepName | None = None
    """In place of a service: back to the room of that earlier step."""
    next: StepNames = ()
    """One of these follows; the first one when staff choose nothing."""
    any_of: StepNames = ()
    """Or one or more of these, as staff choose."""


class Journey(_Part):
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]
    any_order: bool = False
    """Several that were chosen at once are done where the line is shorter first; else in the order chosen."""

    def step(self, name: str | None) -> Step | None:
        return next((one for one in self.steps if one.step == name), None)


JOURNEY: TypeAdapter[Journey] = TypeAdapter(Journey)


class ChangeJourney(Request):
    """Which way numbers given for a service lead from now on; None: no further than that service."""

    path: ClassVar[str] = "/api/journeys"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    journey: Journey | None = None


class JourneyMistake(Value):
    kind: str
    step: str
    sentence: str = ""
    """In the reader's language."""


class JourneyPreview(Value):
    """What the server would say to a journey, without keeping it."""

    mistakes: tuple[JourneyMistake, ...]
    way: tuple[str, ...]
    """Names of the services that a visit goes through when staff choose nothing; empty while there are mistakes."""


class PreviewJourney(Request):
    """Look at a journey before it is set. Changes nothing."""

    path: ClassVar[str] = "/api/journey-previews"
    answer: ClassVar[type[Value]] = JourneyPreview

    service_id: Id
    journey: Journey
