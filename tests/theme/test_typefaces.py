"""The bundled typefaces hold every Vietnamese letter, and the face of numbers has equal cells."""

from __future__ import annotations

import unicodedata

import pytest
from fontTools.ttLib import TTFont

from theme import FOLDER, font_path, icon_path

FACES = (
    *(f"BeVietnamPro-{weight}" for weight in ("Medium", "SemiBold", "Bold", "ExtraBold")),
    *(f"NotoSans-{weight}" for weight in ("Regular", "Medium", "Bold")),
)
VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
LETTERS = {
    unicodedata.normalize("NFC", letter + tone)
    for vowel in VOWELS
    for letter in (vowel, vowel.upper())
    for tone in TONES
} | set("đĐ")


@pytest.mark.parametrize("name", FACES)
def test_a_typeface_has_every_vietnamese_letter(name: str) -> None:
    assert len(LETTERS) == 146
    with TTFont(font_path(name)) as font:
        assert {letter for letter in LETTERS if ord(letter) not in font.getBestCmap()} == set()


def test_digits_of_the_number_face_are_equally_wide() -> None:
    with TTFont(font_path("BeVietnamPro-Number")) as font:
        cells = {font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}
        assert len(cells) == 1
        assert "GPOS" not in font


def test_web_fonts_are_bundled() -> None:
    css = (FOLDER / "web" / "fonts.css").read_text(encoding="utf-8")
    named = {part.split(")")[0] for part in css.split("url(")[1:]}
    assert named
    assert [name for name in named if not (FOLDER / "web" / name).is_file()] == []


def test_an_unknown_icon_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"unicorn\.png"):
        icon_path("unicorn")
