"""What is said aloud, in words only: pure.

Numbers on tickets are read sign by sign with their leading zeros ("A012": "A không một hai"), numbers of rooms as plain
numbers without them ("025": "hai mươi lăm"). That is how Vietnamese hospitals call. Nothing here ever returns a
digit: a synthetic voice runs digits together ("A012" becomes "A, zero, twelve") and gives them other tones than words.

A language is a `SpokenLanguage` (data) and one rule function for plain numbers, entered in `SPOKEN`; its phrases are
the texts ``spoken.*`` in its catalogue.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from locales.catalogue import t

LARGEST = 999_999
"""Longer runs of digits in a room's name are read digit by digit."""


@dataclass(frozen=True)
class SpokenLanguage:
    """How one language says signs and plain numbers."""

    digits: tuple[str, ...]
    letters: Mapping[str, str]
    """Names of capital letters, as they are written for the voice."""
    plain_number: Callable[[int], str]
    """0 to `LARGEST` in words."""
    after_letters: str = " "
    """What stands between letters and what follows them."""


# --- Vietnamese ----------------------------------------------------------------------------------------------------

_VI_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
# G is "gờ" and not "giê": in the north "giê" and "dê" (D) sound the same, and A to H are the letters of queues.
_VI_LETTERS: Mapping[str, str] = {
    "A": "A", "Ă": "á", "Â": "ớ", "B": "bê", "C": "xê", "D": "dê", "Đ": "đê", "E": "e", "Ê": "ê", "F": "ép",
    "G": "gờ", "H": "hát", "I": "i", "J": "di", "K": "ca", "L": "e lờ", "M": "em mờ", "N": "en nờ", "O": "o",
    "Ô": "ô", "Ơ": "ơ", "P": "pê", "Q": "quy", "R": "e rờ", "S": "ét sì", "T": "tê", "U": "u", "Ư": "ư",
    "V": "vê", "W": "vê kép", "X": "ích xì", "Y": "i dài", "Z": "dét",
}  # fmt: skip


def vietnamese_number(value: int) -> str:
    """Plain number in words with the usual sound changes: mười, mươi, mốt, tư, lăm, linh.

    >>> vietnamese_number(105), vietnamese_number(21), vietnamese_number(1015)
    ('một trăm linh năm', 'hai mươi mốt', 'một nghìn không trăm mười lăm')
    """
    _check(value)
    thousands, rest = divmod(value, 1000)
    if not thousands:
        return _vi_below_thousand(rest, whole=True)
    words = [_vi_below_thousand(thousands, whole=True), "nghìn"]
    if rest:
        words.append(_vi_below_thousand(rest, whole=False))
    return " ".join(words)


def _vi_below_thousand(value: int, *, whole: bool) -> str:
    """`whole` False: something stands before it, so missing hundreds are said ("không trăm")."""
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    words: list[str] = []
    if hundreds or not whole:
        words += [_VI_DIGITS[hundreds], "trăm"]
    if tens == 0:
        if ones and words:
            words += ["linh", _VI_DIGITS[ones]]
        elif ones or not words:
            words.append(_VI_DIGITS[ones])
    else:
        words += ["mười"] if tens == 1 else [_VI_DIGITS[tens], "mươi"]
        if ones:
            words.append(_vi_after_ten(tens, ones))
    return " ".join(words)


def _vi_after_ten(tens: int, ones: int) -> str:
    if ones == 5:
        return "lăm"
    if tens > 1:
        return {1: "mốt", 4: "tư"}.get(ones, _VI_DIGITS[ones])
    return _VI_DIGITS[ones]


# --- English -------------------------------------------------------------------------------------------------------

