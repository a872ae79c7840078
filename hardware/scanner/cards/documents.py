"""Which fields each kind of document has: one table, used to answer and to test. Pure."""

from __future__ import annotations

from protocol.nouns import DocumentKind

_CITIZEN = ("personal_id", "old_cmnd", "full_name", "birth", "gender", "address", "issue_date")
_CARD_NUMBER = ("card_no", "object_group", "benefit_level", "issuer_province", "bhxh_code")
_INSURANCE = (
    *_CARD_NUMBER,
    *("full_name", "birth", "gender", "address", "facility_code", "valid_from", "valid_to", "issue_date"),
    *("management_code", "parent_name", "living_area_raw", "five_years_from", "check_raw", "place_text"),
)

FIELDS: dict[DocumentKind, tuple[str, ...]] = {
    "cccd_old": _CITIZEN,
    "can_cuoc_new": (*_CITIZEN, "cancelled_ids", "father_name", "mother_name"),
    "bhyt_15": _INSURANCE,
    "bhyt_12": (*_INSURANCE, "personal_id"),
    "bhyt_10": _INSURANCE,
    "typed_personal_id": ("personal_id",),
    "typed_cmnd": ("old_cmnd",),
    "typed_10_digits": ("digits",),
    "typed_bhyt_15": _CARD_NUMBER,
}
