"""Makes what the toolkits read from ``tokens.json``, the SVG icons and the typefaces. Run after changing one of them.

Needs the development packages (fonttools, resvg-py). Writes the same bytes for the same input.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from theme import FOLDER

Figure = str | int | float
WEIGHTS = (500, 600, 700, 800)
FOOT_UNITS = (520, 140)
"""Width and height of the foot that the 1 of the number face gets, in thousandths of the type size."""
# The ranges that the three font files of each weight cover (from the fontsource package).
UNICODE_RANGES = {
    "vietnamese": "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,"
    "U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
    "latin-ext": "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,"
    "U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    "latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,"
    "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
}


def figures(tokens: dict[str, object]) -> Iterator[tuple[tuple[str, ...], Figure]]:
    """Every single figure of the tokens with its path, lists and notes left out."""

    def walk(path: tuple[str, ...], node: object) -> Iterator[tuple[tuple[str, ...], Figure]]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key != "note":
                    yield from walk((*path, key), value)
        elif isinstance(node, (str, int, float)):
            yield path, node

    yield from walk((), tokens)


def _words(path: tuple[str, ...], joint: str) -> str:
    return joint.join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", joint, part) for part in path)


def python_module(tokens: dict[str, object]) -> str:
    lines = ['"""Made by ``python -m theme.generate`` from tokens.json. Not to be edited."""', ""]
    lines += [f"{_words(path, '_').upper()} = {value!r}" for path, value in figures(tokens)]
    return "\n".join(lines) + "\n"


def style_sheet(tokens: dict[str, object]) -> str:
    """CSS custom properties: colours as they are, ``...Px`` figures with their unit."""
    lines = ["/* Made by `python -m theme.generate` from tokens.json. Not to be edited. */", ":root {"]
    for path, value in figures(tokens):
        unit = "px" if isinstance(value, (int, float)) and path[0] in {"type", "space", "radius", "target"} else ""
        lines.append(f"  --{_words(path, '-').lower()}: {value}{unit};")
    return "\n".join([*lines, "}"]) + "\n"


def font_faces() -> str:
    lines = ["/* Made by `python -m theme.generate`. Be Vietnam Pro, SIL Open Font License 1.1. */"]
    for weight in WEIGHTS:
        for part, ranges in UNICODE_RANGES.items():
            lines.append(
                f"@font-face {{ font-family: 'Be Vietnam Pro'; font-style: normal; font-weight: {weight}; "
                f"font-display: swap; src: url(fonts/be-vietnam-pro-{part}-{weight}-normal.woff2) format('woff2'); "
                f"unicode-range: {ranges}; }}"
            )
    lines.append(
        "@font-face { font-family: 'Be Vietnam Pro Number'; font-style: normal; font-weight: 800; font-display: swap; "
        "src: url(fonts/BeVietnamPro-Number.ttf) format('truetype'); }"
    )
    return "\n".join(lines) + "\n"


def number_typeface(source: Path, target: Path) -> None:
    """Be Vietnam Pro has no tabular figures (its 1 is 446 units wide, its 4 is 723). Numbers and clocks on
    screens get a face of their own: the same drawings, each digit in a cell of the widest, a 1 with a foot."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(source, recalcTimestamp=False)
    options = Options(layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += ["GPOS", "GSUB", "GDEF"]
    subsetter = Subsetter(options)
    subsetter.populate(text="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:-–/ .")
    subsetter.subset(font)
    names = [font.getBestCmap()[ord(digit)] for digit in "0123456789"]
    _give_one_a_foot(font)
    cell = max(font["hmtx"][name][0] for name in names)
    for name in names:
        width, bearing = font["hmtx"][name]
        shift = (cell - width) // 2
        glyph = font["glyf"][name]
        glyph.coordinates.translate((shift, 0))
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (cell, bearing + shift)
    for record in font["name"].names:
        if record.nameID in {1, 4, 16}:
            record.string = "Be Vietnam Pro Number"
    font.save(target)


def _give_one_a_foot(font: Any) -> None:
    """A 1 alone in a wide cell looks like a gap (``A00 1``). A foot as wide as the other digits fills it, and no reader
    takes it for a letter I. The stem's outline runs down its right side first: the foot is let in between its corners.
    """
    from fontTools.ttLib.tables._g_l_y_f import GlyphCoordinates
    from fontTools.ttLib.tables.ttProgram import Program

    glyph = font["glyf"]["one"]
    (top_right, low_right, low_left), rest = glyph.coordinates[:3], glyph.coordinates[3:]
    middle = (low_left[0] + low_right[0]) // 2
    left, right = middle - FOOT_UNITS[0] // 2, middle + FOOT_UNITS[0] // 2
    height = FOOT_UNITS[1]
    foot = [(low_right[0], height), (right, height), (right, 0), (left, 0), (left, height), (low_left[0], height)]
    glyph.coordinates = GlyphCoordinates([top_right, *foot, *rest])
    glyph.flags = array("B", [glyph.flags[0], *[1] * len(foot), *glyph.flags[3:]])  # 1: a corner, not a curve
    glyph.endPtsOfContours = [len(glyph.coordinates) - 1]
    bearing = font["hmtx"]["one"][1]
    font["hmtx"]["one"] = (FOOT_UNITS[0] + 2 * bearing, bearing)
    glyph.coordinates.translate((bearing - left, 0))
    # The hints are of the old drawing and count its points: below 100 px they would fold the 1 into a bracket.
    glyph.program = Program()
    glyph.program.fromBytecode(b"")
    glyph.recalcBounds(font["glyf"])


def icon_picture(svg: str) -> bytes:
    import resvg_py

    white = svg.replace("currentColor", "#FFFFFF")
    return bytes(resvg_py.svg_to_bytes(svg_string=white, width=256, height=256))


def main() -> None:
    tokens = json.loads((FOLDER / "tokens.json").read_text(encoding="utf-8"))
    (FOLDER / "tokens.py").write_text(python_module(tokens), encoding="utf-8")
    (FOLDER / "web" / "tokens.css").write_text(style_sheet(tokens), encoding="utf-8")
    (FOLDER / "web" / "fonts.css").write_text(font_faces(), encoding="utf-8")
    for file in sorted((FOLDER / "icons").glob("*.svg")):
        file.with_suffix(".png").write_bytes(icon_picture(file.read_text(encoding="utf-8")))
    number = FOLDER / "fonts" / "BeVietnamPro-Number.ttf"
    number_typeface(FOLDER / "fonts" / "BeVietnamPro-ExtraBold.ttf", number)
    (FOLDER / "web" / "fonts" / number.name).write_bytes(number.read_bytes())


if __name__ == "__main__":
    main()
