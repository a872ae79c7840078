"""What is said aloud: words only, as people say them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.spoken import (
    LARGEST,
    SPOKEN,
    english_number,
    spoken_call,
    spoken_language,
    spoken_number,
    spoken_room,
    vietnamese_number,
)

READINGS = {  # how hospitals read numbers (reference vectors of the identity work)
    "001": "không không một",
    "007": "không không bảy",
    "012": "không một hai",
    "105": "một không năm",
    "A012": "A không một hai",
}
VIETNAMESE = {
    0: "không",
    4: "bốn",
    5: "năm",
    10: "mười",
    11: "mười một",
    14: "mười bốn",
    15: "mười lăm",
    20: "hai mươi",
    21: "hai mươi mốt",
    24: "hai mươi tư",
    25: "hai mươi lăm",
    51: "năm mươi mốt",
    55: "năm mươi lăm",
    100: "một trăm",
    101: "một trăm linh một",
    104: "một trăm linh bốn",
    105: "một trăm linh năm",
    110: "một trăm mười",
    111: "một trăm mười một",
    115: "một trăm mười lăm",
    121: "một trăm hai mươi mốt",
    555: "năm trăm năm mươi lăm",
    999: "chín trăm chín mươi chín",
    1000: "một nghìn",
    1001: "một nghìn không trăm linh một",
    1015: "một nghìn không trăm mười lăm",
    2024: "hai nghìn không trăm hai mươi tư",
    105_105: "một trăm linh năm nghìn một trăm linh năm",
}
ENGLISH = {
    0: "zero",
    12: "twelve",
    20: "twenty",
    21: "twenty-one",
    100: "one hundred",
    105: "one hundred and five",
    999: "nine hundred and ninety-nine",
    1001: "one thousand and one",
    2024: "two thousand and twenty-four",
}


@pytest.mark.parametrize(("written", "said"), READINGS.items())
def test_numbers_are_read_sign_by_sign_with_leading_zeros(written: str, said: str) -> None:
    assert spoken_number(written, "vi") == said


@pytest.mark.parametrize(("value", "said"), VIETNAMESE.items())
def test_vietnamese_plain_numbers(value: int, said: str) -> None:
    assert vietnamese_number(value) == said


@pytest.mark.parametrize(("value", "said"), ENGLISH.items())
def test_english_plain_numbers(value: int, said: str) -> None:
    assert english_number(value) == said


def read_vietnamese(words: list[str]) -> int:
    """The other way round, written independently: what a listener makes of the words, below a thousand."""
    ones = {"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5}
    ones |= {"sáu": 6, "bảy": 7, "tám": 8, "chín": 9}
    total, last = 0, 0
    for word in words:
        if word == "trăm":
            total, last = last * 100, 0
        elif word == "mươi":
            total, last = total + last * 10, 0
        elif word == "mười":
            total, last = total + 10, 0
        elif word != "linh":
            last = ones[word]
    return total + last


@pytest.mark.parametrize("room", range(1, 1000))
def test_every_room_to_999_can_be_told_from_its_words(room: int) -> None:
    words = vietnamese_number(room).split()
    assert read_vietnamese(words) == room
    for before, word in zip(["", *words], words, strict=False):
        if word in {"mốt", "tư"}:
            assert before == "mươi"
        if word == "lăm":
            assert before in {"mươi", "mười"}
        if word in {"năm", "một", "bốn"}:
            assert before != "mươi"
        if word == "linh":
            assert before == "trăm"


@pytest.mark.parametrize("language", SPOKEN)
def test_no_two_rooms_sound_the_same(language: str) -> None:
    assert len({spoken_room(str(room), language) for room in range(1000)}) == 1000


@pytest.mark.parametrize("value", [-1, LARGEST + 1])
@pytest.mark.parametrize("language", SPOKEN)
def test_what_cannot_be_said_as_a_plain_number_is_refused(value: int, language: str) -> None:
    with pytest.raises(ValueError):
        SPOKEN[language].plain_number(value)


@pytest.mark.parametrize(
    ("room", "vietnamese", "english"),
    [
        ("5", "năm", "five"),
        ("05", "năm", "five"),
        ("25", "hai mươi lăm", "twenty-five"),
        ("12B", "mười hai bê", "twelve B"),
        ("12b", "mười hai bê", "twelve B"),
        ("P.205", "pê hai trăm linh năm", "P, two hundred and five"),
        ("B2-14", "bê hai, mười bốn", "B, two, fourteen"),
        ("CK", "xê ca", "C, K"),
        ("Cấp cứu", "Cấp cứu", "Cấp cứu"),
        ("Phòng mổ 2", "Phòng mổ hai", "Phòng mổ two"),
        ("２５", "hai mươi lăm", "twenty-five"),
        ("12345678", "một hai ba bốn năm sáu bảy tám", "one two three four five six seven eight"),
    ],
)
def test_rooms(room: str, vietnamese: str, english: str) -> None:
    assert (spoken_room(room, "vi"), spoken_room(room, "en")) == (vietnamese, english)


@pytest.mark.parametrize("room", ["", "  ", "-", "٢٥", "→"])
def test_a_room_without_anything_to_say_is_refused(room: str) -> None:
    with pytest.raises(ValueError):
        spoken_room(room, "vi")


def test_letters_have_their_vietnamese_names() -> None:
    names = {letter: spoken_number(letter, "vi") for letter in "ABCDĐEFGHIJKLMNOPQRSTUVWXYZ"}
    assert names["B"] == "bê"
    assert names["C"] == "xê"
    assert names["D"] == "dê"
    assert names["Đ"] == "đê"
    assert len(set(names.values())) == 27


@pytest.mark.parametrize("language", SPOKEN)
def test_a_decomposed_letter_sounds_like_the_composed_one(language: str) -> None:
    assert spoken_number("Ă1", language) == spoken_number("A\u03061", language)


def test_the_whole_call() -> None:
    assert spoken_call("A012", "25", "vi") == "Mời bệnh nhân có số thứ tự A không một hai, vào phòng số hai mươi lăm."
    assert spoken_call("A012", "5", "en") == "Number A, zero one two, please go to room five."
    assert spoken_call("A012", "5", "vi", repeated=True) == (
        "Xin nhắc lại. Mời bệnh nhân có số thứ tự A không một hai, vào phòng số năm."
    )
    assert spoken_call("007", "Cấp cứu", "vi").endswith("vào phòng Cấp cứu.")


def test_an_english_letter_a_is_never_the_article() -> None:
    """A synthetic voice reads "A zero" as "uh zero", and "A, zero" as the letter."""
    for number in ("A012", "AB1234", "BA7"):
        assert not re.search(r"\bA [a-z]", spoken_call(number, "5", "en"))


@pytest.mark.parametrize(
    ("tag", "language"), [("vi-VN", "vi"), ("en_GB", "en"), ("EN", "en"), ("km", None), ("", None)]
)
def test_languages_by_tag(tag: str, language: str | None) -> None:
    assert spoken_language(tag) == language


@given(
    number=st.from_regex(r"[A-Z]{0,3}[0-9]{1,6}", fullmatch=True),
    room=st.from_regex(r"[A-Z]?[0-9]{1,4}[A-Z]?", fullmatch=True),
    language=st.sampled_from(sorted(SPOKEN)),
    repeated=st.booleans(),
)
def test_a_call_is_words_and_never_a_digit(number: str, room: str, language: str, repeated: bool) -> None:
    said = spoken_call(number, room, language, repeated=repeated)
    assert not any(sign.isdigit() for sign in said)
    assert "{" not in said
    assert said.endswith(".")


@given(st.text(max_size=30), st.sampled_from(sorted(SPOKEN)))
def test_anything_written_is_said_without_digits_or_refused(text: str, language: str) -> None:
    for say in (spoken_number, spoken_room):
        try:
            said = say(text, language)
        except ValueError:
            continue
        assert said.strip()
        assert not any(sign.isdecimal() for sign in said)
