"""Says away once and back once, however often a device is asked how it is. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from hardware.errors import DeviceAway, DeviceError
from protocol.nouns import DeviceHealth, HealthState

Part: TypeAlias = Literal["scanner", "printer", "speaker", "screen", "feed"]


def news(last: DeviceHealth | None, seen: DeviceHealth) -> DeviceHealth | None:
    """What there is to tell after ``seen`` when ``last`` was told before: ``seen`` itself, or None when it is no news.

    A device that was well from the start is no news; detail alone (a growing count of attempts) is none either.
    """
    if last is None:
        return None if seen.state == "ok" else seen
    return None if (last.state, last.code) == (seen.state, seen.code) else seen


class HealthTeller:
    """Keeps what was told last, for drivers that observe the same state many times a second.

    >>> teller = HealthTeller("scanner")
    >>> teller.observe("away", "unplugged") is not None, teller.observe("away", "unplugged") is not None
    (True, False)
    """

    def __init__(self, part: Part, start: HealthState = "ok", code: str = "ok") -> None:
        """``start`` is how the device is before it was observed: well, or for one that opens slowly, not there yet."""
        self._told = DeviceHealth(part=part, state=start, code=code)

    @property
    def now(self) -> DeviceHealth:
        return self._told

    def observe(self, state: HealthState, code: str = "ok", detail: str = "") -> DeviceHealth | None:
        """The health to tell, or None when nothing changed."""
        seen = DeviceHealth(part=self._told.part, state=state, code=code, detail=detail)
        told = news(self._told, seen)
        if told is not None:
            self._told = told
        return told

    def observe_error(self, error: DeviceError) -> DeviceHealth | None:
        return self.observe("away" if isinstance(error, DeviceAway) else "fault", error.code, error.detail)
