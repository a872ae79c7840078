"""First screen: what this is for, how to begin, and help for whoever is unwell."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty

from kiosk.shapes import Welcome
from kiosk.widgets import action, drawings, preview, rows  # noqa: F401  the .kv file names their widgets
from kiosk.widgets.themed import Column

Builder.load_file(str(Path(__file__).with_suffix(".kv")))


class WelcomeScreen(Column):
    view = ObjectProperty(Welcome(), rebind=True)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self.bind(view=self.relax)

    def on_intent(self, intent: str) -> None:
        """A person touched something; `intent` is what it means."""
