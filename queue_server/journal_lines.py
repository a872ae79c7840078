"""A day's journal as a file of JSON lines: what `simulate` leaves and `replay` reads.

One line is one journal entry: ``{"seq": 17, "at": "2026-11-20T00:03:07Z", "frame": {"type": "ticket_issued", ...}}``.
Numbers of entries grow from line to line; frames are those of `protocol.frames`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from protocol.frames import AnyFrame
from protocol.nouns import Value
from protocol.requests import LARGEST
from queue_server.domain.recorded_day import Told
from queue_server.errors import CannotUse

LONGEST_LINE = 256 * 1024
"""Bytes; the longest frame tells of all services and rooms."""
MOST_LINES = 500_000
OLDEST, NEWEST = 2000, 2200
"""Years: nothing that is reckoned from a moment leaves the calendar."""


class JournalLine(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    seq: Annotated[int, Field(ge=1, le=LARGEST, strict=True)]
    at: AwareDatetime
    frame: AnyFrame


def write_journal(file: Path, told: Iterable[Told]) -> int:
    """A new file; how many lines it has. Raises CannotUse ``file_unusable`` when it is there or cannot be made."""
    lines = [JournalLine(seq=one.seq, at=one.at, frame=one.frame).model_dump_json() + "\n" for one in told]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.writelines(lines)
    except OSError as fault:
        raise CannotUse("file_unusable", file=str(file), why=f"({type(fault).__name__})") from fault
    return len(lines)


def read_journal(file: Path) -> list[Told]:
    """Raises CannotUse ``journal_unusable`` with the line and what is wrong with it, ``file_unusable``."""
    try:
        with file.open("rb") as stream:
            return list(told_in(_bounded(iter(lambda: stream.readline(LONGEST_LINE + 1), b""))))
    except OSError as fault:
        raise CannotUse("file_unusable", file=str(file), why=f"({type(fault).__name__})") from fault


def told_in(lines: Iterable[bytes]) -> Iterator[Told]:
    """The journal entries of `lines`; empty lines are passed over. Raises CannotUse ``journal_unusable``."""
    before = 0
    for number, text in enumerate(lines, start=1):
        if number > MOST_LINES:
            raise unusable(number, f"more than {MOST_LINES} lines")
        if not text.strip():
            continue
        try:
            line = JournalLine.model_validate_json(text)
        except ValidationError as wrong:
            raise unusable(number, _sentence(wrong)) from None
        if not OLDEST <= line.at.year <= NEWEST:
            raise unusable(number, f"at: not between {OLDEST} and {NEWEST}")
        if line.seq <= before:
            raise unusable(number, f"seq {line.seq} after {before}")
        before = line.seq
        yield Told(line.seq, line.at, line.frame)


def unusable(number: int, what: str) -> CannotUse:
    return CannotUse("journal_unusable", line=f"line {number}:", what=what)


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, text in enumerate(lines, start=1):
        if len(text) > LONGEST_LINE:
            raise unusable(number, f"longer than {LONGEST_LINE} bytes")
        yield text


def _sentence(wrong: ValidationError) -> str:
    """The first mistake: where and what, never the value."""
    first = wrong.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        return "no JSON"
    where = ".".join(str(part)[:40] for part in first["loc"])
    return f"{where}: {first['type']}" if where else str(first["type"])
