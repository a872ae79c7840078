"""Staff: who may sign in, and signing in and out."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from protocol.requests import SignedIn, SignIn
from queue_server.auth.keys import fingerprint, new_id, new_key
from queue_server.core import Core
from queue_server.errors import CannotUse, NotAllowed
from queue_server.store.tables import session, sign_in_failure, staff

FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)
FORGIVEN_AFTER = timedelta(minutes=30)
"""Failures older than this no longer count."""


@dataclass(frozen=True)
class Person:
    username: str
    display_name: str
    role: str
    disabled_at: datetime | None


@dataclass(frozen=True)
class NewSession:
    token: str
    signed_in: SignedIn


def plain_username(username: str) -> str:
    """Names are the same in capitals and small letters, and in either Unicode form."""
    return unicodedata.normalize("NFC", username).strip().lower()[:64]


async def sign_in(core: Core, request: SignIn) -> NewSession:
    """A new session. Raises NotAllowed ``wrong_credentials`` or ``locked``: alike for names that do not exist."""
    username = plain_username(request.username)
    stored = await asyncio.to_thread(_stored_hash, core, username)
    right = await core.passwords.matches(request.password, stored)
    outcome = await core.writer.run(lambda connection: _decide(core, connection, username, right))
    if isinstance(outcome, NotAllowed):  # not raised inside: the failure must be kept
        raise outcome
    return outcome


def _stored_hash(core: Core, username: str) -> str | None:
    query = select(staff.c.password_hash).where(
        staff.c.site_id == core.settings.site_id, staff.c.username == username, staff.c.disabled_at.is_(None)
    )
    with core.engine.connect() as connection:
        return connection.execute(query).scalar()


def _decide(core: Core, connection: Connection, username: str, right: bool) -> NewSession | NotAllowed:
    now = core.clock()
    site_id = core.settings.site_id
    of_name = (sign_in_failure.c.site_id == site_id) & (sign_in_failure.c.username == username)
    before = connection.execute(select(sign_in_failure).where(of_name)).first()
    if before is not None and before.locked_until is not None and before.locked_until > now:
        return NotAllowed("locked")
    if not right:
        recent = before.failures if before is not None and before.last_at > now - FORGIVEN_AFTER else 0
        _count_failure(connection, site_id, username, recent + 1, now)
        return NotAllowed("wrong_credentials")
    connection.execute(delete(sign_in_failure).where(of_name))
    person = connection.execute(select(staff).where(staff.c.site_id == site_id, staff.c.username == username)).one()
    token = open_session(connection, person.staff_id, now, timedelta(hours=core.settings.session_hours))
    return NewSession(token, SignedIn(username=person.username, display_name=person.display_name, role=person.role))


def _count_failure(connection: Connection, site_id: str, username: str, failures: int, now: datetime) -> None:
    locks = failures >= FAILURES
    values = {
        "failures": 0 if locks else failures,
        "last_at": now,
        "locked_until": now + LOCKED_FOR if locks else None,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(sign_in_failure).values(site_id=site_id, username=username, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["site_id", "username"], set_=values))


def open_session(connection: Connection, staff_id: str, now: datetime, lasts: timedelta) -> str:
    """A session's token; only its fingerprint is kept. Inside a change."""
    token = new_key()
    connection.execute(
        insert(session).values(
            token_hash=fingerprint(token), staff_id=staff_id, created_at=now, expires_at=now + lasts, last_seen_at=now
        )
    )
    return token


def sign_out(connection: Connection, token_hash: str) -> None:
    """End a session. Inside a change."""
    connection.execute(delete(session).where(session.c.token_hash == token_hash))


def forget_old(connection: Connection, now: datetime) -> None:
    """Drop sessions and failures that no longer matter. Inside a change."""
    connection.execute(delete(session).where(session.c.expires_at < now))
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.last_at < now - FORGIVEN_AFTER))


def keep_staff(
    connection: Connection, site_id: str, username: str, display_name: str, role: str, password_hash: str
) -> None:
    """Add a person who may sign in, or give them a new name, role and password. Inside a change.

    Whoever had signed in with the password before is signed out by that.
    """
    username = plain_username(username)
    values = {"display_name": display_name, "role": role, "password_hash": password_hash, "disabled_at": None}
    found = update(staff).where(staff.c.site_id == site_id, staff.c.username == username).values(values)
    known = select(staff.c.staff_id).where(staff.c.site_id == site_id, staff.c.username == username)
    connection.execute(delete(session).where(session.c.staff_id.in_(known)))
    if connection.execute(found).rowcount == 0:
        connection.execute(insert(staff).values(staff_id=new_id(), site_id=site_id, username=username, **values))


def add_staff(
    connection: Connection, site_id: str, username: str, display_name: str, role: str, password_hash: str
) -> None:
    """A new person, or one who was disabled and comes back. Raises CannotUse ``username_taken``. Inside a change."""
    if connection.execute(select(staff.c.staff_id).where(_at_work(site_id, username))).first() is not None:
        raise CannotUse("username_taken", username=username)
    keep_staff(connection, site_id, username, display_name, role, password_hash)


def all_staff(connection: Connection, site_id: str) -> list[Person]:
    """In the order of the usernames."""
    query = select(staff.c.username, staff.c.display_name, staff.c.role, staff.c.disabled_at)
    rows = connection.execute(query.where(staff.c.site_id == site_id).order_by(staff.c.username))
    return [Person(*row) for row in rows]


def change_password(connection: Connection, site_id: str, username: str, password_hash: str) -> None:
    """Ends the sessions of the old password, and forgives what was mistyped. Raises CannotUse ``unknown_staff``.
    Inside a change."""
    _change_staff(connection, site_id, username, {"password_hash": password_hash})
    of_name = (sign_in_failure.c.site_id == site_id) & (sign_in_failure.c.username == username)
    connection.execute(delete(sign_in_failure).where(of_name))


def disable_staff(connection: Connection, site_id: str, username: str, now: datetime) -> None:
    """They are signed out and cannot sign in again. Raises CannotUse ``unknown_staff``. Inside a change."""
    _change_staff(connection, site_id, username, {"disabled_at": now})


def _change_staff(connection: Connection, site_id: str, username: str, values: dict[str, object]) -> None:
    known = select(staff.c.staff_id).where(_at_work(site_id, username))
    staff_id = connection.execute(known).scalar()
    if staff_id is None:
        raise CannotUse("unknown_staff", username=username)
    connection.execute(delete(session).where(session.c.staff_id == staff_id))
    connection.execute(update(staff).where(staff.c.staff_id == staff_id).values(values))


def _at_work(site_id: str, username: str) -> ColumnElement[bool]:
    return (staff.c.site_id == site_id) & (staff.c.username == username) & staff.c.disabled_at.is_(None)
