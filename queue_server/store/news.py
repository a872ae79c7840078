"""What other server processes wrote: PostgreSQL tells it by NOTIFY, with the commit that it tells of.

Only a wake-up travels, never data. Should one be lost (the connection broke), every reader of the journal still looks
by itself now and then. On SQLite there is one server process, so there is nothing to hear.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Text, bindparam, func, select

from queue_server.store import plain

log = logging.getLogger(__name__)

CHANNEL = "denluot_news"
AGAIN_S = 1.0
"""After a broken connection."""
LOOK_S = 0.25
"""How often the thread looks whether it is to end."""
_TELL = plain.Statement(select(func.pg_notify(bindparam("channel", type_=Text), bindparam("news", type_=Text))))


class News:
    """`heard` is called in a thread of its own whenever another process changed this site."""

    def __init__(self, engine: Engine, site_id: str, heard: Callable[[], None]) -> None:
        self._engine = engine
        self._site_id = site_id
        self._heard = heard
        self._own = uuid4().hex
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _spoken(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def tell(self, connection: Connection) -> None:
        """Inside the transaction that others are to hear of: they hear it when it is committed, or never."""
        if self._spoken:
            _TELL.one(connection, channel=CHANNEL, news=f"{self._site_id} {self._own}")

    def start(self) -> None:
        if not self._spoken or self._thread is not None:
            return
        self._ending.clear()
        self._thread = threading.Thread(target=self._listen, name="news", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _listen(self) -> None:
        import psycopg

        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        while not self._ending.is_set():
            try:
                with psycopg.connect(*arguments, **{**options, "autocommit": True}) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    self._heard()  # what came while nobody listened
                    self._hear(connection)
            except psycopg.Error as error:
                log.warning("news_lost error=%s", type(error).__name__)
                self._ending.wait(AGAIN_S)

    def _hear(self, connection: Any) -> None:
        while not self._ending.is_set():
            for notice in connection.notifies(timeout=LOOK_S, stop_after=1):
                site_id, _, who = notice.payload.partition(" ")
                if site_id == self._site_id and who != self._own:
                    self._heard()
