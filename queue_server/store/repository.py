"""The queries of the queue: rows in, nouns of the protocol out. Writing ones are called inside a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from protocol.nouns import Entry, Pause, Priority, Room, Service, Site, Zone
from queue_server.store import memory, plain, tables
from queue_server.store.tables import entry, room, room_service, series_counter, service, site, ticket, zone

ACTIVE = ("waiting", "called", "not_here")


@dataclass(frozen=True)
class TicketRow:
    """A ticket as it is kept."""

    ticket_id: str
    visit_id: str
    service_id: str
    number: str
    address: str
    business_day: str
    issued_at: datetime
    offline: bool


# --- the hospital --------------------------------------------------------------------------------------------------


def load_site(connection: Connection, site_id: str) -> Site | None:
    return memory.known(connection, ("site", site_id), lambda: _load_site(connection, site_id))


def _load_site(connection: Connection, site_id: str) -> Site | None:
    row = connection.execute(select(site).where(site.c.site_id == site_id)).mappings().first()
    if row is None:
        return None
    return Site(site_id=site_id, names=row["names"], time_zone=row["time_zone"], languages=tuple(row["languages"]))


def ensure_site(connection: Connection, fallback: Site) -> None:
    """Make the site when it is not there yet: everything else hangs on it."""
    if load_site(connection, fallback.site_id) is None:
        connection.execute(
            insert(site).values(
                site_id=fallback.site_id,
                names=fallback.names,
                time_zone=fallback.time_zone,
                languages=list(fallback.languages),
            )
        )


def rows_of_site(connection: Connection, table: Table, site_id: str) -> list[RowMapping]:
    """Services or zones as they are written, in their order."""
    query = select(table).where(table.c.site_id == site_id).order_by(table.c.position, *table.primary_key)
    return list(connection.execute(query).mappings())


def is_taken(connection: Connection, table: Table, key: str, value: str) -> bool:
    """Whether any site has a row with this id."""
    return connection.execute(select(table.c[key]).where(table.c[key] == value)).first() is not None


def load_zones(connection: Connection, site_id: str) -> tuple[Zone, ...]:
    return memory.known(connection, ("zones", site_id), lambda: _load_zones(connection, site_id))


def _load_zones(connection: Connection, site_id: str) -> tuple[Zone, ...]:
    rows = rows_of_site(connection, zone, site_id)
    return tuple(Zone(zone_id=row["zone_id"], names=row["names"]) for row in rows)


def load_services(connection: Connection, site_id: str) -> tuple[Service, ...]:
    return memory.known(connection, ("services", site_id), lambda: _load_services(connection, site_id))


def _load_services(connection: Connection, site_id: str) -> tuple[Service, ...]:
    return tuple(_service(row) for row in rows_of_site(connection, service, site_id))


def load_service(connection: Connection, site_id: str, service_id: str) -> Service | None:
    if memory.of(connection) is not None:
        return next((one for one in load_services(connection, site_id) if one.service_id == service_id), None)
    query = select(service).where(service.c.site_id == site_id, service.c.service_id == service_id)
    row = connection.execute(query).mappings().first()
    return _service(row) if row else None


def service_minutes(connection: Connection, site_id: str) -> dict[str, int]:
    """The usual minutes for one patient, by service."""
    return memory.known(connection, ("minutes", site_id), lambda: _service_minutes(connection, site_id))


def _service_minutes(connection: Connection, site_id: str) -> dict[str, int]:
    query = select(service.c.service_id, service.c.minutes).where(service.c.site_id == site_id)
    return {row.service_id: row.minutes for row in connection.execute(query)}


def _service(row: RowMapping) -> Service:
    return Service(
        service_id=row["service_id"],
        names=row["names"],
        icon=row["icon"],
        series=row["series"],
        open=row["open"],
        closed_reason=row["closed_reason"],
        self_service=row["self_service"],
    )


def load_rooms(connection: Connection, site_id: str) -> tuple[Room, ...]:
    return memory.known(connection, ("rooms", site_id), lambda: _load_rooms(connection, site_id))


def _load_rooms(connection: Connection, site_id: str) -> tuple[Room, ...]:
    given: dict[str, list[str]] = defaultdict(list)
    pairs = select(room_service).join(room, room.c.room_id == room_service.c.room_id).where(room.c.site_id == site_id)
    for pair in connection.execute(pairs.order_by(room_service.c.service_id)):
        given[pair.room_id].append(pair.service_id)
    rows = connection.execute(select(room).where(room.c.site_id == site_id).order_by(room.c.room_id)).mappings()
    return tuple(_room(row, given[row["room_id"]]) for row in rows)


def rooms_giving(connection: Connection, site_id: str, service_id: str) -> tuple[Room, ...]:
    """The rooms of a service, open or not."""
    return memory.known(
        connection,
        ("giving", site_id, service_id),
        lambda: tuple(room for room in load_rooms(connection, site_id) if service_id in room.service_ids),
    )


def services_with_open_room(connection: Connection, site_id: str) -> frozenset[str]:
    return memory.known(
        connection,
        ("roomed", site_id),
        lambda: frozenset(one for room in load_rooms(connection, site_id) if room.open for one in room.service_ids),
    )


def load_room(connection: Connection, site_id: str, room_id: str) -> Room | None:
    if memory.of(connection) is not None:
        return next((one for one in load_rooms(connection, site_id) if one.room_id == room_id), None)
    query = select(room).where(room.c.site_id == site_id, room.c.room_id == room_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    given = select(room_service.c.service_id).where(room_service.c.room_id == room_id).order_by("service_id")
    return _room(row, connection.execute(given).scalars().all())


def _room(row: RowMapping, service_ids: Sequence[str]) -> Room:
    return Room(
        room_id=row["room_id"],
        number=row["number"],
        names=row["names"],
        zone_id=row["zone_id"],
        floor=row["floor"],
        directions=row["directions"],
        service_ids=tuple(service_ids),
        open=row["open"],
        doctor=row["doctor"],
        pause=Pause(reason=row["pause_reason"], until=row["paused_until"]) if row["pause_reason"] else None,
    )


def save_room_state(connection: Connection, changed: Room) -> None:
    """Write whether a room is open, pauses or is closed. Inside a change."""
    pause = changed.pause
    state = {
        "open": changed.open,
        "pause_reason": pause.reason if pause else None,
        "paused_until": pause.until if pause else None,
    }
    connection.execute(update(room).where(room.c.room_id == changed.room_id).values(state))


# --- entries -------------------------------------------------------------------------------------------------------


_OF_ENTRY = (
    *("entry_id", "ticket_id", "number", "service_id", "room_id", "priority_class", "priority_status", "state"),
    *("version", "issued_at", "called_at", "calls", "language", "recalls", "held_reason", "held_until", "place"),
    *("appointment", "step", "then_steps", "pooled"),
)
_ENTRIES = select(*(entry.c[name] for name in _OF_ENTRY))


def _entries(connection: Connection, statement: plain.Statement, **values: Any) -> list[Entry]:
    """What a statement made of `_ENTRIES` finds."""
    rows = statement.rows(connection, **values)
    return [to_entry(dict(zip(_OF_ENTRY, row, strict=True))) for row in rows]


def to_entry(row: RowMapping | Mapping[str, Any]) -> Entry:
    return Entry(
        entry_id=row["entry_id"],
        ticket_id=row["ticket_id"],
        number=row["number"],
        service_id=row["service_id"],
        room_id=row["room_id"],
        priority=Priority(priority_class=row["priority_class"], status=row["priority_status"]),
        state=row["state"],
        version=row["version"],
        issued_at=row["issued_at"],
        called_at=row["called_at"],
        calls=row["calls"],
        language=row["language"],
        recalls=row["recalls"],
        held_reason=row["held_reason"],
        held_until=row["held_until"],
        place=row["place"],
        appointment=row["appointment"],
        step=row["step"],
        then=tuple((row["then_steps"] or "").split()),
        pooled=row["pooled"],
    )


def load_entry(connection: Connection, site_id: str, entry_id: str) -> Entry | None:
    query = select(entry).where(entry.c.entry_id == entry_id, entry.c.site_id == site_id)
    row = connection.execute(query).mappings().first()
    return to_entry(row) if row else None


_ENTRIES_OF_TICKET = plain.Statement(_ENTRIES.where(entry.c.ticket_id == bindparam("ticket_id")))


def entries_of_ticket(connection: Connection, ticket_id: str) -> list[Entry]:
    """Every step of a ticket's way: one, or a few on a journey."""
    return _entries(connection, _ENTRIES_OF_TICKET, ticket_id=ticket_id)


