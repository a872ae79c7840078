"""Every scanner keeps the same promises: fake, serial port (pseudo-terminal), video file, MJPEG over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hardware.errors import DeviceAway
from tests.hardware.scanner.rigs import RIGS, Rig

CARD = "001090000017|012000001|Nguyễn Văn Thử|17051990|Nam|Số 12 Ngõ 3, Phường Mẫu, Hà Nội|20042021".encode()
OTHER = "079185000023||Trần Thị Mẫu|02111985|Nữ|Số 5 Đường Kiểm Thử, TP. Hồ Chí Minh|15082021".encode()
SOON = 10.0
"""Seconds that anything may take on a busy machine; nothing here waits that long when it works."""


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as made:
        try:
            yield made
        finally:
            await made.scanner.close()


async def state_told(rig: Rig) -> str:
    return (await asyncio.wait_for(rig.scanner.next_health(), SOON)).state


async def nothing_told(rig: Rig, seconds: float) -> bool:
    try:
        await asyncio.wait_for(rig.scanner.next_health(), seconds)
    except TimeoutError:
        return True
    return False


async def test_one_scan_with_the_exact_bytes(rig: Rig) -> None:
    await rig.scanner.open()
    assert await state_told(rig) == "ok"
    await rig.show(CARD)
    scan = await asyncio.wait_for(rig.scanner.next_scan(), SOON)
    assert scan.payload == CARD
    assert scan.at.tzinfo is not None
    assert scan.source
    with pytest.raises(TimeoutError):  # held still, it is not read again
        await asyncio.wait_for(rig.scanner.next_scan(), 0.7)
    await rig.show(OTHER)
    assert (await asyncio.wait_for(rig.scanner.next_scan(), SOON)).payload == OTHER


async def test_away_once_and_back_once(rig: Rig) -> None:
    await rig.scanner.open()
    assert await state_told(rig) == "ok"
    await rig.unplug()
    assert await state_told(rig) == "away"
    assert rig.scanner.health().code == "unplugged"
    assert await nothing_told(rig, 1.0)  # several attempts to reopen later
    await rig.replug()
    assert await state_told(rig) == "ok"
    assert await nothing_told(rig, 0.3)
    await rig.show(CARD)
    assert (await asyncio.wait_for(rig.scanner.next_scan(), SOON)).payload == CARD


async def test_away_from_the_start_comes_by_itself(rig: Rig) -> None:
    await rig.unplug()
    await rig.scanner.open()
    assert await state_told(rig) == "away"
    await rig.replug()
    assert await state_told(rig) == "ok"


async def test_close_leaves_no_thread_and_ends_the_scans(rig: Rig) -> None:
    before = set(threading.enumerate())
    await rig.scanner.open()
    assert await state_told(rig) == "ok"
    waiting = asyncio.create_task(rig.scanner.next_scan())
    await asyncio.sleep(0)
    await rig.scanner.close()
    with pytest.raises(DeviceAway):
        await asyncio.wait_for(waiting, SOON)
    assert [scan async for scan in rig.scanner.scans()] == []
    await rig.scanner.close()
    assert set(threading.enumerate()) <= before


async def test_health_before_it_answered_is_starting(rig: Rig) -> None:
    assert (rig.scanner.health().state, rig.scanner.health().code) == ("away", "starting")
