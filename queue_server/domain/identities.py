"""What is known of a person once another of their documents is shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocol.nouns import Birth, Identity, Intake

_NUMBERS = ("personal_id", "old_cmnd", "bhxh_code", "digits")
_OF_THIS_DOCUMENT = frozenset({"document", "issue_date", "warnings"})
_OF_INSURANCE = (
    *("card_no", "object_group", "benefit_level", "issuer_province", "facility_code", "valid_from", "valid_to"),
    *("management_code", "parent_name", "living_area_raw", "five_years_from", "check_raw", "place_text"),
)
"""Belong to one insurance card: a new card's number never stands beside the old one's dates."""


@dataclass(frozen=True)
class Known:
    """Who somebody is, and whether the words came from a document that was read or were typed."""

    identity: Identity
    entered_by: Literal["scan", "typed"]

    @property
    def card_birth(self) -> Birth | None:
        """The birth date, if it was read from a card."""
        return self.identity.birth if _standing(self) == _CARD else None


_NUMBER_ONLY, _TYPED, _CARD = range(3)


def known_by(intake: Intake) -> Known:
    return Known(intake.identity, intake.entered_by)


def merged(known: Known, said: Known) -> Known:
    """What is known from now on. The same person must be meant.

    Whichever tells more stays: a card before typed words, these before a lone number. The other one only adds numbers
    that were not known. Between two of a kind, the newer one wins field by field.
    """
    before, now = _standing(known), _standing(said)
    if now < before:
        return Known(_with_numbers(known.identity, said.identity), known.entered_by)
    if now > before:
        return Known(_with_numbers(said.identity, known.identity), said.entered_by)
    return Known(_overlaid(known.identity, said.identity), said.entered_by)


def _standing(one: Known) -> int:
    if one.identity.document.startswith("typed_") or "number_only" in one.identity.warnings:
        return _NUMBER_ONLY
    return _CARD if one.entered_by == "scan" else _TYPED


def _with_numbers(identity: Identity, other: Identity) -> Identity:
    fields = _NUMBERS if identity.card_no else (*_NUMBERS, *_OF_INSURANCE)
    added = {name: getattr(other, name) for name in fields if getattr(identity, name) is None}
    return identity.model_copy(update=added)


def _overlaid(known: Identity, said: Identity) -> Identity:
    of_said = _OF_THIS_DOCUMENT.union(_OF_INSURANCE if said.card_no else ())
    kept = {
        name: getattr(known, name)
        for name in Identity.model_fields
        if name not in of_said and getattr(said, name) in (None, ())
    }
    if known.birth and said.birth and known.birth.value.startswith(said.birth.value):
        kept["birth"] = known.birth  # the older document told it to the day, this one the year
    return said.model_copy(update=kept)
