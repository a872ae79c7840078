"""An action was a mistake: everything that it moved goes back to where it was, if nothing else has happened since.

The journal tells how each entry was before, so nothing else has to be kept for this.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.frames import ActionUndone, AnyFrame, TicketCalled, TicketTransferred
from protocol.nouns import Entry
from protocol.requests import Acted, Undo
from queue_server.domain import undo as rules
from queue_server.domain.admission import ACTIVE
from queue_server.errors import Conflict
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.store.journal import Line
from queue_server.usecases import overnight, sending_on
from queue_server.usecases.at_room import as_seen
from queue_server.usecases.change import Change

_NOT_COUNTED = ("", "chosen", "emergency")
"""Reasons of calls that no policy counts: recalls, emergencies, and chosen ones that overtook nobody."""


@dataclass(frozen=True)
class _Step:
    """One entry's way back."""

    line: Line
    frame: AnyFrame
    left: Entry
    """As it is now."""
    undone: ActionUndone


def undo(change: Change, request: Undo) -> Acted:
    """Take back the action that the journal entry `seq` tells of; calling somebody also finished who was inside.

    Raises NotFound ``unknown_entry``; Conflict ``stale_version``, ``not_undoable``, ``undo_too_late``,
    ``changed_since``, ``room_occupied``, ``holds_another``. Then nothing changed.
    """
    entry, _ = as_seen(change, request)
    line = journal.one(change.connection, change.site.site_id, request.seq)
    if line is None or line.entry_id != entry.entry_id:
        raise Conflict("not_undoable")
    refused = rules.refusal(line.frame, change.at - line.at)
    if refused is not None:
        raise Conflict(refused)
    steps = _steps(change, line)
    _check_rooms(change, steps)
    _check_people(change, steps)
    first, *_ = [_take_back(change, step) for step in steps]
    return first


def _steps(change: Change, line: Line) -> list[_Step]:
    """The way back of its entry, and of all that were moved with it."""
    steps = [_step(change, line)]
    for seq in rules.taken_with_it(line.frame):
        steps += _steps(change, _line(change, seq))
    return steps


def take_back_those_who_can(change: Change, seqs: tuple[int, ...]) -> tuple[int, ...]:
    """Take back what these journal entries tell of, each for itself, where nothing else has happened since."""
    back: list[int] = []
    for seq in seqs:
        try:
            step = _step(change, _line(change, seq))
        except Conflict:  # called, held or sent on meanwhile: that stands
            continue
        back.append(_take_back(change, step).seq)
    return tuple(back)


def _line(change: Change, seq: int) -> Line:
    line = journal.one(change.connection, change.site.site_id, seq)
    if line is None:
        raise Conflict("not_undoable")
    return line


def _step(change: Change, line: Line) -> _Step:
    frame = line.frame
    left = getattr(frame, "entry", None)
    if frame is None or not isinstance(left, Entry):
        raise Conflict("not_undoable")
    now = store.load_entry(change.connection, change.site.site_id, left.entry_id)
    if now is None or now.version != left.version:
        raise Conflict("changed_since", number=left.number)
    earlier = journal.before(change.connection, change.site.site_id, left.entry_id, line.seq)
    before = rules.was(frame, getattr(earlier.frame, "entry", None) if earlier else None)
    if not isinstance(before, Entry):  # the journal of a newer program, or a frame of before the first line
        raise Conflict("not_undoable")
    return _Step(line, frame, now, rules.undone(frame, line.seq, before, now, frame.zone_id))


def _check_rooms(change: Change, steps: list[_Step]) -> None:
    """Nobody is put back into a room where somebody else is by now."""
    going = {step.undone.entry.entry_id for step in steps}
    for entry in (step.undone.entry for step in steps):
        if entry.state != "called":
            continue
        day = store.day_of_entry(change.connection, entry.entry_id)
        if overnight.is_carried_late(change, entry, day):
            day = change.today
        inside = store.entries_of_day(change.connection, change.site.site_id, day, ("called",), entry.room_id)
        if any(other.entry_id not in going for other in inside):
            raise Conflict("room_occupied", room_id=entry.room_id)


def _check_people(change: Change, steps: list[_Step]) -> None:
    """Nobody gets back a number for a service for which they have taken another by now."""
    going = {step.undone.entry.entry_id for step in steps}
    for step in steps:
        entry, left = step.undone.entry, step.left
        held = left.state in ACTIVE and left.service_id == entry.service_id
        if entry.state in ACTIVE and not held:
            sending_on.check_holds_no_other(change, entry, entry.service_id, going)


def _earlier_calls(change: Change, entry: Entry, seq: int) -> dict[str, object]:
    """What the store kept of the entry's calls in its room before the one with number `seq`, for the policy's bound."""
    kept: dict[str, object] = {"overtook": False, "turn_at": None, "first_called_at": None}
    site_id = change.site.site_id
    line = journal.before(change.connection, site_id, entry.entry_id, seq)
    while line is not None and entry.calls > 0:
        frame = line.frame
        if isinstance(frame, TicketTransferred):  # calls in another room
            break
        if isinstance(frame, TicketCalled):
            kept["first_called_at"] = line.at
            if kept["turn_at"] is None and (frame.overtook or frame.reason not in _NOT_COUNTED):
                kept |= {"overtook": frame.overtook, "turn_at": line.at}
        earlier = frame.undone_seq if isinstance(frame, ActionUndone) else line.seq
        line = journal.before(change.connection, site_id, entry.entry_id, earlier)
    return kept


def _take_back(change: Change, step: _Step) -> Acted:
    """Past midnight, who has a place again in a line that is kept overnight gets it in the line of today."""
    entry = step.undone.entry
    forgotten: dict[str, object] = {} if entry.state == "finished" else {"finished_at": None}
    if isinstance(step.frame, (TicketCalled, TicketTransferred)):
        forgotten |= _earlier_calls(change, entry, step.line.seq)
    store.save_entry(change.connection, entry, **forgotten)
    seq = change.journal(step.undone)
    day = store.day_of_entry(change.connection, entry.entry_id)
    return Acted(entry=overnight.carry_late(change, entry, day), seq=seq)
