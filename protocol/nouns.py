"""The nouns of the domain: frozen values without behaviour, shared by every program.

Conventions: times are timezone-aware datetimes, dates are ISO text, texts are NFC, names in several
languages are a table from BCP 47 language tag to text (``{"vi": ..., "en": ...}``).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, model_validator

Names: TypeAlias = dict[str, str]
"""A name in several languages, by language tag."""


class Value(BaseModel):
    """A frozen value. Unknown fields are ignored: a newer program may say more than an older one understands."""

    # Errors are logged, and what was wrong may be personal data: they do not repeat it.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# --- who -----------------------------------------------------------------------------------------------------------

DocumentKind: TypeAlias = Literal[
    "cccd_old",  # chip card 2021-2024, QR of 7 fields
    "can_cuoc_new",  # card from 1 July 2024, QR of 10 fields or more
    "bhyt_15",  # insurance card, 15-character number
    "bhyt_12",  # insurance card whose number is the 12-digit personal number (from August 2025)
    "bhyt_10",  # insurance card, 10-digit social-insurance code (from April 2021)
    "typed_personal_id",
    "typed_cmnd",
    "typed_10_digits",
    "typed_bhyt_15",
]
Gender: TypeAlias = Literal["male", "female", "unknown"]


_BIRTH_FORM = {"day": "[0-9]{4}-[0-9]{2}-[0-9]{2}", "month": "[0-9]{4}-[0-9]{2}", "year": "[0-9]{4}"}
_BIRTH_YEARS = range(1850, 2201)


class Birth(Value):
    """A birth date as far as the document tells it: ``1952``, ``1952-07`` or ``1952-07-21``. Nothing is invented.

    Always on the calendar and written to its precision, from 1850 to 2200: else no value can be made of it.
    """

    value: str
    precision: Literal["day", "month", "year"]

    @model_validator(mode="after")
    def _on_the_calendar(self) -> Self:
        if not re.fullmatch(_BIRTH_FORM[self.precision], self.value):
            raise ValueError("not written to its precision")
        if date.fromisoformat((self.value + "-01-01")[:10]).year not in _BIRTH_YEARS:
            raise ValueError("nobody's year of birth")
        return self


class Identity(Value):
    """What a card says. Which fields a document has is told by ``hardware.scanner.cards``; the others stay None."""

    document: DocumentKind
    personal_id: str | None = None
    old_cmnd: str | None = None
    full_name: str | None = None
    birth: Birth | None = None
    gender: Gender | None = None
    address: str | None = None
    issue_date: str | None = None
    cancelled_ids: tuple[str, ...] = ()
    father_name: str | None = None
    mother_name: str | None = None
    card_no: str | None = None
    object_group: str | None = None
    benefit_level: int | None = None
    issuer_province: str | None = None
    bhxh_code: str | None = None
    facility_code: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    management_code: str | None = None
    parent_name: str | None = None
    living_area_raw: str | None = None
    five_years_from: str | None = None
    check_raw: str | None = None
    place_text: str | None = None
    digits: str | None = None
    warnings: tuple[str, ...] = ()


class Intake(Value):
    """What a patient brought to the kiosk or the desk. Personal data: it travels in requests only, never in a frame."""

    identity: Identity
    language: str = "vi"
    entered_by: Literal["scan", "typed"] = "scan"


# --- where ---------------------------------------------------------------------------------------------------------


class Site(Value):
    """One campus with its time zone and business day."""

    site_id: str
    names: Names
    time_zone: str = "Asia/Ho_Chi_Minh"
    languages: tuple[str, ...] = ("vi", "en")


class Zone(Value):
    """A waiting area with walls and speakers."""

    zone_id: str
    names: Names


PauseReason: TypeAlias = Literal["break", "emergency", "meeting", "equipment", "cleaning", "other"]
"""Why a room pauses: a meal or rest, an emergency elsewhere, a meeting, a device that fails, cleaning."""


class Pause(Value):
    """A room calls nobody for a while. It goes on by itself at `until`, or when somebody is called there."""

    reason: PauseReason
    until: datetime


class Room(Value):
    """Where a service is given. ``number`` is what the hospital paints on the door."""

    room_id: str
    number: str
    names: Names
    zone_id: str
    floor: int = 1
    directions: Names = {}
    service_ids: tuple[str, ...] = ()
    open: bool = True
    """False: it takes nobody. Whoever still waits there may be called."""
    doctor: str = ""
    """Who sees patients there, as the hospital shows it on the door: people may ask for a doctor."""
    pause: Pause | None = None
    """Set while the room pauses. It still takes people: they wait, and are told until when."""


class Service(Value):
    """What a patient comes for."""

    service_id: str
    names: Names
    icon: str = "stethoscope"
    series: str = "A"
    """Letters in front of this service's numbers."""
    open: bool = True
    closed_reason: Names = {}
    opens_at: datetime | None = None
    """When a closed service gives tickets again, if that is known."""
    waiting: int = 0
    """People waiting for it now."""
    wait: WaitEstimate | None = None
    room_waits: dict[str, WaitEstimate] = {}
    """By room id, for its open rooms with a named doctor: how long somebody who asks for the doctor would wait."""
    self_service: bool = True
    """People may choose it at a kiosk; else only staff send people there."""


