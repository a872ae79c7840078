"""How often a number is called again, and where somebody stands who did not hear it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from protocol.nouns import Entry
from queue_server.domain.order import seniority

Refusal: TypeAlias = Literal["recall_limit", "recall_too_soon"]
_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True)
class CallingRules:
    """What a hospital settles about calling."""

    recalls: int = 3
    """A called number may be called again so often."""
    recall_gap: timedelta = timedelta(seconds=15)
    """A number is called again at the earliest after this: the voice has said it twice by then."""
    return_after: int = 3
    """Who was not here when called comes after so many others; 0 = straight to the old place."""
    not_here_after: timedelta | None = None
    """Who was called again as often as may be is not here so long after the last call; None = only staff say so."""


def recall_refusal(entry: Entry, at: datetime, rules: CallingRules) -> Refusal | None:
    """Why a called number may not be called again now. Who comes to the door later is not counted."""
    if entry.state != "called" or entry.called_at is None:
        return None
    if entry.recalls >= rules.recalls:
        return "recall_limit"
    return "recall_too_soon" if at - entry.called_at < rules.recall_gap else None


def has_not_come(entry: Entry, now: datetime, rules: CallingRules) -> bool:
    """Whether the hospital's rule says by itself that a called one is not here.

    Only after the last of all repetitions: staff who repeat a call as often as they may have nobody in front of them,
    and somebody who is being seen is never taken for absent because it takes long.
    """
    if rules.not_here_after is None or entry.state != "called" or entry.called_at is None:
        return False
    return entry.recalls >= max(1, rules.recalls) and now - entry.called_at >= rules.not_here_after


def place_after(entry: Entry, line: Sequence[Entry], others: int) -> datetime | None:
    """The place that lets `others` of `line` (in the order in which they will be called) go first; None = the old one.

    Only who came later, or stands so, is let past: nobody gains by having been away. A right to priority stays one.
    """
    passed = line[:others]
    if not passed:
        return entry.place
    latest = max(seniority(other)[0] for other in passed)
    return entry.place if latest < seniority(entry)[0] else latest + _NEXT
