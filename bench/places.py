"""Servers in processes of their own, and a hospital for them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.client import Line, post
from bench.cluster import free_port
from protocol.nouns import Identity, Intake
from protocol.request import new_request_id
from protocol.requests import CallNext, IssueTicket, SignIn
from queue_server.auth.deps import SESSION_COOKIE
from queue_server.command_line import make_demo_data
from queue_server.emr.settings import EmrSettings
from queue_server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
PASSWORD = "measured-12345"


@dataclass(frozen=True)
class Place:
    """A server process that answers on `port`."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def megabytes(self) -> float:
        """Memory of the process that is really in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """Processor time so far, of all threads and of the system for them: what neighbours do hardly changes it."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def open(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self.process.poll() is None, "the server ended; see its log"
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def process(log: Path, *arguments: str, port: int | None = None, **environment: str) -> Iterator[Place]:
    """``python -m ARGUMENTS`` with ``{port}`` filled in, stopped at the end."""
    port = port or free_port()
    filled = [argument.format(port=port) for argument in arguments]
    with log.open("ab") as stream:
        started = subprocess.Popen(
            [sys.executable, "-m", *filled], cwd=ROOT, env=os.environ | environment, stdout=stream, stderr=stream
        )
    try:
        yield Place(port, started)
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGINT)
            try:
                started.wait(timeout=20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


@dataclass(frozen=True)
class Hospital:
    """The hospital of the demonstration in a database; `serve` runs a server on it, as often as wanted."""

    url: str
    folder: Path
    keys: dict[str, str]

    @classmethod
    def make(cls, url: str, folder: Path) -> Hospital:
        settings = ServerSettings(database_url=url, emr=EmrSettings(enabled=False))  # type: ignore[arg-type]
        make_demo_data(settings, folder / "keys.json", PASSWORD)
        return cls(url, folder, json.loads((folder / "keys.json").read_text(encoding="utf-8")))

    @contextmanager
    def serve(self, port: int | None = None) -> Iterator[Place]:
        with process(
            self.folder / "server.log", "queue_server", "serve", "--port", "{port}", port=port,
            DENLUOT_SERVER_DATABASE_URL=self.url, DENLUOT_SERVER_EMR__ENABLED="false",
            DENLUOT_SERVER_EMR__SANDBOX_ENABLED="false",
        ) as place:  # fmt: skip
            yield place

    def take(self, person: int | None = None, service_id: str = "general", request_id: str | None = None) -> bytes:
        """A new person (or person number `person`) takes a number."""
        digits = f"{(uuid4().int if person is None else person) % 10**12:012d}"
        intake = Intake(identity=Identity(document="typed_personal_id", personal_id=digits))
        wish = IssueTicket(request_id=request_id or new_request_id(), service_id=service_id, intake=intake)
        return post(
            wish.path, wish.model_dump_json().encode(), f"Authorization: Bearer {self.keys['demo-kiosk-1']}\r\n"
        )

    def takes(self, count: int, service_ids: tuple[str, ...] = ("general",)) -> Iterator[bytes]:
        services = itertools.cycle(service_ids)
        return iter([self.take(service_id=next(services)) for _ in range(count)])

    async def sign_in(self, port: int) -> str:
        """The header line that a signed-in nurse sends."""
        wish, line = SignIn(username="dieuduong", password=PASSWORD), Line(port)
        status, head, body = await line.ask(post(wish.path, wish.model_dump_json().encode()))
        line.close()
        assert status == 200, body
        token = head.decode().split(f"{SESSION_COOKIE}=")[1].split(";")[0]
        return f"Cookie: {SESSION_COOKIE}={token}\r\n"

    def call(self, cookie: str, room_id: str = "room-1", request_id: str | None = None) -> bytes:
        wish = CallNext(request_id=request_id or new_request_id(), room_id=room_id)
        return post(wish.path, wish.model_dump_json().encode(), cookie)