def newest_day(connection: Connection, site_id: str) -> tuple[str, dict[str, Entry]]:
    """The newest business day, and the entries by id of all tickets that were good on it. For `doctor`."""
    day = connection.execute(select(func.max(entry.c.business_day)).where(entry.c.site_id == site_id)).scalar() or ""
    tickets = select(entry.c.ticket_id).where(entry.c.site_id == site_id, entry.c.business_day == day)
    query = select(entry).where(entry.c.ticket_id.in_(tickets))
    return day, {row["entry_id"]: to_entry(row) for row in connection.execute(query).mappings()}


def entries_of_day(
    connection: Connection, site_id: str, day: str, states: Sequence[str] = ACTIVE, room_id: str | None = None
) -> list[Entry]:
    remembered = _remembered(connection, site_id, day) if memory.REMEMBERED.issuperset(states) else None
    if remembered is not None:
        return remembered.entries(states, room_id)
    query = select(entry).where(entry.c.site_id == site_id, entry.c.business_day == day, entry.c.state.in_(states))
    if room_id is not None:
        query = query.where(entry.c.room_id == room_id)
    return [to_entry(row) for row in connection.execute(query.order_by(entry.c.issued_at)).mappings()]


def waiting_for(connection: Connection, site_id: str, day: str, room: Room) -> list[Entry]:
    """Whom this room may call: who waits in front of its door, and while it is open the pools of its services."""
    remembered = _remembered(connection, site_id, day)
    if remembered is not None:
        return remembered.waiting_for(room)
    here = entry.c.room_id == room.room_id
    if room.open:
        here = or_(here & ~entry.c.pooled, entry.c.pooled & entry.c.service_id.in_(room.service_ids))
    query = select(entry).where(
        entry.c.site_id == site_id, entry.c.business_day == day, entry.c.state == "waiting", here
    )
    return [to_entry(row) for row in connection.execute(query.order_by(entry.c.issued_at)).mappings()]


