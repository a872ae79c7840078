"""What every widget of the kiosk shares: colours and text size of the running app, and text as high as it needs."""

from __future__ import annotations

from kivy.app import App
from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
from kivy.factory import Factory
from kivy.properties import NumericProperty
from kivy.uix.boxlayout import BoxLayout

from kiosk.palette import STANDARD, Palette
from theme import tokens
from theme.kivy.widgets import DISPLAY, FitLabel

BODY = tokens.TYPE_KIOSK_PX_TEXT
STEADY_FRAMES = 2
BIG_FROM = 1.5
"""From this text size on, screens leave out decoration and put things below one another."""


def grown(px: float, factor: float) -> float:
    """Size of `px` design pixels at text size `factor`: body text and smaller grow by the factor, larger text by as
    many pixels as body text does. So everything read closely is twice as large at 200 %, and headings stay headings
    without filling the screen.

    >>> grown(34, 2.0), grown(28, 2.0), grown(74, 2.0)
    (68.0, 56.0, 108.0)
    """
    return float(px * factor if px <= BODY else px + BODY * (factor - 1))


def palette() -> Palette:
    """Colours of the running app; the standard ones where none runs."""
    app = App.get_running_app()
    chosen: Palette = app.palette if app is not None else STANDARD
    return chosen


def scale() -> float:
    """Text size of the running app, 1 to 2."""
    app = App.get_running_app()
    return float(app.scale) if app is not None else 1.0


class Themed:
    """Mix in before a widget class: `restyle` is called when colours or text size change."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        app = App.get_running_app()
        if app is not None:
            # Weakly held: tiles come and go, the app stays.
            app.bind(palette=self.restyle, scale=self.restyle)

    def restyle(self, *_: object) -> None:
        """Colours or text size changed."""


class Passage(Themed, FitLabel):
    """Text as high as it needs at the person's text size, up to `lines` lines, and never cut off.

    `base` is the size at 100 %, in design pixels. `squeeze` under 1 makes the text smaller.
    """

    base = NumericProperty(tokens.TYPE_KIOSK_PX_TEXT)
    lines = NumericProperty(3)
    squeeze = NumericProperty(1.0)

    def __init__(self, **options: object) -> None:
        options.setdefault("size_hint_y", None)
        super().__init__(**options)
        for name in ("text", "width", "base", "lines", "font_name", "line_height", "squeeze"):
            self.fbind(name, self.restyle)
        self.restyle()

    def restyle(self, *_: object) -> None:
        self.largest = grown(self.base, scale()) * self.squeeze
        if self.size_hint_y is None:
            self.height = self._needed() if self.text else 0

    def _needed(self) -> float:
        size, width = int(self.largest), max(self.width - self.padding[0] - self.padding[2], 50)
        one = self._laid_out("Ấg", size, width)
        whole = self._laid_out(self.text, size, width)
        return min(whole, one * float(self.lines)) + float(self.padding[1] + self.padding[3]) + 2

    def _laid_out(self, text: str, size: int, width: float) -> float:
        label = CoreLabel(
            text=text, font_name=self.font_name, font_size=size, line_height=self.line_height, text_size=(width, None)
        )
        label.refresh()
        return float(label.content_height)


class Column(Themed, BoxLayout):
    """A screen's content, from top to bottom. When long words in a large size need more room than there is, every
    passage in it becomes a little smaller until all of it fits: nothing is ever pushed off the screen."""

    least = NumericProperty(0.4)

    def __init__(self, **options: object) -> None:
        options.setdefault("orientation", "vertical")
        self._squeeze, self._seen, self._steady = 1.0, 0.0, 0
        super().__init__(**options)
        self._soon = Clock.create_trigger(self._fit_in, 0)
        self.bind(minimum_height=self._soon, height=self._soon)

    def restyle(self, *_: object) -> None:
        self.relax()

    def relax(self, *_: object) -> None:
        """The content is another: begin with full height again."""
        self._apply(1.0)
        self._soon()

    def _fit_in(self, *_: object) -> None:
        """Only once the height has come to rest: while widths are still being found, text is as high as a tower."""
        if self.minimum_height <= self.height + 1 or self._squeeze <= self.least or self.parent is None:
            self._steady = 0
            return
        self._steady = self._steady + 1 if self.minimum_height == self._seen else 0
        self._seen = self.minimum_height
        if self._steady >= STEADY_FRAMES:
            self._steady = 0
            over = max((self.minimum_height / max(self.height, 1)) ** 0.5, 1.02)
            self._apply(max(self._squeeze / over, self.least))
        self._soon()

    def _apply(self, squeeze: float) -> None:
        self._squeeze = squeeze
        for widget in self.walk(restrict=True):
            if isinstance(widget, Passage):
                widget.squeeze = squeeze


class Heading(Passage):
    """The one question or answer of a screen."""

    def __init__(self, **options: object) -> None:
        options.setdefault("font_name", DISPLAY)
        options.setdefault("line_height", 1.0)
        options.setdefault("lines", 2)
        options.setdefault("base", tokens.TYPE_KIOSK_PX_HEADING)
        super().__init__(**options)


def text_width(text: str, font_name: str, size: float) -> float:
    """Width of `text` on one line, in pixels."""
    label = CoreLabel(text=text, font_name=font_name, font_size=int(size))
    return float(label.get_extents(text)[0]) if text else 0.0


for _widget in (Passage, Heading, Column):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)
