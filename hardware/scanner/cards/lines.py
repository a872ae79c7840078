"""The body of ``denluot-server read-card``: a JSON line in, a JSON line out, whatever comes. Pure but for its input."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from hardware.scanner.cards.read import answer, refusal_answer
from hardware.scanner.cards.refusal import Refusal, RefusalCode
from hardware.scanner.cards.text import MOST_CHARACTERS

_MOST_BYTES = 16 * MOST_CHARACTERS
"""A raw text of the longest kind, every character escaped, fits; anything longer is refused without parsing."""


def read_lines(lines: Iterable[bytes], today: date) -> Iterator[str]:
    """``{"raw": ..., "entry": "scan"|"typed"}`` per line (``entry`` may be left out: scan). Each answer is ASCII and
    has no line end; the caller prints and flushes it before the next line is read."""
    for line in lines:
        yield json.dumps(_answer(line, today))


def _answer(line: bytes, today: date) -> dict[str, object]:
    if len(line) > _MOST_BYTES:
        return _no("unrecognised")
    if not line.strip():
        return _no("empty")
    try:
        asked = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _no("bad_utf8")
    except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, brackets without end
        return _no("unrecognised")
    if not isinstance(asked, dict):
        return _no("unrecognised")
    raw, entry = asked.get("raw"), asked.get("entry", "scan")
    if not isinstance(raw, str) or entry not in ("scan", "typed"):
        return _no("unrecognised")
    return answer(raw, entry, today)


def _no(code: RefusalCode) -> dict[str, object]:
    return refusal_answer(Refusal(code))
