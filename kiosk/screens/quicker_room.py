"""Two rooms to choose from: the one asked for, and one where the wait is clearly shorter."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty

from kiosk.shapes import QuickerRoom
from kiosk.widgets import choice  # noqa: F401  the .kv file names their widgets
from kiosk.widgets.themed import Column

Builder.load_file(str(Path(__file__).with_suffix(".kv")))


class QuickerRoomScreen(Column):
    view = ObjectProperty(QuickerRoom(), rebind=True)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self.bind(view=self.relax)

    def on_intent(self, intent: str) -> None:
        """A person touched something; `intent` is what it means."""
