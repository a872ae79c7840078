"""What travels to listeners, and what the journal keeps: one type for both.

A listener opens the WebSocket at ``FEED_PATH``, sends one `Hello`, gets one `Snapshot`, then `Numbered` frames in the
order of the journal, and a `Heartbeat` when nothing else was said for a while. Not every number reaches every
listener (a frame is sent only to those who may hear it), so each `Numbered` also carries ``previous``: the number that
this listener was sent before. Does it not match, something was lost, and the listener asks anew.

No frame holds a name of a person, a birth date or a document number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from pydantic import Field, TypeAdapter

from protocol.appointments import Appointment, AppointmentRule
from protocol.journey import Journey
from protocol.nouns import (
    ChosenReason,
    Device,
    DeviceHealth,
    Entry,
    HandoverReason,
    Priority,
    PriorityProof,
    Room,
    Service,
    Site,
    Timing,
    TransferPlace,
    TransferReason,
    Value,
    WaitEstimate,
    Zone,
)
from protocol.opening import Assignment, NumberFormat, OpeningHours, Overnight, Quota
from protocol.policy import Policy
from protocol.site import RoomShape, ServiceShape, SiteShape, ZoneShape

VERSION = 1
FEED_PATH = "/api/feed"
HEARTBEAT_S = 3.0
"""A listener that heard nothing for ten seconds is not live (design tokens: notLiveAfterSeconds)."""

Listener: TypeAlias = Literal["kiosk", "display", "speaker", "staff"]
EVERYONE: frozenset[Listener] = frozenset({"kiosk", "display", "speaker", "staff"})
STAFF: frozenset[Listener] = frozenset({"staff"})


class Frame(Value):
    heard_by: ClassVar[frozenset[Listener]] = EVERYONE
    """Who may hear it. Within that, a listener of one zone hears only frames whose ``zone_id`` is its own or None."""

    zone_id: str | None = None


class TicketIssued(Frame):
    type: Literal["ticket_issued"] = "ticket_issued"
    entry: Entry
    device_id: str | None = None
    flags: tuple[str, ...] = ()
    """Why the server would have refused it, had it been asked in time."""
    promised: WaitEstimate | None = None
    """The wait that was told with the ticket: measured against what came true."""
    offline: bool = False
    """Given by a kiosk from its own series, and told later; ``entry.issued_at`` is when it was given."""
    appointment_id: str | None = None
    """The appointment that it was taken for."""
    timing: Timing | None = None
    """How the person came for an appointment; also when the number is none for it (another day)."""
    offered_room_id: str | None = None
    """The room that was offered in place of the one asked for."""
    printed_room_id: str | None = None
    """The room on the paper of an offline ticket; it may have closed since, so that ``entry.room_id`` is another."""


class TicketCalled(Frame):
    """First call (``entry.calls == 1``) and every recall."""

    type: Literal["ticket_called"] = "ticket_called"
    entry: Entry
    room_number: str
    service_names: dict[str, str]
    closes: tuple[int, ...] = ()
    """Numbers of the journal entries that finished whoever was inside: undone together with the call."""
    reason: str = ""
    """Why it was next (``server.next.<reason>``); empty for a recall, and in frames of before there were reasons."""
    rule: str = ""
    """The rule of the policy that was in force in the room (`protocol.policy.Rule`); empty like `reason`."""
    overtook: bool = False
    """It was called before somebody who had come earlier."""
    chosen_reason: ChosenReason | None = None
    """Why staff called it out of turn; None = it was its turn."""
    by_role: str = ""
    """The role of whoever chose (``staff``, ``admin``); never who it was."""
    from_pool: bool = False
    """It waited for whichever room of the service called first; this one did."""


class TicketNotHere(Frame):
    type: Literal["ticket_not_here"] = "ticket_not_here"
    entry: Entry
    by_rule: bool = False
    """Nobody said so: the calls went unanswered for as long as the hospital's rule says."""


class TicketReturned(Frame):
    """Someone who was not here when called, or was held, waits again."""

    type: Literal["ticket_returned"] = "ticket_returned"
    entry: Entry


class TicketFinished(Frame):
    type: Literal["ticket_finished"] = "ticket_finished"
    entry: Entry
    sends: tuple[int, ...] = ()
    """Numbers of the journal entries that tell where the person goes on to: undone together with this."""


class TicketSentOn(Frame):
    """The next step of a journey: the ticket waits for another service, as a new `entry` under the same number."""

    type: Literal["ticket_sent_on"] = "ticket_sent_on"
    entry: Entry
    from_entry_id: str
    from_room_id: str
    room_number: str
    """Where it waits now, as painted on the door."""


class TicketHeld(Frame):
    """Set aside for a while; why and until when is told by the entry."""

    type: Literal["ticket_held"] = "ticket_held"
    entry: Entry