class WaitEstimate(Value):
    """An honest interval in whole minutes, rounded to the long side; ``reason`` says why when nothing can be said."""

    low_minutes: int | None = None
    high_minutes: int | None = None
    reason: str | None = None
    p10_minutes: int | None = None
    """One in ten is called before that; not rounded, for staff. None: not learned, the interval is a rule of thumb."""
    p50_minutes: int | None = None
    p90_minutes: int | None = None


# --- what ----------------------------------------------------------------------------------------------------------

PriorityClass: TypeAlias = Literal[
    "normal", "emergency", "child_under_6", "pregnant", "severe_disability", "aged_75", "merit"
]
PriorityProof: TypeAlias = Literal["document", "seen", "medical", "none"]
"""What a confirmation rests on: a document shown, what anyone can see, a medical judgement; none when withdrawn."""
Timing: TypeAlias = Literal["early", "on_time", "late", "other_day", "elsewhere"]
"""How somebody comes for an appointment. ``elsewhere``: it is in another building."""
EntryState: TypeAlias = Literal["waiting", "called", "not_here", "held", "finished", "cancelled"]
HoldReason: TypeAlias = Literal["papers", "payment", "tests", "rest", "other"]
"""Why someone is held: papers to bring, something to pay, results to wait for, rest or preparation."""


ChosenReason: TypeAlias = Literal["condition", "results", "agreed", "order", "other"]
"""Why staff call somebody out of turn: their condition, results that came back, something agreed, an order."""


TransferReason: TypeAlias = Literal["next_step", "wrong_place", "specialist", "balance", "other"]
"""Why somebody is sent on: the next step of the visit, a wrong choice, another speciality, a shorter line."""
HandoverReason: TypeAlias = Literal["room_closed", "room_paused"]
"""Why a room's people wait in front of another door: theirs closed, or pauses for long."""
TransferPlace: TypeAlias = Literal["seniority", "front", "end"]
"""Where in the new line: by the time on the ticket, before, or after everybody who waits there now."""


class Priority(Value):
    """A class with the reason for it and how far that reason is known (Law 15/2023/QH15, article 3(2))."""

    priority_class: PriorityClass = "normal"
    status: Literal["proven", "declared", "confirmed"] = "proven"


class Entry(Value):
    """The ticket waiting for, or in, one service. ``version`` grows with each change; actions name the one they saw."""

    entry_id: str
    ticket_id: str
    number: str
    service_id: str
    room_id: str
    priority: Priority
    state: EntryState
    version: int
    issued_at: datetime
    called_at: datetime | None = None
    calls: int = 0
    language: str = "vi"
    recalls: int = 0
    """How often it was called again since it was called last as somebody who waited."""
    held_reason: HoldReason | None = None
    held_until: datetime | None = None
    """When a held entry waits again by itself; None = when staff call it."""
    place: datetime | None = None
    """Stands in for `issued_at` in the order of the line, for whoever lost or was given a place."""
    appointment: datetime | None = None
    """Of who came on time for an appointment: as if they had come then, as far as the policy lets anybody overtake."""
    step: str | None = None
    """Which step of the journey this is (`protocol.journey`); None = the visit is on no journey, or ended here."""
    then: tuple[str, ...] = ()
    """Steps that staff have chosen for after this one, in order."""
    pooled: bool = False
    """Waits for whichever room of the service calls first: `room_id` is then only where it is counted."""


class RoomOffer(Value):
    """Another room of the service, where somebody who asked for a room would wait clearly less."""

    room: Room
    people_ahead: int
    wait: WaitEstimate


class Ticket(Value):
    """The number held for the whole visit, as the kiosk needs it to tell the patient where to go."""

    ticket_id: str
    number: str
    address: str
    """Opaque path of the ticket page, as in the QR."""
    business_day: str
    issued_at: datetime
    entry: Entry
    service_names: Names
    room: Room
    people_ahead: int
    wait: WaitEstimate
    zone_names: Names = {}
    """Where to wait, for a ticket whose room is told when it is called."""
    offer: RoomOffer | None = None
    """Only beside a new ticket for a room that was asked for; `SwitchRoom` accepts it, once."""
    already_held: bool = False
    """True when the person had this ticket before: nothing new was issued."""
    offline: bool = False
    timing: Timing | None = None
    """How the person came for an appointment, told when the number is issued; None without one."""
    appointment_at: datetime | None = None
    """The time of that appointment."""


# --- devices -------------------------------------------------------------------------------------------------------

DeviceKind: TypeAlias = Literal["kiosk", "display", "speaker"]
HealthState: TypeAlias = Literal["ok", "warning", "away", "fault"]


class DeviceHealth(Value):
    """How one part of a device is. ``code`` is stable (``paper_out``, ``unplugged``); texts are found by it."""

    part: Literal["scanner", "printer", "speaker", "screen", "feed"]
    state: HealthState
    code: str = "ok"
    detail: str = ""


class Device(Value):
    device_id: str
    kind: DeviceKind
    name: str
    zone_id: str | None = None
    series: str = ""
    """Letters of the numbers that a kiosk gives by itself while it cannot reach the server: its own for ever."""


Service.model_rebuild()
