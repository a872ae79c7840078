"""The look: colours, sizes and times, typefaces and icons, from one source for every toolkit. Imports nothing of ours.

``tokens.json`` is the source. ``python -m theme.generate`` makes from it what each toolkit reads: ``tokens.py`` for
Kivy and Pillow, ``web/tokens.css`` and ``web/fonts.css`` for pages, ``icons/*.png`` from the SVG files beside them, and
the typeface of numbers. A house test fails when one of them is older than its source.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def font_path(name: str) -> Path:
    """Path of a bundled typeface: ``BeVietnamPro-Medium`` (SemiBold, Bold, ExtraBold, Number), ``NotoSans-Regular``
    (Medium, Bold)."""
    return _existing(FOLDER / "fonts" / f"{name}.ttf")


def icon_path(name: str) -> Path:
    """Path of an icon by its Lucide name: 256 x 256 PNG, white on transparent, to be tinted."""
    return _existing(FOLDER / "icons" / f"{name}.png")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is not bundled in {path.parent.name}/")
    return path
