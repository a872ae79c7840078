"""A small hospital, a server on it, and people to use it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection, insert

from protocol.nouns import Birth, Device, DeviceKind, Identity, Intake
from protocol.requests import CallNext, IssueTicket, Request, SignIn
from queue_server.api.gate import Gate, how_to_serve
from queue_server.app import build
from queue_server.auth.passwords import Passwords
from queue_server.core import Core
from queue_server.emr.settings import EmrSettings
from queue_server.settings import ServerSettings
from queue_server.store import tables
from queue_server.store.rules import save_rule
from queue_server.usecases import announcing
from queue_server.usecases.devices import add_device
from queue_server.usecases.once import reading
from queue_server.usecases.people import keep_staff

PASSWORD = "đúng mật khẩu"
MORNING = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
"""08:30 in Vietnam."""
NO_EMR = EmrSettings(enabled=False, sandbox_enabled=False)


class Clock:
    """The server's clock, set by the test."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def settings(folder: Path, **more: Any) -> ServerSettings:
    given: dict[str, Any] = {"database_url": f"sqlite:///{folder / 'queue.sqlite3'}", "emr": NO_EMR}
    return ServerSettings(**(given | more))


def make_hospital(connection: Connection, site_id: str = "main") -> None:
    """Two zones. General (A): rooms 1 and 2 in a; eyes (B): room 3 in b; teeth (C): closed; skin (D): no room."""
    for zone_id in ("a", "b"):
        connection.execute(
            insert(tables.zone).values(site_id=site_id, zone_id=zone_id, names={"vi": zone_id}, position=1)
        )
    for service_id, series, is_open in (("general", "A", True), ("eyes", "B", True), ("teeth", "C", False)):
        connection.execute(_service(site_id, service_id, series, is_open))
    connection.execute(_service(site_id, "skin", "D", True))
    for number, zone_id, service_id in (("1", "a", "general"), ("2", "a", "general"), ("3", "b", "eyes")):
        room_id = f"r{number}"
        connection.execute(
            insert(tables.room).values(
                site_id=site_id, room_id=room_id, number=number, names={"vi": "x"}, zone_id=zone_id, directions={}
            )
        )
        connection.execute(insert(tables.room_service).values(room_id=room_id, service_id=service_id))


def _service(site_id: str, service_id: str, series: str, is_open: bool) -> Any:
    return insert(tables.service).values(
        site_id=site_id,
        service_id=service_id,
        names={"vi": service_id, "en": service_id},
        icon="stethoscope",
        series=series,
        open=is_open,
        closed_reason={},
        minutes=10,
    )


def identity(number: str, birth: str | None = "1990-05-17", name: str = "Nguyễn Văn Thử") -> Identity:
    return Identity(
        document="can_cuoc_new",
        personal_id=number,
        full_name=name,
        birth=Birth(value=birth, precision="day") if birth else None,
    )


def wish(number: int, service_id: str = "general", birth: str | None = "1990-05-17", **more: Any) -> IssueTicket:
    """Person `number` wants a ticket."""
    return IssueTicket(service_id=service_id, intake=Intake(identity=identity(f"{number:012d}", birth)), **more)


@dataclass
class House:
    """A running server and its callers."""

    app: FastAPI
    core: Core
    clock: Clock
    keys: dict[str, str]
    http: httpx.AsyncClient
    base: str = "http://test"

    def as_device(self, device_id: str = "kiosk") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[device_id]}"}

    async def send(self, request: Request, device_id: str | None = None) -> httpx.Response:
        """As a device; with no device named, as whoever is signed in."""
        headers = self.as_device(device_id) if device_id else {}
        return await self.http.post(request.path, json=request.model_dump(mode="json"), headers=headers)

    async def issue(self, number: int, service_id: str = "general", **more: Any) -> dict[str, Any]:
        answer = await self.send(wish(number, service_id, **more), "kiosk")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def sign_in(self, username: str = "nurse", password: str = PASSWORD) -> httpx.Response:
        return await self.send(SignIn(username=username, password=password))

    async def call(self, room_id: str = "r1") -> dict[str, Any]:
        answer = await self.send(CallNext(room_id=room_id))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


DEVICES: tuple[tuple[str, DeviceKind, str | None], ...] = (
    ("kiosk", "kiosk", None),
    ("display-a", "display", "a"),
    ("display-b", "display", "b"),
    ("speaker-a", "speaker", "a"),
    ("display-all", "display", None),
)


async def people_it(core: Core) -> dict[str, str]:
    """The hospital, its staff and devices; returns the devices' keys."""
    hashed = core.passwords.hash(PASSWORD)

    def make(connection: Connection) -> dict[str, str]:
        make_hospital(connection)
        # Nothing is news about it. Else the server tells after some seconds that skin has no room, and what a test
        # finds in the journal hangs on how slow the machine is.
        for service_id, told in announcing.news(reading(core, connection)).items():
            save_rule(connection, "main", "told", service_id, told, core.clock())
        for username, role in (("nurse", "staff"), ("boss", "admin")):
            keep_staff(connection, "main", username, username.title(), role, hashed)
        return {
            device_id: add_device(
                connection, "main", Device(device_id=device_id, kind=kind, name=device_id, zone_id=zone), core.clock()
            )
            for device_id, kind, zone in DEVICES
        }

    return await core.writer.run(make)


@asynccontextmanager
async def open_house(folder: Path, clock: Clock | None = None, **more: Any) -> AsyncIterator[House]:
    """The whole server inside this process, called without a network."""
    clock = clock or Clock()
    app = build(settings(folder, **more), clock=clock, passwords=Passwords(weak=True))
    async with app.router.lifespan_context(app):
        core = app.state.core
        keys = await people_it(core)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield House(app, core, clock, keys, http)


@asynccontextmanager
async def served(app: FastAPI, port: int = 0, http: type[Gate] = Gate) -> AsyncIterator[str]:
    """The application on a real port; gives its address."""
    options = how_to_serve(app.state.core.settings) | {"http": http, "timeout_graceful_shutdown": None}
    config = uvicorn.Config(app, port=port, lifespan="on", **options)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", port))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
        assert not task.done(), task
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


@asynccontextmanager
async def open_served_house(folder: Path, http: type[Gate] = Gate, **more: Any) -> AsyncIterator[House]:
    """The whole server on a real port, with the machine's clock."""
    clock = Clock(datetime.now(UTC))
    app = build(settings(folder, **more), clock=clock, passwords=Passwords(weak=True))
    async with served(app, http=http) as base, httpx.AsyncClient(base_url=base, trust_env=False) as client:
        core = app.state.core
        yield House(app, core, clock, await people_it(core), client, base)
