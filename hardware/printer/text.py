"""Measuring, wrapping and fitting text in the typeface of the paper. Pure, but for reading the bundled fonts once.

Noto Sans: at 203 dpi and without grey it reads best of the faces measured (character error 0.09 % at 22 dots; Be
Vietnam Pro 0.9 to 3.8 %). Its digits have equal widths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from PIL import Image, ImageDraw, ImageFont

from hardware.printer.slip import NO_BREAK, Weight
from theme import font_path

LINE_PITCH = 1.29
"""Distance of lines in em: room for both accents of a Vietnamese capital above the dot below the line before."""
CAPITAL = 0.714
"""Height of a capital or a digit of Noto Sans, in em."""
PAPER, INK = 255, 0
BREAKABLE = f"{NO_BREAK}-/"
"""Where a word that is too wide is rather broken than elsewhere."""

_FILES: dict[Weight, str] = {"regular": "NotoSans-Regular", "medium": "NotoSans-Medium", "bold": "NotoSans-Bold"}


@dataclass(frozen=True)
class Face:
    """One weight in one size (dots per em)."""

    weight: Weight
    size: int

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        return _load(_FILES[self.weight], self.size)

    @property
    def pitch(self) -> int:
        return round(self.size * LINE_PITCH)

    @property
    def ascent(self) -> int:
        """Dots above the base line. Hinting lifts the accents of capitals up to one dot over what the font says."""
        return int(self.font.getmetrics()[0]) + 2

    @property
    def descent(self) -> int:
        return int(self.font.getmetrics()[1])

    def box(self, text: str) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the ink and the advance, from the start of the base line."""
        left, top, right, bottom = self.font.getbbox(text, anchor="ls")
        return int(left), int(top), int(max(right, self.font.getlength(text))) + 1, int(bottom)

    def width(self, text: str) -> int:
        left, _, right, _ = self.box(text)
        return right - min(0, left)


@lru_cache(maxsize=128)
def _load(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path(name)), size)


def wrap(text: str, face: Face, width: int) -> list[str]:
    """`text` in lines of at most `width` dots: broken inside a word only where it alone is too wide."""
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and face.width(joined) <= width:
            lines[-1] = joined
        else:
            lines.extend(_pieces(word, face, width))
    return lines


def _pieces(word: str, face: Face, width: int) -> list[str]:
    pieces: list[str] = []
    rest = word
    while rest and face.width(rest) > width:
        most = largest(1, len(rest), partial(_prefix_fits, rest, face, width))
        taken = max((end for end in range(1, most + 1) if rest[end - 1] in BREAKABLE), default=most)
        pieces.append(rest[:taken].rstrip(NO_BREAK))
        rest = rest[taken:]
    return [*pieces, rest] if rest else pieces


def _prefix_fits(text: str, face: Face, width: int, count: int) -> bool:
    return face.width(text[:count]) <= width


def largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest whole number from `low` to `high` that fits, by bisection; `low` when none does."""
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def fitted(text: str, weight: Weight, high: int, low: int, width: int, lines: int = 1) -> tuple[Face, list[str]]:
    """The largest face from `high` down to `low` in which `text` needs at most `lines` lines of `width` dots, and these
    lines; at `low` it takes as many lines as it needs."""

    def fits(size: int) -> bool:
        face = Face(weight, size)
        wrapped = wrap(text, face, width)
        # A word broken in two is no fit while a smaller size can keep it whole.
        return len(wrapped) <= lines and " ".join(wrapped) == text

    face = Face(weight, largest(low, high, fits))
    return face, balanced(text, face, width)


def balanced(text: str, face: Face, width: int) -> list[str]:
    """Wrapped into as few lines as `width` allows, of about equal length: no single word alone on the last line."""
    lines = wrap(text, face, width)
    if len(lines) < 2:
        return lines
    whole = " ".join(lines)

    def still_good(less: int) -> bool:
        narrower = wrap(text, face, width - less)
        return len(narrower) == len(lines) and " ".join(narrower) == whole

    return wrap(text, face, width - largest(0, width - 1, still_good))


def draw_lines(lines: Sequence[str], face: Face, width: int, align: str, ink: int = INK) -> Image.Image:
    """`lines` one under the other on a strip `width` dots wide, aligned by their ink."""
    strip = Image.new("L", (width, face.ascent + face.descent + face.pitch * (len(lines) - 1)), PAPER - ink)
    pen = ImageDraw.Draw(strip)
    for index, line in enumerate(lines):
        left, _, right, _ = face.box(line)
        free = width - (right - min(0, left))
        start = {"left": 0, "center": free // 2, "right": free}[align]
        pen.text((start - min(0, left), face.ascent + index * face.pitch), line, font=face.font, fill=ink, anchor="ls")
    return strip