class ActionUndone(Frame):
    """An action was a mistake: `entry` is again as it was before what `undone_seq` told of. One for each entry."""

    type: Literal["action_undone"] = "action_undone"
    entry: Entry
    undone_seq: int
    undone_type: str
    """The type of the frame that is undone."""
    from_room_id: str | None = None
    """The room that the entry leaves by this, when a transfer is undone."""


class TicketTransferred(Frame):
    """Sent on to another service or room, and waits there; `zone_id` is None when that is in another zone."""

    type: Literal["ticket_transferred"] = "ticket_transferred"
    entry: Entry
    from_room_id: str
    from_service_id: str
    room_number: str
    """Where it waits now, as painted on the door."""
    reason: TransferReason | HandoverReason
    placed: TransferPlace = "seniority"
    doctor: str = ""
    """Whom staff sent it to, by name; empty = to a service or a room."""


class TicketCarriedOver(Frame):
    """The day changed, and this entry stays in the line of its room: the service is kept overnight."""

    type: Literal["ticket_carried_over"] = "ticket_carried_over"
    entry: Entry
    business_day: str
    """ISO date of the day in whose line it stands now."""


class TicketPrinted(Frame):
    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["ticket_printed"] = "ticket_printed"
    ticket_id: str
    number: str
    device_id: str
    outcome: Literal["printed", "failed", "unknown"]
    code: str = "ok"


class CallAcknowledged(Frame):
    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["call_acknowledged"] = "call_acknowledged"
    call_seq: int
    number: str
    device_id: str
    outcome: Literal["shown", "heard", "failed", "expired"]
    code: str = "ok"


class AlertRaised(Frame):
    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["alert_raised"] = "alert_raised"
    reason: Literal["unwell", "help"]
    device: Device


class DevicePaired(Frame):
    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["device_paired"] = "device_paired"
    device: Device


class DeviceHealthChanged(Frame):
    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["device_health_changed"] = "device_health_changed"
    device: Device
    health: DeviceHealth


class AppointmentChanged(Frame):
    """An appointment was made, changed or cancelled. Whose it is, is not told."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["appointment_changed"] = "appointment_changed"
    appointment: Appointment


class PriorityConfirmed(Frame):
    """Staff confirmed, granted or withdrew a priority; `entry` is as it is now, `was` what was known before."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["priority_confirmed"] = "priority_confirmed"
    entry: Entry
    was: Priority
    proof: PriorityProof


class PolicyChanged(Frame):
    """From now on the lines of a service (None: of every service without a policy of its own) follow `policy`."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["policy_changed"] = "policy_changed"
    service_id: str | None = None
    policy: Policy | None = None
    """None: the service follows the site again."""
    was: Policy | None = None


class JourneyChanged(Frame):
    """Numbers given for a service from now on lead through `journey`; None: through that service only."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["journey_changed"] = "journey_changed"
    service_id: str
    journey: Journey | None = None


