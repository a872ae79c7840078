"""The demo for people: server, kiosk and wall of the demo hospital, until Ctrl-C."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import date
from pathlib import Path

from hardware.printer.fake import FakePrinter
from hardware.speaker.output import sound_cards
from script.rehearsal.programs import ARROWS, DemoHospital, Program
from script.rehearsal.reader import DemoReader
from script.rehearsal.report import StepFailed

CAMERA = next((f"camera:{number}" for number in range(4) if Path(f"/dev/video{number}").exists()), None)
"""The first camera of this machine; None = the made-up one."""


def has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def run(folder: Path, port: int) -> int:
    """Start everything, tell where it is, and end it all when asked to or when one of them ends."""
    try:
        with only_one(folder, port):
            return await _run(folder, port)
    except StepFailed as error:
        print(error, flush=True)
        return 1


@contextmanager
def only_one(folder: Path, port: int) -> Iterator[None]:
    """Raises StepFailed before anything is touched when a demo runs in this folder already, or the port is taken.

    A second demo would share the database with the first and take the first one's server for its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip()
            raise StepFailed(f"A demo is running already: {where}. Ctrl-C ends it where it was started.") from None
        _must_be_free(port)
        lock.truncate(0)
        lock.write(f"http://127.0.0.1:{port}/staff (process {os.getpid()})")
        lock.flush()
        yield


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just let go of is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StepFailed(f"Port {port} cannot be used ({error.strerror}): try script/demo --port N.") from None


async def _run(folder: Path, port: int) -> int:
    hospital = DemoHospital(folder, port, _kept(folder / "password"), secrets.token_urlsafe(24))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        programs = await _start(hospital, folder, stack)
        waiting = [asyncio.create_task(program.process.wait()) for program in programs]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in [*waiting, stopping]:
            task.cancel()
        ended = [program for program in programs if not program.running]
        for program in ended:
            print(f"{program.name} ended; its log is {program.log}", flush=True)
    return 1 if ended else 0


async def _start(hospital: DemoHospital, folder: Path, stack: AsyncExitStack) -> list[Program]:
    logs = folder / "logs"
    print("Starting the demo hospital ...", flush=True)
    await hospital.furnish(logs / "demo-data.log")
    server = await hospital.serve(logs / "server.log")
    stack.push_async_callback(server.stop)
    printer = FakePrinter()
    printer.start()
    stack.callback(printer.stop)
    reader = await asyncio.to_thread(DemoReader, date.today(), printer)  # noqa: DTZ011 (ages on the cards)
    reader.start()
    stack.callback(reader.stop)
    camera = f"{reader.address}/stream" if CAMERA is None else CAMERA
    kiosk = await Program.start(
        "kiosk", "run", settings=_kiosk_settings(hospital, folder, camera, printer.address), log=logs / "kiosk.log"
    )
    stack.push_async_callback(kiosk.stop)
    display = await Program.start("display", "run", settings=_display_settings(hospital, folder), log=logs / "wall.log")
    stack.push_async_callback(display.stop)
    _tell(hospital, reader.address, camera, folder)
    return [server, kiosk, display]


def _kiosk_settings(hospital: DemoHospital, folder: Path, camera: str, printer: str) -> dict[str, str]:
    return {
        "DENLUOT_KIOSK_SERVER_URL": hospital.address,
        "DENLUOT_KIOSK_KEY": hospital.key("demo-kiosk-1"),
        "DENLUOT_KIOSK_SCANNER": camera,
        "DENLUOT_KIOSK_PRINTER": printer,
        "DENLUOT_KIOSK_HOME": str(folder / "kiosk"),
        "DENLUOT_KIOSK_ARROWS": json.dumps(ARROWS),
        **_window("DENLUOT_KIOSK_", 540, 960),
    }


def _display_settings(hospital: DemoHospital, folder: Path) -> dict[str, str]:
    return {
        "DENLUOT_DISPLAY_SERVER_URL": hospital.address,
        "DENLUOT_DISPLAY_KEY": hospital.key("demo-display-a"),
        "DENLUOT_DISPLAY_HOME": str(folder / "display"),
        **_window("DENLUOT_DISPLAY_", 960, 540),
        **({} if has_screen() else {"DENLUOT_DISPLAY_PICTURES_FOLDER": str(folder / "wall")}),
        "DENLUOT_DISPLAY_SPEAKER": "tts:" if sound_cards() else f"wav:{folder / 'voice'}",
    }


def _window(prefix: str, width: int, height: int) -> dict[str, str]:
    """Half size where there is a screen: both must fit on it. Offscreen, the size of the real thing."""
    return {f"{prefix}WIDTH": str(width), f"{prefix}HEIGHT": str(height)} if has_screen() else {}


def _tell(hospital: DemoHospital, reader: str, camera: str, folder: Path) -> None:
    windows = "two windows" if has_screen() else f"drawn offscreen (pictures of the wall in {folder / 'wall'})"
    print(
        f"""
Đến Lượt is running: Bệnh viện Đa khoa An Bình (made up). Ctrl-C ends it.

  Kiosk and wall     {windows}
  Voice              {"the sound device" if sound_cards() else f"no sound device here: WAV files in {folder / 'voice'}"}
  Card reader        {camera}
  Hold a card        {reader}/            made-up cards to hold, and the tickets that were printed
  Staff page         {hospital.address}/staff      dieuduong / {hospital.password}
  Administrator      {hospital.address}/staff      quantri / {hospital.password}
  Record system      {hospital.address}/sandbox    what reached it (as administrator)
  Interface          {hospital.address}/docs
  Logs               {folder / "logs"}
""",
        flush=True,
    )


def _kept(file: Path) -> str:
    """The demo's password: made at the first start, the same at every other."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()
