"""Which advice belongs to which stable code: many faults have one remedy for the person at the reader. Pure."""

from __future__ import annotations

_GROUPS: dict[str, tuple[str, ...]] = {
    "payment": ("payment_qr",),
    "app_code": ("opaque_code", "unsupported_json"),
    "link": ("url_not_accepted",),
    "covid": ("unsupported_covid_qr",),
    "several": ("multiple_payloads",),
    "unclear": ("empty", "incomplete", "bad_field_count", "bad_hex", "bad_utf8", "mojibake", "lost_diacritics"),
    "faulty": (
        "bad_id_number",
        "bad_card_number",
        "bad_date",
        "birth_in_future",
        "bad_gender",
        "missing_name",
        "control_characters",
    ),
    "glare": ("glare", "too_bright"),
    "far": ("too_far", "too_small"),
    "dark": ("too_dark",),
    "moving": ("blurred", "moving"),
}
_GROUP_OF = {code: group for group, codes in _GROUPS.items() for code in codes}
REFUSAL_GROUPS = (*_GROUPS, "unknown")

_NOT_NOW = ("not_open_now", "last_ticket_passed", "would_not_be_seen", "full_today", "full_this_hour")
"""Closed for a while; from when on it is open again stands on the service's tile."""
_REFUSED = ("service_closed", "no_open_room", "unknown_service")


def refusal_group(code: str) -> str:
    """Group of advice for a code that the card reader refused; ``unknown`` for any other."""
    return _GROUP_OF.get(code, "unknown")


def refused_code(code: str) -> str:
    """Which explanation to show when the server refused a ticket."""
    if code in _NOT_NOW:
        return "service_closed"
    return code if code in _REFUSED else "other"
