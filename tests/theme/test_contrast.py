"""The palette keeps the contrast that the tokens promise (WCAG 2.2 relative luminance; 7:1 for our own pairs)."""

from __future__ import annotations

import json

import pytest

from theme import FOLDER

TOKENS = json.loads((FOLDER / "tokens.json").read_text(encoding="utf-8"))


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("pair", TOKENS["contrast"], ids=lambda pair: f"{pair['text']} on {pair['on']}")
def test_each_listed_pair_is_as_strong_as_it_says(pair: dict[str, object]) -> None:
    ratio = contrast(TOKENS["color"][pair["text"]], TOKENS["color"][pair["on"]])
    assert ratio >= TOKENS["contrastMinimum"]["ownPalette"]
    assert ratio == pytest.approx(pair["ratio"], abs=0.1)
