"""Pictures that do the explaining: a card being held to the reader, its two sides, the slot where paper comes out.

Drawn in the units of the design picture and scaled to the widget, so that they stay sharp at every size.
"""

from __future__ import annotations

from kivy.clock import Clock
from kivy.factory import Factory
from kivy.graphics import (
    Color,
    Ellipse,
    Mesh,
    PopMatrix,
    PushMatrix,
    Quad,
    Rectangle,
    Scale,
    SmoothEllipse,
    SmoothLine,
    SmoothRoundedRectangle,
    StencilPop,
    StencilPush,
    StencilUnUse,
    StencilUse,
    Translate,
)
from kivy.graphics.tesselator import Tesselator
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from kiosk.palette import Palette
from kiosk.widgets.themed import Themed, palette

FRAMES_PER_S = 20.0
LIFT = 44.0
"""How far above the reader the card starts, in design units."""
ROUND_S = 2.4


def paint(colour: str) -> None:
    Color(rgba=get_color_from_hex(colour))


def box(x: float, y: float, width: float, height: float, radius: float) -> None:
    SmoothRoundedRectangle(pos=(x, y), size=(width, height), radius=[radius])


def stroke(points: tuple[float, ...], width: float) -> None:
    SmoothLine(points=points, width=width / 2, cap="round", joint="round")


def outline(x: float, y: float, width: float, height: float, radius: float, line: float) -> None:
    SmoothLine(rounded_rectangle=(x, y, width, height, radius), width=line / 2)


class Drawing(Themed, Widget):
    """A picture of `units` wide and high, as large as the widget allows and in its middle."""

    units = (100.0, 100.0)
    align = "center"

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        soon = Clock.create_trigger(self.restyle, -1)
        self.bind(pos=soon, size=soon)
        soon()

    def restyle(self, *_: object) -> None:
        self.canvas.clear()
        if self.width < 10 or self.height < 10:
            return
        wide, high = self.units
        factor = min(self.width / wide, self.height / high)
        left = self.x if self.align == "left" else self.center_x - wide * factor / 2
        with self.canvas:
            self.clip()
            PushMatrix()
            Translate(left, self.center_y - high * factor / 2)
            Scale(factor, factor, 1)
            self.draw(palette())
            PopMatrix()
            self.unclip()

    def clip(self) -> None:
        """Nothing is drawn outside the widget, where a picture needs that."""

    def unclip(self) -> None:
        """End of `clip`."""

    def draw(self, colours: Palette) -> None:
        """Draw in units."""


def draw_card_front(colours: Palette, x: float, y: float) -> None:
    """The side with photo and QR code, 328 x 204 units, its lower left corner at (x, y)."""
    paint(colours.surface)
    box(x, y, 328, 204, 22)
    paint(colours.ink)
    outline(x, y, 328, 204, 22, 6)
    paint(colours.accent_soft if colours.accent_soft != colours.surface else colours.disabled)
    box(x + 28, y + 91, 70, 86, 8)
    paint(colours.accent)
    SmoothEllipse(pos=(x + 48, y + 131), size=(30, 30))
    Ellipse(pos=(x + 38, y + 67), size=(50, 58), angle_start=-90, angle_end=90)
    paint(colours.ink_muted)
    for left, top, right in ((119, 163, 198), (119, 134, 182), (119, 106, 190), (29, 58, 153), (29, 32, 120)):
        stroke((x + left, y + top, x + right, y + top), 8)
    _draw_code(colours, x + 218, y + 99)


def _draw_code(colours: Palette, x: float, y: float) -> None:
    """A hint of a QR code, 78 units wide."""
    for left, bottom in ((0, 46), (44, 46), (0, 2)):
        paint(colours.ink)
        Rectangle(pos=(x + left, y + bottom), size=(32, 32))
        paint(colours.surface)
        Rectangle(pos=(x + left + 10, y + bottom + 10), size=(12, 12))
    paint(colours.ink)
    for left, bottom, size in ((44, 20, 14), (60, 24, 10), (62, 2, 14), (44, 4, 9)):
        Rectangle(pos=(x + left, y + bottom), size=(size, size))


