"""Which priority a document proves by itself. Pure.

Law 15/2023/QH15, article 3(2): 75 years or older, and children under 6. Granted only when certain to the day; what a
document does not prove is granted by staff.
"""

from __future__ import annotations

from datetime import date

from hardware.scanner.cards import age_on
from protocol.nouns import Birth, Intake, Priority, PriorityClass

AGED_FROM = 75
CHILD_BELOW = 6


def by_age(birth: Birth | None, day: date, scanned: bool) -> Priority:
    """The class that the birth date gives on `day`. A date that was typed, not scanned, is declared, not proven."""
    found = _class(birth, day)
    if found == "normal":
        return Priority()
    return Priority(priority_class=found, status="proven" if scanned else "declared")


def on_arrival(
    intake: Intake, day: date, declared: PriorityClass | None = None, card_birth: Birth | None = None
) -> Priority:
    """What a document proves; else what the person told, to be confirmed by staff.

    `card_birth` is what a card of the same person told, now or on an earlier day. The law grants the place by proof of
    age, and the proof was read then: whoever later shows a lone number need not prove it again. A birth date that was
    only typed has never been proven, however long ago.
    """
    own = by_age(intake.identity.birth, day, intake.entered_by == "scan")
    by_document = by_age(card_birth, day, scanned=True) if card_birth else own
    if declared is None or by_document.priority_class != "normal":
        return by_document
    return Priority(priority_class=declared, status="declared")


def known_class(priority: Priority) -> PriorityClass:
    """The class that counts: one that was only declared counts as none."""
    return priority.priority_class if priority.status != "declared" else "normal"


def _class(birth: Birth | None, day: date) -> PriorityClass:
    if birth is None or birth.value > day.isoformat()[: len(birth.value)]:
        return "normal"
    youngest, oldest = age_on(birth, day)
    if youngest >= AGED_FROM:
        return "aged_75"
    return "child_under_6" if oldest < CHILD_BELOW else "normal"
