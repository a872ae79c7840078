"""The number screen's cards. Order everywhere: number, place, people ahead and wait, what to do if missed."""

from __future__ import annotations

from pathlib import Path

from kivy.factory import Factory
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.shapes import Fact, YourNumber
from kiosk.widgets import action, code, drawings, rows, themed  # noqa: F401  the .kv file names their widgets
from theme import tokens
from theme.kivy.widgets import Card

FIGURES = tokens.TYPE_KIOSK_PX_NUMBER * 0.55
"""Height of the number's line where the QR code has to be large, because there is no paper."""
PAPER_ROW_PX = 262.0


class NumberCard(Card):
    """The number, as wide as the screen."""

    view = ObjectProperty(YourNumber(), rebind=True)
    figures = NumericProperty(FIGURES)
    """Height of the figures' line in pixels, unless it grows."""
    labelled = BooleanProperty(True)
    grows = BooleanProperty(True)
    """Takes the room that the others leave."""


class WhereCard(Card):
    """Where to go: the only filled card of the screen."""

    view = ObjectProperty(YourNumber(), rebind=True)


class PaperCard(Card):
    """What to do about the paper."""

    view = ObjectProperty(YourNumber(), rebind=True)


class CodeCard(Card):
    """The ticket's page for a telephone."""

    view = ObjectProperty(YourNumber(), rebind=True)


class MissedLine(BoxLayout):
    """What to do when the call was missed."""

    view = ObjectProperty(YourNumber(), rebind=True)


class NumberPage(themed.Column):
    """All of it, or with large text one of two pages. Children are kept while only their values change."""

    view = ObjectProperty(YourNumber(), rebind=True)
    shape = ObjectProperty(None, allownone=True)
    scale = NumericProperty(1.0)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self._parts: list[Widget] = []
        self.bind(view=self._update)

    def on_intent(self, intent: str) -> None:
        """Reprint, or the next page, was touched."""

    def _update(self, *_: object) -> None:
        view = self.view
        shape = (view.page, view.pages, view.paper, view.reprint is not None, bool(view.code))
        if shape != self.shape:
            self.shape = shape
            self._rebuild()
        for part in self._parts:
            part.view = view
        self.relax()

    def _rebuild(self) -> None:
        self.clear_widgets()
        self._parts = []
        view = self.view
        one = view.pages == 1
        row = PaperRow(with_code=bool(view.code))
        if one:
            parts = [NumberCard(grows=view.paper != "failed"), WhereCard(), FactsPair(), row, MissedLine()]
        elif view.page == 0:
            parts = [NumberCard(), WhereCard()]
        elif view.page == 1:
            parts = [NumberCard(grows=False, labelled=False), row]
        else:
            parts = [NumberCard(labelled=False), FactsPair(), MissedLine()]
        if not one:
            parts.append(TurnButton())
        for part in parts:
            self._add(part)
        for part in self._parts:
            if hasattr(part, "on_intent"):
                part.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))

    def _add(self, part: Widget) -> None:
        self._parts.append(part)
        self.add_widget(part)


class FactsPair(rows.FactRow):
    """People ahead, and the wait."""

    view = ObjectProperty(YourNumber(), rebind=True)

    def __init__(self, **options: object) -> None:
        super().__init__(piece_height=150, spacing=tokens.SPACE_KIOSK_GAP, **options)
        self.bind(view=self._take)

    def _take(self, *_: object) -> None:
        facts: tuple[Fact, ...] = (self.view.ahead, self.view.wait)
        if self.values != facts:
            self.values = facts


class PaperRow(BoxLayout):
    """Paper beside QR code; without paper the code is large."""

    view = ObjectProperty(YourNumber(), rebind=True)

    def __init__(self, with_code: bool, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(spacing=20, **options)
        self._paper = PaperCard()
        self.add_widget(self._paper)
        self._code = CodeCard() if with_code else None
        if self._code is not None:
            self.add_widget(self._code)
        self._paper.ids.reprint.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))
        self.bind(view=self._take)

    def on_intent(self, intent: str) -> None:
        """Print again was touched."""

    def _take(self, *_: object) -> None:
        # One page: a fixed row, unless the code has to be large. Of two pages the second has room enough.
        fixed = self.view.pages == 1 and self.view.paper != "failed"
        self.orientation = "horizontal" if self.view.pages == 1 else "vertical"
        self.size_hint_y = None if fixed else 1
        if fixed:
            self.height = PAPER_ROW_PX * (1 + (themed.scale() - 1) * 0.4)
        self._paper.view = self.view
        if self._code is not None:
            self._code.view = self.view


class TurnButton(action.Action):
    """To the other page."""

    view = ObjectProperty(YourNumber(), rebind=True)

    def __init__(self, **options: object) -> None:
        super().__init__(size_hint_y=None, height=130, **options)
        self.bind(view=self._take)

    def _take(self, *_: object) -> None:
        if self.view.turn is not None:
            self.button = self.view.turn


for _widget in (NumberPage,):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)

Builder.load_file(str(Path(__file__).with_suffix(".kv")))
