"""Services to choose from: tiles for open ones, dashed strips for closed ones."""

from __future__ import annotations

import math

from kivy.factory import Factory
from kivy.graphics import Color, Mesh
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from kiosk.shapes import Tile, WhatFor
from kiosk.widgets.themed import Themed, palette, scale
from theme import tokens
from theme.kivy.widgets import LABEL, STRONG, Card, FitLabel, Icon

GAP = tokens.SPACE_KIOSK_GAP
STRIP_PX = 132.0
DASH, HOLE, DASH_WIDTH = 11.0, 6.0, 3.0


class ServiceTile(ButtonBehavior, Themed, Card):
    """Icon, name, place and wait of one open service. A wide one (large text) has the icon at the left."""

    tile = ObjectProperty(Tile())

    def __init__(self, tile: Tile, wide: bool, name_px: float, **options: object) -> None:
        self.register_event_type("on_intent")
        self.tile, self._wide, self._name_px = tile, wide, name_px
        super().__init__(radius=tokens.RADIUS_KIOSK_TILE, padding=(36, 26, 28, 26), **options)
        self.orientation = "horizontal" if wide else "vertical"
        self.spacing = 30 if wide else 10
        self._icon = Icon(name=tile.button.icon, size_hint=(None, None), size=(84, 84))
        self._name = FitLabel(text=tile.button.label, font_name=STRONG, valign="middle" if wide else "bottom")
        self._place = FitLabel(text=tile.place)
        self._clock = Icon(name="hourglass" if tile.busy else "clock", size_hint_x=None)
        self._wait = FitLabel(text=tile.wait, font_name=LABEL)
        self._compose()
        self.bind(state=self.restyle, size=self.restyle)
        self.restyle()

    @property
    def intent(self) -> str:
        return str(self.tile.button.intent)

    def on_intent(self, intent: str) -> None:
        """A person chose it."""

    def on_release(self) -> None:
        if self.intent:
            self.dispatch("on_intent", self.intent)

    def _compose(self) -> None:
        words = BoxLayout(orientation="vertical")
        words.add_widget(self._name)
        if self.tile.place:
            words.add_widget(self._place)
        wait = BoxLayout(spacing=14, size_hint_y=None)
        wait.add_widget(self._clock)
        wait.add_widget(self._wait)
        words.add_widget(wait)
        self._wait_row = wait
        self._icon.pos_hint = {"center_y": 0.5} if self._wide else {}
        self.add_widget(self._icon)
        self.add_widget(words)

    def restyle(self, *_: object) -> None:
        colours, grown = palette(), scale()
        filled = self.tile.button.emphasis == "primary" or self.state == "down"
        self.ground = colours.accent if filled else colours.surface
        self.frame, self.frame_width = (colours.accent if filled else colours.line), colours.card_stroke + 1
        ink, mark = (colours.on_accent, colours.on_accent) if filled else (colours.ink, colours.accent)
        self._icon.color = self._clock.color = mark
        self._name.color = self._place.color = self._wait.color = ink
        small = tokens.TYPE_KIOSK_PX_MINIMUM + 3
        self._name.largest = self._name_px + tokens.TYPE_KIOSK_PX_TEXT * (grown - 1)
        self._place.largest = self._wait.largest = small * grown
        self._place.size_hint_y = None
        self._place.height = self._wait_row.height = small * grown * (1.42 - 0.14 * (grown - 1))
        self._clock.width = small * 1.15 * (1 + (grown - 1) * 0.5)


