"""Administrators write the hospital itself: its name, waiting areas, services and rooms, while it runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, insert, update

from protocol.frames import SiteChanged
from protocol.nouns import Room, Value
from protocol.requests import Done
from protocol.site import ChangeSite, RoomShape, SaveRoom, SaveService, SaveZone, ServiceShape, SiteShape, ZoneShape
from queue_server.domain.admission import ACTIVE
from queue_server.errors import Conflict, Invalid, NotFound
from queue_server.store import repository as store
from queue_server.store import tables
from queue_server.store.series import letters_in_use
from queue_server.usecases.announcing import announce_all
from queue_server.usecases.change import Change, Reading
from theme import icon_path


class SiteAsWritten(Value):
    """The whole hospital, each part as the request takes it that writes it."""

    site: SiteShape
    zones: tuple[ZoneShape, ...]
    services: tuple[ServiceShape, ...]
    rooms: tuple[RoomShape, ...]


def site_as_written(reading: Reading) -> SiteAsWritten:
    connection, site_id = reading.connection, reading.site.site_id
    services = store.rows_of_site(connection, tables.service, site_id)
    zones = store.rows_of_site(connection, tables.zone, site_id)
    return SiteAsWritten(
        site=SiteShape(**reading.site.model_dump(include={"names", "time_zone", "languages"})),
        zones=tuple(ZoneShape(**_fields(ZoneShape, row)) for row in zones),
        services=tuple(ServiceShape(**_fields(ServiceShape, row)) for row in services),
        rooms=tuple(_room_shape(room) for room in store.load_rooms(connection, site_id)),
    )


def change_site(change: Change, request: ChangeSite) -> Done:
    """Raises Conflict ``still_waiting``: another clock may make it another business day, whose numbers start anew."""
    wanted = request.site
    if wanted.time_zone != change.site.time_zone:
        _check_nobody_waits(change)
    values = {**wanted.model_dump(exclude={"languages"}), "languages": list(wanted.languages)}
    which = tables.site.c.site_id == change.site.site_id
    change.connection.execute(update(tables.site).where(which).values(values))
    return _told(change, SiteChanged(site=wanted))


def save_zone(change: Change, request: SaveZone) -> Done:
    """Make or change a waiting area. Raises Conflict ``id_taken``."""
    _keep(change, tables.zone, "zone_id", request.zone.model_dump())
    return _told(change, SiteChanged(zone=request.zone))


def save_service(change: Change, request: SaveService) -> Done:
    """Make or change a service. Raises Invalid ``unknown_icon``; Conflict ``series_taken``, ``id_taken``."""
    wanted = request.service
    try:
        icon_path(wanted.icon)
    except FileNotFoundError as missing:
        raise Invalid("unknown_icon") from missing
    if wanted.series in letters_in_use(change.connection, change.site.site_id, but=wanted.service_id):
        raise Conflict("series_taken", letters=wanted.series)
    _keep(change, tables.service, "service_id", wanted.model_dump(), new={"open": True, "closed_reason": {}})
    return _told(change, SiteChanged(service=wanted))


def save_room(change: Change, request: SaveRoom) -> Done:
    """Make or change a room.

    Raises NotFound ``unknown_zone``, ``unknown_service``; Conflict ``room_number_taken``, ``id_taken``, and
    ``still_waiting`` when somebody waits there for a service that it would no longer give.
    """
    wanted = request.room
    connection, site_id = change.connection, change.site.site_id
    if wanted.zone_id not in {zone.zone_id for zone in store.load_zones(connection, site_id)}:
        raise NotFound("unknown_zone")
    if not set(wanted.service_ids) <= {service.service_id for service in store.load_services(connection, site_id)}:
        raise NotFound("unknown_service")
    others = [room for room in store.load_rooms(connection, site_id) if room.room_id != wanted.room_id]
    if wanted.number in {room.number for room in others}:
        raise Conflict("room_number_taken")
    _check_nobody_waits(change, wanted)
    _keep(change, tables.room, "room_id", wanted.model_dump(exclude={"service_ids"}), new={"open": True})
    given = tables.room_service
    connection.execute(delete(given).where(given.c.room_id == wanted.room_id))
    for service_id in wanted.service_ids:
        connection.execute(insert(given).values(room_id=wanted.room_id, service_id=service_id))
    return _told(change, SiteChanged(room=wanted))


def _check_nobody_waits(change: Change, room: RoomShape | None = None) -> None:
    """Nobody at all; or nobody in this room for anything that it would no longer give."""
    for entry in store.entries_of_day(change.connection, change.site.site_id, change.today, tuple(ACTIVE)):
        if room is None or (entry.room_id == room.room_id and entry.service_id not in room.service_ids):
            raise Conflict("still_waiting", number=entry.number)


def _keep(change: Change, table: Table, key: str, row: dict[str, Any], new: dict[str, Any] | None = None) -> None:
    """Change the row with this id, or make it, with what is `new` about it. Ids of other sites are theirs."""
    mine = (table.c[key] == row[key]) & (table.c.site_id == change.site.site_id)
    if change.connection.execute(update(table).where(mine).values(row)).rowcount:
        return
    if store.is_taken(change.connection, table, key, row[key]):
        raise Conflict("id_taken")
    change.connection.execute(insert(table).values({**row, **(new or {}), "site_id": change.site.site_id}))


def _told(change: Change, frame: SiteChanged) -> Done:
    seq = change.journal(frame)
    announce_all(change.as_it_is_now())
    return Done(seq=seq)


def _fields(shape: type[Value], row: Any) -> dict[str, Any]:
    return {name: row[name] for name in shape.model_fields}


def _room_shape(room: Room) -> RoomShape:
    return RoomShape(**room.model_dump(include=set(RoomShape.model_fields)))
