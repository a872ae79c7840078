"""What every scanner can do, whichever device stands behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from protocol.nouns import DeviceHealth

Advice: TypeAlias = Literal["too_dark", "too_bright", "blurred", "multiple_payloads"]
"""Why a picture shows no readable code, as far as it can be told cheaply; or that it shows different ones."""


@dataclass(frozen=True)
class Scan:
    """One code held to the reader. ``payload`` is exactly what the code holds; what it means is told by ``cards``."""

    payload: bytes
    at: datetime
    source: str
    """Which decoder or port read it: for logs and measurements."""


@dataclass(frozen=True)
class Preview:
    """The newest camera picture, small: rows from the top, 3 bytes a pixel in the order blue, green, red."""

    width: int
    height: int
    bgr: bytes


class Scanner(Protocol):
    """A device that is away comes back by itself: drivers try for ever, and never raise for it after ``open``."""

    async def open(self) -> None:
        """Starts reading and returns at once; raises DeviceFault when it can never work (a library is missing)."""

    async def next_scan(self) -> Scan:
        """Waits for the next code; raises DeviceAway(``closed``) once the scanner is closed."""

    def scans(self) -> AsyncIterator[Scan]:
        """Every code from now on, until closed."""

    async def next_health(self) -> DeviceHealth:
        """Waits for news: ready, away once, back once. Raises DeviceAway(``closed``) once the scanner is closed."""

    def health(self) -> DeviceHealth:
        """How it is now; away with code ``starting`` until it first answered."""

    def forget(self) -> None:
        """The person has left: drops codes that nobody took and the newest picture. A card that still lies there
        stays the scan it was."""

    async def close(self) -> None:
        """Stops and joins everything that ``open`` started; closing twice does no harm."""


class LookingScanner(Scanner, Protocol):
    """A scanner with a camera: also shows what it sees."""

    def preview(self) -> Preview | None:
        """At most 480 pixels wide; None before the first picture and while away."""

    def read_again(self) -> None:
        """A code that is held still is one scan; from now on it is one more."""

    def advice(self) -> Advice | None:
        """What to tell a person whose code is not read; None while codes are read, or when nothing is known."""
