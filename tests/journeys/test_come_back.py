"""The server is killed under a kiosk and a wall: both must be back within five seconds of its return, by themselves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from script.rehearsal.programs import DemoHospital, Program, free_port

pytestmark = [pytest.mark.screen, pytest.mark.timeout(180)]
BACK_S = 5.0


async def listeners(hospital: DemoHospital) -> int:
    """How many programs hear the feed now; -1 while the server is away."""
    async with httpx.AsyncClient(timeout=2) as client:
        try:
            text = (await client.get(f"{hospital.address}/metrics")).text
        except httpx.HTTPError:
            return -1
    return next(int(float(line.split()[1])) for line in text.splitlines() if line.startswith("denluot_feed_listeners "))


async def seconds_until(hospital: DemoHospital, wanted: int, patience_s: float) -> float:
    begun = time.monotonic()
    while await listeners(hospital) != wanted:
        assert time.monotonic() - begun < patience_s, f"not {wanted} listeners within {patience_s} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def test_kiosk_and_wall_come_back_after_the_server_was_killed(tmp_path: Path) -> None:
    hospital = DemoHospital(tmp_path, free_port(), "test-password-1", "test-token-1")
    logs = tmp_path / "logs"
    await hospital.furnish(logs / "furnish.log")
    programs = [await hospital.serve(logs / "server.log")]
    try:
        for program, prefix, device in (
            ("kiosk", "DENLUOT_KIOSK_", "demo-kiosk-1"),
            ("display", "DENLUOT_DISPLAY_", "demo-display-a"),
        ):
            settings = {
                f"{prefix}SERVER_URL": hospital.address,
                f"{prefix}KEY": hospital.key(device),
                f"{prefix}HOME": str(tmp_path / program),
                f"{prefix}OFFSCREEN": "true",
            }
            log = logs / f"{program}.log"
            programs.append(await Program.start(program, "run", settings=settings, log=log))
        await seconds_until(hospital, 2, 60)

        programs[0].process.kill()
        await programs[0].process.wait()
        assert await listeners(hospital) == -1
        programs[0] = await hospital.serve(logs / "server-again.log")

        assert await seconds_until(hospital, 2, BACK_S) < BACK_S
        for program_running in programs:
            program_running.must_run()
    finally:
        for started in reversed(programs):
            await started.stop()
