"""`denluot-server staff`: who may sign in. Passwords come from a prompt or standard input, and are never told again."""

from __future__ import annotations

import unicodedata
from typing import get_args

from queue_server.auth.passwords import Passwords
from queue_server.command_line import open_database
from queue_server.core import utc_now
from queue_server.errors import CannotUse
from queue_server.settings import ServerSettings
from queue_server.usecases import people
from queue_server.usecases.callers import Role

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD, LONGEST_USERNAME, LONGEST_NAME = 256, 64, 200
"""In characters: what signing in and the tables take."""


def add(settings: ServerSettings, username: str, name: str, role: str, password: str) -> None:
    """Raises CannotUse ``staff_unusable`` with the first word that cannot be, ``username_taken``."""
    username, name = _username(username), unicodedata.normalize("NFC", name).strip()
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise CannotUse("staff_unusable", name=f"--name: 1 to {LONGEST_NAME} characters")
    known: dict[str, Role] = {one: one for one in get_args(Role)}
    if role not in known:
        raise CannotUse("staff_unusable", role=f"--role: {' or '.join(known)}")
    hashed = _hashed(password)
    with open_database(settings) as database:
        database.change(
            lambda connection: people.add_staff(connection, settings.site_id, username, name, known[role], hashed)
        )


def listed(settings: ServerSettings) -> list[str]:
    """A line for each person."""
    with open_database(settings) as database, database.engine.connect() as connection:
        return [
            f"{one.username:<20} {one.role:<6} {one.display_name}{'' if one.disabled_at is None else '  (disabled)'}"
            for one in people.all_staff(connection, settings.site_id)
        ]


def change_password(settings: ServerSettings, username: str, password: str) -> None:
    """Raises CannotUse ``staff_unusable``, ``unknown_staff``."""
    username, hashed = _username(username), _hashed(password)
    with open_database(settings) as database:
        database.change(lambda connection: people.change_password(connection, settings.site_id, username, hashed))


def disable(settings: ServerSettings, username: str) -> None:
    """Raises CannotUse ``staff_unusable``, ``unknown_staff``."""
    username = _username(username)
    with open_database(settings) as database:
        database.change(lambda connection: people.disable_staff(connection, settings.site_id, username, utc_now()))


def _username(given: str) -> str:
    username = unicodedata.normalize("NFC", given)
    if not (1 <= len(username) <= LONGEST_USERNAME and username.isprintable() and " " not in username):
        raise CannotUse("staff_unusable", username=f"username: 1 to {LONGEST_USERNAME} characters without spaces")
    return people.plain_username(username)


def _hashed(password: str) -> str:
    """Before the database is opened: a hash takes long, and nobody should wait for it."""
    if not (SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD and password.isprintable()):
        raise CannotUse("staff_unusable", password=f"password: {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return Passwords().hash(password)
