"""Somebody is done in a room, and goes on by the journey, or home."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from protocol.frames import TicketFinished, TicketSentOn
from protocol.journey import Journey
from protocol.nouns import Entry, Room
from protocol.requests import Acted, EntryAction, SendOn
from queue_server.auth.keys import new_id
from queue_server.domain import journey as rules
from queue_server.domain import lifecycle
from queue_server.domain.admission import ACTIVE
from queue_server.domain.assignment import least_busy
from queue_server.errors import Conflict
from queue_server.store import notes, people
from queue_server.store import repository as store
from queue_server.usecases.assigning import assign_room, is_pooled, room_loads
from queue_server.usecases.at_room import as_seen, day_is_over, looked_at, moved, room_of
from queue_server.usecases.change import Change
from queue_server.usecases.journeys import journey_of
from queue_server.usecases.overnight import kept_overnight

NOT_NEEDED = ("holds_another", "too_many_steps")
"""Refusals for which somebody who is finished does not go on: they hold a number there already, or have gone round
often enough. Staff who wish it in so many words are told."""


def send_on(change: Change, request: SendOn) -> Acted:
    """Done here, and waits for the next step; of several that were chosen, for the first.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move``, ``no_next_step``,
    ``step_not_offered``, ``next_step_closed``, ``holds_another``, ``too_many_steps``.
    """
    entry, room = looked_at(change, request)
    done = moved(lifecycle.finish, entry)
    journey = journey_of(change, entry)
    offer = rules.offer(journey, entry) if journey else None
    steps = request.steps or (offer.default if offer else ())
    if journey is None or offer is None or not steps:
        raise Conflict("no_next_step")
    if not offer.allows(steps):
        raise Conflict("step_not_offered")
    return _leave(change, done, room, (_go_on(change, entry, journey, steps, request.note),))


def end_visit(change: Change, request: EntryAction) -> Acted:
    """Done here, and no step follows. Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move``."""
    entry, room = as_seen(change, request)
    return _leave(change, moved(lifecycle.end_visit, entry), room)


def finish(change: Change, entry: Entry, room: Room) -> Acted:
    """Done here, and on to what the journey names next, if it names anything and the day of the number lasts.

    Raises Conflict ``wrong_move``, ``next_step_closed``: nobody leaves a room without knowing where to.
    """
    done = moved(lifecycle.finish, entry)
    journey = journey_of(change, entry)
    offer = rules.offer(journey, entry) if journey else None
    if journey is None or offer is None or not offer.default or day_is_over(change, entry):
        return _leave(change, done, room)
    try:
        sent = _go_on(change, entry, journey, offer.default)
    except Conflict as refused:
        if refused.code not in NOT_NEEDED:
            raise
        return _leave(change, done, room)
    return _leave(change, done, room, (sent,))


def check_holds_no_other(change: Change, entry: Entry, service_id: str, besides: Collection[str] = ()) -> None:
    """One active number per person, service and day; entries `besides` do not count. Raises ``holds_another``.

    A number kept overnight counts too: it belongs to another visit of the same person.
    """
    patient_id = people.patient_of_ticket(change.connection, entry.ticket_id)
    overnight = bool(kept_overnight(change))
    for other in store.entries_of_patient(change.connection, patient_id, change.day, overnight):
        if other.service_id == service_id and other.state in ACTIVE and other.entry_id not in besides:
            raise Conflict("holds_another", number=other.number)


def _leave(change: Change, done: Entry, room: Room, sends: tuple[int, ...] = ()) -> Acted:
    store.save_entry(change.connection, done, finished_at=change.at)
    seq = change.journal(TicketFinished(entry=done, sends=sends, zone_id=room.zone_id))
    return Acted(entry=done, seq=seq)


def _go_on(change: Change, entry: Entry, journey: Journey, steps: Sequence[str], note: str | None = None) -> int:
    """A new entry of the ticket at the first of `steps`; the number of the journal entry that tells of it."""
    entries = store.entries_of_ticket(change.connection, entry.ticket_id)
    if len(entries) >= rules.MOST_ENTRIES:
        raise Conflict("too_many_steps")
    first, *then = _ordered(change, journey, steps)
    step = journey.step(first)
    assert step is not None, "only steps that there are, are offered"
    back = rules.way_back(step, entries)
    service_id = back.service_id if back else rules.service_of(journey, step)
    check_holds_no_other(change, entry, service_id, {entry.entry_id})
    room = room_of(change, back.room_id) if back else None
    pooled = room is None and is_pooled(change, service_id)
    if room is None or not room.open or service_id not in room.service_ids:
        room = _some_room(change, service_id)
    there = {"entry_id": new_id(), "service_id": service_id, "room_id": room.room_id, "pooled": pooled}
    place = back.place if back else None
    after = lifecycle.go_on(entry, change.at, **there, place=place, step=first, then=tuple(then))
    store.insert_entry(change.connection, change.site.site_id, change.day, after)
    if note is not None:
        notes.keep(change.connection, after, note, change.now)
    frame = TicketSentOn(
        entry=after,
        from_entry_id=entry.entry_id,
        from_room_id=entry.room_id,
        room_number=room.number,
        zone_id=room.zone_id,
    )
    return change.journal(frame)


def _ordered(change: Change, journey: Journey, steps: Sequence[str]) -> tuple[str, ...]:
    if not journey.any_order or len(steps) < 2:
        return tuple(steps)
    loads = room_loads(change, change.day)
    minutes: dict[str, float] = {}
    for name in steps:
        step = journey.step(name)
        least = least_busy(rules.service_of(journey, step), loads) if step else None
        if least is not None:
            minutes[name] = least.minutes
    return rules.in_order(journey, steps, minutes)


def _some_room(change: Change, service_id: str) -> Room:
    try:
        return assign_room(change, service_id, change.day)
    except Conflict as refused:
        raise Conflict("next_step_closed", service_id=service_id) from refused
