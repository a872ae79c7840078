"""Drives a running app inside its own loop with real touches, as a finger would. For tests and for demonstrations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kivy.app import App
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget

SETTLE_S = 0.02
PATIENCE_S = 5.0


class PilotError(AssertionError):
    """What was looked for is not on the screen; says what is."""


class FingerTouch(MotionEvent):
    """One finger at one place of the window, in pixels from its lower left corner."""

    def __init__(self, x: float, y: float, width: float, height: float) -> None:
        super().__init__(
            "pilot", f"finger-{time.monotonic_ns()}", {"x": x / width, "y": y / height}, is_touch=True, type_id="touch"
        )

    def depack(self, args: dict[str, float]) -> None:
        self.profile = ("pos",)
        self.sx, self.sy = args["x"], args["y"]
        super().depack(args)


class Pilot:
    """`app` is running: ``asyncio.create_task(app.async_run(async_lib="asyncio"))``, or soon will be."""

    def __init__(self, app: App) -> None:
        self.app = app

    def widgets(self) -> Iterator[Widget]:
        """Every widget that can be seen, those on top first."""
        window = EventLoop.window
        for child in window.children if window is not None else ():
            yield from _visible(child)

    def ids(self) -> tuple[str, ...]:
        """Ids of everything that can be touched now."""
        return tuple(str(widget.intent) for widget in self.widgets() if getattr(widget, "intent", ""))

    def find(self, wanted: str) -> Widget:
        """The topmost visible widget whose ``intent`` is `wanted`. Raises PilotError when there is none."""
        for widget in self.widgets():
            if getattr(widget, "intent", "") == wanted:
                return widget
        raise PilotError(f"no {wanted!r} on the screen; there are {', '.join(self.ids()) or 'no buttons'}")

    async def touch(self, target: Widget | str, patience_s: float = PATIENCE_S) -> None:
        """Put a finger on the middle of a widget and lift it. Waits until the widget is there."""
        if isinstance(target, str):
            name = target
            await self.until(lambda: name in self.ids(), patience_s, f"{name!r} on the screen")
            target = self.find(name)
        await self.touch_at(*target.to_window(*target.center))

    async def touch_at(self, x: float, y: float) -> None:
        """A touch at a place of the window, in pixels from its lower left corner."""
        window = EventLoop.window
        touch = FingerTouch(x, y, *window.system_size)
        EventLoop.post_dispatch_input("begin", touch)
        await asyncio.sleep(SETTLE_S)
        EventLoop.post_dispatch_input("end", touch)
        await asyncio.sleep(SETTLE_S)

    async def until(self, predicate: Callable[[], bool], timeout: float = PATIENCE_S, what: str = "") -> None:  # noqa: ASYNC109
        """Wait until `predicate` holds. Raises PilotError, which names `what`, after `timeout` seconds."""
        end = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > end:
                raise PilotError(f"{what or 'it'} did not come within {timeout:g} s; buttons: {', '.join(self.ids())}")
            await asyncio.sleep(SETTLE_S)

    async def settle(self, frames: int = 6) -> None:
        """Let that many frames be drawn: layouts need more than one to come to rest."""
        end = Clock.frames + frames
        await self.until(lambda: bool(Clock.frames >= end), what="a frame")

    async def picture(self, path: Path | str) -> Path:
        """Write what is on the screen as PNG."""
        await self.settle()
        return _export(self.app.root, Path(path))


def _export(root: Widget, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    root.export_to_png(str(target))
    if not target.is_file():
        raise PilotError(f"no picture could be written to {target.name}")
    return target


def _visible(widget: Widget) -> Iterator[Widget]:
    if widget.opacity <= 0 or widget.width <= 0 or widget.height <= 0:
        return
    for child in widget.children:
        yield from _visible(child)
    yield widget
