"""Everything that can be touched: one widget, several looks."""

from __future__ import annotations

from dataclasses import dataclass

from kivy.clock import Clock
from kivy.factory import Factory
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.widget import Widget

from kiosk.palette import Palette
from kiosk.shapes import Button, Emphasis
from kiosk.widgets.themed import BIG_FROM, Themed, grown, palette, scale, text_width
from theme import tokens
from theme.kivy.widgets import LABEL, STRONG, FitLabel, Icon, Surface

CLEAR = "#00000000"


@dataclass(frozen=True)
class Look:
    ground: str
    frame: str
    ink: str
    label_px: float
    icon_px: float
    font: str = STRONG
    stroke: float = 0.0


def look_of(emphasis: Emphasis, colours: Palette) -> Look:
    """Colours and sizes of a control by how much it matters."""
    button, chip = tokens.TYPE_KIOSK_PX_BUTTON, tokens.TYPE_KIOSK_PX_TEXT + 2
    stroke = colours.control_stroke
    match emphasis:
        case "primary":
            return Look(colours.accent, CLEAR, colours.on_accent, button, 64)
        case "second":
            return Look(colours.surface, colours.accent, colours.accent, button, 60, stroke=stroke)
        case "danger":
            return Look(colours.danger_soft, colours.danger, colours.danger, button, 80, stroke=stroke)
        case "chosen":
            return Look(colours.surface, colours.accent, colours.accent, chip, 44, LABEL, stroke + 1)
        case "bar":
            return Look(CLEAR, CLEAR, colours.ink, tokens.TYPE_KIOSK_PX_MINIMUM, 60, LABEL)
        case "bar_help":
            return Look(colours.accent_soft, CLEAR, colours.accent, tokens.TYPE_KIOSK_PX_MINIMUM, 60, LABEL)
        case "plain":
            return Look(colours.surface, colours.line, colours.ink, chip, 44, LABEL, colours.card_stroke + 1)