def door_of(connection: Connection, site_id: str, day: str, room: Room) -> memory.Door | None:
    """Whom this room may call, where the writer knows it and the room calls from no pool."""
    remembered = _remembered(connection, site_id, day)
    return remembered.door(room) if remembered is not None else None


def _remembered(connection: Connection, site_id: str, day: str) -> memory.Memory | None:
    """What the writer remembers of this day, read now if need be; None for other connections and for days gone by."""
    known = memory.of(connection)
    if known is None or known.day == day:
        return known
    if known.day is not None and day < known.day:
        return None
    query = select(entry).where(
        entry.c.site_id == site_id, entry.c.business_day == day, entry.c.state.in_(memory.REMEMBERED)
    )
    known.learn(day, (to_entry(row) for row in connection.execute(query).mappings()))
    return known


def count_finished(connection: Connection, room_id: str, day: str) -> int:
    query = select(func.count()).where(
        entry.c.room_id == room_id, entry.c.business_day == day, entry.c.state == "finished"
    )
    return int(connection.execute(query).scalar_one())


def work_by_room(connection: Connection, site_id: str, day: str) -> dict[str, dict[str, int]]:
    """How many wait or are inside, by room and service."""
    remembered = _remembered(connection, site_id, day)
    if remembered is not None:
        return remembered.work()
    query = (
        select(entry.c.room_id, entry.c.service_id, func.count().label("people"))
        .where(entry.c.site_id == site_id, entry.c.business_day == day, entry.c.state.in_(("waiting", "called")))
        .group_by(entry.c.room_id, entry.c.service_id)
    )
    work: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(query):
        work[row.room_id][row.service_id] = row.people
    return work


_ANY_HELD = plain.Statement(
    select(entry.c.entry_id)
    .where(
        entry.c.site_id == bindparam("site"),
        entry.c.business_day == bindparam("day"),
        entry.c.state == "held",
        entry.c.held_until <= bindparam("until"),
    )
    .limit(1)
)


def entries_held_until(connection: Connection, site_id: str, day: str, until: datetime) -> list[Entry]:
    """Held entries whose time is over at `until`."""
    if _ANY_HELD.one(connection, site=site_id, day=day, until=until) is None:  # true of most calls
        return []
    query = select(entry).where(
        entry.c.site_id == site_id, entry.c.business_day == day, entry.c.state == "held", entry.c.held_until <= until
    )
    return [to_entry(row) for row in connection.execute(query.order_by(entry.c.held_until)).mappings()]


def insert_entry(connection: Connection, site_id: str, day: str, new: Entry) -> None:
    values = {"site_id": site_id, "business_day": day, "entry_id": new.entry_id, **_columns(new)}
    plain.insert(connection, entry, values)
    known = memory.of(connection)
    if known is not None:
        known.keep(new, day)


def save_entry(connection: Connection, changed: Entry, **more: Any) -> None:
    """Write an entry as it is after a move; `more` are columns that the noun does not have."""
    plain.update(connection, entry, "entry_id", changed.entry_id, {**_columns(changed), **more})
    known = memory.of(connection)
    if known is not None:
        known.keep(changed)


def move_to_day(connection: Connection, changed: Entry, day: str) -> None:
    """An entry, as it is after it, stands in the line of another business day."""
    where = entry.c.entry_id == changed.entry_id
    connection.execute(update(entry).where(where).values(version=changed.version, business_day=day))


_DAY = plain.Statement(select(entry.c.business_day).where(entry.c.entry_id == bindparam("entry_id")))


