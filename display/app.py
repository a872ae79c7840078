"""The display as a program: `build(settings)` joins feed, wall and voice."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from display.program import Program, Server, Setup
from display.settings import DisplaySettings
from display.view import WallView
from hardware.speaker.open import open_speaker
from hardware.speaker.port import Speaker
from protocol.client import ServerClient
from protocol.paired_device import as_paired

if TYPE_CHECKING:
    from display.screens.window import WallWindow

log = logging.getLogger(__name__)


class DisplayApp:
    """Runs the program, and its window where it has one."""

    def __init__(self, settings: DisplaySettings, server: Server, speaker: Speaker | None) -> None:
        self.settings = settings
        self.window: WallWindow | None = _open_window(settings) if settings.screen else None
        setup = Setup(settings.style, settings.rooms)
        self.program = Program(server, speaker=speaker, screen=self.window, setup=setup)
        if self.window is not None:
            self.window.on_drawn = self.program.drawn
        self._stopped = asyncio.Event()

    @property
    def view(self) -> WallView | None:
        """What is on the wall now."""
        return self.program.view

    def stop(self) -> None:
        """Ask it to end; `async_run` then returns."""
        self._stopped.set()

    async def async_run(self) -> None:
        """Run until `stop`, or until the window is closed."""
        tasks = [asyncio.create_task(self.program.run()), asyncio.create_task(self._stopped.wait())]
        if self.window is not None:
            tasks.append(asyncio.create_task(self.window.async_run("asyncio")))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            if self.window is not None:
                self.window.stop()
                await asyncio.gather(tasks[2], return_exceptions=True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def build(settings: DisplaySettings) -> DisplayApp:
    """The whole program, not yet running. Raises KeyFault without a key, DeviceFault for an address nobody knows.

    With a screen, Kivy's environment must have been prepared (``theme.kivy.environment``).
    """
    settings = as_paired(settings)
    server = ServerClient(settings.server_url, settings.key.get_secret_value(), language=settings.languages[0])
    return DisplayApp(settings, server, _speaker(settings))


def _speaker(settings: DisplaySettings) -> Speaker | None:
    if not settings.speaker:
        return None
    spoken = settings.spoken_folder or settings.home / "spoken"
    return open_speaker(settings.speaker, clips=settings.home / "clips", folder=spoken)


def _open_window(settings: DisplaySettings) -> WallWindow:
    # Imported now and not before: a device that only speaks has no need of Kivy.
    from display.screens.window import WallWindow

    return WallWindow(
        rows=settings.rows,
        pictures=settings.pictures_folder,
        fullscreen=settings.fullscreen and not settings.offscreen,
    )


__all__ = ["DisplayApp", "build"]
