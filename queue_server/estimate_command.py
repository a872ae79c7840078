"""`denluot-server estimate`: events as JSON lines in, an answer to each `ask` at once. Format: docs/waits.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from queue_server.domain.waits.estimator import Answer, Estimator


def answers(lines: Iterable[str | bytes], estimator: Estimator | None = None) -> Iterator[str]:
    """For each `ask` among `lines` one JSON text, before the next line is read; empty lines are passed over.

    A line that cannot be understood answers `{"error": ...}` and changes nothing: a journal with one bad line is
    still worth learning from.
    """
    learner = estimator or Estimator()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            answer = _take(learner, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            yield json.dumps({"error": f"line {number}: {type(fault).__name__}"})
            continue
        if answer is not None:
            yield json.dumps(told(answer))


def told(answer: Answer) -> dict[str, Any]:
    """Seconds, to a tenth. `reason` only where nothing can be promised to a person."""
    line: dict[str, Any] = {
        "ticket": answer.ticket,
        "eta_s": round(answer.eta, 1),
        "lo_s": round(answer.low, 1),
        "hi_s": round(answer.high, 1),
    }
    return line | ({"reason": answer.reason} if answer.reason else {})


def _take(learner: Estimator, event: dict[str, Any]) -> Answer | None:
    if event["ev"] == "ask":
        return learner.ask(event["ticket"], float(event["t"]))
    learner.feed(event)
    return None
