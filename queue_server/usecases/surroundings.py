"""What is going on around a room when its page is opened: alerts of the last minutes, devices in trouble, and which
devices show and say calls there. After that the page hears of changes through the feed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import or_, select

from protocol.frames import AlertRaised
from protocol.nouns import Device, DeviceHealth, Value
from queue_server.errors import NotFound
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.store.tables import device, device_health
from queue_server.usecases.change import Reading

ALERTS_OF_LATE = timedelta(minutes=30)
_ALERTS = 10


class Alert(Value):
    seq: int
    at: datetime
    reason: Literal["unwell", "help"]
    device: Device


class Trouble(Value):
    device: Device
    health: DeviceHealth
    since: datetime


class Surroundings(Value):
    alerts: tuple[Alert, ...]
    """Newest first."""
    troubles: tuple[Trouble, ...]
    shows_calls: bool
    """A display is paired that shows this room's calls; so a call that no display acknowledges was not seen."""
    says_calls: bool
    """A speaker is paired that says this room's calls."""


def surroundings(reading: Reading, room_id: str) -> Surroundings:
    """Raises NotFound ``unknown_room``."""
    room = store.load_room(reading.connection, reading.site.site_id, room_id)
    if room is None:
        raise NotFound("unknown_room")
    near = select(device.c.kind).where(
        device.c.site_id == reading.site.site_id,
        device.c.revoked_at.is_(None),
        or_(device.c.zone_id == room.zone_id, device.c.zone_id.is_(None)),
    )
    kinds = set(reading.connection.execute(near).scalars())
    return Surroundings(
        alerts=_alerts(reading),
        troubles=_troubles(reading),
        shows_calls="display" in kinds,
        says_calls="speaker" in kinds,
    )


def _alerts(reading: Reading) -> tuple[Alert, ...]:
    since = reading.now - ALERTS_OF_LATE
    lines = journal.newest(reading.connection, reading.site.site_id, "alert_raised", since, _ALERTS)
    return tuple(
        Alert(seq=line.seq, at=line.at, reason=line.frame.reason, device=line.frame.device)
        for line in lines
        if isinstance(line.frame, AlertRaised)
    )


def _troubles(reading: Reading) -> tuple[Trouble, ...]:
    query = (
        select(device, device_health.c.part, device_health.c.state, device_health.c.code, device_health.c.since)
        .join(device_health, device_health.c.device_id == device.c.device_id)
        .where(device.c.site_id == reading.site.site_id, device.c.revoked_at.is_(None), device_health.c.state != "ok")
        .order_by(device_health.c.since.desc())
    )
    return tuple(
        Trouble(
            device=Device(
                device_id=row["device_id"],
                kind=row["kind"],
                name=row["name"],
                zone_id=row["zone_id"],
                series=row["series"] or "",
            ),
            health=DeviceHealth(part=row["part"], state=row["state"], code=row["code"]),
            since=row["since"],
        )
        for row in reading.connection.execute(query).mappings()
    )
