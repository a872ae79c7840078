"""A device is made known with six digits, works with its key, and is worth nothing once it is revoked."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from protocol.client import ServerClient
from protocol.errors import ServerRefused
from protocol.frames import AnyFrame, DeviceHealthChanged
from protocol.requests import RaiseAlert
from script.rehearsal.programs import DemoHospital, Program, free_port
from script.rehearsal.staff import Nurse
from tests.house.tree import ROOT

pytestmark = pytest.mark.timeout(120)


def command(*arguments: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_a_kiosk_is_paired_by_code_and_cut_off_by_its_id(tmp_path: Path) -> None:
    hospital = DemoHospital(tmp_path, free_port(), "test-password-1", "test-token-1")
    await hospital.furnish(tmp_path / "furnish.log")
    server = await hospital.serve(tmp_path / "server.log")
    try:
        made = command("queue_server", "pair", "kiosk", "Kiosk 2", settings=hospital.settings)
        code = re.search(r"\b\d{6}\b", made.stdout)
        assert code, made.stdout + made.stderr
        home = {"DENLUOT_KIOSK_HOME": str(tmp_path / "kiosk")}
        paired = command("kiosk", "pair", code[0], "--server", hospital.address, settings=home)
        assert paired.returncode == 0, paired.stderr
        key_file = tmp_path / "kiosk" / "key"
        assert key_file.stat().st_mode & 0o777 == 0o600

        key, address = key_file.read_text().split()
        assert address == hospital.address

        again = command("kiosk", "pair", code[0], "--server", hospital.address, settings=home)
        assert again.returncode != 0
        assert "refused" in again.stderr

        client = ServerClient(hospital.address, key)
        try:
            await client.post(RaiseAlert(reason="help"))
            device = re.search(r"[0-9a-f]{32}", _devices(hospital))
            assert device
            command("queue_server", "revoke", device[0], settings=hospital.settings)
            assert await _refused(client) in (401, 403)
        finally:
            await client.close()
    finally:
        await server.stop()


async def test_a_paired_wall_finds_its_server_without_being_told_again(tmp_path: Path) -> None:
    """Only the key was kept: the wall then tried 127.0.0.1:8000 for ever."""
    hospital = DemoHospital(tmp_path, free_port(), "test-password-1", "test-token-1")
    await hospital.furnish(tmp_path / "furnish.log")
    server = await hospital.serve(tmp_path / "server.log")
    home = {"DENLUOT_DISPLAY_HOME": str(tmp_path / "wall"), "DENLUOT_DISPLAY_SPEAKER": "fake:"}
    try:
        code = command("queue_server", "pair", "speaker", "Voice 2", settings=hospital.settings).stdout.strip()
        paired = command("display", "pair", code, "--server", f"{hospital.address}/", settings=home)
        assert paired.stdout.startswith(f"Voice 2: paired with {hospital.address}."), paired.stderr
        async with Nurse.at_work(hospital.address, "dieuduong", hospital.password) as nurse:
            voice = await Program.start("display", "run", "--no-screen", settings=home, log=tmp_path / "voice.log")
            try:
                await nurse.hear(_tells_its_health, "the voice", 30)
            finally:
                await voice.stop()
    finally:
        await server.stop()


def _tells_its_health(frame: AnyFrame) -> bool:
    return isinstance(frame, DeviceHealthChanged) and frame.device.name == "Voice 2"


async def _refused(client: ServerClient) -> int:
    """The status with which the client is refused: within a moment, for its key was found good just now."""
    async with asyncio.timeout(10):
        while True:
            try:
                await client.post(RaiseAlert(reason="help"))
            except ServerRefused as refused:
                return refused.status
            await asyncio.sleep(0.1)


def _devices(hospital: DemoHospital) -> str:
    """Ids of the devices that were paired by code: the demo's own have readable ones."""
    import sqlite3

    with sqlite3.connect(hospital.folder / "hospital.sqlite3") as database:
        rows = database.execute("SELECT device_id FROM device WHERE device_id NOT LIKE 'demo-%'").fetchall()
    return " ".join(row[0] for row in rows)
