"""What a client asks and what it is answered.

Every request that changes something carries ``request_id`` (made by the client, kept by the server: repeated, it gets
the same answer) and ``age_s`` (seconds since it happened, by a monotonic clock). Every action on an entry carries the
version it was looking at. ``path`` is the address under the server's base, ``answer`` the type of a good answer.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from protocol.appointments import AddAppointment, CancelAppointment, ChangeAppointmentRule, ImportAppointments
from protocol.journey import ChangeJourney, PreviewJourney, StepNames
from protocol.nouns import (
    ChosenReason,
    Device,
    DeviceHealth,
    DeviceKind,
    Entry,
    HoldReason,
    Intake,
    PauseReason,
    PriorityClass,
    PriorityProof,
    Room,
    Site,
    Ticket,
    TransferPlace,
    TransferReason,
    Value,
)
from protocol.opening import Assignment, NumberFormat, OfferMinutes, OpeningHours, Overnight, Quota
from protocol.policy import Policy
from protocol.request import LARGEST as LARGEST
from protocol.request import Done as Done
from protocol.request import Id, ShortText
from protocol.request import Request as Request
from protocol.request import new_request_id as new_request_id
from protocol.site import ChangeSite, SaveRoom, SaveService, SaveZone

DeclaredPriority: TypeAlias = Literal["child_under_6", "pregnant", "severe_disability", "aged_75", "merit"]


class ErrorAnswer(Value):
    """Every refusal: a stable code for machines, a sentence for people, and what can be done about it."""

    code: str
    message: str
    detail: dict[str, str] = Field(default_factory=dict)


# --- devices -------------------------------------------------------------------------------------------------------


class Paired(Value):
    device: Device
    key: str
    """Secret of this device, shown once; sent back as ``Authorization: Bearer <key>``."""
    site: Site


class PairDevice(Request):
    path: ClassVar[str] = "/api/pair"
    answer: ClassVar[type[Value]] = Paired

    code: Annotated[str, Field(pattern=r"^\d{6}$")]
    protocol_version: int


class IssueTicket(Request):
    path: ClassVar[str] = "/api/tickets"
    answer: ClassVar[type[Value]] = Ticket

    service_id: Id
    intake: Intake
    declared: DeclaredPriority | None = None
    """A right to priority that the person tells of; it counts once staff have confirmed it."""
    room_id: Id | None = None
    """The room that the person asks for, because of its doctor."""


class EntryAction(Request):
    entry_id: Id
    version: int = Field(ge=1, le=LARGEST)


class SwitchRoom(EntryAction):
    """Accept the offer that came with a new ticket. The number and its time stay."""

    path: ClassVar[str] = "/api/room-switches"
    answer: ClassVar[type[Value]] = Ticket

    room_id: Id


class UploadOfflineTicket(Request):
    """A number that this kiosk gave from its own series (`Device.series`) while it could not reach the server.

    It is a fact, however late it comes: what the paper says stands. `age_s` tells how long ago it was given.
    Sent again, with this or another `request_id`, the same number of the same day is the same ticket.
    """

    path: ClassVar[str] = "/api/offline-tickets"
    answer: ClassVar[type[Value]] = Ticket

    # Wider than for other requests: what comes too late is refused by name, so that the kiosk can tell staff.
    age_s: float = Field(default=0.0, ge=0.0, le=1e9)
    number: ShortText
    """As printed, ``KA001``; counted from 1 on each business day."""
    service_id: Id
    room_id: Id | None = None
    """The room on the paper; None when the paper names none."""
    intake: Intake
    declared: DeclaredPriority | None = None
    address: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """What the kiosk put into the QR behind ``/t/`` (32 random hexadecimal digits); None when it printed no QR."""


class ReportPrint(Request):
    path: ClassVar[str] = "/api/prints"
    answer: ClassVar[type[Value]] = Done

    ticket_id: Id
    outcome: Literal["printed", "failed", "unknown"]
    code: ShortText = "ok"


class ReportHealth(Request):
    path: ClassVar[str] = "/api/health-reports"
    answer: ClassVar[type[Value]] = Done

    health: DeviceHealth


class RaiseAlert(Request):
    """A patient at this device feels very unwell, or needs help."""

    path: ClassVar[str] = "/api/alerts"
    answer: ClassVar[type[Value]] = Done

    reason: Literal["unwell", "help"]


class AcknowledgeCall(Request):
    """A display showed a call, or a speaker said it. ``call_seq`` is the number of the frame that called."""

    path: ClassVar[str] = "/api/call-acknowledgements"
    answer: ClassVar[type[Value]] = Done

    call_seq: int = Field(ge=1, le=LARGEST)
    outcome: Literal["shown", "heard", "failed", "expired"]
    code: ShortText = "ok"


# --- staff ---------------------------------------------------------------------------------------------------------


class SignedIn(Value):
    username: str
    display_name: str
    role: str


class SignIn(Request):
    path: ClassVar[str] = "/api/sign-in"
    answer: ClassVar[type[Value]] = SignedIn

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Acted(Value):
    """The entry as it is after an action, and the journal entry that tells of it."""

    entry: Entry
    seq: int


class CallNext(Request):
    path: ClassVar[str] = "/api/calls"
    answer: ClassVar[type[Value]] = Acted

    room_id: Id


class Recall(EntryAction):
    path: ClassVar[str] = "/api/recalls"
    answer: ClassVar[type[Value]] = Acted


class MarkNotHere(EntryAction):
    path: ClassVar[str] = "/api/not-here"
    answer: ClassVar[type[Value]] = Acted


class Finish(EntryAction):
    path: ClassVar[str] = "/api/finishes"
    answer: ClassVar[type[Value]] = Acted


class CallChosen(EntryAction):
    """Call this one, who waits or is held, out of turn. Whoever was inside is finished by that.

    `room_id` is the room that calls: needed for somebody of a pool; None = where the entry stands.
    """

    path: ClassVar[str] = "/api/chosen-calls"
    answer: ClassVar[type[Value]] = Acted

    reason: ChosenReason
    room_id: Id | None = None


class Hold(EntryAction):
    """Set aside for a while. With `minutes` the entry waits again by itself after that, in its old place."""

    path: ClassVar[str] = "/api/holds"
    answer: ClassVar[type[Value]] = Acted

    reason: HoldReason
    minutes: Annotated[int, Field(ge=1, le=480)] | None = None


class Release(EntryAction):
    """Held no longer: waits again."""

    path: ClassVar[str] = "/api/releases"
    answer: ClassVar[type[Value]] = Acted


Note: TypeAlias = Annotated[str, Field(max_length=200)]
"""Words of staff for whoever calls this number next. They may be about the patient: kept beside the entry for a day,
shown to staff of its room only, and never told in a frame."""


class Transfer(EntryAction):
    """Send on to another service, room or doctor, or a service in a certain room. The number stays the same."""

    path: ClassVar[str] = "/api/transfers"
    answer: ClassVar[type[Value]] = Acted

    service_id: Id | None = None
    room_id: Id | None = None
    doctor: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """By the name in `Room.doctor`: to the open room where that doctor is now. Not together with `room_id`."""
    place: TransferPlace = "seniority"
    reason: TransferReason
    note: Note | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.doctor is not None and self.room_id is not None:
            raise PydanticCustomError("doctor_and_room", "name a doctor or a room")
        return self


class SendOn(EntryAction):
    """Done here, and on to the next step of the journey; without `steps` to the one that the journey names first."""

    path: ClassVar[str] = "/api/send-ons"
    answer: ClassVar[type[Value]] = Acted

    steps: StepNames = ()
    note: Note | None = None


class EndVisit(EntryAction):
    """Done here, and nothing follows, whatever the journey says."""

    path: ClassVar[str] = "/api/visit-ends"
    answer: ClassVar[type[Value]] = Acted


class Undo(EntryAction):
    """Take back an action within 60 s: `seq`, entry and version are those of the `Acted` that answered it."""

    path: ClassVar[str] = "/api/undos"
    answer: ClassVar[type[Value]] = Acted

    seq: int = Field(ge=1, le=LARGEST)


class ConfirmPriority(EntryAction):
    """Confirm, grant or (``normal``) withdraw a priority of somebody who waits or was not here."""

    path: ClassVar[str] = "/api/priority-confirmations"
    answer: ClassVar[type[Value]] = Acted

    priority_class: PriorityClass
    proof: PriorityProof


HandoverToken: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Of the preview that was shown (``GET /api/rooms/<room>/handover``): who would go where."""


