"""Each kind of block as a strip of paper: a grey picture as wide as the printer prints. Pure."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from string import digits

import segno
from PIL import Image, ImageDraw, ImageFilter

from hardware.printer.slip import Band, Code, Labelled, Line, Number, Pair
from hardware.printer.style import Style
from hardware.printer.text import CAPITAL, INK, PAPER, Face, balanced, draw_lines, fitted, wrap
from theme import icon_path

QUIET_MODULES = 4
"""Empty modules around a QR code (ISO/IEC 18004, 9.1)."""


def blank(style: Style, height: int) -> Image.Image:
    return Image.new("L", (style.width, max(1, height)), PAPER)


def stacked(strips: list[Image.Image], width: int, gap: int = 0) -> Image.Image:
    """`strips` one under the other."""
    height = sum(strip.height for strip in strips) + gap * (len(strips) - 1)
    whole = Image.new("L", (width, max(1, height)), PAPER)
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height + gap
    return whole


def line_strip(line: Line, style: Style, width: int | None = None) -> Image.Image:
    """A line of text, wrapped; `width` is given where it stands beside something, else it is the paper with margins."""
    size = style.size(line.size)
    room = width if width is not None else style.inner
    if line.size in ("label", "strong"):
        # A heading is rather made a little smaller than broken in two.
        face, lines = fitted(line.text, line.weight, size, max(style.smallest, round(size * 0.72)), room)
    else:
        face = Face(line.weight, size)
        lines = balanced(line.text, face, room) if width is None else wrap(line.text, face, room)
    strip = draw_lines(lines, face, room, line.align)
    return strip if width is not None else _with_margins(strip, style)


def _with_margins(strip: Image.Image, style: Style) -> Image.Image:
    whole = blank(style, strip.height)
    whole.paste(strip, ((style.width - strip.width) // 2, 0))
    return whole


# --- the number ----------------------------------------------------------------------------------------------------


def number_strip(number: Number, style: Style) -> Image.Image:
    """The number as large as the width allows. A long one is drawn narrower, or, where that would be too narrow to
    read, its letters stand above its digits; it is never lower than 12 mm."""
    lowest = ceil(style.profile.dots(style.number_lowest_millimetres) / CAPITAL) + 1
    face, _ = fitted(number.text, "bold", max(style.number, lowest), lowest, style.inner)
    width = style.inner if face.width(number.text) <= style.inner else style.width - 2 * style.scaled(8)
    series = number.text.rstrip(digits)
    parts = [number.text]
    if face.width(number.text) * 0.75 > width and 0 < len(series) < len(number.text):
        parts = [series, number.text.removeprefix(series)]
    return _with_margins(stacked([_squeezed(part, face, width) for part in parts], width, style.scaled(24)), style)


def _squeezed(text: str, face: Face, width: int) -> Image.Image:
    """`text` by its ink alone, drawn narrower where it is wider than `width`, in the middle of a strip."""
    left, top, right, bottom = face.font.getbbox(text, anchor="ls")
    ink = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), PAPER)
    ImageDraw.Draw(ink).text((1 - left, 1 - top), text, font=face.font, fill=INK, anchor="ls")
    if ink.width > width:
        ink = ink.resize((width, ink.height), Image.Resampling.LANCZOS)
    strip = Image.new("L", (width, ink.height), PAPER)
    strip.paste(ink, ((width - ink.width) // 2, 0))
    return strip


# --- where to go ---------------------------------------------------------------------------------------------------


def band_strip(band: Band, style: Style) -> Image.Image:
    """White on black with the icon at the left; a notice has a black frame instead and smaller text."""
    pad = style.scaled(24)
    icon = _icon(band.icon, style.scaled(76 if style.large else 56), band.filled) if band.icon else None
    beside = icon.width + pad if icon else 0
    room = style.inner - 2 * pad - beside
    face, lines = _band_text(band, style, room)
    ink = PAPER if band.filled else INK
    wide = max(face.width(line) for line in lines)
    text = draw_lines(lines, face, wide, "left" if icon else "center", ink)
    height = max(text.height, icon.height if icon else 0) + style.scaled(20 if band.filled else 12)
    box = Image.new("L", (style.inner, height), PAPER - ink)
    start = (style.inner - wide - beside) // 2
    # Capitals, not the line's ascent, are what looks centred.
    lift = round(
        face.font.getmetrics()[0] - face.size * CAPITAL / 2 - (text.height - face.pitch * (len(lines) - 1)) / 2
    )
    box.paste(text, (start + beside, max(0, (height - text.height) // 2 - lift)))
    if icon:
        box.paste(ink, (start, (height - icon.height) // 2), icon)
    if not band.filled:
        ImageDraw.Draw(box).rectangle((0, 0, box.width - 1, height - 1), outline=INK, width=style.scaled(4))
    return _with_margins(box, style)


def _band_text(band: Band, style: Style, room: int) -> tuple[Face, list[str]]:
    """Rather two lines in a large size than one in a small size."""
    high, smallest = (style.room, style.scaled(36)) if band.filled else (style.size("label"), style.smallest)
    for low, lines in ((round(high * 0.8), 1), (round(high * 0.8), 2), (smallest, 2)):
        face, wrapped = fitted(band.text, "bold", high, low, room, lines)
        if len(wrapped) <= lines and " ".join(wrapped) == band.text:
            return face, wrapped
    return fitted(band.text, "bold", high, smallest, room, 3)


@lru_cache(maxsize=32)
def _icon(name: str, height: int, white: bool) -> Image.Image:
    """The shape of an icon without the empty border, `height` dots high, as a mask."""
    with Image.open(icon_path(name)) as picture:
        shape = picture.convert("RGBA").getchannel("A")
    shape = shape.crop(shape.getbbox())
    small = shape.resize((max(1, round(shape.width * height / shape.height)), height), Image.Resampling.LANCZOS)
    # Heat spreads: a white stroke on black comes out thinner than it was sent, so it is made one dot wider all round.
    return small.filter(ImageFilter.MaxFilter(3)) if white else small


# --- two values ----------------------------------------------------------------------------------------------------


def pair_strip(pair: Pair, style: Style) -> Image.Image:
    """Side by side, the right column as far right as it goes; one under the other where one does not fit its half."""
    gap = style.scaled(20)
    half = (style.inner - gap) // 2
    size = style.size("strong")
    smallest = max(style.smallest, round(size * 0.8))
    faces = [fitted(part.value, "bold", size, smallest, half)[0] for part in (pair.left, pair.right)]
    widths = [_labelled_width(part, style, face) for part, face in zip((pair.left, pair.right), faces, strict=True)]
    if max(widths) > half:
        both = (_labelled(part, style, Face("bold", size), style.inner) for part in (pair.left, pair.right))
        return _with_margins(stacked(list(both), style.inner, style.scaled(10)), style)
    face = min(faces, key=lambda one: one.size)
    left, right = (_labelled(part, style, face, half) for part in (pair.left, pair.right))
    strip = Image.new("L", (style.inner, max(left.height, right.height)), PAPER)
    strip.paste(left, (0, 0))
    strip.paste(right, (style.inner - widths[1], 0))
    return _with_margins(strip, style)


def _labelled_width(part: Labelled, style: Style, value: Face) -> int:
    return max(Face("regular", style.size("text")).width(part.label), value.width(part.value))


def _labelled(part: Labelled, style: Style, value: Face, width: int) -> Image.Image:
    label = Face("regular", style.size("text"))
    strips = [
        draw_lines(wrap(part.label, label, width), label, width, "left"),
        draw_lines(wrap(part.value, value, width), value, width, "left"),
    ]
    return stacked(strips, width)


# --- the code ------------------------------------------------------------------------------------------------------


def code_strip(code: Code, style: Style) -> Image.Image:
    """The QR code with its text beside it; on narrow paper and in large print the text stands below."""
    below = style.slim or style.large
    symbol = qr_picture(code.payload, style, style.inner if below else round(style.width * 0.48))
    if below:
        texts = [line_strip(line.model_copy(update={"align": "center"}), style) for line in code.beside]
        return stacked([_with_margins(symbol, style), *texts, blank(style, style.scaled(10))], style.width)
    gap = max(0, style.margin - symbol.info["quiet"])
    room = style.width - gap - symbol.width - style.margin
    texts = [line_strip(line.model_copy(update={"align": "left"}), style, room) for line in code.beside]
    text = stacked(texts, room, style.scaled(8)) if texts else Image.new("L", (room, 1), PAPER)
    strip = blank(style, max(symbol.height, text.height))
    strip.paste(symbol, (gap, (strip.height - symbol.height) // 2))
    strip.paste(text, (gap + symbol.width, (strip.height - text.height) // 2))
    return strip


def qr_picture(payload: str, style: Style, width: int) -> Image.Image:
    """A QR code of whole-dot modules with its quiet zone, at most `width` dots wide as long as a module has 2 dots."""
    matrix = segno.make(payload, error="m", micro=False).matrix
    modules = len(matrix) + 2 * QUIET_MODULES
    module = max(2, min(style.module_highest, width // modules))
    picture = Image.new("L", (modules, modules), PAPER)
    for row, cells in enumerate(matrix):
        for column, dark in enumerate(cells):
            if dark:
                picture.putpixel((column + QUIET_MODULES, row + QUIET_MODULES), INK)
    picture = picture.resize((modules * module, modules * module), Image.Resampling.NEAREST)
    picture.info["quiet"] = QUIET_MODULES * module
    return picture


def rule_strip(style: Style) -> Image.Image:
    """A dashed line between the margins."""
    strip = blank(style, style.scaled(4))
    dash, step = style.scaled(8), style.scaled(14)
    pen = ImageDraw.Draw(strip)
    count = (style.inner - dash) // step
    for index in range(count + 1):
        left = style.margin + round(index * (style.inner - dash) / count)
        pen.rectangle((left, 0, left + dash - 1, strip.height - 1), fill=INK)
    return strip
