"""Rows that are filled from tuples of values, and rebuilt only when the values change."""

from __future__ import annotations

from kivy.factory import Factory
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.shapes import Button, Chip, Fact
from kiosk.widgets.action import Action
from kiosk.widgets.themed import BIG_FROM, Passage, Themed, grown, palette, scale, text_width
from theme import tokens
from theme.kivy.widgets import LABEL, STRONG, Card, FitLabel, Icon


class Row(Themed, BoxLayout):
    """Base of the rows: `values` are drawn by `piece`, side by side, or one below the other for large text."""

    values = ObjectProperty(())
    piece_height = NumericProperty(110)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        options.setdefault("size_hint_y", None)
        options.setdefault("spacing", 16)
        super().__init__(**options)
        self.fbind("values", self.restyle)
        self.restyle()

    def on_intent(self, intent: str) -> None:
        """One of the pieces was touched."""

    def restyle(self, *_: object) -> None:
        self.clear_widgets()
        for value in self.values:
            self.add_widget(self.piece(value))
        below = self.is_column()
        self.orientation = "vertical" if below else "horizontal"
        each = self.piece_height * self.growth()
        count = len(self.values) if below else 1
        self.height = (each * count + self.spacing * (count - 1)) if self.values else 0

    def is_column(self) -> bool:
        return scale() >= BIG_FROM

    def growth(self) -> float:
        """How much higher a piece is at this text size."""
        return 1 + (scale() - 1) * 0.5

    def piece(self, value: object) -> Widget:
        raise TypeError(f"{type(self).__name__} draws no {type(value).__name__}")


class ButtonRow(Row):
    """Buttons beside one another at every text size: languages."""

    def is_column(self) -> bool:
        return False

    def piece(self, value: object) -> Widget:
        action = Action(button=value if isinstance(value, Button) else Button())
        action.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))
        return action


class ChipTag(Themed, Card):
    """An icon and a word on a soft ground; tells, and cannot be touched."""

    def __init__(self, chip: Chip, **options: object) -> None:
        self._icon = Icon(name=chip.icon, size_hint_x=None)
        self._label = FitLabel(text=chip.label, font_name=LABEL, wrap=False)
        options.setdefault("radius", 24)
        options.setdefault("spacing", 16)
        super().__init__(**options)
        self.add_widget(self._icon)
        self.add_widget(self._label)
        self.fbind("width", self.restyle)
        self.restyle()

    def restyle(self, *_: object) -> None:
        colours, size = palette(), (tokens.TYPE_KIOSK_PX_MINIMUM + 4) * scale()
        self.ground, self.frame = (
            colours.accent_soft,
            colours.line if colours.accent_soft == colours.surface else [0] * 4,
        )
        self._icon.color = self._label.color = colours.ink
        self._icon.width = 48 * (1 + (scale() - 1) * 0.5)
        self._label.largest = size
        spare = self.width - self._icon.width - self.spacing - text_width(self._label.text, LABEL, size) - 4
        self.padding = (max(spare / 2, 14), 10, max(spare / 2, 14) - 2, 10)


class ChipRow(Row):
    def growth(self) -> float:
        return 1.0 if self.is_column() else super().growth()

    def piece(self, value: object) -> Widget:
        return ChipTag(value if isinstance(value, Chip) else Chip())


class FactCard(Themed, Card):
    """A figure with an icon, and the words that say what it is."""

    def __init__(self, fact: Fact, **options: object) -> None:
        self._icon = Icon(name=fact.icon, size_hint=(None, 1), width=84)
        self._value = FitLabel(text=fact.value, font_name=STRONG, size_hint_y=0.58, valign="bottom")
        self._label = FitLabel(text=fact.label, size_hint_y=0.42, valign="top")
        options.setdefault("padding", (34, 14, 20, 14))
        options.setdefault("spacing", 26)
        options.setdefault("radius", tokens.RADIUS_KIOSK_TILE)
        super().__init__(**options)
        self.add_widget(self._icon)
        words = BoxLayout(orientation="vertical")
        words.add_widget(self._value)
        words.add_widget(self._label)
        self.add_widget(words)
        self.restyle()

    def restyle(self, *_: object) -> None:
        colours = palette()
        self.ground, self.frame, self.frame_width = colours.surface, colours.line, colours.card_stroke
        self._icon.color, self._value.color, self._label.color = colours.ink, colours.ink, colours.ink
        self._icon.width = 76
        self._value.largest = grown(58, scale())
        self._label.largest = tokens.TYPE_KIOSK_PX_TEXT * scale()


class FactRow(Row):
    def growth(self) -> float:
        return 1 + (scale() - 1) * (0.2 if self.is_column() else 0.5)

    def piece(self, value: object) -> Widget:
        return FactCard(value if isinstance(value, Fact) else Fact())


class FactColumn(FactRow):
    """Below one another at every text size."""

    def is_column(self) -> bool:
        return True

    def growth(self) -> float:
        return 1.0 + (scale() - 1) * 0.12


class StepRow(Themed, BoxLayout):
    """What to do now: an icon in a circle and a sentence, one below the other."""

    values = ObjectProperty(())

    def __init__(self, **options: object) -> None:
        options.setdefault("orientation", "vertical")
        options.setdefault("size_hint_y", None)
        options.setdefault("spacing", 22)
        super().__init__(**options)
        self.bind(minimum_height=self.setter("height"))
        self.fbind("values", self.restyle)
        self.restyle()

    def restyle(self, *_: object) -> None:
        self.clear_widgets()
        for value in self.values:
            self.add_widget(_step(value, palette().accent, palette().accent_soft))


def _step(fact: Fact, ink: str, ground: str) -> Widget:
    row = BoxLayout(size_hint_y=None, spacing=28)
    big = scale() >= BIG_FROM
    badge = Card(size_hint=(None, None), size=(104, 104), radius=52, ground=ground, padding=24)
    badge.pos_hint = {"center_y": 0.5}
    badge.add_widget(Icon(name=fact.icon, color=ink))
    words = Passage(text=fact.value, base=tokens.TYPE_KIOSK_PX_TEXT + 6, color=palette().ink, lines=4)
    words.pos_hint = {"center_y": 0.5}
    words.bind(height=lambda _, height: setattr(row, "height", max(height, 104)))
    row.height = max(words.height, 104)
    if not big:  # words need the width
        row.add_widget(badge)
    row.add_widget(words)
    return row


for _widget in (ButtonRow, ChipRow, FactRow, FactColumn, StepRow):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)
