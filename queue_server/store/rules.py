"""How the hospital works, as data: one rule of each kind for a service, or for the site (scope ``""``)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Integer, bindparam, case, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from protocol.nouns import Value
from queue_server.store import memory, plain
from queue_server.store.tables import entry, rule, series_counter

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal[
    "policy", "hours", "quota", "numbers", "assignment", "overnight", "carried", "appointments", "journey", "told"
]
SITE = ""
"""The scope of what holds for every service without a rule of its own."""
V = TypeVar("V")


def load_rules(connection: Connection, site_id: str, kind: Kind, type_of: TypeAdapter[V]) -> dict[str, V]:
    """All rules of one kind, by scope. What a newer program wrote and this one cannot read is left out."""
    return memory.known(connection, (kind, site_id), lambda: _load_rules(connection, site_id, kind, type_of))


def _load_rules(connection: Connection, site_id: str, kind: Kind, type_of: TypeAdapter[V]) -> dict[str, V]:
    query = select(rule.c.scope, rule.c.value).where(rule.c.site_id == site_id, rule.c.kind == kind)
    found: dict[str, V] = {}
    for row in connection.execute(query):
        try:
            found[row.scope] = type_of.validate_python(row.value)
        except ValidationError:
            log.warning("unknown_rule kind=%s scope=%s", kind, row.scope)
    return found


def save_rule(connection: Connection, site_id: str, kind: Kind, scope: str, value: Value | None, now: datetime) -> None:
    """Keep one rule, or drop it when there is none any more. Inside a change."""
    where = (rule.c.site_id == site_id) & (rule.c.kind == kind) & (rule.c.scope == scope)
    connection.execute(delete(rule).where(where))
    if value is not None:
        kept = {"value": value, "changed_at": now}
        connection.execute(insert(rule).values(site_id=site_id, kind=kind, scope=scope, **kept))


def recent_calls(
    connection: Connection, room_ids: Iterable[str], days: Iterable[str], at_most: int
) -> tuple[bool, ...]:
    """Whether each of the latest calls by turn overtook somebody, newest first. Undone ones do not count.

    Of several rooms together when they share a pool. Of `days`, newest first, the next is only looked at when those
    before it had not enough.
    """
    rooms, turns = list(room_ids), list[tuple[datetime, str, bool]]()
    for day in days:
        if len(turns) < at_most:
            turns += [turn for room_id in rooms for turn in _turns(connection, room_id, day, at_most)]
    newest = sorted(turns, key=lambda turn: (-turn[0].timestamp(), turn[1]))
    return tuple(overtook for _, _, overtook in newest[:at_most])


_RECENT = plain.Statement(
    select(entry.c.turn_at, entry.c.entry_id, entry.c.overtook)
    .where(
        entry.c.room_id == bindparam("room_id"),
        entry.c.business_day == bindparam("day"),
        entry.c.turn_at.is_not(None),
        entry.c.calls > 0,
    )
    .order_by(entry.c.turn_at.desc(), entry.c.entry_id)
    .limit(bindparam("at_most", type_=Integer))
)


def _turns(connection: Connection, room_id: str, day: str, at_most: int) -> list[tuple[datetime, str, bool]]:
    found = _RECENT.rows(connection, room_id=room_id, day=day, at_most=at_most)
    return [(turn_at, entry_id, overtook) for turn_at, entry_id, overtook in found]


def next_from(connection: Connection, site_id: str, day: str, series: str, start: int) -> int:
    """The next number of a series on a day, `start` or more; never one that was taken. Inside a change."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    following = case((series_counter.c.last + 1 < start, start), else_=series_counter.c.last + 1)
    statement = dialect.insert(series_counter).values(site_id=site_id, business_day=day, series=series, last=start)
    kept = statement.on_conflict_do_update(
        index_elements=["site_id", "business_day", "series"], set_={"last": following}
    )
    return int(connection.execute(kept.returning(series_counter.c.last)).scalar_one())
