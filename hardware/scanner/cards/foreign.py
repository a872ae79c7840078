"""Codes that people hold to the reader and that are no card: web addresses, payment, JSON, health passes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hardware.scanner.cards.dates import read_date
from hardware.scanner.cards.insurance import is_hex
from hardware.scanner.cards.numbers import PERSONAL_ID
from hardware.scanner.cards.refusal import CardRefused

_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,30}://"  # any scheme, an app's own too
    r"|(?:mailto|tel|sms|smsto|geo|javascript|data|intent|market|zalo|urlto):"
    r"|www\."
    r"|(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,18}(?::[0-9]{1,5})?(?:[/?#]|$)",  # zalo.me/..., example.vn
    re.IGNORECASE,
)
_JSON = re.compile(r'\{|\[\s*(?:[\[{"\]]|-?[0-9]|(?:true|false|null)\b)')
_OTHER_FORMATS = re.compile(r"(?:WIFI|MECARD|BIZCARD|BEGIN|MATMSG):", re.IGNORECASE)
_SIGNED_TEXT = "eyJ"  # a JSON web token: base64 of {"
_PAYMENT = "000201"  # EMVCo merchant-presented code, payload format indicator
_EU_HEALTH_CERTIFICATE = "HC1:"
_LONGEST_PERSONAL_ID = 15


def refuse_foreign(text: str) -> None:
    """Names what it is, so that the kiosk can say it. Nothing is ever opened or followed."""
    if text.startswith(_SIGNED_TEXT) and "|" not in text:
        return
    if text.startswith(_EU_HEALTH_CERTIFICATE):
        raise CardRefused("unsupported_covid_qr")
    if _ADDRESS.match(text):
        raise CardRefused("url_not_accepted")
    if _OTHER_FORMATS.match(text):
        raise CardRefused("unrecognised")
    if _JSON.match(text):
        raise CardRefused("unsupported_json")
    if text.startswith(_PAYMENT) and len(text) > _LONGEST_PERSONAL_ID and "|" not in text[:_LONGEST_PERSONAL_ID]:
        raise CardRefused("payment_qr")


def is_covid_pass(fields: Sequence[str]) -> bool:
    """``number|NAME|1990-05-17|0|id|...``: the gender digit makes it look like insurance, the plain name does not."""
    if not 4 <= len(fields) <= 9 or fields[3] not in ("0", "1", "2") or any("$" in field for field in fields):
        return False
    number, name, birth = fields[:3]
    iso_birth = len(birth) == len("1990-05-17") and birth[4:5] == "-" and read_date(birth, "digits") is not None
    plain_name = any(map(str.isalpha, name)) and not is_hex(name)
    return iso_birth or (plain_name and (not number or PERSONAL_ID.fullmatch(number) is not None))