class ServiceSettingsChanged(Frame):
    """An administrator changed one thing about a service (None: about the site); the field of its name says how."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["service_settings_changed"] = "service_settings_changed"
    service_id: str | None = None
    changed: Literal["open", "hours", "quota", "numbers", "assignment", "overnight", "appointments"]
    open: bool | None = None
    hours: OpeningHours | None = None
    quota: Quota | None = None
    numbers: NumberFormat | None = None
    overnight: Overnight | None = None
    appointments: AppointmentRule | None = None
    assignment: Assignment | None = None
    offer_minutes: int | None = None


class SiteChanged(Frame):
    """An administrator wrote one part of the hospital: the field that is not None, as it is now."""

    heard_by: ClassVar[frozenset[Listener]] = STAFF
    type: Literal["site_changed"] = "site_changed"
    site: SiteShape | None = None
    zone: ZoneShape | None = None
    service: ServiceShape | None = None
    room: RoomShape | None = None


class RoomChanged(Frame):
    """A room opened, paused, went on or closed: `room` is as it is now. The new `ServicesChanged` follows."""

    type: Literal["room_changed"] = "room_changed"
    room: Room
    was: Room
    change: Literal["opened", "paused", "resumed", "closed", "undone"]
    moves: tuple[int, ...] = ()
    """Numbers of the journal entries that sent its people to other rooms: undone together with it."""
    undone_seq: int | None = None
    """The change that was a mistake."""


class ServicesChanged(Frame):
    """The hospital is not as it was (something opened, closed, was made or renamed): the new whole of it."""

    type: Literal["services_changed"] = "services_changed"
    services: tuple[Service, ...]
    rooms: tuple[Room, ...]
    site: Site | None = None
    """None, like `zones`: as it was."""
    zones: tuple[Zone, ...] | None = None


AnyFrame: TypeAlias = Annotated[
    TicketIssued
    | TicketCalled
    | TicketNotHere
    | TicketReturned
    | TicketFinished
    | TicketSentOn
    | TicketHeld
    | ActionUndone
    | TicketTransferred
    | TicketCarriedOver
    | TicketPrinted
    | CallAcknowledged
    | AlertRaised
    | DevicePaired
    | DeviceHealthChanged
    | AppointmentChanged
    | PriorityConfirmed
    | PolicyChanged
    | JourneyChanged
    | ServiceSettingsChanged
    | SiteChanged
    | RoomChanged
    | ServicesChanged,
    Field(discriminator="type"),
]
FRAME_TYPES: tuple[type[Frame], ...] = (
    TicketIssued,
    TicketCalled,
    TicketNotHere,
    TicketReturned,
    TicketFinished,
    TicketSentOn,
    TicketHeld,
    ActionUndone,
    TicketTransferred,
    TicketCarriedOver,
    TicketPrinted,
    CallAcknowledged,
    AlertRaised,
    DevicePaired,
    DeviceHealthChanged,
    AppointmentChanged,
    PriorityConfirmed,
    PolicyChanged,
    JourneyChanged,
    ServiceSettingsChanged,
    SiteChanged,
    RoomChanged,
    ServicesChanged,
)
FRAME: TypeAdapter[AnyFrame] = TypeAdapter(AnyFrame)


def plain_entry(entry: Entry) -> Entry:
    """The entry without what only staff need: a priority may say that somebody is pregnant or disabled, and why
    somebody was held, called out of turn, or which tests were ordered is nobody else's business either (health data,
    Law 91/2025/QH15)."""
    return entry.model_copy(update={"priority": Priority(), **_ONLY_STAFF_NEED})


_ONLY_STAFF_NEED = {
    "held_reason": None,
    "held_until": None,
    "place": None,
    "appointment": None,
    "step": None,
    "then": (),
}


_STAFF_ONLY = {"reason": "", "rule": "", "overtook": False, "chosen_reason": None, "by_role": ""}


def for_everyone(frame: AnyFrame) -> AnyFrame:
    """The frame as kiosks, walls and speakers are told it: a message carries no more than is shown."""
    entry = getattr(frame, "entry", None)
    if entry is None:
        return frame
    update: dict[str, object] = {"entry": plain_entry(entry)}
    if isinstance(frame, TicketIssued):
        update |= {"flags": (), "appointment_id": None, "timing": None}
    elif isinstance(frame, TicketCalled):
        update |= _STAFF_ONLY
    elif isinstance(frame, TicketTransferred):
        # That a room closed is for everybody to know; why staff sent somebody on is not.
        by_room = frame.reason in get_args(HandoverReason)
        update |= {"reason": frame.reason if by_room else "other", "placed": "seniority", "doctor": ""}
    return frame.model_copy(update=update)


# --- the conversation ----------------------------------------------------------------------------------------------


class Hello(Value):
    type: Literal["hello"] = "hello"
    protocol_version: int = VERSION
    key: str = ""
    """The device's key. Staff pages leave it empty: their session cookie speaks for them."""
    rooms: tuple[str, ...] = ()
    """Listen to these rooms only; empty = everything this listener may hear."""
    last_seq: int = 0


class RecentCall(Value):
    """A call as the wall remembers it. ``age_s`` lets a speaker say a call younger than 20 s that it missed."""

    seq: int
    entry: Entry
    room_number: str
    service_names: dict[str, str]
    age_s: float
    heard: bool = False
    """A speaker already said it."""


class Snapshot(Value):
    type: Literal["snapshot"] = "snapshot"
    seq: int
    """Everything up to this number is in here."""
    at: datetime
    site: Site
    listener: Listener
    device: Device | None = None
    zones: tuple[Zone, ...]
    services: tuple[Service, ...]
    rooms: tuple[Room, ...]
    entries: tuple[Entry, ...]
    """Waiting, called and not-here entries of today that this listener may hear of."""
    calls: tuple[RecentCall, ...]
    """Newest first, at most 20."""


class Numbered(Value):
    type: Literal["numbered"] = "numbered"
    seq: int
    previous: int
    at: datetime
    frame: AnyFrame


Waits: TypeAlias = dict[str, WaitEstimate]
"""By service id."""


class Heartbeat(Value):
    type: Literal["heartbeat"] = "heartbeat"
    seq: int
    """Number of the newest frame that this listener was sent, or of its snapshot."""
    at: datetime
    waits: Waits = Field(default_factory=dict)
    """How long somebody who comes now would wait, by service. Told to kiosks now and then; empty otherwise."""
    room_waits: dict[str, Waits] = Field(default_factory=dict)
    """Told with `waits`, by service id: see `Service.room_waits`. Services without named doctors are left out."""


class Refused(Value):
    """The last word before the server closes: unknown key, revoked device, newer protocol version."""

    type: Literal["refused"] = "refused"
    code: str


FromServer: TypeAlias = Annotated[Snapshot | Numbered | Heartbeat | Refused, Field(discriminator="type")]
FROM_SERVER: TypeAdapter[FromServer] = TypeAdapter(FromServer)
