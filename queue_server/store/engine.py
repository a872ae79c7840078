"""Opening the database: SQLite as a file beside the program, or PostgreSQL by address."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import DataError as CannotHold
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from queue_server.errors import Unavailable
from queue_server.store import memory

__all__ = ["IMMEDIATE", "CannotHold", "Connection", "Engine", "StoreAway", "for_snapshot", "open_engine"]

BUSY_TIMEOUT_MS = 10_000
"""How long one process waits for another that writes (the command line beside the running server)."""

CACHE_KIB = 32_000
"""Memory that a connection may use for pages of the database; SQLite's own 2,000 do not hold the indexes of a year."""

POSTGRES_NOTICES_LOSS = {
    "connect_timeout": "5",  # seconds
    "tcp_user_timeout": "10000",  # milliseconds until what was sent and not acknowledged ends the connection
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
"""A database machine that loses power says nothing; by the system's defaults the writer would wait a quarter of an hour
for it, with the standby long ready. What the address itself says goes before these."""

StoreAway = (OperationalError, InterfaceError, NoConnectionFree)
"""What the database cannot do now: it is gone, full, locked, or all connections to it are in use."""

IMMEDIATE = "denluot_immediate"
"""Execution option: this connection is going to write, so it asks for the write lock at once."""


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql+psycopg://...``; plain ``postgresql://`` means psycopg 3.

    Parameters are hidden from error texts: they hold personal data, and errors are logged. Raises Unavailable
    ``store_away`` when the address, which may hold a password and is not shown, cannot be read or the file not be made.
    """
    try:
        return _open(make_url(url))
    except (ArgumentError, ValueError, OSError):
        raise Unavailable("store_away") from None


def _open(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        if address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            Path(address.database).touch(mode=0o600)  # it holds patients' data; SQLite's side files get the same mode
        engine = create_engine(address, hide_parameters=True)
        _sqlite_by_hand(engine)
        _notice_changes(engine)
        return engine
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    address = address.update_query_dict(POSTGRES_NOTICES_LOSS | dict(address.query))
    engine = create_engine(address, pool_pre_ping=True, isolation_level="READ COMMITTED", hide_parameters=True)
    _notice_changes(engine)
    return engine


def _notice_changes(engine: Engine) -> None:
    """Whoever changes the hospital inside the writer's transaction makes the writer ask for it again."""

    @event.listens_for(engine, "after_cursor_execute")
    def executed(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        memory.notice(connection, statement)


def _sqlite_by_hand(engine: Engine) -> None:
    """The driver must not begin transactions by itself: we say when, and whether for reading or for writing."""

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",  # a ticket that was answered survives a power cut
            f"cache_size = -{CACHE_KIB}",
            "temp_store = MEMORY",  # what savepoints keep for going back: 70 writes to a file for each ticket, measured
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def for_snapshot(engine: Engine) -> Engine:
    """The same database, for reads in which all questions see one moment."""
    if engine.dialect.name == "sqlite":  # a read transaction in WAL already is one moment
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")
