"""What the screens are given to draw: frozen values with every text already in the person's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kiosk.state import Scheme, Screen

Emphasis: TypeAlias = Literal["primary", "second", "danger", "plain", "chosen", "bar", "bar_help"]
PaperPicture: TypeAlias = Literal["none", "printing", "take", "failed"]
Tone: TypeAlias = Literal["calm", "warning", "danger"]


@dataclass(frozen=True)
class Button:
    """Something to touch. `intent` is what it means, and the name by which tests and the demo find it."""

    intent: str = ""
    label: str = ""
    icon: str = ""
    note: str = ""
    emphasis: Emphasis = "plain"


@dataclass(frozen=True)
class Chip:
    icon: str = ""
    label: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing told with an icon: a large word or figure, and the small words that say what it is."""

    icon: str = ""
    value: str = ""
    label: str = ""


@dataclass(frozen=True)
class Tile:
    """A service to choose. A closed one cannot be touched and says why."""

    button: Button = field(default_factory=Button)
    place: str = ""
    wait: str = ""
    closed: str = ""
    """The word for closed; empty = open."""
    busy: bool = False
    """Chosen; the number is being fetched."""


@dataclass(frozen=True)
class Welcome:
    heading: str = ""
    lead: str = ""
    warning: str = ""
    hint: str = ""
    offline: str = ""
    """That the kiosk gives numbers by itself now."""
    chips: tuple[Chip, ...] = ()
    languages: tuple[Button, ...] = ()
    unwell: Button = field(default_factory=Button)
    preview: bool = False


@dataclass(frozen=True)
class Scan:
    tone: Tone = "warning"
    heading: str = ""
    advice: str = ""
    icon: str = "circle-alert"
    show_sides: bool = False
    """Draw both sides of the card, and which one to hold to the reader."""
    sides: tuple[str, str] = ("", "")
    lead: str = ""
    preview: bool = False


@dataclass(frozen=True)
class IsThisYou:
    heading: str = ""
    lead: str = ""
    document: Chip = field(default_factory=Chip)
    name: str = ""
    facts: tuple[Fact, ...] = ()
    not_me: Button = field(default_factory=Button)


@dataclass(frozen=True)
class WhatFor:
    heading: str = ""
    lead: str = ""
    columns: int = 2
    rows: int = 3
    tiles: tuple[Tile, ...] = ()
    closed: tuple[Tile, ...] = ()
    nothing: str = ""
    """Said instead of tiles when the hospital offers nothing."""


@dataclass(frozen=True)
class WhichDoctor:
    heading: str = ""
    lead: str = ""
    anyone: WhatFor = field(default_factory=WhatFor)
    """One tile: whoever is quickest."""
    doctors: WhatFor = field(default_factory=WhatFor)


@dataclass(frozen=True)
class Choice:
    """One of two rooms. Both are drawn alike."""

    button: Button = field(default_factory=Button)
    about: str = ""
    name: str = ""
    place: str = ""
    wait: str = ""


@dataclass(frozen=True)
class QuickerRoom:
    heading: str = ""
    lead: str = ""
    choices: tuple[Choice, ...] = ()
    busy: bool = False
    """The rooms are being changed: nothing can be touched."""


@dataclass(frozen=True)
class YourNumber:
    label: str = ""
    number: str = ""
    room: str = ""
    floor: str = ""
    doctor: str = ""
    directions: str = ""
    arrow: str = "map-pin"
    ahead: Fact = field(default_factory=Fact)
    wait: Fact = field(default_factory=Fact)
    paper: PaperPicture = "none"
    paper_title: str = ""
    paper_text: str = ""
    code: str = ""
    """What the QR code holds; empty = none."""
    code_text: str = ""
    missed: str = ""
    reprint: Button | None = None
    page: int = 0
    pages: int = 1
    turn: Button | None = None


@dataclass(frozen=True)
class TroubleBody:
    tone: Tone = "warning"
    icon: str = "circle-alert"
    heading: str = ""
    happened: str = ""
    steps: tuple[Fact, ...] = ()
    held: str = ""
    held_icon: str = "info"
    second: Button | None = None


Body: TypeAlias = Welcome | Scan | IsThisYou | WhatFor | WhichDoctor | QuickerRoom | YourNumber | TroubleBody


@dataclass(frozen=True)
class Frame:
    """What stands around every screen and never moves."""

    hospital: str = ""
    hall: str = ""
    back: Button | None = None
    clock: str = ""
    primary: Button | None = None
    note: Chip = field(default_factory=Chip)
    """Told in the place of the primary button where there is none."""
    bar: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A question or a message that lies on top of the screen."""

    tone: Tone = "calm"
    icon: str = "info"
    heading: str = ""
    text: str = ""
    seconds: str = ""
    button: Button = field(default_factory=Button)


@dataclass(frozen=True)
class View:
    screen: Screen
    body: Body
    frame: Frame
    sheet: Sheet | None = None
    language: str = "vi"
    scale: float = 1.0
    scheme: Scheme = "standard"