class ClosedStrip(Themed, Card):
    """A closed service: its name, why, and the word closed. It cannot be touched."""

    tile = ObjectProperty(Tile())

    def __init__(self, tile: Tile, **options: object) -> None:
        self.tile = tile
        super().__init__(radius=26, padding=(36, 14, 32, 14), spacing=30, **options)
        self._lock = Icon(name="lock", size_hint=(None, 1), width=58)
        self._name = FitLabel(text=tile.button.label, font_name=STRONG, size_hint_y=0.52, valign="bottom")
        self._why = FitLabel(text=tile.place, size_hint_y=0.48, valign="top")
        self._word = FitLabel(text=tile.closed, font_name=STRONG, halign="center", wrap=False)
        self._tag = Card(radius=14, padding=(18, 4), size_hint=(None, None))
        self._tag.pos_hint = {"center_y": 0.5}
        self._tag.add_widget(self._word)
        words = BoxLayout(orientation="vertical")
        words.add_widget(self._name)
        words.add_widget(self._why)
        for child in (self._lock, words, self._tag):
            self.add_widget(child)
        with self.canvas.after:
            self._dash_colour = Color()
            self._dashes = Mesh(mode="triangles")
        self.bind(pos=self.restyle, size=self.restyle)
        self.restyle()

    def restyle(self, *_: object) -> None:
        colours, grown = palette(), scale()
        self.ground, self.frame = colours.disabled, [0, 0, 0, 0]
        self._lock.color = colours.ink
        self._name.color = self._why.color = colours.ink
        self._name.largest = 38 + tokens.TYPE_KIOSK_PX_TEXT * (grown - 1)
        self._why.largest = (tokens.TYPE_KIOSK_PX_MINIMUM + 3) * grown
        self._tag.ground, self._word.color = colours.warning_soft, colours.warning
        self._word.largest = (tokens.TYPE_KIOSK_PX_MINIMUM + 2) * grown
        self._tag.size = (204 * (1 + (grown - 1) * 0.6), 62 * (1 + (grown - 1) * 0.6))
        self._dash_colour.rgba = get_color_from_hex(colours.ink_muted)
        vertices = dashes(self.x + 2, self.y + 2, self.width - 4, self.height - 4, self.radius)
        self._dashes.vertices, self._dashes.indices = vertices, list(range(len(vertices) // 4))


def dashes(x: float, y: float, width: float, height: float, radius: float) -> list[float]:
    """Mesh (triangles; x, y, u, v) of a dashed frame with round corners, its line inside the rectangle."""
    found: list[float] = []
    along, length = 0.0, frame_length(width, height, radius)
    step = length / max(round(length / (DASH + HOLE)), 1)
    while along < length - 1:
        corners = []
        for place in (along, along + step * DASH / (DASH + HOLE)):
            (px, py), (nx, ny) = on_frame(place, width, height, radius)
            corners += [(x + px, y + py), (x + px + nx * DASH_WIDTH, y + py + ny * DASH_WIDTH)]
        one, two, three, four = corners
        found += [value for left, bottom in (one, two, three, two, three, four) for value in (left, bottom, 0.0, 0.0)]
        along += step
    return found


def frame_length(width: float, height: float, radius: float) -> float:
    return 2 * (width + height - 4 * radius) + 2 * math.pi * radius


def on_frame(
    along: float, width: float, height: float, radius: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The point so far `along` the frame, from the lower left corner's end to the right, and the way inward there."""
    arc = math.pi * radius / 2
    turn, base = 0.0, (radius, 0.0)
    for side in (width - 2 * radius, height - 2 * radius, width - 2 * radius, height - 2 * radius):
        ahead, inward = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
        if along <= side:
            return (base[0] + ahead[0] * along, base[1] + ahead[1] * along), inward
        along -= side
        base = (base[0] + ahead[0] * side, base[1] + ahead[1] * side)
        centre = (base[0] + inward[0] * radius, base[1] + inward[1] * radius)
        if along <= arc:
            angle = turn - math.pi / 2 + along / radius
            outward = (math.cos(angle), math.sin(angle))
            return (centre[0] + outward[0] * radius, centre[1] + outward[1] * radius), (-outward[0], -outward[1])
        along -= arc
        turn += math.pi / 2
        base = (centre[0] + ahead[0] * radius, centre[1] + ahead[1] * radius)
    return base, (0.0, 1.0)


class TileBoard(Themed, Widget):
    """All tiles and strips of one page, in a grid whose cells do not change from page to page."""

    offer = ObjectProperty(WhatFor(), rebind=True)
    strip_px = NumericProperty(STRIP_PX)
    name_px = NumericProperty(tokens.TYPE_KIOSK_PX_TILE_TITLE)

    def __init__(self, **options: object) -> None:
        self.register_event_type("on_intent")
        super().__init__(**options)
        self.bind(offer=self._rebuild, pos=self._arrange, size=self._arrange)

    def on_intent(self, intent: str) -> None:
        """A service was chosen."""

    def restyle(self, *_: object) -> None:
        self._arrange()

    def _rebuild(self, *_: object) -> None:
        self.clear_widgets()
        wide = self.offer.columns == 1
        for tile in self.offer.tiles:
            child = ServiceTile(tile, wide, self.name_px)
            child.bind(on_intent=lambda _, intent: self.dispatch("on_intent", intent))
            self.add_widget(child)
        for tile in self.offer.closed:
            self.add_widget(ClosedStrip(tile))
        self._arrange()

    def _arrange(self, *_: object) -> None:
        offer = self.offer
        columns, rows = offer.columns, max(offer.rows, 1)
        strip = self.strip_px if columns > 1 else 0.0
        room = self.height - (strip + GAP if strip else 0)
        high, wide = (room - GAP * (rows - 1)) / rows, (self.width - GAP * (columns - 1)) / columns
        tiles = [child for child in reversed(self.children) if isinstance(child, ServiceTile)]
        strips = [child for child in reversed(self.children) if isinstance(child, ClosedStrip)]
        for number, child in enumerate(tiles):
            row, column = divmod(number, columns)
            child.size = (wide, high)
            child.pos = (self.x + column * (wide + GAP), self.top - (row + 1) * high - row * GAP)
        top = self.top - -(-len(tiles) // columns) * (high + GAP)
        each = strip or high
        for number, child in enumerate(strips):
            child.size, child.pos = (self.width, each), (self.x, top - (number + 1) * each - number * GAP)


if "TileBoard" not in Factory.classes:
    Factory.register("TileBoard", cls=TileBoard)
