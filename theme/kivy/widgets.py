"""Widgets that the kiosk and the wall share: text that always fits, tinted icons, rounded panels."""

from __future__ import annotations

from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.factory import Factory
from kivy.graphics import Color, SmoothLine, SmoothRoundedRectangle
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.image import Image
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from theme import font_path, icon_path, tokens

TEXT, LABEL, STRONG, DISPLAY, NUMBER = "Medium", "SemiBold", "Bold", "ExtraBold", "Number"


def register_typefaces() -> None:
    """Make the bundled typefaces known by the names used here; every label without one gets the text weight."""
    for name in (TEXT, LABEL, STRONG, DISPLAY, NUMBER):
        LabelBase.register(name, str(font_path(f"BeVietnamPro-{name}")))
    LabelBase.register("Roboto", str(font_path("BeVietnamPro-Medium")), fn_bold=str(font_path("BeVietnamPro-Bold")))


class FitLabel(Label):
    """A label whose text is never cut off: it starts at `largest` and shrinks until it fits its own size.

    Kivy's Label neither clips nor shrinks (a 72 px hospital name ran off a 1080 px screen). With `wrap` the text may
    take several lines; without, it stays on one. Below `smallest` it is shortened with an ellipsis rather than spilled.
    """

    largest = NumericProperty(tokens.TYPE_KIOSK_PX_TEXT)
    smallest = NumericProperty(12)
    wrap = BooleanProperty(True)

    def __init__(self, **options: object) -> None:
        options.setdefault("font_name", TEXT)
        options.setdefault("color", tokens.COLOR_INK)
        options.setdefault("halign", "left")
        options.setdefault("valign", "middle")
        options.setdefault("line_height", 1.0)
        super().__init__(**options)
        for name in ("text", "size", "largest", "smallest", "wrap", "font_name", "padding", "line_height"):
            self.fbind(name, self._fit)
        self._fit()

    def texture_update(self, *_: object) -> None:
        """Kivy keeps the last words and their picture of a label that has become empty; here they go."""
        super().texture_update()
        if not self.text:
            self._label.refresh()

    def _fit(self, *_: object) -> None:
        width, height = self.width - self.padding[0] - self.padding[2], self.height - self.padding[1] - self.padding[3]
        if width <= 1 or height <= 1:
            return
        low, high = float(self.smallest), max(float(self.largest), float(self.smallest))
        if self._fits(high, width, height):
            low = high
        else:
            while high - low > 0.75:
                middle = (low + high) / 2
                low, high = (middle, high) if self._fits(middle, width, height) else (low, middle)
        self.font_size = int(low)
        self.text_size = self.size
        self.shorten = not self._fits(int(low), width, height)

    def _fits(self, size: float, width: float, height: float) -> bool:
        label = CoreLabel(
            text=self.text,
            font_name=self.font_name,
            font_size=int(size),
            line_height=self.line_height,
            text_size=(width, None) if self.wrap else (None, None),
        )
        longest_word = max(self.text.split() or [""], key=len)
        if self.wrap and label.get_extents(longest_word)[0] > width:
            return False
        if not self.wrap and label.get_extents(self.text)[0] > width:
            return False
        label.refresh()
        # To the pixel: of a text that is one pixel too high Kivy leaves out a whole line.
        return bool(label.content_height <= int(height) and label.content_width <= width + 1)


class Icon(Image):
    """One of the bundled icons, by its Lucide name, in a colour."""

    name = StringProperty("")

    def __init__(self, **options: object) -> None:
        options.setdefault("color", tokens.COLOR_INK)
        options.setdefault("mipmap", True)
        options.setdefault("fit_mode", "contain")
        super().__init__(**options)
        self.bind(name=self._load)
        self._load()

    def _load(self, *_: object) -> None:
        self.source = str(icon_path(self.name)) if self.name else ""


class Surface(Widget):
    """A rounded ground with an optional frame, to mix into a layout: ``class Card(Surface, BoxLayout)``."""

    ground = ColorProperty(tokens.COLOR_SURFACE)
    frame = ColorProperty([0, 0, 0, 0])
    frame_width = NumericProperty(tokens.STROKE_KIOSK_CARD)
    radius = NumericProperty(tokens.RADIUS_KIOSK_CARD)

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        with self.canvas.before:
            self._ground_color = Color(rgba=self.ground)
            self._ground = SmoothRoundedRectangle()
            self._frame_color = Color(rgba=self.frame)
            self._frame = SmoothLine(width=1)
        for name in ("pos", "size", "ground", "frame", "frame_width", "radius"):
            self.fbind(name, self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        self._ground_color.rgba = self.ground
        self._ground.pos, self._ground.size = self.pos, self.size
        self._ground.radius = [self.radius]
        self._frame_color.rgba = self.frame if self.frame_width else [0, 0, 0, 0]
        inset = self.frame_width / 2
        self._frame.width = max(self.frame_width / 2, 1)
        self._frame.rounded_rectangle = (
            self.x + inset,
            self.y + inset,
            max(self.width - 2 * inset, 1),
            max(self.height - 2 * inset, 1),
            max(self.radius - inset, 1),
        )


class Card(Surface, BoxLayout):
    """A rounded white ground that holds other widgets."""


for _widget in (FitLabel, Icon, Card):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)
