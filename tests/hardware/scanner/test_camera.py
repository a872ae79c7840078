"""What a camera driver does besides the promises that all scanners keep."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import numpy as np
import pytest

from hardware.errors import DeviceFault
from hardware.scanner.camera import SEVERAL_S, CameraScanner, DeviceCamera, VideoFile
from hardware.scanner.decode import VideoLadder
from hardware.scanner.threaded import ThreadScanner
from tests.hardware.scanner.rigs import SIZE, scene, write_video

SOON = 10.0


async def test_a_film_plays_once_and_then_shows_nothing(tmp_path: Path) -> None:
    film = tmp_path / "walk.mp4"
    first, second = "Nguyễn Văn Thử".encode(), "Trần Thị Mẫu".encode()
    write_video(film, [None, first, None, second, None])
    scanner = CameraScanner(f"video:{film}", VideoFile(str(film)))
    await scanner.open()
    started = asyncio.get_running_loop().time()
    assert (await asyncio.wait_for(scanner.next_health(), SOON)).state == "ok"
    assert (await asyncio.wait_for(scanner.next_scan(), SOON)).payload == first
    preview = scanner.preview()
    assert preview is not None
    assert (preview.width, preview.height) == (480, 480 * SIZE[1] // SIZE[0])
    assert scanner.advice() is None  # a code was read just now
    assert (await asyncio.wait_for(scanner.next_scan(), SOON)).payload == second
    assert asyncio.get_running_loop().time() - started > 0.9  # at its own speed, the second code comes after a second
    for _ in range(500):
        if scanner.preview() is None:
            break
        await asyncio.sleep(0.02)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scanner.next_scan(), 0.5)
    assert scanner.health().state == "ok"
    await scanner.close()


async def test_a_card_held_still_is_read_again_when_asked(tmp_path: Path) -> None:
    film = tmp_path / "held.mp4"
    write_video(film, ["Trần Thị Mẫu".encode()] * 2)
    scanner = CameraScanner(f"video:{film}", VideoFile(str(film), loop=True))
    await scanner.open()
    try:
        first = await asyncio.wait_for(scanner.next_scan(), SOON)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scanner.next_scan(), 1.0)
        scanner.read_again()
        assert (await asyncio.wait_for(scanner.next_scan(), SOON)).payload == first.payload
    finally:
        await scanner.close()


async def test_of_two_different_codes_none_is_read_and_the_person_is_told() -> None:
    scanner = CameraScanner("camera:0", DeviceCamera(0))
    scanner.attach()
    one, other = (scene(name.encode()) for name in ("Trần Thị Mẫu", "Nguyễn Văn Thử"))
    ladder = VideoLadder()
    scanner._decode(np.hstack([one, other]), ladder)
    assert scanner.advice() == "multiple_payloads"
    scanner._decode(one, ladder)  # the other is not sharp just now, or not there any more: not yet known
    await asyncio.sleep(SEVERAL_S)
    assert scanner.advice() is None
    scanner._decode(other, ladder)
    assert (await asyncio.wait_for(scanner.next_scan(), SOON)).payload == "Nguyễn Văn Thử".encode()
    ladder.close()


async def test_the_last_picture_goes_with_the_person(tmp_path: Path) -> None:
    scanner = CameraScanner("video:", VideoFile(str(tmp_path / "none.mp4")))
    scanner._latest = scene("Trần Thị Mẫu".encode())
    assert scanner.preview() is not None
    scanner.forget()
    assert scanner.preview() is None


async def test_a_file_that_is_no_film_is_away(tmp_path: Path) -> None:
    film = tmp_path / "text.mp4"
    film.write_text("no film")
    scanner = CameraScanner(f"video:{film}", VideoFile(str(film)))
    await scanner.open()
    assert (await asyncio.wait_for(scanner.next_health(), SOON)).state == "away"
    await scanner.close()


class Stumbling(ThreadScanner):
    """A driver with a fault of its own on the first attempts."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__("test:")
        self.errors = errors

    def session(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.well()
        self.stopping.wait()


async def test_a_driver_that_stumbles_says_so_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    scanner = Stumbling([ZeroDivisionError("one bad picture"), DeviceFault("permission_denied")])
    with caplog.at_level(logging.ERROR):
        await scanner.open()
        told = [await asyncio.wait_for(scanner.next_health(), SOON) for _ in range(3)]
    await scanner.close()
    assert [(health.state, health.code) for health in told] == [
        ("fault", "driver_error"),
        ("fault", "permission_denied"),
        ("ok", "ok"),
    ]
    assert "scanner.driver_error" in caplog.text
