"""Health insurance (BHYT) codes of paper cards and of the VssID app. Pure.

Fields: card number, name, birth, gender, address, facility of first registration, valid from, valid to, issue date;
longer codes go on with management code, parent's name, living area, date of five continuous years, check text,
benefit level, issuing place; ``$`` ends the code and a lone hyphen means absent. Names, addresses and places are the
hex of UTF-8. The benefit level is not an entitlement: nothing may announce a percentage from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from hardware.scanner.cards.citizen import is_gender, read_gender
from hardware.scanner.cards.dates import read_birth, read_date, read_day
from hardware.scanner.cards.numbers import CardNumber, personal_id_warnings, read_card_number
from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.cards.text import check_controls, check_undamaged, tidy
from protocol.nouns import DocumentKind, Gender, Identity

TERMINATOR = "$"
SHORTEST = 9
LONGEST = 16
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_FACILITY = re.compile(r"[0-9]{2} ?[-\u2010-\u2015] ?[0-9A-Za-z]{3}")
_DASHES = re.compile(r"[\s\-\u2010-\u2015]+")
_GENDERS: dict[str, Gender] = {"1": "male", "2": "female"}
_KINDS: dict[int, DocumentKind] = {15: "bhyt_15", 12: "bhyt_12", 10: "bhyt_10"}


def is_insurance(fields: Sequence[str]) -> bool:
    """By position: one digit 0-3 in field 3, or the terminator anywhere. Never by a hex test: a former 9-digit number
    in field 1 of an identity card is hex too."""
    return (len(fields) > 3 and fields[3] in ("0", "1", "2", "3")) or any(TERMINATOR in field for field in fields)


def is_hex(text: str) -> bool:
    return _HEX.fullmatch(text) is not None


def read_insurance(fields: Sequence[str], today: date) -> Identity:
    fields = _without_terminator(fields)
    warnings: list[str] = []
    number = _number(fields, warnings)
    if len(fields) < SHORTEST:
        raise CardRefused("bad_field_count")
    if any(fields[LONGEST:]):
        warnings.append("extra_fields")
    fields = [*fields, *[""] * (LONGEST - len(fields))]
    name = _hex_text(fields[1], "full_name")
    if name is None or not any(map(str.isalpha, name)):
        raise CardRefused("missing_name")
    birth = read_birth(fields[2], "slashes", today, warnings)
    gender = _gender(fields[3], warnings)
    if number.personal_id:
        warnings += personal_id_warnings(number.personal_id, birth, gender)
    days = {
        field: read_day(fields[place], "slashes", field, warnings)
        for field, place in (("valid_from", 6), ("valid_to", 7), ("issue_date", 8), ("five_years_from", 12))
    }
    if days["valid_from"] and days["valid_to"] and days["valid_to"] < days["valid_from"]:
        warnings.append("validity_reversed")
    parts = asdict(number) | days | _plain(fields, number, warnings)
    return Identity(
        document=_KINDS[len(number.card_no)],
        full_name=name,
        birth=birth,
        gender=gender,
        warnings=tuple(dict.fromkeys(warnings)),
        **parts,
    )


def _without_terminator(fields: Sequence[str]) -> list[str]:
    """A code without its end was cut off; whatever follows the end is another scan."""
    text = "|".join(fields)
    before, end, after = text.partition(TERMINATOR)
    if not end:
        raise CardRefused("incomplete")
    if after.strip("|"):
        raise CardRefused("multiple_payloads")
    return before.removesuffix("|").split("|")


def _number(fields: Sequence[str], warnings: list[str]) -> CardNumber:
    try:
        return read_card_number(fields[0], warnings)
    except CardRefused:
        if read_date(fields[0], "slashes") or any(_FACILITY.fullmatch(field) for field in fields[:5]):
            raise CardRefused("incomplete") from None  # the tail of a code that was cut in two
        raise


def _plain(fields: Sequence[str], number: CardNumber, warnings: list[str]) -> dict[str, object]:
    """The fields that need no calendar."""
    facility = _DASHES.sub("", fields[5]).upper() or None
    if facility and len(facility) != 5:
        warnings.append("facility_code_unusual")
    return {
        "address": _hex_text(fields[4], "address"),
        "facility_code": facility,
        "management_code": _absent(fields[9]),
        "parent_name": _hex_text(fields[10], "parent_name"),
        "living_area_raw": _absent(fields[11]),
        "check_raw": _absent(fields[13]),
        "benefit_level": _benefit_level(fields[14], number, warnings),
        "place_text": _hex_text(fields[15], "place_text"),
    }


def _absent(text: str) -> str | None:
    return None if text in ("", "-") else text


def _hex_text(text: str, field: str) -> str | None:
    text = text.replace(" ", "")
    if _absent(text) is None:
        return None
    if not is_hex(text):
        raise CardRefused("bad_hex", field=field)
    try:
        words = bytes.fromhex(text).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise CardRefused("bad_utf8", field=field) from None
    check_controls(words)
    check_undamaged(words)
    return _absent(tidy(words))


def _gender(text: str, warnings: list[str]) -> Gender:
    if text in _GENDERS:
        return _GENDERS[text]
    if is_gender(text):
        return read_gender(text, warnings)
    if text in ("", "-") or (len(text) == 1 and text in "0123456789"):
        warnings.append("gender_unknown")
        return "unknown"
    raise CardRefused("bad_gender")


def _benefit_level(text: str, number: CardNumber, warnings: list[str]) -> int | None:
    """The digit inside a number of 15 characters is the printed one; shorter numbers carry it in field 14."""
    written = int(text) if text in ("1", "2", "3", "4", "5") else None
    if (_absent(text) and written is None) or (written and number.benefit_level not in (None, written)):
        warnings.append("benefit_level_unclear")
    return number.benefit_level or written
