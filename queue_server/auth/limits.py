"""How often one address may try something that could be guessed. Pure; kept in memory, per process."""

from __future__ import annotations

from collections import OrderedDict, deque

MOST_ADDRESSES = 10_000


class RateLimit:
    """At most `times` in `seconds` for one key; the oldest keys are forgotten when there are too many."""

    def __init__(self, times: int, seconds: float) -> None:
        self._times = times
        self._seconds = seconds
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str, now: float) -> bool:
        """Count one try at `now` (seconds, monotonic) and tell whether it may go on."""
        tries = self._tried.setdefault(key, deque())
        self._tried.move_to_end(key)
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        if len(self._tried) > MOST_ADDRESSES:
            self._tried.popitem(last=False)
        if len(tries) >= self._times:
            return False
        tries.append(now)
        return True
