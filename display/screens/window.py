"""The window of the wall: draws views, and tells when their pixels are on the screen."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.widget import Widget

from display.view import WallView
from theme.kivy.widgets import register_typefaces

log = logging.getLogger(__name__)


class WallWindow(App):
    """Kivy's side of the display. `pictures`: a folder in which the wall is kept as PNG after each call was drawn."""

    title = "Đến Lượt"

    def __init__(self, *, rows: int = 6, pictures: Path | None = None, fullscreen: bool = False) -> None:
        super().__init__()
        self.on_drawn: Callable[[WallView], None] = lambda _: None
        self._rows = rows
        self._pictures = pictures
        self._fullscreen = fullscreen
        self._pictured: frozenset[int] = frozenset()
        self._screen: Widget | None = None
        self._view: WallView | None = None
        self._undrawn: WallView | None = None

    def build(self) -> Widget:
        register_typefaces()
        from display.screens.wall import WallScreen

        self._screen = WallScreen(places=self._rows)
        if self._view is not None:
            self.show(self._view)
        return self._screen

    def on_start(self) -> None:
        Window.show_cursor = False
        if self._fullscreen:
            Window.fullscreen = "auto"
        Window.bind(on_flip=self._flipped)

    def on_stop(self) -> None:
        Window.unbind(on_flip=self._flipped)

    def show(self, view: WallView) -> None:
        """Draw it with the next frame; before the window is open, it is kept for then."""
        self._view = view
        if self._screen is None:
            return
        self._screen.view = view
        self._screen.canvas.ask_update()  # a call that changes no pixel is drawn all the same
        self._undrawn = view

    def _flipped(self, *_: object) -> None:
        """A frame is ready. Its pixels are out when the next turn of the loop begins."""
        view, self._undrawn = self._undrawn, None
        if view is not None:
            Clock.schedule_once(lambda _: self._drawn(view), 0)

    def _drawn(self, view: WallView) -> None:
        self.on_drawn(view)
        shown = view.shown()
        if self._pictures is not None and self._screen is not None and not shown <= self._pictured:
            self._pictured |= shown
            self._keep_picture(self._pictures, view)

    def _keep_picture(self, folder: Path, view: WallView) -> None:
        calls = [(hero.seq, hero.number) for hero in view.heroes] + [(row.seq, row.number) for row in view.rows]
        seq, number = max(calls)
        target = folder / f"{seq:06d}-{''.join(sign for sign in number if sign.isalnum())}.png"
        assert self._screen is not None
        picture = io.BytesIO()
        self._screen.export_as_image().save(picture, fmt="png")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(".part")
            unfinished.write_bytes(picture.getvalue())
            unfinished.replace(target)  # whole or not at all, for whoever watches the folder
        except OSError as error:
            log.error("picture_not_written file=%s error=%s", target.name, type(error).__name__)
