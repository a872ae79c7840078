"""Earlier calls, newest first: number, a mark where there is one, room."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from display.view import RowView, Words
from display.widgets import words  # noqa: F401 - the .kv file names its widgets
from theme import tokens
from theme.kivy.widgets import Card

NOBODY = RowView(0, "", "")


class WallMark(BoxLayout):
    """An icon and the word for it; nothing where there is no word."""

    icon = StringProperty("")
    words = ObjectProperty(Words(""), rebind=True)
    unit = NumericProperty(1.0)


class WallRow(BoxLayout):
    """One earlier call. A number that is being called right now has a soft ground, an icon and a word."""

    view = ObjectProperty(NOBODY, rebind=True)
    unit = NumericProperty(1.0)
    portrait = BooleanProperty(False)
    number_size = NumericProperty(float(tokens.TYPE_WALL_PX_ROW))
    mark = ObjectProperty(Words(""))
    no_words = ObjectProperty(Words(""))
    below = BooleanProperty(False)
    """The mark stands below the number; in portrait there is room beside it."""
    ground = ColorProperty([0, 0, 0, 0])

    def on_kv_post(self, base_widget: object) -> None:  # noqa: ARG002 - Kivy's name; the parts exist from here on
        self.bind(view=self._take, unit=self._take, portrait=self._take, size=self._fit)
        self.ids.number.bind(size=self._fit)
        self.ids.room.bind(size=self._fit)
        self._take()

    def _take(self, *_: object) -> None:
        view: RowView = self.view
        self.ground = tokens.COLOR_ACCENT_SOFT if view.calling else [0, 0, 0, 0]
        second = f" · {view.mark.second}" if view.mark.second else ""
        self.mark = Words(view.mark.first + second)
        self.below = bool(view.mark.first) and not self.portrait
        self.opacity = 1 if view.number else 0
        self.ids.number.text, self.ids.room.text = view.number, view.room
        self._fit()

    def _fit(self, *_: object) -> None:
        largest = tokens.TYPE_WALL_PX_ROW * self.unit
        self.number_size = min(part.fitting(largest) for part in (self.ids.number, self.ids.room))


class WallRows(Card):
    """The heading and the rows, as many as the view tells; empty places stay empty."""

    rows = ObjectProperty(())
    called_label = ObjectProperty(Words(""))
    room_label = ObjectProperty(Words(""))
    places = NumericProperty(6)
    unit = NumericProperty(1.0)
    portrait = BooleanProperty(False)

    def on_kv_post(self, base_widget: object) -> None:  # noqa: ARG002 - Kivy's name; the parts exist from here on
        self.bind(rows=self._update, places=self._rebuild)
        self._rebuild()

    def _rebuild(self, *_: object) -> None:
        list_box = self.ids.list
        list_box.clear_widgets()
        for _place in range(int(self.places)):
            row = WallRow(unit=self.unit, portrait=self.portrait)
            self.bind(unit=row.setter("unit"), portrait=row.setter("portrait"))
            list_box.add_widget(row)
        self._update()

    def _update(self, *_: object) -> None:
        places = list(reversed(self.ids.list.children))
        for index, place in enumerate(places):
            place.view = self.rows[index] if index < len(self.rows) else NOBODY


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