def day_of_entry(connection: Connection, entry_id: str) -> str:
    """The business day in whose line an entry stands: its ticket's, or a later one where it was kept overnight."""
    row = _DAY.one(connection, entry_id=entry_id)
    assert row is not None, "only an entry that there is, is asked for"
    return str(row[0])


def _columns(known: Entry) -> Mapping[str, Any]:
    return {
        "ticket_id": known.ticket_id,
        "number": known.number,
        "service_id": known.service_id,
        "room_id": known.room_id,
        "priority_class": known.priority.priority_class,
        "priority_status": known.priority.status,
        "state": known.state,
        "version": known.version,
        "issued_at": known.issued_at,
        "called_at": known.called_at,
        "calls": known.calls,
        "language": known.language,
        "recalls": known.recalls,
        "held_reason": known.held_reason,
        "held_until": known.held_until,
        "place": known.place,
        "appointment": known.appointment,
        "step": known.step,
        "then_steps": " ".join(known.then) or None,
        "pooled": known.pooled,
    }


# --- tickets -------------------------------------------------------------------------------------------------------


def _counting_on(dialect: Any) -> plain.Statement:
    names = ("site_id", "business_day", "series")
    first = dialect.insert(series_counter).values(last=1, **{name: bindparam(name) for name in names})
    return plain.Statement(
        first.on_conflict_do_update(index_elements=names, set_={"last": series_counter.c.last + 1}).returning(
            series_counter.c.last
        )
    )


_COUNT_ON = {"sqlite": _counting_on(sqlite), "postgresql": _counting_on(postgresql)}


def next_ordinal(connection: Connection, site_id: str, day: str, series: str) -> int:
    """The next number of a series on a day, counted from 1. Taken for good when the change is committed."""
    statement = _COUNT_ON[connection.dialect.name]
    row = statement.one(connection, site_id=site_id, business_day=day, series=series)
    assert row is not None, "RETURNING always tells"
    return int(row[0])


def insert_ticket(connection: Connection, site_id: str, new: TicketRow, device_id: str | None) -> None:
    values = {
        "ticket_id": new.ticket_id,
        "site_id": site_id,
        "visit_id": new.visit_id,
        "service_id": new.service_id,
        "business_day": new.business_day,
        "number": new.number,
        "address": new.address,
        "issued_at": new.issued_at,
        "device_id": device_id,
        "offline": new.offline,
    }
    plain.insert(connection, ticket, values)


_OF_TICKET = ("ticket_id", "visit_id", "service_id", "number", "address", "business_day", "issued_at", "offline")
"""In the order of `TicketRow`."""
_TICKET = plain.Statement(
    select(*(ticket.c[name] for name in _OF_TICKET)).where(
        ticket.c.site_id == bindparam("site_id"), ticket.c.ticket_id == bindparam("ticket_id")
    )
)


def load_ticket(connection: Connection, site_id: str, ticket_id: str) -> TicketRow | None:
    row = _TICKET.one(connection, site_id=site_id, ticket_id=ticket_id)
    return TicketRow(*row) if row is not None else None


def load_ticket_by_address(connection: Connection, site_id: str, address: str) -> TicketRow | None:
    return _ticket(connection, site_id, ticket.c.address == address)


def load_ticket_by_number(connection: Connection, site_id: str, day: str, number: str) -> TicketRow | None:
    return _ticket(connection, site_id, (ticket.c.business_day == day) & (ticket.c.number == number))


def _ticket(connection: Connection, site_id: str, which: Any) -> TicketRow | None:
    row = connection.execute(select(ticket).where(ticket.c.site_id == site_id, which)).mappings().first()
    return TicketRow(*(row[name] for name in _OF_TICKET)) if row is not None else None


_VISITS = plain.Statement(
    select(tables.visit.c.visit_id).where(
        tables.visit.c.patient_id == bindparam("patient_id"), tables.visit.c.business_day == bindparam("day")
    )
)


_ENTRIES_OF_PATIENT = plain.Statement(
    _ENTRIES.join(ticket, ticket.c.ticket_id == entry.c.ticket_id)
    .join(tables.visit, tables.visit.c.visit_id == ticket.c.visit_id)
    .where(tables.visit.c.patient_id == bindparam("patient_id"), entry.c.business_day == bindparam("day"))
    .order_by(entry.c.issued_at)
)


def entries_of_patient(connection: Connection, patient_id: str, day: str, overnight: bool) -> list[Entry]:
    """Everything this person holds on a day; `overnight`: it may be from an earlier one."""
    if not overnight and _VISITS.one(connection, patient_id=patient_id, day=day) is None:  # true of most who arrive
        return []
    return _entries(connection, _ENTRIES_OF_PATIENT, patient_id=patient_id, day=day)
