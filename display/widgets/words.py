"""Text of the wall: a pair of languages, one above the other, and numbers as large as their place allows."""

from __future__ import annotations

from kivy.core.text import Label as CoreLabel
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from display.view import Words
from theme import tokens
from theme.kivy.widgets import DISPLAY, LABEL, NUMBER, TEXT, FitLabel

CAPITAL = 0.74
"""Height of a digit of the typeface, as a share of its size. Below and above it the line is empty."""
NAME = 1.2
"""The same of a word with an accent above and a tail below."""
_IN_NUMBER_FACE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:-–/ .")


class WallWords(BoxLayout):
    """The house's language, and below it, smaller, the second one where there is one. Never cut off: it shrinks."""

    words = ObjectProperty(Words(""))
    first_size = NumericProperty(40)
    second_size = NumericProperty(30)
    color = ColorProperty(tokens.COLOR_INK)
    second_color = ColorProperty(tokens.COLOR_INK_MUTED)
    font_name = StringProperty(LABEL)
    halign = StringProperty("left")
    wrap = BooleanProperty(False)
    """Whether a text may take several lines."""

    def __init__(self, **options: object) -> None:
        super().__init__(orientation="vertical", **options)
        self._first = FitLabel(wrap=False)
        self._second = FitLabel(wrap=False, font_name=TEXT)
        # A long first text shrinks: the second must not become the larger one.
        self._first.bind(font_size=self._update_second)
        self.add_widget(self._first)
        for name in ("words", "first_size", "second_size", "color", "second_color", "font_name", "halign", "wrap"):
            self.fbind(name, self._update)
        self._update()

    def _update(self, *_: object) -> None:
        words: Words = self.words
        first, second = self._first, self._second
        first.largest, first.color, first.font_name = self.first_size, self.color, self.font_name
        second.color = self.second_color
        first.wrap = second.wrap = self.wrap
        first.halign = second.halign = self.halign
        first.text, second.text = words.first, words.second
        first.size_hint_y, second.size_hint_y = self.first_size, self.second_size
        # Two lines stand together in the middle; one alone has the whole height.
        first.valign, second.valign = ("bottom", "top") if words.second else ("middle", "top")
        if bool(words.second) != (second.parent is not None):
            if words.second:
                self.add_widget(second)
            else:
                self.remove_widget(second)
        self._update_second()

    def _update_second(self, *_: object) -> None:
        self._second.largest = min(self.second_size, 0.88 * self._first.font_size)


class WallNumber(Label):
    """A number in tabular figures. `fitting` tells how large it may be; the size itself is set from outside, so that
    number and room of one call are of one size."""

    def __init__(self, **options: object) -> None:
        options.setdefault("font_name", NUMBER)
        options.setdefault("valign", "middle")
        super().__init__(**options)
        self.bind(size=self._place, text=self._face)

    def _face(self, *_: object) -> None:
        # The typeface of numbers has no accents, and Kivy shows nothing at all for a letter that is missing.
        self.font_name = NUMBER if set(self.text) <= _IN_NUMBER_FACE else DISPLAY

    def _place(self, *_: object) -> None:
        # Higher than the widget: the empty parts of the line must not push the digits away.
        self.text_size = (self.width, None)

    def fitting(self, largest: float) -> float:
        """The largest size up to `largest` at which the text fits this widget's width and its digits the height."""
        if not self.text or self.width <= 1:
            return largest
        wide = text_width(self.text, largest, self.font_name)
        # A name ("Cấp cứu") has accents above and tails below; a number has neither.
        tall = CAPITAL / 0.82 if self.font_name == NUMBER else NAME
        return float(min(largest, 0.985 * largest * self.width / max(wide, 1.0), self.height / tall))


def text_width(text: str, size: float, font_name: str = NUMBER) -> float:
    """Width in pixels of `text` on one line."""
    return float(CoreLabel(text=text, font_name=font_name, font_size=size).get_extents(text)[0])
