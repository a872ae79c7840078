"""Citizen identity cards: the chip card of 2021-2024 (7 fields) and the card from July 2024 (10 or more). Pure.

Order of fields: number, former 9-digit number, name, birth, gender, residence, issue date; then cancelled numbers,
father, mother. 8 or 9 fields fit neither card; they are refused, for a shifted column is a wrong person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from hardware.scanner.cards.dates import read_birth, read_date, read_day
from hardware.scanner.cards.numbers import OLD_CMND, PERSONAL_ID, personal_id_warnings
from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.cards.text import fold
from protocol.nouns import Gender, Identity

OLD_CARD_FIELDS = 7
NEW_CARD_FIELDS = 10
_GENDERS: dict[str, Gender] = {"nam": "male", "nu": "female", "khac": "unknown", "khong xac dinh": "unknown"}
_BETWEEN_NUMBERS = re.compile(r"\W+")


def is_gender(text: str) -> bool:
    return fold(text) in _GENDERS


def is_citizen_card(fields: Sequence[str]) -> bool:
    """By position: 12 digits, then a date in field 3 and a gender word in field 4."""
    return (
        len(fields) > 4
        and PERSONAL_ID.fullmatch(fields[0]) is not None
        and read_date(fields[3], "digits") is not None
        and is_gender(fields[4])
    )


def read_citizen_card(fields: Sequence[str], today: date) -> Identity:
    check_count(fields)
    warnings: list[str] = []
    if not any(map(str.isalpha, fields[2])):
        raise CardRefused("missing_name")
    birth = read_birth(fields[3], "digits", today, warnings)
    gender = read_gender(fields[4], warnings)
    issue_date = read_day(fields[6], "digits", "issue_date", warnings)
    old_cmnd = _old_number(fields[1], warnings)
    warnings += personal_id_warnings(fields[0], birth, gender)
    new = len(fields) >= NEW_CARD_FIELDS
    if any(fields[NEW_CARD_FIELDS:]):
        warnings.append("extra_fields")
    return Identity(
        document="can_cuoc_new" if new else "cccd_old",
        personal_id=fields[0],
        old_cmnd=old_cmnd,
        full_name=fields[2],
        birth=birth,
        gender=gender,
        address=_absent(fields[5]),
        issue_date=issue_date,
        cancelled_ids=tuple(filter(None, _BETWEEN_NUMBERS.split(fields[7]))) if new else (),
        father_name=_absent(fields[8]) if new else None,
        mother_name=_absent(fields[9]) if new else None,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def check_count(fields: Sequence[str]) -> None:
    count = len(fields)
    if count == OLD_CARD_FIELDS - 1 and is_gender(fields[3]):
        raise CardRefused("bad_field_count")  # a converted text without the place of the former number
    if count < OLD_CARD_FIELDS or (count == OLD_CARD_FIELDS and len(fields[6]) < len("yyyy")):
        raise CardRefused("incomplete")
    if OLD_CARD_FIELDS < count < NEW_CARD_FIELDS:
        raise CardRefused("bad_field_count")


def read_gender(text: str, warnings: list[str]) -> Gender:
    gender = _GENDERS.get(fold(text))
    if gender is None:
        raise CardRefused("bad_gender")
    if gender == "unknown":
        warnings.append("gender_unknown")
    return gender


def _old_number(text: str, warnings: list[str]) -> str | None:
    """9 digits; 12 on the last cards before the chip. Anything else is left out: the present number identifies."""
    number = _absent(text)
    if number is None or OLD_CMND.fullmatch(number) or PERSONAL_ID.fullmatch(number):
        return number
    warnings.append("old_cmnd_unreadable")
    return None


def _absent(text: str) -> str | None:
    """Empty; a lone hyphen, as insurance codes write it, is no name and no address either."""
    return None if text in ("", "-") else text
