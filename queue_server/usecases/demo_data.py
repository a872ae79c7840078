"""Making the hospital of the demonstration. Run again, it brings everything to the same state and doubles nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from queue_server.auth.keys import fingerprint
from queue_server.store.rules import save_rule
from queue_server.store.tables import device, room, room_service, service, site, zone
from queue_server.usecases import demo_hospital as hospital
from queue_server.usecases.devices import add_device, renew_key
from queue_server.usecases.people import keep_staff


@dataclass(frozen=True)
class Made:
    """`keys` are the device keys by device id; only of devices that were new or whose key was renewed."""

    keys: dict[str, str]


def make(connection: Connection, site_id: str, password_hash: str, now: datetime, known_keys: dict[str, str]) -> Made:
    """Everything of the demonstration, inside one change.

    `known_keys` are keys that the caller still has from an earlier run: those devices keep them.
    """
    connection.execute(update(site).where(site.c.site_id == site_id).values(names=hospital.SITE_NAMES))
    for position, one in enumerate(hospital.ZONES, start=1):
        _keep(connection, zone, "zone_id", {"zone_id": one.zone_id, "names": one.names, "position": position}, site_id)
    for row in hospital.service_rows():
        _keep(connection, service, "service_id", row, site_id)
    for place in hospital.rooms():
        _keep(connection, room, "room_id", place.model_dump(exclude={"service_ids", "pause"}), site_id)
        for service_id in place.service_ids:
            _give(connection, place.room_id, service_id)
    for service_id, journey in hospital.JOURNEYS.items():
        save_rule(connection, site_id, "journey", service_id, journey, now)
    for username, display_name, role in hospital.STAFF:
        keep_staff(connection, site_id, username, display_name, role, password_hash)
    return Made(_devices(connection, site_id, now, known_keys))


def _keep(connection: Connection, table: Table, key: str, row: dict[str, Any], site_id: str) -> None:
    found = connection.execute(update(table).where(table.c[key] == row[key]).values(row))
    if found.rowcount == 0:
        connection.execute(insert(table).values(site_id=site_id, **row))


def _give(connection: Connection, room_id: str, service_id: str) -> None:
    pair = {"room_id": room_id, "service_id": service_id}
    if connection.execute(select(room_service).filter_by(**pair)).first() is None:
        connection.execute(insert(room_service).values(pair))


def _devices(connection: Connection, site_id: str, now: datetime, known_keys: dict[str, str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for one in hospital.DEVICES:
        row = connection.execute(select(device).where(device.c.device_id == one.device_id)).first()
        if row is None:
            keys[one.device_id] = add_device(connection, site_id, one, now)
        elif row.revoked_at is None and row.key_hash == fingerprint(known_keys.get(one.device_id, "")):
            keys[one.device_id] = known_keys[one.device_id]
        else:  # its key is lost to us: it gets a new one
            keys[one.device_id] = renew_key(connection, one.device_id)
    return keys
