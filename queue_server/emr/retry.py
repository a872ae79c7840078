"""When to send again: pure. Time and randomness are arguments.

One destination has one state: an EMR that is down or asks for less is left alone as a whole, because retries row by row
keep an exhausted server exhausted (measured: 44 of 300 messages in four minutes).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from queue_server.emr.port import Outcome

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
CIRCUIT_AFTER = 5
PROBE_EVERY_S = 30.0
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 900.0


def backoff_s(attempts: int, chance: float) -> float:
    """Full jitter: anywhere from nothing to the limit, which doubles from 1 s to 5 min. `chance` is in [0, 1)."""
    limit = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(max(attempts - 1, 0), 20))
    return limit * chance


@dataclass(frozen=True)
class Destination:
    """How the EMR as a whole is doing."""

    failures: int = 0
    """Transient failures in a row."""
    pauses: int = 0
    """Pauses in a row, for doubling."""
    closed_until: datetime | None = None
    reason: str = ""

    @property
    def circuit_open(self) -> bool:
        return self.failures >= CIRCUIT_AFTER

    def may_send(self, now: datetime) -> bool:
        return self.closed_until is None or now >= self.closed_until


def after(destination: Destination, outcome: Outcome, now: datetime) -> Destination:
    """The destination after one more outcome."""
    if outcome.kind == "pause":
        own = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(destination.pauses, 10))
        until = now + timedelta(seconds=outcome.retry_after_s if outcome.retry_after_s is not None else own)
        return Destination(destination.failures, destination.pauses + 1, until, outcome.code)
    if outcome.kind != "transient":
        return Destination()  # it answered: whatever it said of this message, it is there
    failures = destination.failures + 1
    if failures < CIRCUIT_AFTER:
        return replace(destination, failures=failures, reason=outcome.code)
    return replace(
        destination, failures=failures, closed_until=now + timedelta(seconds=PROBE_EVERY_S), reason=outcome.code
    )


def counts_as_attempt(destination: Destination, outcome: Outcome) -> bool:
    """Probes of an open circuit and pauses say nothing about the message, so they are not held against it."""
    return outcome.kind != "pause" and not (outcome.kind == "transient" and destination.circuit_open)


def due_again(outcome: Outcome, attempts: int, now: datetime, chance: float) -> datetime:
    """When an unfinished message may be tried again. A pause holds the destination; the message is due at once."""
    return now if outcome.kind == "pause" else now + timedelta(seconds=backoff_s(attempts, chance))
