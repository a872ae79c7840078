"""The strip above (place, live state, clock) and the strip below (notice and its page)."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from display.view import Notice, Words
from display.widgets import words  # noqa: F401 - the .kv file names its widgets


class WallTop(BoxLayout):
    """Where this wall hangs, whether it is live, and what time it is."""

    title = StringProperty("")
    subtitle = StringProperty("")
    clock = StringProperty("")
    live = BooleanProperty(False)
    live_icon = StringProperty("")
    live_words = ObjectProperty(Words(""))
    unit = NumericProperty(1.0)
    portrait = BooleanProperty(False)


class WallNotice(BoxLayout):
    """A notice, one page of several; a warning when something is wrong with the wall itself."""

    notice = ObjectProperty(Notice("", Words(""), Words("")), rebind=True)
    unit = NumericProperty(1.0)
    portrait = BooleanProperty(False)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
