"""The hospital as an administrator writes it: its name and clock, waiting areas, services and rooms. Data.

Each is written whole: what is not said has its default. Nothing here holds what changes from minute to minute
(open, closed, how many wait): that is told by requests of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, TypeAlias
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from protocol.nouns import Value
from protocol.opening import Letters
from protocol.request import Done, Id, Request

Tag: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=16)]
"""BCP 47: ``vi``, ``en``, ``zh-Hant``."""
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Names: TypeAlias = Annotated[dict[Tag, Text], Field(min_length=1, max_length=20)]
Texts: TypeAlias = Annotated[dict[Tag, Text], Field(max_length=20)]
Position: TypeAlias = Annotated[int, Field(ge=0, le=9_999)]
"""Smaller comes first; of equals, by id."""


class _Shape(Value):
    # A misspelt field would silently be the default: it is refused instead.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SiteShape(_Shape):
    """One campus. The first of `languages` is the house's own, spoken where nobody has chosen another."""

    names: Names
    time_zone: Annotated[str, Field(max_length=64)] = "Asia/Ho_Chi_Minh"
    """A name of the IANA time zone database."""
    languages: Annotated[tuple[Tag, ...], Field(min_length=1, max_length=20)] = ("vi", "en")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in _time_zones():
            raise PydanticCustomError("unknown_time_zone", "there is no such time zone")
        return name

    @field_validator("languages")
    @classmethod
    def _each_once(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(languages)) != len(languages):
            raise PydanticCustomError("language_named_twice", "a language is named twice")
        return languages


class ZoneShape(_Shape):
    """A waiting area with walls and speakers."""

    zone_id: Id
    names: Names
    position: Position = 0


class ServiceShape(_Shape):
    """What people come for, or are sent to."""

    service_id: Id
    names: Names
    icon: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = "stethoscope"
    """A drawing of the theme's set, on the tile."""
    series: Letters
    """Letters in front of its numbers, where no other format was chosen."""
    minutes: Annotated[int, Field(ge=1, le=240)] = 10
    """What one patient usually takes; where waits were learned, those count."""
    self_service: bool = True
    """People may choose it at a kiosk. Else only staff send people there: laboratory, imaging, cashier."""
    position: Position = 0


class RoomShape(_Shape):
    """Where services are given."""

    room_id: Id
    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16)]
    """As painted on the door."""
    names: Names
    zone_id: Id
    floor: Annotated[int, Field(ge=-9, le=99)] = 1
    directions: Texts = Field(default_factory=dict)
    """The way there, from the entrance."""
    service_ids: Annotated[tuple[Id, ...], Field(max_length=50)] = ()

    @field_validator("service_ids")
    @classmethod
    def _each_once(cls, service_ids: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(service_ids)) != len(service_ids):
            raise PydanticCustomError("service_named_twice", "a service is named twice")
        return service_ids


# --- requests ------------------------------------------------------------------------------------------------------


class ChangeSite(Request):
    """The hospital's name, clock and languages."""

    path: ClassVar[str] = "/api/site"
    answer: ClassVar[type[Value]] = Done

    site: SiteShape


class SaveZone(Request):
    """Make a waiting area, or change the one with this id."""

    path: ClassVar[str] = "/api/site/zones"
    answer: ClassVar[type[Value]] = Done

    zone: ZoneShape


class SaveService(Request):
    """Make a service, or change the one with this id. A new one is open; it takes people once a room gives it."""

    path: ClassVar[str] = "/api/site/services"
    answer: ClassVar[type[Value]] = Done

    service: ServiceShape


class SaveRoom(Request):
    """Make a room, or change the one with this id. A new one is open."""

    path: ClassVar[str] = "/api/site/rooms"
    answer: ClassVar[type[Value]] = Done

    room: RoomShape


@cache
def _time_zones() -> frozenset[str]:
    """Those of places: without the copies that some systems keep under other folders."""
    return frozenset(name for name in available_timezones() if PurePosixPath(name).parts[0] not in ("posix", "right"))
