"""The moves that an entry may make. Pure: each takes the entry as it is and gives it as it is afterwards.

waiting → called → finished
          called → called      (recall)
          called → not_here → waiting   (came back and scanned again)
                    not_here → called   (came to the door)
waiting, called → held → waiting, called   (set aside for a while)
waiting, not_here, held → cancelled

Besides these, what was done by mistake is restored as it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.nouns import Entry, EntryState, HoldReason

MOVES: dict[EntryState, frozenset[EntryState]] = {
    "waiting": frozenset({"called", "held", "cancelled"}),
    "called": frozenset({"called", "not_here", "held", "finished"}),
    "not_here": frozenset({"waiting", "called", "cancelled"}),
    "held": frozenset({"waiting", "called", "cancelled"}),
    "finished": frozenset(),
    "cancelled": frozenset(),
}


_NOT_HELD: dict[str, object] = {"held_reason": None, "held_until": None}


class WrongMove(Exception):
    """An entry cannot go from this state to that one."""

    def __init__(self, now: EntryState, wanted: EntryState) -> None:
        super().__init__(f"{now} -> {wanted}")
        self.now = now
        self.wanted = wanted


def may(entry: Entry, wanted: EntryState) -> bool:
    return wanted in MOVES[entry.state]


def call(entry: Entry, at: datetime, room_id: str | None = None) -> Entry:
    """Called for the first time, or again. Who waited in a pool belongs to `room_id` from now on. Raises WrongMove."""
    recalls = entry.recalls + 1 if entry.state == "called" else 0
    there: dict[str, object] = {"room_id": room_id or entry.room_id, "pooled": False, **_NOT_HELD}
    return _moved(entry, "called", called_at=at, calls=entry.calls + 1, recalls=recalls, **there)


def mark_not_here(entry: Entry) -> Entry:
    """Called and did not come. Raises WrongMove."""
    return _moved(entry, "not_here")


def come_back(entry: Entry, place: datetime | None = None) -> Entry:
    """Was not here, is here now, and waits again; at `place`, else where they stood before. Raises WrongMove."""
    given: dict[str, object] = {} if place is None else {"place": place, "appointment": None}
    return _moved(entry, "waiting", **given)


def hold(entry: Entry, reason: HoldReason, until: datetime | None) -> Entry:
    """Set aside for a while; with `until`, no longer than that. The place in the line is kept. Raises WrongMove."""
    return _moved(entry, "held", held_reason=reason, held_until=until)


def release(entry: Entry) -> Entry:
    """Was held, and waits again in the old place. Raises WrongMove."""
    if entry.state != "held":
        raise WrongMove(entry.state, "waiting")
    return _moved(entry, "waiting", **_NOT_HELD)


def transfer(entry: Entry, service_id: str, room_id: str, place: datetime | None, pooled: bool = False) -> Entry:
    """Sent on, and waits elsewhere as somebody who was not called there yet. Raises WrongMove."""
    if entry.state not in ("waiting", "called", "not_here", "held"):
        raise WrongMove(entry.state, "waiting")
    anew: dict[str, object] = {"state": "waiting", "calls": 0, "recalls": 0, "called_at": None, **_NOT_HELD}
    # An appointment is for one service, and a place that staff give stands for it.
    kept = entry.appointment if service_id == entry.service_id and place == entry.place else None
    there = {"service_id": service_id, "room_id": room_id, "place": place, "pooled": pooled, "appointment": kept}
    return entry.model_copy(update={**anew, **there, "version": entry.version + 1})


def carry_over(entry: Entry) -> Entry:
    """The day changed; everything else is as it was."""
    return entry.model_copy(update={"version": entry.version + 1})


def move(entry: Entry, room_id: str) -> Entry:
    """Waits, or is awaited, in front of another door of the same service; keeps state and place. Raises WrongMove."""
    if entry.state not in ("waiting", "not_here", "held"):
        raise WrongMove(entry.state, "waiting")
    there = {"room_id": room_id, "version": entry.version + 1, "calls": 0, "recalls": 0, "called_at": None}
    return entry.model_copy(update=there)


def go_on(entry: Entry, at: datetime, **there: object) -> Entry:
    """The next entry of the ticket of `entry`: it waits `there` as somebody who comes now, and is as yet unmoved.

    It is never as old as the one before: by their times a ticket's entries are in the order of its way.
    """
    issued_at = max(at, entry.issued_at + timedelta(microseconds=1))
    anew: dict[str, object] = {"state": "waiting", "version": 1, "issued_at": issued_at, "called_at": None, "calls": 0}
    return entry.model_copy(update={**anew, "recalls": 0, "place": None, "appointment": None, "then": (), **there})


def end_visit(entry: Entry) -> Entry:
    """Done in this room, and no step follows. Raises WrongMove."""
    return _moved(entry, "finished", step=None, then=())


def restore(entry: Entry, before: Entry) -> Entry:
    """As it was `before` a mistake, whatever state that is; the version still grows, so that no one is misled."""
    return before.model_copy(update={"version": entry.version + 1})


def finish(entry: Entry) -> Entry:
    """Done in this room. Raises WrongMove."""
    return _moved(entry, "finished")


def _moved(entry: Entry, state: EntryState, **changes: object) -> Entry:
    if not may(entry, state):
        raise WrongMove(entry.state, state)
    return entry.model_copy(update={"state": state, "version": entry.version + 1, **changes})
