"""Why was this number called before that one? Read from the journal alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from protocol.frames import FRAME
from protocol.nouns import Names, Value
from queue_server.domain.why import Answer, Cause, Story, Told, why
from queue_server.errors import Invalid, NotFound
from queue_server.store import repository as store
from queue_server.store.tables import entry, journal
from queue_server.usecases.change import Reading


class Waited(Value):
    """One of the two numbers, as it was when the first was called."""

    number: str
    service_names: Names
    room_id: str
    priority_class: str
    priority_status: str
    issued_at: datetime
    called_at: datetime | None


class Why(Value):
    cause: Cause
    sentence: str = ""
    """The answer, in the reader's language; filled by the endpoint."""
    first: Waited
    second: Waited
    rule: str
    """Of the policy then in force in the room; empty when the journal does not say."""
    at: datetime | None
    seq: int | None
    """The journal entry of the call."""


def explain(reading: Reading, first: str, second: str, day: str | None = None) -> Why:
    """Why number `first` was called before `second` on `day` (ISO; today when None).

    Raises NotFound ``unknown_number``, Invalid ``same_number``.
    """
    if first == second:
        raise Invalid("same_number")
    day = day or reading.today
    answer = why(_story(reading, first, day), _story(reading, second, day))
    return _told(reading, answer)


def _story(reading: Reading, number: str, day: str) -> list[Told]:
    site_id = reading.site.site_id
    given = store.load_ticket_by_number(reading.connection, site_id, day, number)
    ticket_id = given.ticket_id if given else _kept_overnight(reading, number, day)
    if ticket_id is None:
        raise NotFound("unknown_number")
    lines = (
        select(journal.c.seq, journal.c.at, journal.c.frame)
        .where(journal.c.site_id == site_id, journal.c.ticket_id == ticket_id, journal.c.entry_id.is_not(None))
        .order_by(journal.c.seq)
    )
    return [Told(row.seq, row.at, FRAME.validate_python(row.frame)) for row in reading.connection.execute(lines)]


def _kept_overnight(reading: Reading, number: str, day: str) -> str | None:
    """The ticket of an earlier day that stood under this number in a line of `day`."""
    found = select(entry.c.ticket_id).where(
        entry.c.site_id == reading.site.site_id, entry.c.business_day == day, entry.c.number == number
    )
    return reading.connection.execute(found).scalar()


def _told(reading: Reading, answer: Answer) -> Why:
    names = {one.service_id: one.names for one in store.load_services(reading.connection, reading.site.site_id)}

    def waited(story: Story) -> Waited:
        entry = story.entry
        return Waited(
            number=entry.number,
            service_names=names.get(entry.service_id, {}),
            room_id=entry.room_id,
            priority_class=entry.priority.priority_class,
            priority_status=entry.priority.status,
            issued_at=entry.issued_at,
            called_at=story.called_at,
        )

    return Why(
        cause=answer.cause,
        first=waited(answer.first),
        second=waited(answer.second),
        rule=answer.rule,
        at=answer.at,
        seq=answer.seq,
    )