class RoomActed(Value):
    """The room as it is after an action, and the journal entry that tells of it."""

    room: Room
    seq: int
    moved: int = 0
    """So many people wait in front of another door by it."""
    stay: int = 0
    """So many stay: no other open room gives their service; or, after an undo, somebody acted on them since."""


class PauseRoom(Request):
    """The room calls nobody for a while, and goes on by itself. Pausing again sets a new time.

    With `handover` its people go to other rooms, as that preview said; without, everybody keeps their place here.
    """

    path: ClassVar[str] = "/api/room-pauses"
    answer: ClassVar[type[Value]] = RoomActed

    room_id: Id
    minutes: int = Field(ge=1, le=240)
    reason: PauseReason
    handover: HandoverToken | None = None


class CloseRoom(Request):
    """The room takes nobody any more; its people go to other rooms, as the preview said. Who is inside stays."""

    path: ClassVar[str] = "/api/room-closings"
    answer: ClassVar[type[Value]] = RoomActed

    room_id: Id
    handover: HandoverToken


class OpenRoom(Request):
    """A closed room takes people again; one that pauses goes on."""

    path: ClassVar[str] = "/api/room-openings"
    answer: ClassVar[type[Value]] = RoomActed

    room_id: Id


class UndoRoom(Request):
    """Take back a pause or a closing within 60 s: `seq` is that of the `RoomActed` that answered it."""

    path: ClassVar[str] = "/api/room-undos"
    answer: ClassVar[type[Value]] = RoomActed

    room_id: Id
    seq: int = Field(ge=1, le=LARGEST)


