"""What a model of printer can do, as data (``profiles.json``): a new model needs a line there and no program."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hardware.errors import DeviceFault

MILLIMETRES_PER_INCH = 25.4
DESIGN_DPI = 203
"""The resolution that the sizes of the design are drawn for."""


class Profile(BaseModel):
    """One model of printer. Widths in dots, a multiple of 8: a raster line is whole bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    width: Annotated[int, Field(ge=256, le=1024, multiple_of=8)]
    dpi: Annotated[int, Field(ge=150, le=600)]
    cutter: bool
    feed_lines: Annotated[int, Field(ge=0, le=20)]
    """Lines fed after the ticket: to the tear bar where nothing cuts, else extra to what the cut itself feeds."""
    status: bool
    """It answers DLE EOT."""
    fence: bool
    """It answers GS r in the order of printing, so that an answer means: everything before it is on paper."""
    band_rows: Annotated[int, Field(ge=8, le=960)]
    """Rows of one raster command; a small buffer wants small bands."""
    speed_mm_s: Annotated[float, Field(gt=0)]

    def dots(self, millimetres: float) -> int:
        return round(millimetres * self.dpi / MILLIMETRES_PER_INCH)

    def scaled(self, dots_at_203: float) -> int:
        """A size of the design in this printer's dots, never nothing."""
        return max(1, round(dots_at_203 * self.dpi / DESIGN_DPI))

    def print_seconds(self, rows: int) -> float:
        """How long `rows` rows take to come out."""
        return rows / self.dpi * MILLIMETRES_PER_INCH / self.speed_mm_s


@lru_cache(maxsize=1)
def load_profiles() -> dict[str, Profile]:
    table = json.loads((Path(__file__).parent / "profiles.json").read_text(encoding="utf-8"))
    return {name: Profile.model_validate(row) for name, row in table.items()}


def profile_named(name: str) -> Profile:
    """Raises DeviceFault ``unknown_profile``; its detail lists the names there are."""
    profiles = load_profiles()
    if name not in profiles:
        raise DeviceFault("unknown_profile", f"{name!r}; known: {', '.join(sorted(profiles))}")
    return profiles[name]
