"""Why a code is not read: a stable name for machines and catalogues, and what the person can be offered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

RefusalCode: TypeAlias = Literal[
    "empty",
    "unrecognised",
    "incomplete",
    "bad_field_count",
    "bad_id_number",
    "bad_card_number",
    "bad_date",
    "birth_in_future",
    "bad_gender",
    "missing_name",
    "bad_hex",
    "bad_utf8",
    "mojibake",
    "lost_diacritics",
    "control_characters",
    "multiple_payloads",
    "url_not_accepted",
    "opaque_code",
    "unsupported_json",
    "unsupported_covid_qr",
    "payment_qr",
]

ASK_FOR_CARD_OR_STAFF = "ask_for_card_or_staff"
_FALLBACKS: dict[str, str] = {"opaque_code": ASK_FOR_CARD_OR_STAFF, "unsupported_json": ASK_FOR_CARD_OR_STAFF}


@dataclass(frozen=True)
class Refusal:
    """``field`` names the part at fault where several could be, ``recoverable`` tells of garbled text whether the
    original bytes can be computed back (it is refused all the same: healing is a guess about a person's name)."""

    code: RefusalCode
    field: str | None = None
    fallback: str | None = None
    recoverable: bool | None = None


class CardRefused(Exception):
    """Carries a refusal from the part that found the fault to ``read_card``, which returns it as a value."""

    def __init__(self, code: RefusalCode, field: str | None = None, recoverable: bool | None = None) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, field, _FALLBACKS.get(code), recoverable)
