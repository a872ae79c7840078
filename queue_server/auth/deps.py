"""The one way an endpoint says who may call it: a `Guard` among its dependencies.

``device: Device = Depends(require_device("kiosk"))`` or ``who: StaffCaller = Depends(require_staff())``; an endpoint
that anyone may call says so too, with ``dependencies=[Depends(open_to_all("why"))]``. A test walks all routes and
finds the guard of each.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from starlette.requests import HTTPConnection

from protocol.nouns import Device, DeviceKind
from queue_server.auth.keys import fingerprint
from queue_server.core import Core
from queue_server.errors import NotAllowed
from queue_server.usecases.callers import Role, StaffCaller, device_of, seen, staff_of

T = TypeVar("T")
SESSION_COOKIE = "denluot_session"
SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A session's last use is written at most this often."""


def core_of(connection: HTTPConnection) -> Core:
    """The core of the server that this request or WebSocket came to."""
    core = connection.app.state.core
    assert isinstance(core, Core)
    return core


async def the_core(connection: HTTPConnection) -> Core:
    """The same for endpoints: what is not ``async`` FastAPI runs in a thread, which costs more than this."""
    return core_of(connection)


async def _asked(core: Core, question: Callable[[HTTPConnection], T], connection: HTTPConnection) -> T:
    """One short look into the database. In SQLite it takes microseconds and waits for nobody: a thread costs more."""
    if core.engine.dialect.name == "sqlite":
        return question(connection)
    return await asyncio.to_thread(question, connection)


class Guard:
    """Base of everything that decides whether a caller may use an endpoint. `who` is for people who read."""

    who: str


class DeviceGuard(Guard):
    def __init__(self, kinds: tuple[DeviceKind, ...]) -> None:
        self.kinds = kinds
        self.who = "device: " + ", ".join(kinds)

    async def __call__(self, connection: HTTPConnection) -> Device:
        known, now = core_of(connection).known_devices, time.monotonic()
        fingerprint_of = fingerprint(bearer(connection))
        found = known.get(fingerprint_of, now)
        if found is None:
            found = await _asked(core_of(connection), self._who, connection)
            known.put(fingerprint_of, found, now)
        if found.kind not in self.kinds:
            raise NotAllowed("wrong_role")
        return found

    def _who(self, connection: HTTPConnection) -> Device:
        core = core_of(connection)
        with core.engine.connect() as database:
            return device_of(database, core.settings.site_id, bearer(connection))


class StaffGuard(Guard):
    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles
        self.who = "staff: " + ", ".join(roles)

    async def __call__(self, connection: HTTPConnection) -> StaffCaller:
        return await _asked(core_of(connection), self.caller, connection)

    def caller(self, connection: HTTPConnection) -> StaffCaller:
        """The same for who is in a thread already."""
        found = staff_caller(connection)
        if not found.may(self.roles):
            raise NotAllowed("wrong_role")
        return found


class OpenGuard(Guard):
    """Anyone on the network. Says why that is right."""

    def __init__(self, why: str) -> None:
        self.who = f"anyone: {why}"

    def __call__(self) -> None:
        return None


class MeasurementGuard(Guard):
    """The machine itself (a local metrics collector), or an administrator."""

    who = "this machine, or staff: admin"

    def __call__(self, connection: HTTPConnection) -> None:
        if not _is_loopback(connection):
            StaffGuard(("admin",)).caller(connection)


def require_device(*kinds: DeviceKind) -> Callable[[HTTPConnection], Awaitable[Device]]:
    """A paired, unrevoked device of one of `kinds` (none named = any), by ``Authorization: Bearer <key>``."""
    return DeviceGuard(kinds or ("kiosk", "display", "speaker"))


def require_staff(*roles: Role) -> Callable[[HTTPConnection], Awaitable[StaffCaller]]:
    """A signed-in person, by session cookie. No role named = any; an administrator may do whatever staff may."""
    return StaffGuard(roles or ("staff",))


def open_to_all(why: str) -> Callable[[], None]:
    return OpenGuard(why)


def staff_caller(connection: HTTPConnection) -> StaffCaller:
    """The signed-in person behind this request. Raises NotAllowed ``not_signed_in``."""
    core = core_of(connection)
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotAllowed("not_signed_in")
    idle = timedelta(minutes=core.settings.session_idle_minutes)
    with core.engine.connect() as database:
        found = staff_of(database, core.settings.site_id, token, core.clock(), idle)
    now = core.clock()
    if now - found.last_seen_at > SEEN_AGAIN_AFTER:
        core.writer.submit(lambda connection: seen(connection, found.token_hash, now))
    return found


def bearer(connection: HTTPConnection) -> str:
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise NotAllowed("no_key")
    return key.strip()


def _is_loopback(connection: HTTPConnection) -> bool:
    """From this machine itself, and not passed on by a proxy that runs here."""
    if "x-forwarded-for" in connection.headers or "forwarded" in connection.headers:
        return False
    try:
        return connection.client is not None and ipaddress.ip_address(connection.client.host).is_loopback
    except ValueError:
        return False