_EN_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_EN_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN_LETTERS = {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | dict(zip("ĂÂĐÊÔƠƯ", "AADEOOU", strict=True))


def english_number(value: int) -> str:
    """Plain number in words.

    >>> english_number(105), english_number(21)
    ('one hundred and five', 'twenty-one')
    """
    _check(value)
    thousands, rest = divmod(value, 1000)
    hundreds, small = divmod(rest, 100)
    words: list[str] = []
    if thousands:
        words += [english_number(thousands), "thousand"]
    if hundreds:
        words += [_EN_DIGITS[hundreds], "hundred"]
    if small or not words:
        words += ["and"] if words else []
        words.append(_en_below_hundred(small))
    return " ".join(words)


def _en_below_hundred(value: int) -> str:
    if value < 10:
        return _EN_DIGITS[value]
    if value < 20:
        return _EN_TEENS[value - 10]
    tens, ones = divmod(value, 10)
    return f"{_EN_TENS[tens]}-{_EN_DIGITS[ones]}" if ones else _EN_TENS[tens]


def _check(value: int) -> None:
    if not 0 <= value <= LARGEST:
        raise ValueError(f"only 0 to {LARGEST} can be said as a plain number")


# --- any language --------------------------------------------------------------------------------------------------

SPOKEN: Mapping[str, SpokenLanguage] = {
    "vi": SpokenLanguage(_VI_DIGITS, _VI_LETTERS, vietnamese_number),
    # With a comma: else an English voice reads the letter A as the article ("uh zero one two").
    "en": SpokenLanguage(_EN_DIGITS, _EN_LETTERS, english_number, after_letters=", "),
}
_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")


def spoken_language(tag: str) -> str | None:
    """The language of `SPOKEN` for a BCP 47 tag ("vi-VN": "vi"), or None when nothing is known of how to say it."""
    base = tag.replace("_", "-").split("-")[0].lower()
    return base if base in SPOKEN else None


def spoken_number(number: str, language: str) -> str:
    """A ticket's number sign by sign, leading zeros included; other signs are passed over. ``"A012"`` in Vietnamese
    is ``"A không một hai"``. Raises ValueError when there is nothing to say."""
    rules = SPOKEN[language]
    return _joined([_signs(run, rules) for run in _runs(number)], rules)


def spoken_room(room: str, language: str) -> str:
    """A room as people say it: digits as a plain number without leading zeros, single or capital letters by name, words
    as they are. ``"12B"`` is ``"mười hai bê"``, ``"Phòng mổ 2"`` is ``"Phòng mổ hai"``."""
    rules = SPOKEN[language]
    runs: list[_Run] = []
    for run in _runs(room):
        if run.isdecimal() and len(run) <= len(str(LARGEST)):
            runs.append(_Run("number", rules.plain_number(int(run))))
        elif run.isdecimal() or _is_initials(run):
            runs.append(_signs(run, rules))
        else:
            runs.append(_Run("word", run))
    return _joined(runs, rules)


def spoken_call(number: str, room: str, language: str, *, repeated: bool = False) -> str:
    """The whole sentence that calls a number to a room, in words. `repeated`: begins with "once more".

    Raises KeyError for a language without rules, ValueError when number or room hold nothing that can be said.
    """
    first = _runs(room)[:1]
    named = bool(first) and not first[0].isdecimal() and not _is_initials(first[0])
    key = "spoken.call.place" if named else "spoken.call.room"
    said = t(key, language, number=spoken_number(number, language), room=spoken_room(room, language))
    return t("spoken.call.repeat", language, call=said) if repeated else said


@dataclass(frozen=True)
class _Run:
    kind: Literal["letters", "number", "word"]
    words: str


def _runs(text: str) -> list[str]:
    """Runs of ASCII digits and of letters; digits of other scripts are made plain first."""
    return _RUNS.findall(unicodedata.normalize("NFKC", text))


def _is_initials(run: str) -> bool:
    return len(run) == 1 or (run.isupper() and len(run) <= 3)


def _signs(run: str, rules: SpokenLanguage) -> _Run:
    """The run sign by sign. A letter that has no name here says itself."""
    if run.isdecimal():
        return _Run("number", " ".join(rules.digits[int(sign)] for sign in run))
    return _Run("letters", rules.after_letters.join(rules.letters.get(sign, sign) for sign in run.upper()))


def _joined(runs: list[_Run], rules: SpokenLanguage) -> str:
    if not runs:
        raise ValueError("nothing to say")
    text = runs[0].words
    for before, run in pairwise(runs):
        # "B2-14" is "two, fourteen" and never "two fourteen".
        two_numbers = before.kind == run.kind == "number"
        text += (rules.after_letters if before.kind == "letters" else ", " if two_numbers else " ") + run.words
    return text
