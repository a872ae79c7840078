"""What the commands do. Each opens the database for itself, beside a running server if there is one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from protocol.policy import Capped
from protocol.requests import CreatePairingCode, PairingCode
from queue_server.auth.passwords import Passwords
from queue_server.core import first_site, utc_now
from queue_server.domain.replayed import BrokenJournal, replay
from queue_server.domain.waits.accuracy import table
from queue_server.emr import delivery_rows
from queue_server.errors import Invalid, Unavailable
from queue_server.settings import ServerSettings
from queue_server.store import journal
from queue_server.store.engine import Connection, Engine, StoreAway, open_engine
from queue_server.store.repository import ensure_site, load_rooms, load_services, load_site, newest_day
from queue_server.store.schema import is_current, migrate
from queue_server.store.writer import Change, T, Writer
from queue_server.usecases import demo_data, demo_hospital, devices, promises
from queue_server.usecases.change import Change as Context
from queue_server.usecases.change import Reading

COMMAND_LINE = "staff:command-line"


@dataclass(frozen=True)
class Database:
    """The database, open for one command."""

    settings: ServerSettings
    engine: Engine
    writer: Writer

    def change(self, change: Change[T]) -> T:
        return self.writer.submit(change).result()


@contextmanager
def open_database(settings: ServerSettings) -> Iterator[Database]:
    """The database in its newest form, with its site. Raises Unavailable ``store_away``."""
    engine = open_engine(settings.database_url.get_secret_value())
    writer = Writer(engine, settings.site_id)
    try:
        migrate(engine)
        writer.start()
        database = Database(settings, engine, writer)
        database.change(lambda connection: ensure_site(connection, first_site(settings)))
        yield database
    except StoreAway as away:
        raise Unavailable("store_away") from away
    finally:
        writer.stop()
        engine.dispose()


def make_demo_data(settings: ServerSettings, keys_file: Path, password: str | None) -> list[str]:
    """Make the demonstration's hospital; returns lines for people, the sign-ins among them."""
    password = password or secrets.token_urlsafe(9)
    password_hash = Passwords().hash(password)
    known = json.loads(keys_file.read_text(encoding="utf-8")) if keys_file.exists() else {}
    with open_database(settings) as database:
        made = database.change(
            lambda connection: demo_data.make(connection, settings.site_id, password_hash, utc_now(), known)
        )
    _write_private(keys_file, json.dumps(made.keys, indent=2) + "\n")
    sign_ins = [f"  {username} / {password}  ({role})" for username, _, role in demo_hospital.STAFF]
    return [
        f"{demo_hospital.SITE_NAMES['vi']}: {len(demo_hospital.service_rows())} services, "
        f"{len(demo_hospital.rooms())} rooms, {len(demo_hospital.ZONES)} zones, {len(made.keys)} devices",
        f"Device keys: {keys_file}",
        "Sign-ins for staff, shown once:",
        *sign_ins,
    ]


