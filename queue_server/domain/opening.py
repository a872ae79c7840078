"""Does a service take people at this moment, and if not, why and from when on? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from protocol.nouns import PriorityClass
from protocol.opening import WEEKDAYS, OpeningHours, Quota, Span

ClosedCode: TypeAlias = Literal[
    "service_closed",  # by hand, until somebody opens it
    "no_open_room",  # none of its rooms is open, until somebody opens one
    "not_open_now",
    "last_ticket_passed",
    "would_not_be_seen",
    "full_today",
    "full_this_hour",
    "full_for_class",  # open for others
    "full_for_person",
]
"""Also the code of the refusal."""
LOOK_AHEAD_DAYS = 60
"""A service that opens later than this has no time of opening that is worth telling."""


@dataclass(frozen=True)
class Taken:
    """Tickets already given."""

    today: int = 0
    this_hour: int = 0


@dataclass(frozen=True)
class Own:
    """Tickets of the day already given to people of somebody's class, and to that person."""

    of_class: int = 0
    of_person: int = 0


@dataclass(frozen=True)
class Status:
    """`opens_at` is when tickets are given again; None when it is open, or nobody knows."""

    code: ClosedCode | None = None
    opens_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.code is None


def status(
    by_hand: bool,
    hours: OpeningHours | None,
    quota: Quota | None,
    taken: Taken,
    now: datetime,
    time_zone: str,
    seen_after: float | None = None,
) -> Status:
    """Whether tickets are given at `now`. `by_hand` is False while staff keep the service closed.

    `seen_after` are the minutes of work in rooms until somebody who comes now has been seen; None: nobody can say.
    """
    if not by_hand:
        return Status("service_closed")
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    closed = _by_hours(hours, local)
    if closed is not None:
        return closed
    if hours is not None and hours.by_forecast and seen_after is not None and seen_after > _minutes_left(hours, local):
        return Status("would_not_be_seen", _next_opening(hours, _tomorrow(local, zone)))
    if quota is not None and quota.per_day is not None and taken.today >= quota.per_day:
        return Status("full_today", _next_opening(hours, _tomorrow(local, zone)))
    if quota is not None and quota.per_hour is not None and taken.this_hour >= quota.per_hour:
        next_hour = hour_start(now, time_zone) + timedelta(hours=1)
        return Status("full_this_hour", _next_opening(hours, next_hour.astimezone(zone)))
    return Status()


def own_status(
    hours: OpeningHours | None, quota: Quota, known: PriorityClass, own: Own, now: datetime, time_zone: str
) -> Status:
    """Whether somebody of the class `known` gets a ticket at `now`, of a service that is open."""
    of_class = quota.per_class.get(known)
    code: ClosedCode | None = None
    if quota.per_person is not None and own.of_person >= quota.per_person:
        code = "full_for_person"
    elif of_class is not None and own.of_class >= of_class:
        code = "full_for_class"
    zone = ZoneInfo(time_zone)
    return Status() if code is None else Status(code, _next_opening(hours, _tomorrow(now.astimezone(zone), zone)))


def hour_start(now: datetime, time_zone: str) -> datetime:
    """The beginning of the hour of the hospital's clock."""
    return now.astimezone(ZoneInfo(time_zone)).replace(minute=0, second=0, microsecond=0)


def _by_hours(hours: OpeningHours | None, local: datetime) -> Status | None:
    """None when the hours allow a ticket."""
    if hours is None:
        return None
    spans = list(_ticket_spans(hours, local.date(), local.tzinfo))
    if any(start <= local < end for start, end in spans):
        return None
    later = _next_opening(hours, local)
    ends = [_moment(local.date(), span.end, local.tzinfo) for span in _spans(hours, local.date())]
    passed = bool(ends) and local < ends[-1] and all(local >= end for _, end in spans)
    return Status("last_ticket_passed" if passed else "not_open_now", later)


def _minutes_left(hours: OpeningHours, local: datetime) -> float:
    """Until the end of the day, breaks not counted."""
    day, zone = local.date(), local.tzinfo
    spans = [(_moment(day, span.start, zone), _moment(day, span.end, zone)) for span in _spans(hours, day)]
    return sum((end - max(start, local)).total_seconds() for start, end in spans if end > local) / 60


def _next_opening(hours: OpeningHours | None, local: datetime) -> datetime | None:
    """The first moment at `local` or later at which a ticket may be given."""
    if hours is None:
        return local
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        for start, end in _ticket_spans(hours, local.date() + timedelta(days=ahead), local.tzinfo):
            if end > local:
                return max(start, local)
    return None


def _ticket_spans(hours: OpeningHours, day: date, zone: object) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a day in which tickets are given: the last one without its last minutes."""
    spans = [(_moment(day, span.start, zone), _moment(day, span.end, zone)) for span in _spans(hours, day)]
    if not spans:
        return
    last = spans[-1][1] - timedelta(minutes=hours.last_ticket_minutes)
    for start, end in spans:
        if start < min(end, last):
            yield start, min(end, last)


def _spans(hours: OpeningHours, day: date) -> tuple[Span, ...]:
    if day.isoformat() in hours.special:
        return hours.special[day.isoformat()]
    return () if day.isoformat() in hours.holidays else hours.weekly.get(WEEKDAYS[day.weekday()], ())


def _moment(day: date, clock: str, zone: object) -> datetime:
    assert isinstance(zone, ZoneInfo), "hours are told by the hospital's clock"
    if clock == "24:00":
        return _midnight(day + timedelta(days=1), zone)
    return datetime.combine(day, time.fromisoformat(clock), zone)


def _tomorrow(local: datetime, zone: ZoneInfo) -> datetime:
    return _midnight(local.date() + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
