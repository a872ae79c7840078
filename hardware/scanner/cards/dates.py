"""Dates as cards write them, on a real calendar, no more exact than written. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from hardware.scanner.cards.refusal import CardRefused
from protocol.nouns import Birth

Style: TypeAlias = Literal["digits", "slashes"]
"""How this kind of card writes dates: identity cards ``17051990``, insurance cards ``17/05/1990`` or ``1/5/1990``."""

NOT_CANONICAL = "date_format_not_canonical"
_OLDEST_YEAR = 1880
_DIGITS = re.compile(r"(?:([0-9]{2})?([0-9]{2}))?([0-9]{4})")
_PARTED = re.compile(r"(?:(?:([0-9]{1,2})([/.-]))?([0-9]{1,2})([/.-]))?([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True)
class ReadDate:
    """`value` is ISO text as long as `precision` says; of any document's date, also one far in the future."""

    value: str
    precision: Literal["day", "month", "year"]
    canonical: bool

    @property
    def first_day(self) -> date:
        return date.fromisoformat((self.value + "-01-01")[:10])


def span(birth: Birth) -> tuple[date, date]:
    """First and last day that the value may mean."""
    year, month, day = (*map(int, birth.value.split("-")), 0, 0)[:3]
    if birth.precision == "year":
        return date(year, 1, 1), date(year, 12, 31)
    if birth.precision == "month":
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    return date(year, month, day), date(year, month, day)


def read_date(text: str, style: Style) -> ReadDate | None:
    """None when it is no date. A day or month written ``00`` is unknown, as in the registers of older people."""
    text = text.replace(" ", "")
    if found := _DIGITS.fullmatch(text):
        day, month, year = found.groups()
        canonical = style == "digits" or not month
    elif found := _PARTED.fullmatch(text):
        day, first, month, second, year = found.groups()
        canonical = style == "slashes" and first in (None, "/") and second == "/"
    elif found := _ISO.fullmatch(text):
        year, month, day = found.groups()
        canonical = False
    else:
        return None
    return _on_calendar(int(year), int(month or 0), int(day or 0), canonical and "00" not in (month, day))


def _on_calendar(year: int, month: int, day: int, canonical: bool) -> ReadDate | None:
    if year < _OLDEST_YEAR or month > 12 or (day and not month):
        return None
    if not month:
        return ReadDate(f"{year:04}", "year", canonical)
    if not day:
        return ReadDate(f"{year:04}-{month:02}", "month", canonical)
    if day > monthrange(year, month)[1]:
        return None
    return ReadDate(f"{year:04}-{month:02}-{day:02}", "day", canonical)


def read_birth(text: str, style: Style, today: date, warnings: list[str]) -> Birth:
    read = read_date(text, style)
    if read is None:
        raise CardRefused("bad_date", field="birth")
    if read.first_day > today:
        raise CardRefused("birth_in_future")
    if read.precision != "day":
        warnings.append(f"birth_precision_{read.precision}")
    if not read.canonical:
        warnings.append(NOT_CANONICAL)
    return Birth(value=read.value, precision=read.precision)


def read_day(text: str, style: Style, field: str, warnings: list[str]) -> str | None:
    """A whole date as ISO text, None when absent (empty or a lone hyphen)."""
    if text in ("", "-"):
        return None
    read = read_date(text, style)
    if read is None or read.precision != "day":
        raise CardRefused("bad_date", field=field)
    if not read.canonical:
        warnings.append(NOT_CANONICAL)
    return read.value


def age_on(birth: Birth, day: date) -> tuple[int, int]:
    """Whole years of age on a day: the least and the most that the birth date allows; equal when it is exact.

    A priority is granted by itself only when both ends allow it (least >= 75, most < 6).

    >>> age_on(Birth(value="1951", precision="year"), date(2026, 6, 15))
    (74, 75)
    """
    first, last = span(birth)
    return _age(min(last, day), day), _age(min(first, day), day)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
