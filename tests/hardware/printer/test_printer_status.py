from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.printer.status import CODES, can_print, error_to_ask, is_answer, is_fence_answer, named, question

WELL = {1: 0x12, 2: 0x12, 4: 0x12}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "ok"),
        ({1: 0x16}, "ok"),  # drawer pin
        ({1: 0x1A}, "offline"),
        ({2: 0x16}, "cover_open"),
        ({1: 0x1A, 2: 0x16, 4: 0x72}, "cover_open"),  # an open cover lifts the paper off its sensor
        ({1: 0x1A, 2: 0x32}, "paper_out"),
        ({4: 0x72}, "paper_out"),
        ({4: 0x7E}, "paper_out"),
        ({4: 0x1E}, "paper_low"),
        ({2: 0x52, 3: 0x1A}, "cutter_jam"),
        ({2: 0x52, 3: 0x52}, "overheated"),
        ({2: 0x52, 3: 0x32}, "printer_error"),
        ({2: 0x52, 3: 0x16}, "printer_error"),
        ({2: 0x52}, "printer_error"),
    ],
)
def test_answers_have_one_name(answers: dict[int, int], code: str) -> None:
    assert named({**WELL, **answers}) == code


def test_the_third_question_is_asked_when_the_second_says_error() -> None:
    assert error_to_ask({2: 0x52})
    assert not error_to_ask(WELL)


@given(st.dictionaries(st.integers(1, 4), st.integers(0, 255)))
def test_any_answers_have_a_known_name(answers: dict[int, int]) -> None:
    assert named(answers) in CODES


@given(st.integers(0, 255))
def test_no_byte_answers_both_questions(byte: int) -> None:
    assert not (is_answer(byte) and is_fence_answer(byte))


def test_what_may_be_printed_on() -> None:
    assert {code for code in CODES if can_print(code)} == {"ok", "paper_low", "cannot_ask"}
    assert question(4) == b"\x10\x04\x04"
