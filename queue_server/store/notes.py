"""Notes of staff for the next room. They may be about the patient, so they are kept for a day and told nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from protocol.nouns import Entry
from queue_server.store.tables import entry_note

KEPT_FOR = timedelta(days=1)


def keep(connection: Connection, entry: Entry, words: str | None, now: datetime) -> None:
    """What is said about `entry` to the room in which it now waits, in place of what was said before."""
    connection.execute(delete(entry_note).where(entry_note.c.entry_id == entry.entry_id))
    if words and words.strip():
        values = {"room_id": entry.room_id, "words": words.strip(), "written_at": now}
        connection.execute(insert(entry_note).values(entry_id=entry.entry_id, **values))


def of(connection: Connection, entry: Entry) -> str | None:
    """What was written about `entry` for the room that it is in; None when nothing was, or for another room."""
    query = select(entry_note.c.words).where(
        entry_note.c.entry_id == entry.entry_id, entry_note.c.room_id == entry.room_id
    )
    return connection.execute(query).scalar()


def forget_old(connection: Connection, now: datetime) -> None:
    """Inside a change."""
    connection.execute(delete(entry_note).where(entry_note.c.written_at < now - KEPT_FOR))