def _write_private(file: Path, text: str) -> None:
    """For the owner only from the first moment on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)


def make_pairing_code(settings: ServerSettings, kind: str, name: str, zone_id: str | None) -> str:
    """Six digits. Raises Invalid ``invalid_request``, NotFound ``unknown_zone``."""
    try:
        wish = CreatePairingCode.model_validate({"kind": kind, "name": name, "zone_id": zone_id})
    except ValidationError as wrong:
        raise Invalid("invalid_request", kind="kiosk, display or speaker") from wrong
    with open_database(settings) as database:
        return database.change(lambda connection: _create_code(settings, connection, wish)).code


def _create_code(settings: ServerSettings, connection: Connection, wish: CreatePairingCode) -> PairingCode:
    now = utc_now()
    site = load_site(connection, settings.site_id) or first_site(settings)
    context = Context(connection=connection, site=site, policy=Capped(), now=now, at=now, caller=COMMAND_LINE)
    return devices.create_code(context, wish)


def revoke_device(settings: ServerSettings, device_id: str) -> None:
    """Raises NotFound ``unknown_device``."""
    with open_database(settings) as database:
        database.change(lambda connection: devices.revoke(connection, settings.site_id, device_id, utc_now()))


def tell_accuracy(settings: ServerSettings, day: str | None) -> list[str]:
    """Lines for people. Raises Invalid ``invalid_request`` when `day` is no date."""
    try:
        wanted = date.fromisoformat(day).isoformat() if day else None
    except ValueError as wrong:
        raise Invalid("invalid_request", day="a date such as 2026-11-20") from wrong
    with open_database(settings) as database, database.engine.connect() as connection:
        site = load_site(connection, settings.site_id) or first_site(settings)
        return table(promises.accuracy_of(Reading(connection, site, Capped(), utc_now()), wanted))


# --- doctor ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    well: bool
    text: str


def examine(settings: ServerSettings) -> Iterator[Finding]:
    """Look at everything that can be looked at without changing anything."""
    yield Finding(True, f"settings: site {settings.site_id}, address {settings.base_address}")
    if settings.host not in _LOOPBACK and not settings.secure_cookies:
        yield Finding(False, "address: reachable from the network without https (set public_address)")
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        yield from _examine_database(settings, engine)
    except StoreAway:
        yield Finding(False, "database: cannot be opened or read")
    finally:
        engine.dispose()


_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _replayed(connection: Connection, site_id: str) -> Finding:
    """Whether the entries of the newest day are what the journal tells of them."""
    day, stored = newest_day(connection, site_id)
    try:
        told = replay((line.seq, line.frame) for line in journal.of_day(connection, site_id, day) if line.frame)
    except BrokenJournal as broken:
        return Finding(False, f"journal: entry {broken}")
    differ = [entry.number for entry in stored.values() if told.get(entry.entry_id) != entry]
    if differ or len(told) != len(stored):
        return Finding(False, f"entries of {day}: not as the journal tells: {', '.join(differ) or 'some are missing'}")
    return Finding(True, f"entries: {len(stored)} of the newest day are as the journal tells")


PARKED_SHOWN = 10
LONG_S = 15 * 60.0
"""A message that waits longer for the record system is worth a look."""


def _emr_feed(connection: Connection, site_id: str) -> Iterator[Finding]:
    """What waits for the record system, and what waits for a person, with the reason."""
    now = delivery_rows.figures(connection, site_id, utc_now())
    oldest = f", the oldest for {now.oldest_age_s / 60:.0f} minutes" if now.waiting else ""
    yield Finding(now.oldest_age_s < LONG_S, f"record system: {now.delivered} delivered, {now.waiting} waiting{oldest}")
    for visit_id, reason in delivery_rows.parked(connection, site_id, PARKED_SHOWN):
        yield Finding(False, f"record system: visit {visit_id} is parked: {reason}")


def _examine_database(settings: ServerSettings, engine: Engine) -> Iterator[Finding]:
    kind = engine.dialect.name
    if not is_current(engine):
        yield Finding(False, f"database ({kind}): migrations are missing; run `denluot-server migrate`")
        return
    yield Finding(True, f"database ({kind}): newest form")
    with engine.connect() as connection:
        if load_site(connection, settings.site_id) is None:
            yield Finding(False, f"site: {settings.site_id} is not in the database; `serve` or `demo-data` makes it")
            return
        gap = journal.first_gap(connection, settings.site_id)
        newest = journal.last_seq(connection, settings.site_id)
        text = f"{newest} entries, no gap" if gap is None else f"entry {gap} of {newest} is missing"
        yield Finding(gap is None, f"journal: {text}")
        yield _replayed(connection, settings.site_id)
        yield from _emr_feed(connection, settings.site_id)
        rooms = load_rooms(connection, settings.site_id)
        for service in load_services(connection, settings.site_id):
            if service.open and not any(room.open and service.service_id in room.service_ids for room in rooms):
                yield Finding(False, f"service {service.service_id}: open, but no open room gives it")
    yield Finding(True, f"rooms: {len(rooms)}")
