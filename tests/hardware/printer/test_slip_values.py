from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hardware.printer.slip import NO_BREAK, Band, Code, Line, Number, Slip, clean, shorten


def test_texts_are_composed_and_single_spaced() -> None:
    apart = unicodedata.normalize("NFD", "Phòng  khám\tSản \n phụ khoa")
    assert Line(text=apart).text == "Phòng khám Sản phụ khoa"


def test_a_space_where_no_line_may_end_is_kept() -> None:
    assert clean(f"phòng{NO_BREAK}5  và") == f"phòng{NO_BREAK}5 và"


@pytest.mark.parametrize(
    "hostile",
    ["\x1b@\x1dV\x00", "\x10\x04\x01", "\x1bp\x00\x19\xfa", "\x1c.", "\x9bm", "\u202e", "\u200b", "\ue000", "\ud800"],
)
def test_commands_and_invisible_letters_are_taken_out(hostile: str) -> None:
    text = Line(text=f"Phòng{hostile} 5").text
    assert all(not unicodedata.category(letter).startswith("C") for letter in text)
    assert text.startswith("Phòng")


@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(unicodedata.category(letter).startswith("C") for letter in once)


@given(st.text(max_size=400), st.integers(min_value=1, max_value=60))
def test_shortened_text_keeps_within_its_length(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


def test_what_was_cut_off_is_marked() -> None:
    assert shorten("Khám chuyên khoa", 9) == "Khám chu…"
    assert shorten("Khám", 9) == "Khám"


@pytest.mark.parametrize("text", ["", "   ", "\x1b", "a" * 201])
def test_empty_and_endless_lines_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Line(text=text)


@pytest.mark.parametrize("number", ["", "a012", "A 12", "A012\n", "A" * 13, "Ế01", "A012\x1b"])
def test_numbers_are_capitals_digits_and_dashes(number: str) -> None:
    with pytest.raises(ValidationError):
        Number(text=number)


@pytest.mark.parametrize(
    "payload", ["", "http://x/t/ a", "http://x/\x1dV\x00", "http://x/t\n", "http://việt", "x" * 301]
)
def test_a_code_holds_visible_ascii_only(payload: str) -> None:
    with pytest.raises(ValidationError):
        Code(payload=payload)


@pytest.mark.parametrize("icon", ["../secret", "arrow.png", "", "A"])
def test_an_icon_is_a_name_and_no_path(icon: str) -> None:
    with pytest.raises(ValidationError):
        Band(text="Phòng 5", icon=icon)


def test_slips_are_bounded_and_frozen() -> None:
    with pytest.raises(ValidationError):
        Slip(blocks=())
    with pytest.raises(ValidationError):
        Slip(blocks=(Number(text="A1"),) * 41)
    with pytest.raises(ValidationError):
        Slip(blocks=(Number(text="A1"),)).large = True


def test_a_slip_survives_its_json() -> None:
    slip = Slip(blocks=(Line(text="SỐ THỨ TỰ"), Number(text="A012"), Code(payload="http://x/t/1")), large=True)
    assert Slip.model_validate_json(slip.model_dump_json()) == slip
