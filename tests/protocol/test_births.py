"""A birth date is on the calendar, written to its precision, and somebody's."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.nouns import Birth


@given(st.dates(date(1850, 1, 1), date(2200, 12, 31)))
def test_every_day_month_and_year_of_the_calendar_is_taken(day: date) -> None:
    for precision, length in (("day", 10), ("month", 7), ("year", 4)):
        value = day.isoformat()[:length]
        assert Birth.model_validate({"value": value, "precision": precision}).value == value


@pytest.mark.parametrize(
    ("value", "precision"),
    [
        ("9999-99-99", "day"),
        ("1999-02-29", "day"),
        ("1999-2-9", "day"),
        ("19990209", "day"),
        ("1999-W02-1", "day"),
        ("1999-02-09\n", "day"),
        ("1999-02-09T00:00", "day"),
        ("١٩٩٩-02-09", "day"),
        ("09/02/1999", "day"),
        ("1999-02", "day"),
        ("1999-02-09", "month"),
        ("1999-00", "month"),
        ("1999-13", "month"),
        ("1999-02", "year"),
        ("1849", "year"),
        ("2201", "year"),
        ("0000", "year"),
        ("19\x0090", "year"),
        ("rubbish", "year"),
        ("", "year"),
    ],
)
def test_what_is_no_birth_date_is_refused(value: str, precision: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Birth.model_validate({"value": value, "precision": precision})
    assert len(value) < 4 or value not in str(refused.value)  # errors are logged
