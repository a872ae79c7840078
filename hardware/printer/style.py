"""The sizes of a slip for one printer: the design's figures (dots at 203 dpi), scaled to what the printer has."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.printer.profiles import Profile
from hardware.printer.slip import Size

NARROW = 60.0
"""Paper that prints less than this (mm) has the QR above its text, not beside it."""

_WIDE: dict[Size, int] = {"small": 26, "text": 28, "label": 32, "strong": 42}
_SLIM: dict[Size, int] = {"small": 26, "text": 26, "label": 28, "strong": 36}
_LARGE: dict[Size, int] = {"small": 30, "text": 40, "label": 44, "strong": 56}
_LARGE_SLIM: dict[Size, int] = {"small": 28, "text": 36, "label": 38, "strong": 48}


@dataclass(frozen=True)
class Style:
    """All lengths in dots."""

    profile: Profile
    large: bool

    @property
    def slim(self) -> bool:
        return self.profile.width < self.profile.dots(NARROW)

    @property
    def width(self) -> int:
        return self.profile.width

    @property
    def margin(self) -> int:
        return self.scaled(12 if self.slim else 28)

    @property
    def inner(self) -> int:
        return self.width - 2 * self.margin

    def size(self, size: Size) -> int:
        if self.large:
            return self.scaled((_LARGE_SLIM if self.slim else _LARGE)[size])
        return self.scaled((_SLIM if self.slim else _WIDE)[size])

    @property
    def smallest(self) -> int:
        """Text is never smaller: 26 dots at 203 dpi is 3.3 mm per em, a capital of 2.3 mm."""
        return self.scaled(26)

    @property
    def room(self) -> int:
        return self.scaled((60 if self.slim else 76) if self.large else (44 if self.slim else 52))

    @property
    def number(self) -> int:
        return self.scaled(212 if not self.large else 300)

    @property
    def number_lowest_millimetres(self) -> float:
        return 12.0

    @property
    def module_highest(self) -> int:
        """Dots of one module of the QR code, at most."""
        return self.scaled(8 if self.large else 7)

    def scaled(self, dots: float) -> int:
        return self.profile.scaled(dots)