class HoldCard(Drawing):
    """A hand lowers a card onto the reader. Stands still when motion is reduced, and whenever it is not seen."""

    units = (968.0, 540.0)
    still = BooleanProperty(False)

    def __init__(self, **options: object) -> None:
        self._lift: Translate | None = None
        self._time = 0.0
        self._beat = None
        super().__init__(**options)
        self.bind(parent=self._start_or_stop, still=self._start_or_stop)

    @property
    def lifted(self) -> float:
        """How far above the reader the card is now, in units."""
        return float(self._lift.y) if self._lift is not None else 0.0

    def _start_or_stop(self, *_: object) -> None:
        moving = self.parent is not None and not self.still
        if moving and self._beat is None:
            self._beat = Clock.schedule_interval(self._move, 1 / FRAMES_PER_S)
        elif not moving and self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _move(self, passed: float) -> None:
        if self._lift is None or self.get_root_window() is None:
            return
        self._time = (self._time + passed) % ROUND_S
        part = min(self._time / (ROUND_S * 0.5), 1.0)
        eased = part * part * (3 - 2 * part)
        self._lift.y = LIFT * (1 - eased)

    def clip(self) -> None:
        StencilPush()
        Rectangle(pos=self.pos, size=self.size)
        StencilUse()

    def unclip(self) -> None:
        StencilUnUse()
        Rectangle(pos=self.pos, size=self.size)
        StencilPop()

    def draw(self, colours: Palette) -> None:
        paint(colours.line)
        stroke((101, 34, 868, 34), 4)
        paint(colours.accent_soft if colours.accent_soft != colours.surface else colours.disabled)
        Quad(points=(346, 246, 623, 246, 584, 140, 388, 140))
        dark_ground = colours.surface != colours.on_danger
        paint(colours.ink_muted if dark_ground else colours.ink)
        box(336, 34, 299, 121, 20)
        paint(colours.surface if dark_ground else colours.accent)
        box(371, 104, 228, 36, 12)
        paint(colours.accent if dark_ground else colours.surface)
        stroke((389, 122, 582, 122), 6)
        paint(colours.accent)
        stroke((229, 352, 229, 200), 14)
        stroke((183, 248, 229, 198, 275, 248), 14)
        PushMatrix()
        self._lift = Translate(0, 0)
        draw_card_front(colours, 321, 245)
        self._draw_hand(colours)
        PopMatrix()

    def _draw_hand(self, colours: Palette) -> None:
        """From the right edge: over the card's corner, the thumb bent under, and out again."""
        upper = curve((1010, 566), (850, 470), (790, 446), (724, 396)) + curve(
            (724, 396), (680, 364), (660, 352), (626, 328)
        )
        tip = curve((626, 328), (596, 306), (612, 276), (648, 286))
        thumb = curve((648, 286), (668, 294), (686, 308), (701, 316)) + curve(
            (701, 316), (722, 276), (752, 258), (800, 270)
        )
        lower = curve((800, 270), (870, 290), (900, 294), (1010, 298))
        shape = upper + tip + thumb + lower
        flat = [coordinate for point in (*shape, (1010, 298)) for coordinate in point]
        filler = Tesselator()
        filler.add_contour(flat)
        paint(colours.surface)
        if filler.tesselate():
            for vertices, indices in filler.meshes:
                Mesh(vertices=vertices, indices=indices, mode="triangle_fan")
        paint(colours.ink)
        stroke(tuple(flat), 7)


Point = tuple[float, float]


def curve(start: Point, one: Point, two: Point, end: Point, steps: int = 14) -> tuple[Point, ...]:
    """Points along a cubic Bézier curve, the end left out."""
    points = []
    for number in range(steps):
        t = number / steps
        a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3
        points.append(
            (a * start[0] + b * one[0] + c * two[0] + d * end[0], a * start[1] + b * one[1] + c * two[1] + d * end[1])
        )
    return tuple(points)


class CardSide(Drawing):
    """One side of a card: ``front`` with the QR code, or ``back`` without one."""

    units = (340.0, 216.0)
    side = StringProperty("front")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.bind(side=self.restyle)

    def draw(self, colours: Palette) -> None:
        if self.side == "front":
            draw_card_front(colours, 6, 6)
            return
        paint(colours.surface)
        box(6, 6, 328, 204, 22)
        paint(colours.ink_muted)
        outline(6, 6, 328, 204, 22, 6)
        paint(colours.accent_soft if colours.accent_soft != colours.surface else colours.disabled)
        box(34, 118, 76, 56, 10)
        paint(colours.ink_muted)
        outline(34, 118, 76, 56, 10, 5)
        stroke((34, 146, 110, 146), 4)
        for bottom in (80, 56, 32):
            stroke((36, bottom, 300, bottom), 9)


class PaperSlot(Drawing):
    """Paper comes out of the slot; the arrow says take it."""

    units = (150.0, 216.0)
    arrow = BooleanProperty(True)
    coming = NumericProperty(1.0)
    """How much of the paper is out, 0 to 1."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.bind(arrow=self.restyle, coming=self.restyle)

    def draw(self, colours: Palette) -> None:
        length = 112 * self.coming
        paint(colours.ink)
        box(4, 172, 142, 40, 14)
        paint(colours.surface)
        stroke((26, 192, 124, 192), 8)
        left, right, top, bottom = 30.0, 120.0, 190.0, 190.0 - length
        teeth = [left, bottom]
        for number in range(1, 9):
            teeth += [left + (right - left) * number / 8, bottom + (10 if number % 2 else 0)]
        corners = [left, top, *teeth, right, top]
        paint(colours.surface)
        Mesh(vertices=_fan(corners), indices=list(range(len(corners) // 2)), mode="triangle_fan")
        paint(colours.ink)
        stroke(tuple(corners), 6)
        paint(colours.ink_muted)
        for height, far in ((146, 104), (124, 86)):
            if height > bottom + 16:
                stroke((48, height, far, height), 6)
        if self.arrow:
            paint(colours.accent)
            stroke((75, 62, 75, 12), 10)
            stroke((53, 32, 75, 10, 97, 32), 10)


def _fan(corners: list[float]) -> list[float]:
    """Mesh vertices (x, y, u, v) from x, y pairs."""
    return [value for place in range(0, len(corners), 2) for value in (corners[place], corners[place + 1], 0.0, 0.0)]


for _widget in (HoldCard, CardSide, PaperSlot):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)
