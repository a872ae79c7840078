"""Starting and ending the programs of the demo, each as an operator would, with its settings in the environment."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from script.rehearsal.report import StepFailed

STOP_S = 8.0
ARROWS = {
    "zone-a": "arrow-up-left",
    "zone-b": "arrow-up-right",
    "zone-c": "arrow-right",
    "zone-d": "arrow-down-right",
    **{f"room-{number}": "arrow-up" for number in (6, 7, 8, 18, 19, 20)},
}
"""Which way to walk from the demo's kiosk."""


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _opened(log: Path) -> BinaryIO:
    """A new log, for its owner only: what `demo-data` tells holds the password of the demo's staff."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@dataclass
class Program:
    """One program in a process of its own, its log in a file."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    @classmethod
    async def start(cls, module: str, *arguments: str, settings: Mapping[str, str], log: Path) -> Program:
        with _opened(log) as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments, env={**os.environ, **settings}, stdout=stream, stderr=stream
            )
        return cls(module, process, log)

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    async def stop(self) -> None:
        if self.running:
            with suppress(ProcessLookupError):
                self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def must_run(self) -> None:
        if not self.running:
            raise StepFailed(f"{self.name} ended by itself with {self.process.returncode}:\n{self.last_lines()}")

    def last_lines(self, count: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


@dataclass(frozen=True)
class DemoHospital:
    """A server with its own database, the keys of its paired devices, and the sign-in of its staff."""

    folder: Path
    port: int
    password: str
    emr_token: str
    answers_within_s: float = 30.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def fhir_address(self) -> str:
        return f"{self.address}/sandbox/fhir"

    @property
    def keys_file(self) -> Path:
        return self.folder / "keys.json"

    @property
    def settings(self) -> dict[str, str]:
        """The server's. Its EMR is its own sandbox, reached over HTTP as any other would be."""
        return {
            "DENLUOT_SERVER_DATABASE_URL": f"sqlite:///{self.folder / 'hospital.sqlite3'}",
            "DENLUOT_SERVER_HOST": "127.0.0.1",
            "DENLUOT_SERVER_PORT": str(self.port),
            "DENLUOT_SERVER_EMR__BASE_URL": self.fhir_address,
            "DENLUOT_SERVER_EMR__TOKEN": self.emr_token,
        }

    def key(self, device_id: str) -> str:
        return str(json.loads(self.keys_file.read_text(encoding="utf-8"))[device_id])

    async def furnish(self, log: Path) -> None:
        """Make the tables, the hospital, its staff and its devices. Run again, nothing is doubled."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = ("demo-data", "--keys", str(self.keys_file), "--password", self.password)
        program = await Program.start("queue_server", *arguments, settings=self.settings, log=log)
        if await program.process.wait() != 0:
            raise StepFailed(f"demo-data failed:\n{program.last_lines()}")

    async def serve(self, log: Path) -> Program:
        """Start the server and wait until it answers."""
        server = await Program.start("queue_server", "serve", settings=self.settings, log=log)
        try:
            await self._answers(server)
        except BaseException:
            await server.stop()  # a failed start leaves no server behind on its port
            raise
        return server

    async def _answers(self, server: Program) -> None:
        end = time.monotonic() + self.answers_within_s
        async with httpx.AsyncClient(timeout=2) as client:
            while True:
                server.must_run()
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{self.address}/healthz")).status_code == 200:
                        return
                if time.monotonic() > end:
                    raise StepFailed(f"the server did not answer within {self.answers_within_s:g} s")
                await asyncio.sleep(0.1)
