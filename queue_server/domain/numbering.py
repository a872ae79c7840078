"""Numbers on tickets: the series' letters and at least three digits. Pure."""

from __future__ import annotations

import re

SERIES = re.compile(r"[A-HJ-NPR-Z]{1,4}")
"""Letters of a series. Without I, O and Q, which read as 1 and 0 on a wall."""


def number(series: str, ordinal: int, width: int = 3) -> str:
    """``A001`` ... ``A999``, then ``A1000``: the ordinal-th number of this series today, counted from 1."""
    if ordinal < 1:
        raise ValueError("the first number of a series is 1")
    return f"{series}{ordinal:0{width}d}"


def reading_order(painted: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers as people read them: room 9 before room 10, A2 before A10, P1 before P1b."""
    parts = re.findall(r"\d+|\D+", painted)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
