"""One call, as large as the wall allows: number left, arrow in a fixed column, room right."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, ObjectProperty

from display.view import HeroView, Words
from display.widgets import words  # noqa: F401 - the .kv file names its widgets
from theme import tokens
from theme.kivy.widgets import Card

NOBODY = HeroView(0, "", "", Words(""), Words(""), Words(""), "", "arrow-right", False)

NUMBER_SHRINKS_TO = 0.6


class WallHero(Card):
    """The newest call is filled, the earlier one outlined; in the dark half of a flash the filled one is outlined."""

    view = ObjectProperty(NOBODY, rebind=True)
    unit = NumericProperty(1.0)
    """Pixels for one design pixel."""
    no_words = ObjectProperty(Words(""))
    filled = BooleanProperty(False)
    portrait = BooleanProperty(False)
    number_size = NumericProperty(float(tokens.TYPE_WALL_PX_NUMBER))
    room_size = NumericProperty(float(tokens.TYPE_WALL_PX_ROOM))
    ink = ColorProperty(tokens.COLOR_ACCENT)
    soft_ink = ColorProperty(tokens.COLOR_INK_MUTED)

    def on_kv_post(self, base_widget: object) -> None:  # noqa: ARG002 - Kivy's name; the parts exist from here on
        self.bind(view=self._take, unit=self._fit, portrait=self._fit, size=self._fit)
        self.ids.number.bind(size=self._fit)
        self.ids.room.bind(size=self._fit)
        self._take()

    def _take(self, *_: object) -> None:
        view: HeroView = self.view
        self.filled = view.filled and view.lit
        self.ink = tokens.COLOR_ON_ACCENT if self.filled else tokens.COLOR_ACCENT
        self.soft_ink = tokens.COLOR_ON_ACCENT if self.filled else tokens.COLOR_INK_MUTED
        self.ground = tokens.COLOR_ACCENT if self.filled else tokens.COLOR_SURFACE
        self.frame = tokens.COLOR_ACCENT
        self.ids.number.text, self.ids.room.text = view.number, view.room
        self._fit()

    def _fit(self, *_: object) -> None:
        """Side by side number and room are of one size: what fits both. The name of a room is longer than any number
        and must not make the number small."""
        number = self.ids.number.fitting(tokens.TYPE_WALL_PX_NUMBER * self.unit)
        room = self.ids.room.fitting(tokens.TYPE_WALL_PX_ROOM * self.unit * (0.6 if self.portrait else 1))
        alone = self.portrait or room < NUMBER_SHRINKS_TO * number
        self.number_size, self.room_size = (number, room) if alone else (min(number, room),) * 2


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
