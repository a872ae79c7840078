"""A QR code for a telephone, always dark on white and in whole pixels."""

from __future__ import annotations

import segno
from kivy.factory import Factory
from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.properties import StringProperty
from kivy.uix.widget import Widget

QUIET = 4
"""Empty modules around the code that ISO/IEC 18004 asks for."""


def modules(payload: str) -> list[bytes]:
    """Rows from the bottom, one byte a module (0 dark, 255 light), the quiet zone included."""
    code = segno.make(payload, micro=False, error="m")
    rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(border=QUIET)]
    return rows[::-1]


class QrCode(Widget):
    """Draws `payload` as large as fits with every module a whole number of pixels; nothing when empty."""

    payload = StringProperty("")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.bind(pos=self._draw, size=self._draw, payload=self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        if not self.payload:
            return
        rows = modules(self.payload)
        side = len(rows)
        pixels = int(min(self.width, self.height) // side)
        if pixels < 1:
            return
        texture = Texture.create(size=(side, side), colorfmt="luminance")
        texture.blit_buffer(b"".join(rows), colorfmt="luminance", bufferfmt="ubyte")
        texture.mag_filter = texture.min_filter = "nearest"
        whole = side * pixels
        with self.canvas:
            Color(1, 1, 1, 1)
            place = (int(self.center_x - whole / 2), int(self.center_y - whole / 2))
            Rectangle(texture=texture, pos=place, size=(whole, whole))


if "QrCode" not in Factory.classes:
    Factory.register("QrCode", cls=QrCode)
