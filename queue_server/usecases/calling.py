"""Staff call people into a room, and say what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.frames import TicketCalled, TicketNotHere
from protocol.nouns import ChosenReason, Entry, Room
from protocol.requests import Acted, CallChosen, CallNext, EntryAction
from queue_server.domain import lifecycle
from queue_server.domain.calling import CallingRules, has_not_come, recall_refusal
from queue_server.domain.order import seniority
from queue_server.errors import Conflict
from queue_server.store import repository as store
from queue_server.usecases import holding, overnight, rooms, sending_on
from queue_server.usecases.at_room import as_seen, in_room, looked_at, moved, room_of, waiting_for
from queue_server.usecases.change import Change, Reading
from queue_server.usecases.ordering import Turn, next_in_room


@dataclass(frozen=True)
class _Chosen:
    """Somebody was called out of turn."""

    reason: ChosenReason
    role: str
    overtook: bool


def call_next(change: Change, request: CallNext) -> Acted:
    """Call whoever is next in the room; whoever was inside is finished by that, as with one key at a door.

    Who is on a journey goes on to what it names next.
    Raises NotFound ``unknown_room``; Conflict ``nobody_waiting``, ``next_step_closed`` (then nothing changed at all).
    """
    room = room_of(change, request.room_id)
    overnight.carry_over(change)
    holding.return_due(change)
    turn = next_in_room(change, room, waiting_for(change, room))
    if turn is None:
        raise Conflict("nobody_waiting", room_id=room.room_id)
    rooms.end_pause(change, room)
    return _call(change, turn.choice.entry, room, turn, closes=_clear(change, room))


def call_chosen(change: Change, request: CallChosen, role: str) -> Acted:
    """Call somebody who waits or is held, whoever is next; whoever was inside is finished by that.

    Going before somebody who came earlier counts for the bound of the policy, so that nobody is passed over for ever.
    Raises NotFound ``unknown_entry``, ``unknown_room``; Conflict ``stale_version``, ``wrong_move``, ``waits_elsewhere``
    (not for the room that calls), ``next_step_closed``.
    """
    entry, room = looked_at(change, request)
    if request.room_id is not None and request.room_id != room.room_id:
        room = room_of(change, request.room_id)
        if not (entry.pooled and room.open and entry.service_id in room.service_ids):
            raise Conflict("waits_elsewhere", room_id=entry.room_id)
    if entry.state not in ("waiting", "held"):
        raise Conflict("wrong_move", state=entry.state)
    rooms.end_pause(change, room)
    overtook = any(seniority(other) < seniority(entry) for other in waiting_for(change, room))
    return _call(change, entry, room, None, _clear(change, room), _Chosen(request.reason, role, overtook))


def recall(change: Change, request: EntryAction, rules: CallingRules = CallingRules()) -> Acted:
    """Call again: the one who is called; or one who was not here or held and now is, while nobody else is inside.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move``, ``room_occupied``, ``recall_limit``,
    ``recall_too_soon``.
    """
    entry, room = looked_at(change, request)
    refused = recall_refusal(entry, change.at, rules)
    if refused is not None:
        raise Conflict(refused)
    if entry.state in ("not_here", "held") and in_room(change, room, "called"):
        raise Conflict("room_occupied", room_id=room.room_id)
    if entry.state == "waiting":
        raise Conflict("wrong_move", state=entry.state)
    return _call(change, entry, room, turn=None)


def not_here(change: Change, request: EntryAction) -> Acted:
    """Called and did not come. The number stays good: scanning again puts them back in the line."""
    return _not_here(change, *looked_at(change, request))


def any_absent(reading: Reading, rules: CallingRules) -> bool:
    """Somebody is not here by the hospital's rule."""
    return bool(_absent(reading, rules))


def mark_absent(change: Change, rules: CallingRules) -> int:
    """Mark everybody as not here who by the hospital's rule is not; how many there were."""
    absent = _absent(change, rules)
    for entry in absent:
        _not_here(change, entry, room_of(change, entry.room_id), by_rule=True)
    return len(absent)


def _absent(reading: Reading, rules: CallingRules) -> list[Entry]:
    if rules.not_here_after is None:
        return []
    called = store.entries_of_day(reading.connection, reading.site.site_id, reading.today, ("called",))
    return [entry for entry in called if has_not_come(entry, reading.now, rules)]


def _not_here(change: Change, entry: Entry, room: Room, by_rule: bool = False) -> Acted:
    after = moved(lifecycle.mark_not_here, entry)
    store.save_entry(change.connection, after)
    frame = TicketNotHere(entry=after, zone_id=room.zone_id, by_rule=by_rule)
    return Acted(entry=after, seq=change.journal(frame))


def finish(change: Change, request: EntryAction) -> Acted:
    """Done in this room; who is on a journey goes on to what it names next. Possible after midnight too.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``wrong_move``, ``next_step_closed``.
    """
    return sending_on.finish(change, *as_seen(change, request))


def _clear(change: Change, room: Room) -> tuple[int, ...]:
    """Whoever is inside is finished; the numbers of the journal entries that tell of it."""
    return tuple(sending_on.finish(change, inside, room).seq for inside in in_room(change, room, "called"))


def _call(
    change: Change,
    entry: Entry,
    room: Room,
    turn: Turn | None,
    closes: tuple[int, ...] = (),
    chosen: _Chosen | None = None,
) -> Acted:
    after = moved(lambda known: lifecycle.call(known, change.at, room.room_id), entry)
    columns: dict[str, object] = {"first_called_at": change.at} if entry.calls == 0 else {}
    if turn is not None:
        columns |= turn.columns(change.at)
    elif chosen is not None and chosen.overtook:
        columns |= {"overtook": True, "turn_at": change.at}
    store.save_entry(change.connection, after, **columns)
    service = store.load_service(change.connection, change.site.site_id, entry.service_id)
    assert service is not None, "an entry always has its service"
    frame = TicketCalled(
        entry=after,
        room_number=room.number,
        service_names=service.names,
        closes=closes,
        zone_id=room.zone_id,
        reason=turn.choice.reason if turn else "chosen" if chosen else "",
        rule=turn.policy.rule if turn else "",
        overtook=turn.choice.overtook if turn else chosen is not None and chosen.overtook,
        chosen_reason=chosen.reason if chosen else None,
        by_role=chosen.role if chosen else "",
        from_pool=entry.pooled,
    )
    return Acted(entry=after, seq=change.journal(frame))
