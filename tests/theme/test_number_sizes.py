"""The digits of the number face look the same at every size.

The 1 was redrawn with a foot while it kept the hints of the old drawing: from 100 px down FreeType folded it into a
bracket, and a wall showed ``H00]``.
"""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from theme import font_path

SAMPLE = (60, 80)


def drawn(digit: str, size: int) -> list[int]:
    """The digit drawn at `size` and brought to one size: a list of grey values."""
    font = ImageFont.truetype(str(font_path("BeVietnamPro-Number")), size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(digit))
    picture = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(picture).text((-left, -top), digit, font=font, fill=255)
    return list(picture.resize(SAMPLE, Image.Resampling.BILINEAR).tobytes())


@pytest.mark.parametrize("digit", "0123456789")
@pytest.mark.parametrize("size", [28, 40, 60, 76, 86, 100, 150])
def test_a_digit_is_the_same_shape_at_every_size(digit: str, size: int) -> None:
    small, large = drawn(digit, size), drawn(digit, 600)
    difference = sum(abs(one - other) for one, other in zip(small, large, strict=True)) / (255 * len(large))
    assert difference < 0.08
