"""The wall, landscape or portrait, at any size: all measures are design pixels times `unit`."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from display.view import WallView, Words
from display.widgets import hero, rows, strips  # noqa: F401 - the .kv file names their widgets
from display.widgets.hero import NOBODY
from theme.kivy.widgets import Card

LANDSCAPE, PORTRAIT = (1920.0, 1080.0), (1080.0, 1920.0)


class WallEmpty(Card):
    """A place without a call: says what to do meanwhile, or is left blank where another place says it."""

    words = ObjectProperty(Words(""), rebind=True)
    unit = NumericProperty(1.0)


class WallScreen(BoxLayout):
    """Draws a `WallView`."""

    view = ObjectProperty(None, allownone=True, rebind=True)
    unit = NumericProperty(1.0)
    portrait = BooleanProperty(False)
    places = NumericProperty(6)

    def on_kv_post(self, base_widget: object) -> None:  # noqa: ARG002 - Kivy's name; the parts exist from here on
        self.bind(view=self._update, size=self._measure)
        self._measure()

    def _measure(self, *_: object) -> None:
        self.portrait = self.height > self.width
        width, height = PORTRAIT if self.portrait else LANDSCAPE
        self.unit = max(min(self.width / width, self.height / height), 0.1)

    def _update(self, *_: object) -> None:
        view: WallView | None = self.view
        if view is None:
            return
        ids = self.ids
        top = ids.top
        top.title, top.subtitle, top.clock = view.title, view.subtitle, view.clock
        top.live, top.live_icon, top.live_words = view.live, view.live_icon, view.live_words
        ids.rows.called_label, ids.rows.room_label, ids.rows.rows = view.called_label, view.room_label, view.rows
        ids.notice.notice = view.notice
        # While nobody was called yet, the one sentence has all the room.
        ids.second_place.size_hint_y = 1 if view.heroes else None
        ids.second_place.height = ids.second_place.opacity = 1 if view.heroes else 0
        for index, (slot, empty) in enumerate(((ids.first, ids.first_empty), (ids.second, ids.second_empty))):
            here = index < len(view.heroes)
            slot.view = view.heroes[index] if here else NOBODY
            slot.opacity, empty.opacity = (1, 0) if here else (0, 1)
            empty.words = view.empty if index == len(view.heroes) else Words("")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
