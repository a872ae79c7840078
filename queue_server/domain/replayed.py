"""The journal read again from its beginning: every entry as it must be now. Pure.

What the tables hold is never more than this: a difference is damage, or a mistake of ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.frames import (
    ActionUndone,
    AnyFrame,
    PriorityConfirmed,
    TicketCarriedOver,
    TicketIssued,
    TicketSentOn,
    TicketTransferred,
)
from protocol.nouns import Entry
from queue_server.domain.lifecycle import MOVES


class BrokenJournal(Exception):
    """The journal contradicts itself. `seq` is the number of the journal entry that cannot be."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"{seq}: {why}")
        self.seq = seq


def replay(frames: Iterable[tuple[int, AnyFrame]]) -> dict[str, Entry]:
    """The entries by id, as the last of `frames` (number and frame, in order) leaves them. Raises BrokenJournal.

    Each frame must follow from what was told before: no version left out, no move that an entry may not make.
    """
    entries: dict[str, Entry] = {}
    for seq, frame in frames:
        entry = getattr(frame, "entry", None)
        if isinstance(entry, Entry):
            _check(seq, frame, entries.get(entry.entry_id), entry)
            entries[entry.entry_id] = entry
    return entries


def _check(seq: int, frame: AnyFrame, before: Entry | None, now: Entry) -> None:
    if isinstance(frame, (TicketIssued, TicketSentOn)):
        if before is not None or (now.version, now.state) != (1, "waiting"):
            raise BrokenJournal(seq, "begins anew")
        return
    if before is None:
        raise BrokenJournal(seq, "was never issued")
    if now.version != before.version + 1:
        raise BrokenJournal(seq, f"version {now.version} after {before.version}")
    if (now.ticket_id, now.number, now.issued_at) != (before.ticket_id, before.number, before.issued_at):
        raise BrokenJournal(seq, "became another number")
    if not _may(frame, before, now):
        raise BrokenJournal(seq, f"{frame.type}: {before.state} -> {now.state}")


def _may(frame: AnyFrame, before: Entry, now: Entry) -> bool:
    """What was done by mistake is restored, whatever it was; who is sent elsewhere waits there, or is awaited."""
    if isinstance(frame, ActionUndone):
        return True
    if isinstance(frame, TicketTransferred):
        return now.state in ("waiting", before.state) and before.state not in ("finished", "cancelled")
    if isinstance(frame, (PriorityConfirmed, TicketCarriedOver)):
        return now.state == before.state
    return now.state in MOVES[before.state]
