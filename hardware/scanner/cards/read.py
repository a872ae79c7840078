"""From what was scanned or typed to a person or a named refusal. Pure: ``(raw, entry, today) -> value``.

Told apart by position of the fields: insurance has one digit 0-3 in field 3 or a ``$``; an identity card has 12 digits
in field 0, a date in field 3 and a gender word in field 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from hardware.scanner.cards.citizen import is_citizen_card, is_gender, read_citizen_card
from hardware.scanner.cards.dates import read_date
from hardware.scanner.cards.documents import FIELDS
from hardware.scanner.cards.foreign import is_covid_pass, refuse_foreign
from hardware.scanner.cards.insurance import is_hex, is_insurance, read_insurance
from hardware.scanner.cards.lone import Entry, is_opaque, read_lone
from hardware.scanner.cards.numbers import CARD_NUMBER, PERSONAL_ID, SOCIAL_INSURANCE_CODE, compact
from hardware.scanner.cards.refusal import CardRefused, Refusal
from hardware.scanner.cards.text import check_controls, check_undamaged, framed, tidy
from protocol.nouns import Identity

_WHOLE_DATE = re.compile(r"[0-9]{8}")
_LINE_ENDS = re.compile(r"[\r\n]+")
_STARTS_A_CODE = re.compile(r"\s*(?:\][A-Za-z][0-9])?(?:[0-9]{9,12}|[A-Z]{2}[1-5][0-9]{12})(?![0-9])")
_ENDS_WITH_A_NUMBER = re.compile(r".*(?:[0-9]{10}|[A-Z]{2}[1-5][0-9]{12})", re.DOTALL)
_FEWEST_SEPARATORS = 6
_LIKE_A_NUMBER = re.compile(r"(?=[0-9OIL]*[0-9]{6})[0-9OIL]{9,15}", re.IGNORECASE)


def read_card(raw: bytes | str, entry: Entry, today: date) -> Identity | Refusal:
    """``raw`` as the scanner sent it (bytes are strict UTF-8) or as typed. Any input at all has an answer."""
    try:
        return _read(raw, entry, today)
    except CardRefused as refused:
        return refused.refusal


def answer(raw: bytes | str, entry: Entry, today: date) -> dict[str, object]:
    """The same as a plain table, as ``read-card`` prints it: every field the document has, null where it is absent."""
    read = read_card(raw, entry, today)
    if isinstance(read, Refusal):
        return refusal_answer(read)
    told = read.model_dump(mode="json")
    return {
        "ok": True,
        "document": read.document,
        "fields": {field: told[field] for field in FIELDS[read.document]},
        "warnings": told["warnings"],
    }


def refusal_answer(refusal: Refusal) -> dict[str, object]:
    told: dict[str, object] = {"ok": False, "error": refusal.code}
    more = {"field": refusal.field, "fallback": refusal.fallback, "recoverable": refusal.recoverable}
    return told | {key: value for key, value in more.items() if value is not None}


def _read(raw: bytes | str, entry: Entry, today: date) -> Identity:
    text = framed(raw)
    refuse_foreign(text)
    _refuse_several_lines(text)
    check_controls(text)
    if "|" not in text:
        return read_lone(tidy(text), entry)
    check_undamaged(text)
    fields = [tidy(field) for field in text.split("|")]
    if _another_begins(fields):
        raise CardRefused("multiple_payloads")
    if is_citizen_card(fields):
        return read_citizen_card(fields, today)
    if is_covid_pass(fields):
        raise CardRefused("unsupported_covid_qr")
    if is_insurance(fields):
        return read_insurance(fields, today)
    return _read_unclear(fields, entry, today)


def _read_unclear(fields: Sequence[str], entry: Entry, today: date) -> Identity:
    """Not whole by position: say which part is wrong, as far as the rest tells what it was meant to be."""
    number = compact(fields[0])
    if PERSONAL_ID.fullmatch(number):
        return read_citizen_card([number, *fields[1:]], today)
    genders = [place for place, field in enumerate(fields) if place and is_gender(field)]
    birth_and_gender = any(read_date(fields[place - 1], "digits") for place in genders)
    if len(fields) < 7:
        tail = any(_WHOLE_DATE.fullmatch(field) and read_date(field, "digits") for field in fields)
        if birth_and_gender or tail or CARD_NUMBER.fullmatch(number) or SOCIAL_INSURANCE_CODE.fullmatch(number):
            raise CardRefused("incomplete")
    elif birth_and_gender or genders == [4] or _LIKE_A_NUMBER.fullmatch(number):
        raise CardRefused("bad_id_number")
    raise CardRefused("opaque_code" if entry == "scan" and is_opaque("|".join(fields)) else "unrecognised")


def _refuse_several_lines(text: str) -> None:
    lines = [line for line in _LINE_ENDS.split(text) if line.strip()]
    if len(lines) > 1:
        codes = sum(1 for line in lines if _STARTS_A_CODE.match(line) or line.count("|") >= _FEWEST_SEPARATORS)
        raise CardRefused("multiple_payloads" if codes > 1 else "control_characters")


def _another_begins(fields: Sequence[str]) -> bool:
    """Two scans glued together: a second number ends some field, and its own card follows from there."""
    for place in range(1, len(fields) - 4):
        if fields[place][-1:] in "0123456789" and _ENDS_WITH_A_NUMBER.fullmatch(fields[place]):
            citizen = read_date(fields[place + 3], "digits") is not None and is_gender(fields[place + 4])
            insurance = fields[place + 3] in ("0", "1", "2", "3") and is_hex(fields[place + 1])
            if citizen or insurance:
                return True
    return False
