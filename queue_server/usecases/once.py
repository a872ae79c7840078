"""The one place where changes are answered, and where repeats are met.

A request that was answered before gets the same answer again and changes nothing (rules of the wire). That is decided
here, for every change, so that no use case has to think of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, select

from protocol.nouns import Site, Value
from protocol.policy import Capped
from protocol.requests import Request
from queue_server.core import Core
from queue_server.errors import Conflict, Unavailable
from queue_server.store import plain
from queue_server.store.engine import for_snapshot
from queue_server.store.repository import load_site
from queue_server.store.tables import request as kept
from queue_server.usecases.change import Change, Reading

A = TypeVar("A", bound=Value)
T = TypeVar("T")
KEPT_FOR = timedelta(days=8)
"""Answers are kept a day longer than a request may be old."""


def reading(core: Core, connection: Connection) -> Reading:
    return Reading(
        connection=connection,
        site=_site(core, connection),
        policy=Capped(overtakes=core.settings.overtakes),
        now=core.clock(),
        forecasts=core.waits.forecasts,
    )


def change(core: Core, connection: Connection, caller: str, age_s: float = 0.0) -> Change:
    now = core.clock()
    return Change(
        connection=connection,
        site=_site(core, connection),
        policy=Capped(overtakes=core.settings.overtakes),
        now=now,
        at=now - timedelta(seconds=age_s),
        caller=caller,
        forecasts=core.waits.forecasts,
    )


def _site(core: Core, connection: Connection) -> Site:
    site = load_site(connection, core.settings.site_id)
    if site is None:  # the server makes it when it starts, so somebody took it away
        raise Unavailable("no_site")
    return site


def look(core: Core, question: Callable[[Reading], T]) -> T:
    """Read something. Blocks: call it from a thread."""
    with core.engine.connect() as connection:
        return question(reading(core, connection))


def look_at_one_moment(core: Core, question: Callable[[Reading], T]) -> T:
    """Read several things that must fit together. Blocks: call it from a thread."""
    with for_snapshot(core.engine).connect() as connection, connection.begin():
        return question(reading(core, connection))


async def answer(core: Core, request: Request, caller: str, act: Callable[[Change], A], kind: type[A]) -> A:
    """Do `act` once for this request, and answer a repeat of it as before. For answers that hold no secret."""
    return await core.writer.run(lambda connection: once(core, connection, request, caller, act, kind))


async def secret_answer(core: Core, request: Request, caller: str, act: Callable[[Change], T]) -> T:
    """Do `act`, and keep nothing of the answer: it holds a secret, and `act` itself knows how to meet a repeat."""
    return await core.writer.run(lambda connection: act(change(core, connection, caller, request.age_s)))


_BEFORE = plain.Statement(
    select(kept.c.caller, kept.c.path, kept.c.answer).where(
        kept.c.site_id == bindparam("the_site"), kept.c.request_id == bindparam("request_id")
    )
)


def once(
    core: Core, connection: Connection, request: Request, caller: str, act: Callable[[Change], A], kind: type[A]
) -> A:
    """Do `act`, and keep its answer; or the answer that was kept. Inside a change. Raises ``request_id_taken``."""
    site_id = core.settings.site_id
    before = _BEFORE.one(connection, the_site=site_id, request_id=request.request_id)
    if before is not None:
        if before[:2] != (caller, request.path):
            raise Conflict("request_id_taken")
        return kind.model_validate(before[2])
    done = change(core, connection, caller, request.age_s)
    value = act(done)
    values = {
        "site_id": site_id,
        "request_id": request.request_id,
        "caller": caller,
        "path": request.path,
        "answer": value,
        "created_at": done.now,
    }
    plain.insert(connection, kept, values)
    return value


def forget_old_answers(connection: Connection, now: datetime) -> None:
    """Drop answers that nobody can ask for any more. Inside a change."""
    connection.execute(delete(kept).where(kept.c.created_at < now - KEPT_FOR))
