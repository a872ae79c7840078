"""What can happen to the kiosk (events), and what it wants done (effects). Frozen values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kiosk.state import AlertReason, Hospital, State, TicketRequest
from protocol.nouns import Identity, Room, Service, Site, Ticket, WaitEstimate, Zone
from protocol.requests import IssueTicket

# --- what happened -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    """Time goes by. `now` in seconds of a monotonic clock, `clock` the time of day as it is shown."""

    now: float
    clock: str = ""


@dataclass(frozen=True)
class Touched:
    """A person touched something. `fresh_id` is an id never used before, for a request this touch may cause."""

    intent: str
    fresh_id: str


@dataclass(frozen=True)
class Scanned:
    """A card was read."""

    identity: Identity


@dataclass(frozen=True)
class Unreadable:
    """A code was seen that is no card of a person, or could not be read; `code` is the stable reason."""

    code: str


@dataclass(frozen=True)
class ReaderHealth:
    """The card reader works (``ok``) or not (the device's code)."""

    code: str


@dataclass(frozen=True)
class ReaderHint:
    """Why the reader sees no readable code just now (``too_dark``, ``too_bright``, ``blurred``,
    ``multiple_payloads``), or nothing."""

    code: str = ""


@dataclass(frozen=True)
class TicketArrived:
    request_id: str
    ticket: Ticket


@dataclass(frozen=True)
class TicketRefused:
    request_id: str
    code: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServerAway:
    """The server did not answer a request; nobody knows whether it was written."""

    request_id: str


@dataclass(frozen=True)
class NotGiven:
    """No number of the kiosk's own series could be given; `code` as `State.cannot_give`."""

    request_id: str
    code: str


@dataclass(frozen=True)
class PrinterOutcome:
    """The paper is there, or not; `code` says why not, ``unsure`` where nobody can tell."""

    ticket_id: str
    printed: bool
    code: str = "ok"


@dataclass(frozen=True)
class AlertOutcome:
    reason: AlertReason
    sent: bool


@dataclass(frozen=True)
class FeedSnapshot:
    """The feed is live, and this is how the hospital is now."""

    site: Site
    device_name: str
    services: tuple[Service, ...]
    rooms: tuple[Room, ...]
    zones: tuple[Zone, ...] = ()
    series: str = ""


@dataclass(frozen=True)
class ServicesNow:
    services: tuple[Service, ...]
    rooms: tuple[Room, ...]
    site: Site | None = None
    """None, like `zones`: as it was."""
    zones: tuple[Zone, ...] | None = None


@dataclass(frozen=True)
class WaitsNow:
    """How long the waits are by now, by service, and of a service by room where doctors are named."""

    waits: Mapping[str, WaitEstimate]
    room_waits: Mapping[str, Mapping[str, WaitEstimate]] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueMoved:
    """One more (or less) waits for a service."""

    service_id: str
    by: int


@dataclass(frozen=True)
class FeedAway:
    pass


@dataclass(frozen=True)
class Remembered:
    """How the hospital was when the kiosk was switched off; the server has not been heard yet."""

    hospital: Hospital


Event: TypeAlias = (
    Tick
    | Touched
    | Scanned
    | Unreadable
    | ReaderHealth
    | ReaderHint
    | TicketArrived
    | TicketRefused
    | ServerAway
    | NotGiven
    | PrinterOutcome
    | AlertOutcome
    | FeedSnapshot
    | ServicesNow
    | QueueMoved
    | WaitsNow
    | FeedAway
    | Remembered
)

# --- what is to be done --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StartScan:
    pass


@dataclass(frozen=True)
class StopScan:
    pass


@dataclass(frozen=True)
class Issue:
    """Ask for a ticket, or for another room on it. `asked_at` is when the person asked, on the clock of `Tick`;
    without an answer within `deadline_s` the server is away."""

    request: TicketRequest
    asked_at: float
    deadline_s: float = 5.0


@dataclass(frozen=True)
class Give:
    """Give a number of the kiosk's own series for what was asked of the server, which is away."""

    request: IssueTicket
    hospital: Hospital


@dataclass(frozen=True)
class Print:
    ticket: Ticket
    language: str
    arrow: str
    copy: bool = False
    large: bool = False
    room_unsure: bool = False


@dataclass(frozen=True)
class Raise:
    """Call staff to this kiosk."""

    reason: AlertReason
    request_id: str


@dataclass(frozen=True)
class Remember:
    """The hospital is not as it was told before."""

    hospital: Hospital


@dataclass(frozen=True)
class Forget:
    """The person has left: whatever is kept of them outside the state goes too."""


Effect: TypeAlias = StartScan | StopScan | Issue | Give | Print | Raise | Remember | Forget
Step: TypeAlias = tuple[State, tuple[Effect, ...]]
