"""Numbers on tickets: the series' letters and at least three digits. Pure."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache
from itertools import product

SERIES = re.compile(r"[A-HJ-NPR-Z]{1,4}")
"""Letters of a series. Without I, O and Q, which read as 1 and 0 on a wall."""
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_OF_KIOSKS = "KLMNPRSTUVWXYZABCDEFGHJ"
"""How a kiosk's letters begin; it has two, so that the short and early series are left to the services."""
_PRINTED = re.compile(rf"({SERIES.pattern})(\d{{3,6}})")


def number(series: str, ordinal: int, width: int = 3) -> str:
    """``A001`` ... ``A999``, then ``A1000``: the ordinal-th number of this series today, counted from 1."""
    if ordinal < 1:
        raise ValueError("the first number of a series is 1")
    return f"{series}{ordinal:0{width}d}"


def free_series(taken: Set[str]) -> str:
    """Letters for a kiosk that nobody has: ``KA`` for the first, then ``KB``."""
    for length in (2, 3, 4):
        for letters in product(_OF_KIOSKS, *[_LETTERS] * (length - 1)):
            if (series := "".join(letters)) not in taken:
                return series
    raise ValueError("every series of up to four letters is taken")


def split(printed: str) -> tuple[str, int] | None:
    """``KA012`` is the 12th of KA; None for what no kiosk of ours prints."""
    parts = _PRINTED.fullmatch(printed)
    ordinal = int(parts[2]) if parts else 0
    return (parts[1], ordinal) if parts and ordinal and number(parts[1], ordinal) == printed else None


@lru_cache(10_000)  # a ticket asks for it often, of few numbers
def reading_order(painted: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers as people read them: room 9 before room 10, A2 before A10, P1 before P1b."""
    parts = re.findall(r"\d+|\D+", painted)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
