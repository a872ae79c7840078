"""What stands around every screen and never moves: top strip, primary slot, bottom bar; and the sheet on top."""

from __future__ import annotations

from pathlib import Path

from kivy.factory import Factory
from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.relativelayout import RelativeLayout

from kiosk.shapes import Button, Chip, Frame, Sheet
from kiosk.widgets.action import Action
from kiosk.widgets.themed import palette
from theme import tokens

WIDTH, HEIGHT = 1080, 1920
"""The design's own pixels; the stage scales them to the window."""


class TopStrip(BoxLayout):
    """Back or the hospital, and the time of day."""

    frame = ObjectProperty(Frame(), rebind=True)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)

    def on_kv_post(self, *_: object) -> None:
        # Held here: what is out of the tree would be gone.
        self._back, self._hospital = self.ids.back.__self__, self.ids.hospital.__self__
        self.bind(frame=self._swap)
        self._swap()

    def on_intent(self, intent: str) -> None:
        """Back was touched."""

    def _swap(self, *_: object) -> None:
        """Back takes the place of the hospital's name; what is not shown is not in the tree."""
        wanted = self._back if self.frame.back is not None else self._hospital
        if self.ids.place.children != [wanted]:
            self.ids.place.clear_widgets()
            self.ids.place.add_widget(wanted)


class BottomBar(BoxLayout):
    """Language, text size, contrast, help."""

    buttons = ObjectProperty(())

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self.bind(buttons=self._fill)

    def on_intent(self, intent: str) -> None:
        """One of the entries was touched."""

    def _fill(self, *_: object) -> None:
        row = self.ids.row
        if len(row.children) != len(self.buttons):
            row.clear_widgets()
            for _ in self.buttons:
                action = Action(layout="column", radius=tokens.RADIUS_KIOSK_BUTTON)
                action.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))
                row.add_widget(action)
        for action, button in zip(reversed(row.children), self.buttons, strict=True):
            action.button = button


class NoteLine(BoxLayout):
    """What is told in the place of the primary button."""

    chip = ObjectProperty(Chip(), rebind=True)


class SheetLayer(FloatLayout):
    """A question or message on top of the screen. Touches that miss it go nowhere."""

    sheet = ObjectProperty(Sheet(), rebind=True)
    tone_ink = StringProperty("#000000")
    tone_ground = StringProperty("#FFFFFF")

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self.bind(sheet=self.restyle)
        self._trigger_layout()  # children came before the layout listened

    def on_intent(self, intent: str) -> None:
        """Its button was touched."""

    def restyle(self, *_: object) -> None:
        colours = palette()
        inks = {"calm": colours.accent, "warning": colours.warning, "danger": colours.danger}
        grounds = {"calm": colours.accent_soft, "warning": colours.warning_soft, "danger": colours.danger_soft}
        self.tone_ink, self.tone_ground = inks[self.sheet.tone], grounds[self.sheet.tone]

    def on_touch_down(self, touch: object) -> bool:
        super().on_touch_down(touch)
        return bool(self.collide_point(*touch.pos))  # type: ignore[attr-defined]


class Shell(RelativeLayout):
    """The whole picture in design pixels. Holds one screen at a time."""

    frame = ObjectProperty(Frame(), rebind=True)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(size_hint=(None, None), size=(WIDTH, HEIGHT), **options)
        slot = {"size_hint": (None, None), "size": (WIDTH - 112, tokens.TARGET_KIOSK_PRIMARY_PX), "pos": (56, 222)}
        self._primary, self._note = Action(**slot), NoteLine(**slot)
        self._primary.bind(on_intent=self._report)
        self._sheet = SheetLayer(size_hint=(None, None), size=(WIDTH, HEIGHT - 190), pos=(0, 190))
        self._sheet.bind(on_intent=self._report)
        self.bind(frame=self._set_primary)

    def on_intent(self, intent: str) -> None:
        """Anything was touched."""

    def _report(self, _: object, intent: str) -> None:
        self.dispatch("on_intent", intent)

    def _set_primary(self, *_: object) -> None:
        button, note = self.frame.primary, self.frame.note
        self._primary.button, self._note.chip = button or Button(), note
        for part, shown in ((self._primary, button is not None), (self._note, bool(note.label))):
            if not shown and part.parent:
                self.remove_widget(part)
            elif shown and not part.parent:
                self.add_widget(part, index=1 if self._sheet.parent else 0)

    def show_screen(self, screen: object) -> None:
        holder = self.ids.holder
        if holder.children != [screen]:
            holder.clear_widgets()
            holder.add_widget(screen)

    def show_sheet(self, sheet: Sheet | None) -> None:
        if sheet is None:
            if self._sheet.parent:
                self.remove_widget(self._sheet)
            return
        self._sheet.sheet = sheet
        self._sheet.restyle()
        if not self._sheet.parent:
            self.add_widget(self._sheet)


for _widget in (TopStrip, BottomBar, NoteLine, SheetLayer):
    if _widget.__name__ not in Factory.classes:
        Factory.register(_widget.__name__, cls=_widget)

Builder.load_file(str(Path(__file__).with_suffix(".kv")))
