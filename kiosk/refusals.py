"""Which advice belongs to which stable code: many faults have one remedy for the person at the kiosk. Pure."""

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

_REFUSED: dict[str, tuple[str, ...]] = {
    "service_closed": ("service_closed",),
    "not_open_now": ("not_open_now",),
    "last_ticket": ("last_ticket_passed",),
    "no_time_left": ("would_not_be_seen",),
    "full_today": ("full_today",),
    "full_this_hour": ("full_this_hour",),
    "full_for_class": ("full_for_class",),
    "full_for_person": ("full_for_person",),
    "no_open_room": ("no_open_room",),
    "unknown_service": ("unknown_service",),
    "not_self_service": ("not_self_service",),
    "doctor_gone": ("wanted_room_closed", "room_without_service", "unknown_room"),
    "appointment_early": ("appointment_early",),
    "appointment_late": ("appointment_late",),
    "appointment_other_day": ("appointment_other_day",),
    "appointment_elsewhere": ("appointment_elsewhere",),
    "card": ("bad_identity",),
    "kiosk": ("no_key", "unknown_key", "device_revoked", "wrong_role"),
    "fault": (
        "invalid_request",
        "invalid_value",
        "request_id_taken",
        "body_too_large",
        "request_too_slow",
        "not_json",
        "not_found",
        "method_not_allowed",
        "internal",
    ),
}
_REFUSED_OF = {code: text for text, codes in _REFUSED.items() for code in codes}
REFUSED_TEXTS = (*_REFUSED, "other")

_NOT_SWITCHED: dict[str, tuple[str, ...]] = {
    "closed": ("wanted_room_closed", "room_without_service", "unknown_room"),
    "no_offer": ("no_offer", "day_over"),
    "changed": ("stale_version", "unknown_entry", "unknown_ticket"),
    "fault": (*_REFUSED["kiosk"], *_REFUSED["fault"]),
}
_NOT_SWITCHED_OF = {code: text for text, codes in _NOT_SWITCHED.items() for code in codes}
NOT_SWITCHED_TEXTS = (*_NOT_SWITCHED, "other")


def refusal_group(code: str) -> str:
    """Group of advice for a code that the card reader refused; ``unknown`` for any other."""
    return _GROUP_OF.get(code, "unknown")


def refused_text(code: str) -> str:
    """Which explanation to show when the server refused a ticket; ``other`` for a code of a newer server."""
    return _REFUSED_OF.get(code, "other")


def not_switched_text(code: str) -> str:
    """Which explanation to show when the server refused the quicker room."""
    return _NOT_SWITCHED_OF.get(code, "other")


def room_is_unsure(code: str) -> bool:
    """The number was called or moved meanwhile: the room on the ticket may not be where it waits now."""
    return not_switched_text(code) == "changed"
