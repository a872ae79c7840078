"""What every printer can do, whatever it is connected by."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from hardware.printer.slip import Slip
from protocol.nouns import DeviceHealth

Outcome: TypeAlias = Literal["printed", "failed", "unknown"]


class PrintOutcome(BaseModel):
    """What became of a slip.

    ``printed``: the printer said after the last byte that it is well (``code`` "ok" or "paper_low").
    ``failed``: it is not, or not wholly, on paper; ``code`` says why (``hardware.printer.status.CODES``).
    ``unknown``: everything was sent and the printer did not say what became of it. Sent is not printed: a printer that
    had hung up was seen to swallow 2 MB without an error.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    code: str = "ok"


class Printer(Protocol):
    """A printer that comes back by itself: a call after a failure tries anew. Calls are served one after the other."""

    async def print(self, slip: Slip) -> PrintOutcome:
        """Print one slip. Never raises DeviceError: the outcome says it."""
        ...

    async def health(self) -> DeviceHealth:
        """Ask the printer how it is. Never raises DeviceError."""
        ...

    async def close(self) -> None:
        """Let go of it. A call afterwards fails with the code ``closed``."""
        ...
