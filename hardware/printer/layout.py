"""From a slip to a picture to the bytes for the printer. Pure: pictures are arithmetic, no device is touched."""

from __future__ import annotations

import re

from PIL import Image

from hardware.printer.library import silent_printer
from hardware.printer.pieces import (
    band_strip,
    blank,
    code_strip,
    line_strip,
    number_strip,
    pair_strip,
    rule_strip,
    stacked,
)
from hardware.printer.profiles import Profile
from hardware.printer.slip import AnyBlock, Band, Code, Feed, Line, Number, Pair, Rule, Slip
from hardware.printer.style import Style

LEAVE_DOUBLE_BYTE = b"\x1c."
"""FS . : printers made for China start in double-byte mode."""
BLACK_BELOW = 128
_REAL_TIME = re.compile(rb"\x10(?=[\x04\x05\x14])")


def render(slip: Slip, profile: Profile) -> Image.Image:
    """The slip as the printer will print it: mode '1', as wide as the printer prints, black and white, no dither."""
    style = Style(profile, slip.large)
    strips = [blank(style, style.scaled(8))]
    for before, block in zip((None, *slip.blocks), slip.blocks, strict=False):
        strips += [blank(style, _gap(before, block, style)), _strip(block, style)]
    grey = stacked([*strips, blank(style, style.scaled(8))], style.width)
    return disarmed(grey.point(lambda level: 255 * (level >= BLACK_BELOW)).convert("1", dither=Image.Dither.NONE))


def _strip(block: AnyBlock, style: Style) -> Image.Image:
    match block:
        case Line():
            return line_strip(block, style)
        case Number():
            return number_strip(block, style)
        case Band():
            return band_strip(block, style)
        case Pair():
            return pair_strip(block, style)
        case Code():
            return code_strip(block, style)
        case Rule():
            return rule_strip(style)
        case Feed():
            return blank(style, style.profile.dots(block.millimetres))


def _gap(before: AnyBlock | None, block: AnyBlock, style: Style) -> int:
    """Empty dots between two blocks. Lines of text bring their own room; a code brings its quiet zone."""
    if before is None or isinstance(before, Feed) or isinstance(block, Feed):
        return 1
    kinds = {before.kind, block.kind}
    if kinds == {"line"}:
        return 1
    if "code" in kinds:
        return 1
    if "number" in kinds:
        return style.scaled(30 if "band" in kinds else 18)
    return style.scaled(14 if "band" in kinds else 10)


def disarmed(picture: Image.Image) -> Image.Image:
    """`picture` without any run of dots that a printer would take for a real-time command.

    DLE EOT, DLE ENQ and DLE DC4 are obeyed even inside raster data (Epson's command reference says so): a thin stroke
    could cancel the print or bring answers that nobody asked for. Such a DLE gets one more black dot.
    """
    inverse = bytes(byte ^ 0xFF for byte in picture.tobytes())
    harmless = _REAL_TIME.sub(b"\x18", inverse)
    return Image.frombytes("1", picture.size, bytes(byte ^ 0xFF for byte in harmless))


def encode(picture: Image.Image, profile: Profile) -> bytes:
    """ESC/POS for `picture`: initialise, leave double-byte mode, raster bands (GS v 0), feed, cut.

    Raises ValueError when the picture is not as wide as the printer prints.
    """
    if picture.mode != "1" or picture.width != profile.width:
        raise ValueError(f"a black and white picture {profile.width} dots wide is needed")
    printer = silent_printer(profile.width)
    printer.hw("INIT")
    printer._raw(LEAVE_DOUBLE_BYTE)
    printer.image(picture, impl="bitImageRaster", fragment_height=profile.band_rows)
    if profile.feed_lines:
        printer.print_and_feed(profile.feed_lines)
    if profile.cutter:
        printer.cut(feed=False)
    return bytes(printer.output)
