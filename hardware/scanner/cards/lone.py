"""A number alone, typed on the keypad or read from a barcode; and what is no card at all. Pure."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from hardware.scanner.cards.numbers import (
    CARD_NUMBER,
    OLD_CMND,
    PERSONAL_ID,
    SOCIAL_INSURANCE_CODE,
    compact,
    personal_id_warnings,
    read_card_number,
)
from hardware.scanner.cards.refusal import CardRefused
from protocol.nouns import Identity

Entry: TypeAlias = Literal["scan", "typed"]

_DIGITS = re.compile(r"[0-9]+")
_LONGEST_MISTYPED = 16
_NEARLY_PERSONAL_ID = re.compile(r"[0-9OIL]{11,13}|(?=.{12}$)[0-9]+[A-Z][0-9]*")
_NEARLY_CARD_NUMBER = re.compile(r"[A-Z]{2}[0-9OIL]{9,15}")
_PRINTABLE = re.compile(r"[!-~]{16,}")
_FEWEST_LETTERS = 12


def read_lone(text: str, entry: Entry) -> Identity:
    """``text`` without any separator. A scanned number proves less than a whole code: it is marked ``number_only``."""
    number = compact(text)
    read_by = ("number_only",) if entry == "scan" else ()
    if PERSONAL_ID.fullmatch(number):
        warnings = (*personal_id_warnings(number, None, None), *read_by)
        return Identity(document="typed_personal_id", personal_id=number, warnings=warnings)
    if OLD_CMND.fullmatch(number):
        return Identity(document="typed_cmnd", old_cmnd=number, warnings=("legacy_identifier", *read_by))
    if SOCIAL_INSURANCE_CODE.fullmatch(number):
        return Identity(document="typed_10_digits", digits=number, warnings=("ambiguous_identifier", *read_by))
    if CARD_NUMBER.fullmatch(number):
        found: list[str] = []
        parts = read_card_number(number, found)
        return Identity(
            document="typed_bhyt_15",
            card_no=parts.card_no,
            object_group=parts.object_group,
            benefit_level=parts.benefit_level,
            issuer_province=parts.issuer_province,
            bhxh_code=parts.bhxh_code,
            warnings=(*found, *read_by),
        )
    raise _refused(text, number, entry)


def is_opaque(text: str) -> bool:
    """Long, in one piece and without words: a code made by a program for a program, as apps show them."""
    return _PRINTABLE.fullmatch(text) is not None and sum(map(str.isalnum, text)) >= _FEWEST_LETTERS


def _refused(text: str, number: str, entry: Entry) -> CardRefused:
    if _DIGITS.fullmatch(number) and len(number) <= _LONGEST_MISTYPED:
        return CardRefused("incomplete" if len(number) < len("123456789") else "bad_id_number")
    if _NEARLY_PERSONAL_ID.fullmatch(number):
        return CardRefused("bad_id_number")
    if _NEARLY_CARD_NUMBER.fullmatch(number):
        return CardRefused("bad_card_number")
    if entry == "scan" and is_opaque(text):
        return CardRefused("opaque_code")
    return CardRefused("unrecognised")