# --- administrators ------------------------------------------------------------------------------------------------


class ChangePolicy(Request):
    """How the lines of a service are ordered from now on; without `service_id`, of every service without its own.

    Without `policy` the service follows the site again, and the site the server's settings.
    """

    path: ClassVar[str] = "/api/policies"
    answer: ClassVar[type[Value]] = Done

    service_id: Id | None = None
    policy: Policy | None = None


class ChangeService(Request):
    """Open a service or close it by hand; `closed_reason` is shown on its tile, by language."""

    path: ClassVar[str] = "/api/services"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    open: bool
    closed_reason: dict[Annotated[str, Field(max_length=16)], ShortText] = Field(default_factory=dict)


class ChangeOpeningHours(Request):
    """When a service gives tickets; without `service_id`, every service without hours of its own. None: always."""

    path: ClassVar[str] = "/api/opening-hours"
    answer: ClassVar[type[Value]] = Done

    service_id: Id | None = None
    hours: OpeningHours | None = None


class ChangeQuota(Request):
    """How many tickets a service gives at most; None: no limit."""

    path: ClassVar[str] = "/api/quotas"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    quota: Quota | None = None


class ChangeNumbers(Request):
    """What a service's numbers look like; None: its letters and three digits, from 1."""

    path: ClassVar[str] = "/api/number-formats"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    numbers: NumberFormat | None = None


class ChangeAssignment(Request):
    """Whether tickets of a service name a room, or the room is told when it calls."""

    path: ClassVar[str] = "/api/room-assignments"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    assignment: Assignment
    offer_minutes: OfferMinutes | None = 20


class ChangeOvernight(Request):
    """Whether people of a service who were not seen stay in line at the change of day; None: they do not."""

    path: ClassVar[str] = "/api/overnight"
    answer: ClassVar[type[Value]] = Done

    service_id: Id
    overnight: Overnight | None = None


class CreatePairingCode(Request):
    """An administrator prepares a place for a device; the answer's code is typed at the device within ten minutes."""

    path: ClassVar[str] = "/api/pairing-codes"
    answer: ClassVar[type[Value]]

    kind: DeviceKind
    name: ShortText
    zone_id: Id | None = None


class PairingCode(Value):
    code: str
    valid_s: int


CreatePairingCode.answer = PairingCode

REQUESTS: tuple[type[Request], ...] = (
    PairDevice,
    IssueTicket,
    SwitchRoom,
    UploadOfflineTicket,
    ReportPrint,
    ReportHealth,
    RaiseAlert,
    AcknowledgeCall,
    SignIn,
    CallNext,
    Recall,
    MarkNotHere,
    Finish,
    CallChosen,
    Hold,
    Release,
    Transfer,
    SendOn,
    EndVisit,
    Undo,
    PauseRoom,
    CloseRoom,
    OpenRoom,
    UndoRoom,
    ConfirmPriority,
    ChangePolicy,
    ChangeService,
    ChangeOpeningHours,
    ChangeQuota,
    ChangeNumbers,
    ChangeOvernight,
    ChangeAppointmentRule,
    AddAppointment,
    CancelAppointment,
    ImportAppointments,
    ChangeJourney,
    PreviewJourney,
    ChangeAssignment,
    ChangeSite,
    SaveZone,
    SaveService,
    SaveRoom,
    CreatePairingCode,
)