class Action(ButtonBehavior, Themed, Surface, Widget):
    """A touchable control that draws one `Button`. Reports its intent through ``on_intent``.

    Layouts: ``row`` (icon, then words, in the middle), ``start`` (the same from the left edge, with a chevron at the
    right), ``column`` (icon above the words).
    """

    button = ObjectProperty(Button())
    layout = StringProperty("row")
    label_px = NumericProperty(0)
    """Size of the label at 100 %; 0 = as the emphasis says."""
    wanted_height = NumericProperty(0)
    """As high as the words need at this width and text size."""

    def __init__(self, **options: object) -> None:
        self._icon = Icon()
        self._chevron = Icon(name="chevron-right")
        self._label = FitLabel(font_name=STRONG)
        self._note = FitLabel(font_name=LABEL)
        self.register_event_type("on_intent")
        options.setdefault("radius", tokens.RADIUS_KIOSK_BUTTON)
        super().__init__(**options)
        # Before the next frame rather than at once: positions come in several steps, and only the last one counts.
        self._soon = Clock.create_trigger(self.restyle, -1)
        for name in ("pos", "size", "button", "layout", "state", "label_px"):
            self.fbind(name, self._soon)
        self.restyle()

    @property
    def intent(self) -> str:
        return str(self.button.intent)

    def on_intent(self, intent: str) -> None:
        """A person touched it."""

    def on_release(self) -> None:
        if self.intent:
            self.dispatch("on_intent", self.intent)

    def restyle(self, *_: object) -> None:
        button, look = self.button, look_of(self.button.emphasis, palette())
        pressed = self.state == "down"
        self.ground = look.ground if not pressed else palette().accent_soft
        self.frame, self.frame_width = look.frame, look.stroke
        ink = look.ink if not pressed else palette().accent
        size = grown(self.label_px or look.label_px, scale())
        note_size = (tokens.TYPE_KIOSK_PX_MINIMUM + 2) * scale()
        if button.note and self.layout == "row":  # two lines in a slot that does not grow
            size, note_size = min(size, 60.0), min(note_size, 44.0)
        self._set(self._label, button.label, look.font, ink, size)
        self._set(self._note, button.note, LABEL, ink, note_size)
        self._icon.name, self._icon.color = button.icon, ink
        self._chevron.color = ink
        self._show(self._icon, bool(button.icon))
        self._show(self._note, bool(button.note))
        self._show(self._chevron, self._has_chevron())
        self._show(self._label, True)
        if self.layout == "column":
            self._arrange_column(look.icon_px)
        else:
            self._arrange_row(look.icon_px * (1 + (scale() - 1) * 0.5))

    def _set(self, label: FitLabel, text: str, font: str, ink: str, size: float) -> None:
        label.text, label.font_name, label.color, label.largest = text, font, ink, size

    def _show(self, child: Widget, shown: bool) -> None:
        if shown and child.parent is None:
            self.add_widget(child)
        elif not shown and child.parent is not None:
            self.remove_widget(child)

    def _arrange_column(self, icon: float) -> None:
        icon = min(icon, self.height * 0.42)
        self._icon.size, self._label.halign = (icon, icon), "center"
        self._icon.pos = (self.center_x - icon / 2, self.top - icon - 18)
        self._label.size = (max(self.width - 12, 1), max(self._icon.y - self.y - 14, 1))
        self._label.pos = (self.x + 6, self.y + 8)

    def _arrange_row(self, icon_px: float) -> None:
        """Words take the width they need, at most what is left beside the icon; icon and words stand in the middle."""
        start = self.layout == "start"
        edge = 46 if start else 28
        icon = min(icon_px, self.height - 24) if self.button.icon else 0.0
        gap = (28 if start else 24) if self.button.icon and self.button.label else 0
        chevron = 60.0 if self._has_chevron() else 0.0
        room = max(self.width - 2 * edge - icon - gap - (chevron + 20 if chevron else 0), 1)
        label, note = self._label, self._note
        needed = max(self._needed_width(label), self._needed_width(note) if self.button.note else 0.0)
        width = room if start else min(needed, room)
        left = self.x + edge if start else self.center_x - (icon + gap + width) / 2
        self._icon.size = (icon, icon)
        self._icon.pos = (left, self.center_y - icon / 2)
        self._chevron.size = (chevron, chevron)
        self._chevron.pos = (self.right - edge - chevron + 14, self.center_y - chevron / 2)
        self._place_words(left + icon + gap, width)

    def _has_chevron(self) -> bool:
        return bool(self.layout == "start") and scale() < BIG_FROM

    def _needed_width(self, label: FitLabel) -> float:
        """On one line, with a little to spare: a line breaks before it is quite full."""
        return text_width(label.text, label.font_name, label.largest) * 1.04 + 6

    def _place_words(self, left: float, width: float) -> None:
        label, note = self._label, self._note
        alone = not self.button.note
        centred = alone and not self.button.icon and self.layout == "row"
        label.halign, note.halign = ("center" if centred else "left"), "left"
        high, low = self._lines_high(label, width), 0.0 if alone else self._lines_high(note, width)
        self.wanted_height = high + low + 44
        room = max(self.height - 20, 1)
        squeeze = min(1.0, room / max(high + low, 1))
        high, low = high * squeeze, low * squeeze
        bottom = self.center_y - (high + low) / 2
        label.size, label.pos = (width, high), (left, bottom + low)
        if not alone:
            note.size, note.pos = (width, low), (left, bottom)

    def _lines_high(self, label: FitLabel, width: float) -> float:
        lines = -(-self._needed_width(label) // max(width, 1))
        # A line that breaks between words needs a little more than the mere sum of widths.
        lines = (
            1 if lines <= 1 else min(lines + (1 if lines * width - self._needed_width(label) < width * 0.15 else 0), 3)
        )
        return float(label.largest * 1.36 * lines)


if "Action" not in Factory.classes:
    Factory.register("Action", cls=Action)
