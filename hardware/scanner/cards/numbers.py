"""Personal numbers and insurance card numbers: their form, and what they tell of themselves. Pure.

Form of the personal number: Circular 07/2016/TT-BCA; it has no check digit. Groups of insured people: Decision
1351/QĐ-BHXH (2015) and later decrees that add more. Whatever these lists do not hold is a question for staff (a
warning), never a refusal: numbers are reissued, births are registered abroad, decrees come after releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware.scanner.cards.refusal import CardRefused
from protocol.nouns import Birth, Gender

PERSONAL_ID = re.compile(r"[0-9]{12}")
OLD_CMND = re.compile(r"[0-9]{9}")
SOCIAL_INSURANCE_CODE = re.compile(r"[0-9]{10}")
CARD_NUMBER = re.compile(r"([A-Z]{2})([1-5])([0-9]{2})([0-9]{10})")
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015]+")

_PROVINCE_CODES = """
001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040
042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084
086 087 089 091 092 093 094 095 096
"""
PROVINCES = frozenset(_PROVINCE_CODES.split())
"""Places of birth registration. The codes of merged provinces stay valid; never derive a present-day name from one."""

_GROUP_CODES = """
DN HX CH NN TK HC XK HT TB NO CT XB TN CS QN CA CY XN MS CC CK CB KC HD TE BT HN DT DK XD TS TC TQ TV TA TY HG
LS PV CN HS SV GB GD
"""
GROUPS = frozenset(_GROUP_CODES.split())


def compact(text: str) -> str:
    """A number as typed or printed in groups: without spaces, dots and dashes, in upper case."""
    return _SEPARATORS.sub("", text).upper()


def personal_id_warnings(number: str, birth: Birth | None, gender: Gender | None) -> list[str]:
    """What the 12 digits say (place, century and gender, year) against what the card says."""
    warnings = [] if number[:3] in PROVINCES else ["id_province_unknown"]
    century, odd = divmod(int(number[3]), 2)
    if gender in ("male", "female") and gender != ("female" if odd else "male"):
        warnings.append("id_gender_mismatch")
    if birth is not None and int(birth.value[:4]) != 1900 + 100 * century + int(number[4:6]):
        warnings.append("id_birth_year_mismatch")
    return warnings


@dataclass(frozen=True)
class CardNumber:
    """An insurance card's number taken apart; the parts exist only in the form of 15 characters."""

    card_no: str
    object_group: str | None = None
    benefit_level: int | None = None
    issuer_province: str | None = None
    bhxh_code: str | None = None
    personal_id: str | None = None


def read_card_number(text: str, warnings: list[str]) -> CardNumber:
    """15 characters, 10 digits (social-insurance code) or 12 digits (personal number, from August 2025)."""
    number = compact(text)
    if SOCIAL_INSURANCE_CODE.fullmatch(number):
        return CardNumber(number, bhxh_code=number)
    if PERSONAL_ID.fullmatch(number):
        return CardNumber(number, personal_id=number)
    parts = CARD_NUMBER.fullmatch(number)
    if parts is None:
        raise CardRefused("bad_card_number")
    group, level, province, code = parts.groups()
    if group not in GROUPS:
        warnings.append("object_group_unknown")
    return CardNumber(number, group, int(level), province, code)
