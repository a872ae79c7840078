"""One of two: two cards of the same size and look, each touched as a whole."""

from __future__ import annotations

from kivy.factory import Factory
from kivy.properties import ObjectProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout

from kiosk.shapes import Choice, QuickerRoom
from kiosk.widgets.themed import BIG_FROM, Themed, grown, palette, scale
from theme import tokens
from theme.kivy.widgets import LABEL, STRONG, Card, FitLabel, Icon

STRIP_PX = 122.0
ABOUT_PX = float(tokens.TYPE_KIOSK_PX_MINIMUM + 4)


class ChoiceCard(ButtonBehavior, Themed, Card):
    """A room: what it is, who and where, the wait in large letters, and what touching it does."""

    choice = ObjectProperty(Choice())

    def __init__(self, choice: Choice, *, waiting: bool, **options: object) -> None:
        self.register_event_type("on_intent")
        self.choice, self._waiting = choice, waiting
        super().__init__(orientation="vertical", padding=(40, 24, 40, 28), spacing=10, **options)
        self._about = FitLabel(text=choice.about, font_name=LABEL, valign="bottom", wrap=False)
        self._name = FitLabel(text=choice.name, font_name=STRONG)
        self._pin, self._clock = Icon(name="map-pin", size_hint_x=None), Icon(name="clock", size_hint_x=None)
        self._place = FitLabel(text=choice.place, wrap=False)
        self._wait = FitLabel(text=choice.wait, font_name=STRONG, wrap=False)
        self._strip = Card(radius=tokens.RADIUS_KIOSK_BUTTON, padding=(24, 8), size_hint_y=None)
        self._action = FitLabel(text=choice.button.label, font_name=STRONG, halign="center")
        self._compose()
        self.bind(state=self.restyle)
        self.restyle()

    @property
    def intent(self) -> str:
        return "" if self._waiting else str(self.choice.button.intent)

    def on_intent(self, intent: str) -> None:
        """A person chose it."""

    def on_release(self) -> None:
        if self.intent:
            self.dispatch("on_intent", self.intent)

    def _compose(self) -> None:
        self._where, self._how_long = BoxLayout(spacing=18), BoxLayout(spacing=18)
        for row, icon, words in ((self._where, self._pin, self._place), (self._how_long, self._clock, self._wait)):
            row.add_widget(icon)
            row.add_widget(words)
        self._strip.add_widget(self._action)
        if scale() < BIG_FROM:  # large letters need the room, and "keep" and "take" say the same
            self.add_widget(self._about)
        for part in (self._name, self._where, self._how_long, self._strip):
            self.add_widget(part)

    def restyle(self, *_: object) -> None:
        colours, grows = palette(), scale()
        down = self.state == "down" and not self._waiting
        self.ground = colours.accent_soft if down else colours.surface
        self.frame, self.frame_width = colours.accent, colours.control_stroke
        self._about.color, self._name.color, self._place.color = colours.ink_muted, colours.ink, colours.ink
        self._wait.color = colours.ink
        self._pin.color = self._clock.color = colours.accent
        self._strip.ground = colours.disabled if self._waiting else colours.accent
        self._action.color = colours.ink if self._waiting else colours.on_accent
        self._about.largest = ABOUT_PX * grows
        self._name.largest = grown(tokens.TYPE_KIOSK_PX_TILE_TITLE + 6, grows)
        self._place.largest = tokens.TYPE_KIOSK_PX_TEXT * grows
        self._wait.largest = grown(60, grows)
        self._action.largest = grown(tokens.TYPE_KIOSK_PX_BUTTON, grows)
        self._pin.width = self._clock.width = 52 * (1 + (grows - 1) * 0.3)
        self._about.size_hint_y, self._name.size_hint_y = 0.7, 1.25
        self._where.size_hint_y, self._how_long.size_hint_y = 0.9, 1.3
        self._strip.height = STRIP_PX * (1 + (grows - 1) * 0.12)


class ChoicePair(Themed, BoxLayout):
    """Both cards, one below the other."""

    offer = ObjectProperty(QuickerRoom(), rebind=True)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(orientation="vertical", spacing=tokens.SPACE_KIOSK_GAP + 6, **options)
        self._shown: tuple[object, ...] = ()
        self.bind(offer=self.restyle)

    def on_intent(self, intent: str) -> None:
        """One of the two was chosen."""

    def restyle(self, *_: object) -> None:
        """Rebuilt only when another thing is told: a finger may rest on a card while seconds are counted down."""
        told = (self.offer.choices, bool(self.offer.busy), scale())
        if told == self._shown:
            return
        self._shown = told
        self.clear_widgets()
        for choice in self.offer.choices:
            card = ChoiceCard(choice, waiting=bool(self.offer.busy))
            card.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))
            self.add_widget(card)


if "ChoicePair" not in Factory.classes:
    Factory.register("ChoicePair", cls=ChoicePair)
