"""May this person take a ticket for this service now? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from protocol.nouns import Entry, Service
from queue_server.domain.keeping import Keeping
from queue_server.domain.opening import ClosedCode, Status

ACTIVE = frozenset({"waiting", "called", "not_here", "held"})
"""States in which a ticket is still good."""
GIVEN_AWAY: frozenset[ClosedCode] = frozenset(
    {"full_today", "full_this_hour", "full_for_class", "would_not_be_seen", "last_ticket_passed"}
)
"""The service takes people now, but no more than it has."""


@dataclass(frozen=True)
class Admitted:
    """A new ticket may be issued."""


@dataclass(frozen=True)
class AlreadyHeld:
    """The person has this entry; nothing new is issued. `returns` when being here again ends their absence."""

    entry: Entry
    returns: bool


@dataclass(frozen=True)
class NotAdmitted:
    """The refusal is ``now.code``; ``now.opens_at`` says when to come again."""

    now: Status


@dataclass(frozen=True)
class HeldBack:
    """The person does not come as their appointment says; the refusal is ``keeping.refusal``."""

    keeping: Keeping


Admission: TypeAlias = Admitted | AlreadyHeld | NotAdmitted | HeldBack


def would_refuse(
    service: Service, held_that_day: Sequence[Entry], then: Status, keeping: Keeping | None = None
) -> tuple[str, ...]:
    """Why nothing new would have been issued: flags of a ticket that was given without asking."""
    held_back = (keeping.refusal if keeping else None) or ""
    held = any(entry.service_id == service.service_id and entry.state in ACTIVE for entry in held_that_day)
    known = ("already_held", held), ("not_self_service", not service.self_service), (then.code or "", not then.open)
    return tuple(flag for flag, holds in (*known, (held_back, bool(held_back))) if holds)


def admit(service: Service, held_today: Sequence[Entry], now: Status, keeping: Keeping | None = None) -> Admission:
    """One active ticket per person, service and day. Who holds one keeps it, even when the service has closed since.

    Whose journey led through this service and is not over holds a number for it, wherever on the way they are.
    Who is on time for an appointment is promised a number: they are not refused because others took them all.
    """
    on_the_way = {
        entry.ticket_id for entry in held_today if entry.service_id == service.service_id and entry.step is not None
    }
    for entry in held_today:
        its = entry.service_id == service.service_id or entry.ticket_id in on_the_way
        if its and entry.state in ACTIVE:
            return AlreadyHeld(entry, returns=entry.state == "not_here")
    if keeping is not None and keeping.refusal is not None:
        return HeldBack(keeping)
    promised = keeping is not None and keeping.timing == "on_time" and now.code in GIVEN_AWAY
    return Admitted() if now.open or promised else NotAdmitted(now)
