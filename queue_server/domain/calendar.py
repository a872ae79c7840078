"""The hospital's day and clock. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def business_day(at: datetime, time_zone: str) -> str:
    """ISO date of the hospital's day that `at` falls in, as its own clocks show it."""
    return at.astimezone(ZoneInfo(time_zone)).date().isoformat()


def day_start(day: str, time_zone: str) -> datetime:
    """The moment at which this business day begins."""
    return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(time_zone))


def day_before(day: str) -> str:
    """The business day (ISO) before this one."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def day_after(day: str) -> str:
    """The business day (ISO) after this one."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
