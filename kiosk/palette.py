"""The three contrast schemes as colours. Pure; the standard one is the design's own palette.

Text on its ground is 7:1 or better in each of them (WCAG 2.2, 1.4.6), which a test measures.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.state import Scheme
from theme import tokens


@dataclass(frozen=True)
class Palette:
    ink: str = tokens.COLOR_INK
    ink_muted: str = tokens.COLOR_INK_MUTED
    background: str = tokens.COLOR_BACKGROUND
    surface: str = tokens.COLOR_SURFACE
    line: str = tokens.COLOR_LINE
    accent: str = tokens.COLOR_ACCENT
    accent_soft: str = tokens.COLOR_ACCENT_SOFT
    on_accent: str = tokens.COLOR_ON_ACCENT
    warning: str = tokens.COLOR_WARNING
    warning_soft: str = tokens.COLOR_WARNING_SOFT
    danger: str = tokens.COLOR_DANGER
    danger_soft: str = tokens.COLOR_DANGER_SOFT
    on_danger: str = tokens.COLOR_SURFACE
    positive: str = tokens.COLOR_POSITIVE
    disabled: str = tokens.COLOR_DISABLED
    veil: str = "#0F2A33B3"
    """Over the screen while a question lies on top of it."""
    card_stroke: int = tokens.STROKE_KIOSK_CARD
    control_stroke: int = tokens.STROKE_KIOSK_CONTROL


STANDARD = Palette()
DARK = Palette(
    ink="#FFFFFF",
    ink_muted="#E4E9EB",
    background="#000000",
    surface="#101416",
    line="#8C989C",
    accent="#FFE14D",
    accent_soft="#2A2710",
    on_accent="#000000",
    warning="#FFC861",
    warning_soft="#2B2008",
    danger="#FFA3AA",
    danger_soft="#2F0A0E",
    on_danger="#000000",
    positive="#7BE3A4",
    disabled="#23292B",
    veil="#000000CC",
    card_stroke=3,
)
STRONG = Palette(
    ink="#000000",
    ink_muted="#000000",
    background="#FFFFFF",
    surface="#FFFFFF",
    line="#000000",
    accent="#00303D",
    accent_soft="#FFFFFF",
    on_accent="#FFFFFF",
    warning="#3D2500",
    warning_soft="#FFFFFF",
    danger="#7A0010",
    danger_soft="#FFFFFF",
    on_danger="#FFFFFF",
    positive="#003D20",
    disabled="#F0F0F0",
    veil="#000000D9",
    card_stroke=4,
    control_stroke=6,
)
PALETTES: dict[Scheme, Palette] = {"standard": STANDARD, "dark": DARK, "strong": STRONG}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#RRGGBB`` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
