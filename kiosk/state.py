"""What the kiosk knows: frozen values, nothing else. Everything about a person hangs on `State.visit`, so that
forgetting a person is dropping one value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from protocol.nouns import Identity, Room, Service, Site, Ticket, Zone
from protocol.requests import IssueTicket, SwitchRoom

Screen: TypeAlias = Literal[
    "welcome", "scan", "is_this_you", "what_for", "which_doctor", "quicker_room", "your_number", "trouble"
]
Scheme: TypeAlias = Literal["standard", "dark", "strong"]
TroubleKind: TypeAlias = Literal["no_card", "server_away", "refused", "not_switched"]
AlertReason: TypeAlias = Literal["unwell", "help"]
TicketRequest: TypeAlias = IssueTicket | SwitchRoom
"""What is answered with a ticket."""
Paper: TypeAlias = Literal["unasked", "printing", "printed", "failed"]

TEXT_SIZES = (1.0, 1.25, 1.5, 2.0)
SCHEMES: tuple[Scheme, ...] = ("standard", "dark", "strong")


@dataclass(frozen=True)
class Place:
    """Where this kiosk stands; from its settings, the same for every person."""

    languages: tuple[str, ...] = ("vi", "en")
    language: str = "vi"
    address_base: str = ""
    """Where ticket pages are served; empty = no QR code."""
    arrows: tuple[tuple[str, str], ...] = ()
    """From room id, zone id or ``floor:2`` to the icon of the arrow that points there from this kiosk."""


@dataclass(frozen=True)
class Comfort:
    """How this person wants the screen; back to the house's own when the person leaves."""

    language: str = "vi"
    text_size: int = 0
    """Index into `TEXT_SIZES`."""
    scheme: Scheme = "standard"

    @property
    def scale(self) -> float:
        return TEXT_SIZES[self.text_size]


@dataclass(frozen=True)
class Hospital:
    """What the feed last told of the hospital."""

    site: Site | None = None
    device_name: str = ""
    services: tuple[Service, ...] = ()
    rooms: tuple[Room, ...] = ()
    zones: tuple[Zone, ...] = ()
    series: str = ""
    """Letters of the numbers that this kiosk gives by itself; empty = it has none."""


@dataclass(frozen=True)
class Visit:
    """One person in front of the kiosk. The card's content is dropped as soon as the ticket is here."""

    identity: Identity | None = None
    service_id: str = ""
    """What the person came for."""
    pending: TicketRequest | None = None
    """Asked for and not yet answered; kept with its id, so that asking again can never issue twice."""
    asked_at: float = 0.0
    """When the person asked, which is what the request's age counts from."""
    in_flight_since: float | None = None
    giving: bool = False
    """A number of the kiosk's own series is being given."""
    retry_at: float = 0.0
    offered: Ticket | None = None
    """A ticket that came with the offer of a quicker room, and is printed once the person has chosen."""
    ticket: Ticket | None = None
    room_unsure: bool = False
    """The change of rooms was asked for, and nobody can tell whether it was done: the walls tell the room."""
    paper: Paper = "unasked"
    paper_code: str = "ok"
    until: float = 0.0
    """When the number disappears from the screen, or the room that was asked for is taken as chosen."""


@dataclass(frozen=True)
class Trouble:
    kind: TroubleKind
    code: str = ""
    detail: tuple[tuple[str, str], ...] = ()
    """What the server told beside the code (when it opens again, where an appointment is), sorted by name."""


@dataclass(frozen=True)
class Notice:
    """Over the screen after help was called: it is on its way, or it could not be called."""

    reason: AlertReason
    state: Literal["sending", "sent", "failed"]
    until: float


@dataclass(frozen=True)
class State:
    """Times are seconds of one monotonic clock; `clock` is the time of day as the top strip shows it."""

    place: Place = field(default_factory=Place)
    comfort: Comfort = field(default_factory=Comfort)
    hospital: Hospital = field(default_factory=Hospital)
    screen: Screen = "welcome"
    screen_since: float = 0.0
    visit: Visit | None = None
    trouble: Trouble | None = None
    notice: Notice | None = None
    now: float = 0.0
    clock: str = ""
    touched_at: float = 0.0
    asking_since: float | None = None
    """Since when the screen asks whether the person is still here."""
    away_since: float | None = 0.0
    """Since when the feed is not live; None = live."""
    cannot_give: str = ""
    """Why the kiosk cannot give numbers of its own (``full``, ``disk``) until the server is back; empty = it can."""
    reader_code: str = "ok"
    """Why the card reader cannot read at all; ``ok`` = it works."""
    refusals: int = 0
    refusal: str = ""
    """Why the last card could not be read, by its stable code."""
    refused_at: float = 0.0
    hint: str = ""
    """What the reader says of the card that it sees and cannot read."""
    hint_since: float = 0.0
    page: int = 0
    page_turned_at: float = 0.0
    can_preview: bool = False
    """The reader shows what it sees."""
