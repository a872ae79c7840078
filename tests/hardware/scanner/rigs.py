"""A world for each kind of scanner: codes are shown to it, and it is unplugged and plugged in again."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pty
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import segno

from hardware.scanner.camera import CameraScanner
from hardware.scanner.fake import FakeScanner
from hardware.scanner.open import open_scanner
from hardware.scanner.port import Scanner

SIZE = (640, 480)
RATE = 20.0


def code_png(payload: bytes | str, scale: int = 4, **kinds: Any) -> bytes:
    """A QR code as the cards have it: byte mode, no declared character set."""
    out = io.BytesIO()
    segno.make(payload, micro=False, mode="byte", encoding="utf-8", **kinds).save(
        out, kind="png", scale=scale, border=4
    )
    return out.getvalue()


def scene(payload: bytes | None) -> Any:
    """A grey picture in blue-green-red with the code in its middle, or with nothing."""
    picture = np.full((SIZE[1], SIZE[0], 3), 170, np.uint8)
    if payload is not None:
        code: Any = cv2.imdecode(np.frombuffer(code_png(payload, 5), np.uint8), cv2.IMREAD_COLOR)
        height, width = code.shape[:2]
        top, left = (SIZE[1] - height) // 2, (SIZE[0] - width) // 2
        picture[top : top + height, left : left + width] = code
    return picture


def write_video(path: Path, payloads: list[bytes | None]) -> None:
    """Each payload (or nothing) for a third of a second, in one go: whoever opens the path finds a whole file."""
    unfinished = path.with_name("unfinished.mp4")
    writer = cv2.VideoWriter(str(unfinished), cv2.VideoWriter.fourcc(*"mp4v"), RATE, SIZE)
    assert writer.isOpened()
    for payload in payloads:
        picture = scene(payload)
        for _ in range(round(RATE / 3)):
            writer.write(picture)
    writer.release()
    unfinished.replace(path)


class Rig(Protocol):
    @property
    def scanner(self) -> Scanner: ...
    async def show(self, payload: bytes) -> None: ...
    async def unplug(self) -> None: ...
    async def replug(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self.scanner = FakeScanner()

    async def show(self, payload: bytes) -> None:
        self.scanner.show(payload)

    async def unplug(self) -> None:
        self.scanner.unplug()

    async def replug(self) -> None:
        self.scanner.replug()


class SerialRig:
    """A pseudo-terminal behind a name that stays, as udev gives it to a scanner."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyACM0"
        self.scanner = open_scanner(f"serial:{self.port}?baud=9600")
        self._plug()

    def _plug(self) -> None:
        self.master, slave = pty.openpty()
        self.port.symlink_to(os.ttyname(slave))
        self._slave = slave  # kept open, or the pseudo-terminal would end before the scanner opens it

    def pull(self) -> None:
        for descriptor in (self._slave, self.master):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.port.unlink(missing_ok=True)

    async def show(self, payload: bytes) -> None:
        os.write(self.master, payload + b"\r\n")

    async def unplug(self) -> None:
        self.pull()

    async def replug(self) -> None:
        self._plug()


class VideoRig:
    """A file that plays again and again; what it shows is replaced between two rounds."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "film.mp4"
        write_video(self.path, [None])
        self.scanner = open_scanner(f"video:{self.path}?loop=1")

    async def show(self, payload: bytes) -> None:
        write_video(self.path, [payload])

    async def unplug(self) -> None:
        self.path.unlink()

    async def replug(self) -> None:
        write_video(self.path, [None])


class StreamRig:
    """A network camera: MJPEG over HTTP."""

    def __init__(self) -> None:
        self._picture = scene(None)
        self._server: asyncio.Server | None = None
        self._senders: set[asyncio.Task[None]] = set()
        self._port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for task in list(self._senders):
            task.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)

    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}/stream?token=secret"

    @property
    def scanner(self) -> Scanner:
        return self._scanner

    def make_scanner(self) -> None:
        self._scanner = open_scanner(self.address())

    async def show(self, payload: bytes) -> None:
        self._picture = scene(payload)

    async def unplug(self) -> None:
        self._picture = scene(None)
        await self.stop()

    async def replug(self) -> None:
        await self.start()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._senders.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
            while True:
                _, picture = cv2.imencode(".jpg", self._picture)
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {picture.size}\r\n\r\n"
                writer.write(head.encode() + picture.tobytes() + b"\r\n")
                await writer.drain()
                await asyncio.sleep(1 / RATE)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._senders.discard(task)
            writer.close()


@asynccontextmanager
async def fake_rig(folder: Path) -> AsyncIterator[Rig]:
    yield FakeRig()


@asynccontextmanager
async def serial_rig(folder: Path) -> AsyncIterator[Rig]:
    rig = SerialRig(folder)
    yield rig
    rig.pull()


@asynccontextmanager
async def video_rig(folder: Path) -> AsyncIterator[Rig]:
    yield VideoRig(folder)


@asynccontextmanager
async def stream_rig(folder: Path) -> AsyncIterator[Rig]:
    rig = StreamRig()
    await rig.start()
    rig.make_scanner()
    assert isinstance(rig.scanner, CameraScanner)
    yield rig
    await rig.stop()


RIGS: dict[str, Callable[[Path], AbstractAsyncContextManager[Rig]]] = {
    "fake": fake_rig,
    "serial": serial_rig,
    "video": video_rig,
    "stream": stream_rig,
}
