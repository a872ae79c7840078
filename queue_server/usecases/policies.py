"""Changing how lines are ordered, and who in them has a right to priority."""

from __future__ import annotations

from protocol.frames import PolicyChanged, PriorityConfirmed
from protocol.nouns import Priority, Value
from protocol.policy import Policy
from protocol.requests import Acted, ChangePolicy, ConfirmPriority, Done
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import repository as store
from queue_server.store.rules import SITE, save_rule
from queue_server.usecases.at_room import looked_at
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.ordering import policies


class PolicyInForce(Value):
    service_id: str | None
    """None: of every service without a policy of its own."""
    policy: Policy
    own: bool
    """False: it follows the site, or the site follows the server's settings."""
    sentence: str = ""
    """The promise that it keeps, in the reader's language; filled by the endpoint."""


class Policies(Value):
    policies: tuple[PolicyInForce, ...]


def change_policy(change: Change, request: ChangePolicy) -> Done:
    """From the next call on the line follows it; nobody who was called is called back. Raises ``unknown_service``."""
    service_id = request.service_id
    site_id = change.site.site_id
    if service_id is not None and store.load_service(change.connection, site_id, service_id) is None:
        raise NotFound("unknown_service")
    was = policies(change).get(service_id or SITE)
    save_rule(change.connection, site_id, "policy", service_id or SITE, request.policy, change.now)
    frame = PolicyChanged(service_id=service_id, policy=request.policy, was=was)
    return Done(seq=change.journal(frame))


def policies_in_force(reading: Reading) -> Policies:
    """The site's policy, then that of each service."""
    known = policies(reading)
    of_site = known.get(SITE, reading.policy)
    services = store.load_services(reading.connection, reading.site.site_id)
    told = [PolicyInForce(service_id=None, policy=of_site, own=SITE in known)]
    for service in services:
        policy = known.get(service.service_id, of_site)
        own = service.service_id in known
        told.append(PolicyInForce(service_id=service.service_id, policy=policy, own=own))
    return Policies(policies=tuple(told))


def confirm_priority(change: Change, request: ConfirmPriority) -> Acted:
    """Confirm, grant or withdraw; the line has its new order at once.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move`` (called, or done with); Invalid
    ``proof_missing``.
    """
    entry, room = looked_at(change, request)
    if entry.state not in ("waiting", "not_here", "held"):
        raise Conflict("wrong_move", state=entry.state)
    withdrawn = request.priority_class == "normal"
    if withdrawn != (request.proof == "none"):
        raise Invalid("proof_missing")
    now = Priority() if withdrawn else Priority(priority_class=request.priority_class, status="confirmed")
    changed = entry.model_copy(update={"priority": now, "version": entry.version + 1})
    store.save_entry(change.connection, changed)
    frame = PriorityConfirmed(entry=changed, was=entry.priority, proof=request.proof, zone_id=room.zone_id)
    return Acted(entry=changed, seq=change.journal(frame))
