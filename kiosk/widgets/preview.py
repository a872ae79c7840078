"""What the card reader's camera sees, small, so that a person can hold the card into it."""

from __future__ import annotations

from typing import Protocol

from kivy.app import App
from kivy.clock import Clock
from kivy.factory import Factory
from kivy.graphics import (
    Color,
    Rectangle,
    RoundedRectangle,
    SmoothLine,
    StencilPop,
    StencilPush,
    StencilUnUse,
    StencilUse,
)
from kivy.graphics.texture import Texture
from kivy.properties import BooleanProperty
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from kiosk.widgets.themed import palette

PICTURES_PER_S = 8.0
"""Enough to aim by; a software renderer shows little more beside decoding."""


class Picture(Protocol):
    """Rows from the top, three bytes a pixel: blue, green, red."""

    width: int
    height: int
    bgr: bytes


class Preview(Widget):
    """Asks the app for the newest picture while it is `shown` and on the screen. Mirrored, as people expect."""

    shown = BooleanProperty(False)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._texture: Texture | None = None
        self._beat = None
        self.bind(shown=self._start_or_stop, parent=self._start_or_stop, pos=self._draw, size=self._draw)

    @property
    def size_seen(self) -> tuple[int, int] | None:
        """Width and height of the newest picture."""
        return tuple(self._texture.size) if self._texture is not None else None

    def _start_or_stop(self, *_: object) -> None:
        wanted = self.shown and self.parent is not None
        if wanted and self._beat is None:
            self._beat = Clock.schedule_interval(self._look, 1 / PICTURES_PER_S)
        elif not wanted:
            if self._beat is not None:
                self._beat.cancel()
            self._beat, self._texture = None, None
            self.canvas.clear()

    def _look(self, _: float) -> None:
        app = App.get_running_app()
        picture: Picture | None = app.preview() if app is not None and self.get_root_window() is not None else None
        if picture is None:
            return
        size = (picture.width, picture.height)
        if self._texture is None or self._texture.size != size:
            self._texture = Texture.create(size=size, colorfmt="rgb")
            self._texture.flip_vertical()
            self._texture.flip_horizontal()
        self._texture.blit_buffer(picture.bgr, colorfmt="bgr", bufferfmt="ubyte")
        self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        if self._texture is None:
            return
        with self.canvas:
            Color(1, 1, 1, 1)
            StencilPush()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[18])
            StencilUse()
            Rectangle(texture=self._texture, pos=self.pos, size=self.size)
            StencilUnUse()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[18])
            StencilPop()
            Color(rgba=get_color_from_hex(palette().ink))
            SmoothLine(rounded_rectangle=(*self.pos, *self.size, 18), width=2)


if "Preview" not in Factory.classes:
    Factory.register("Preview", cls=Preview)
