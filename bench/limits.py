"""What the machine can do at best, measured in the same run: an empty answer, a durable commit, a bare broadcast.

``python -m bench.limits empty|broadcast PORT`` runs one of the two bare servers.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
import time
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.server import ServerConnection, broadcast, serve

FRAME = '{"type":"numbered","frame":{"type":"ticket_called","filling":"' + "x" * 560 + '"}}'
"""As long as a call of ours."""


def empty() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def nothing() -> dict[str, str]:
        return {}

    return app


async def _broadcast(port: int) -> None:
    everyone: set[ServerConnection] = set()

    async def one(connection: ServerConnection) -> None:
        await connection.recv()
        everyone.add(connection)
        await connection.send("welcome")
        async for _ in connection:
            broadcast(everyone, FRAME)

    async with serve(one, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.Future()


_TABLES = ("CREATE TABLE n (n INTEGER)", "INSERT INTO n VALUES (0)", "CREATE TABLE e (e TEXT)")
_CHANGE = ("UPDATE n SET n = n + 1", "INSERT INTO e VALUES ('" + "x" * 400 + "')")


def sqlite_commits(folder: Path, seconds: float) -> list[float]:
    """How long each durable commit took: a counter and a row, one transaction after another."""
    connection = sqlite3.connect(folder / "limit.sqlite3", isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_TABLES):
        connection.execute(statement)
    each = _for(seconds, lambda: [connection.execute(sql) for sql in ("BEGIN IMMEDIATE", *_CHANGE, "COMMIT")])
    connection.close()
    return each


def postgres_commits(url: str, clients: int, seconds: float) -> list[float]:
    """The same on PostgreSQL, by several connections at once; each writes a row, so that none waits for another."""
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS e (e TEXT)")
    each: list[float] = []

    def client() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            each.extend(_for(seconds, lambda: connection.execute(_CHANGE[1].encode())))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each


def _for(seconds: float, act: object) -> list[float]:
    assert callable(act)
    each: list[float] = []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        act()
        each.append(time.perf_counter() - begun)
    return each


if __name__ == "__main__" and len(sys.argv) == 3:
    if sys.argv[1] == "empty":
        uvicorn.run(empty(), port=int(sys.argv[2]), log_config=None, access_log=False)
    else:
        asyncio.run(_broadcast(int(sys.argv[2])))
