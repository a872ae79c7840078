"""Looking up who a key or a session belongs to. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, cast

from sqlalchemy import Connection, bindparam, select, update

from protocol.nouns import Device, DeviceKind
from queue_server.auth.keys import fingerprint
from queue_server.errors import NotAllowed
from queue_server.store import plain
from queue_server.store.tables import device, session, staff

Role: TypeAlias = Literal["staff", "admin"]


@dataclass(frozen=True)
class StaffCaller:
    """A signed-in person. `token_hash` names the session."""

    staff_id: str
    username: str
    display_name: str
    role: Role
    token_hash: str
    last_seen_at: datetime

    def may(self, roles: Iterable[Role]) -> bool:
        """An administrator may do whatever staff may."""
        return self.role == "admin" or self.role in roles


_DEVICE = plain.Statement(
    select(
        device.c.device_id, device.c.kind, device.c.name, device.c.zone_id, device.c.series, device.c.revoked_at
    ).where(device.c.key_hash == bindparam("key_hash"), device.c.site_id == bindparam("site_id"))
)
_STAFF = plain.Statement(
    select(
        staff.c.staff_id,
        staff.c.username,
        staff.c.display_name,
        staff.c.role,
        session.c.last_seen_at,
        session.c.expires_at,
    )
    .join(session, session.c.staff_id == staff.c.staff_id)
    .where(
        session.c.token_hash == bindparam("token_hash"),
        staff.c.site_id == bindparam("site_id"),
        staff.c.disabled_at.is_(None),
    )
)


def device_of(connection: Connection, site_id: str, key: str) -> Device:
    """The paired device with this key. Raises NotAllowed ``unknown_key`` or ``device_revoked``."""
    row = _DEVICE.one(connection, key_hash=fingerprint(key), site_id=site_id)
    if row is None:
        raise NotAllowed("unknown_key")
    device_id, kind, name, zone_id, series, revoked_at = row
    if revoked_at is not None:
        raise NotAllowed("device_revoked")
    return Device(device_id=device_id, kind=cast(DeviceKind, kind), name=name, zone_id=zone_id, series=series or "")


def staff_of(connection: Connection, site_id: str, token: str, now: datetime, idle: timedelta) -> StaffCaller:
    """The person whose session has this token. Raises NotAllowed ``not_signed_in``."""
    token_hash = fingerprint(token)
    row = _STAFF.one(connection, token_hash=token_hash, site_id=site_id)
    if row is None:
        raise NotAllowed("not_signed_in")
    staff_id, username, display_name, role, last_seen_at, expires_at = row
    if expires_at <= now or last_seen_at + idle <= now:
        raise NotAllowed("not_signed_in")
    return StaffCaller(staff_id, username, display_name, cast(Role, role), token_hash, last_seen_at)


def seen(connection: Connection, token_hash: str, now: datetime) -> None:
    """Note that a session was used. Inside a change."""
    connection.execute(update(session).where(session.c.token_hash == token_hash).values(last_seen_at=now))


def standing(
    connection: Connection, device_ids: Iterable[str], token_hashes: Iterable[str], now: datetime, idle: timedelta
) -> tuple[set[str], set[str]]:
    """Which of these devices and sessions may still listen."""
    devices = select(device.c.device_id).where(device.c.device_id.in_(list(device_ids)), device.c.revoked_at.is_(None))
    sessions = (
        select(session.c.token_hash)
        .join(staff, staff.c.staff_id == session.c.staff_id)
        .where(
            session.c.token_hash.in_(list(token_hashes)),
            session.c.expires_at > now,
            session.c.last_seen_at > now - idle,
            staff.c.disabled_at.is_(None),
        )
    )
    return set(connection.execute(devices).scalars()), set(connection.execute(sessions).scalars())
