"""Appointments, and what happens to people who do not come on time: data that staff and record systems send."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from protocol.nouns import Value
from protocol.request import Done, Id, Request

Number: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z0-9]{6,20}$")]
"""Of a document, as it is printed: ``001090000017``, ``DN4010123456790``."""
Minutes: TypeAlias = Annotated[int, Field(ge=0, le=720)]
AppointmentState: TypeAlias = Literal["booked", "arrived", "cancelled"]


class Appointment(Value):
    """Without the person: who it is, only the server knows."""

    appointment_id: str
    source_id: str
    service_id: str
    room_id: str | None = None
    starts_at: datetime
    window_minutes: int = 0
    elsewhere: str | None = None
    """The building, when it is not this one."""
    state: AppointmentState = "booked"

    @property
    def ends_at(self) -> datetime:
        """Who comes until then is on time."""
        return self.starts_at + timedelta(minutes=self.window_minutes)


class Booking(Value):
    """One appointment as whoever books it tells it; sent again with the same `source_id`, it is changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source_id: Id
    """What the record system calls it."""
    personal_id: Number | None = None
    old_cmnd: Number | None = None
    card_no: Number | None = None
    bhxh_code: Number | None = None
    service_id: Id
    room_id: Id | None = None
    starts_at: AwareDatetime
    window_minutes: Minutes = 0
    """Whoever is booked for 08:00 to 08:30 has a window of 30 minutes."""
    elsewhere: Annotated[str, Field(min_length=1, max_length=120)] | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Booking:
        if not (self.personal_id or self.old_cmnd or self.card_no or self.bhxh_code):
            raise PydanticCustomError("nobody_named", "an appointment names at least one number of the person")
        return self


class AppointmentRule(Value):
    """On time is from `early_minutes` before the appointed time until `late_minutes` after the end of its window."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    early_minutes: Minutes = 60
    late_minutes: Minutes = 15
    early: Literal["refuse", "walk_in"] = "refuse"
    late: Literal["refuse", "walk_in"] = "walk_in"
    other_day: Literal["refuse", "walk_in"] = "refuse"
    head_start_minutes: Minutes = 0
    """Whoever is on time stands in line as if they had come so long before the appointed time."""


APPOINTMENT_RULE: TypeAdapter[AppointmentRule] = TypeAdapter(AppointmentRule)


# --- requests ------------------------------------------------------------------------------------------------------


class ChangeAppointmentRule(Request):
    """What happens to people who come early, late or on another day; without `service_id`, for every service without a
    rule of its own. None: the rule of the site, or the usual one."""

    path: ClassVar[str] = "/api/appointment-rules"
    answer: ClassVar[type[Value]] = Done

    service_id: Id | None = None
    rule: AppointmentRule | None = None


class Booked(Value):
    appointment: Appointment
    seq: int
    """Number of the newest journal entry when it was written."""


class AddAppointment(Request):
    """Make an appointment, or change the one that has this `source_id`."""

    path: ClassVar[str] = "/api/appointments"
    answer: ClassVar[type[Value]] = Booked

    booking: Booking


class CancelAppointment(Request):
    path: ClassVar[str] = "/api/appointment-cancellations"
    answer: ClassVar[type[Value]] = Booked

    appointment_id: Id


class ImportProblem(Value):
    """`place` counts from 1. The `code` is the one that `AddAppointment` would be refused with."""

    place: int
    source_id: str
    code: str


class Imported(Value):
    dry_run: bool
    added: int
    changed: int
    unchanged: int
    problems: tuple[ImportProblem, ...] = ()
    """These were left out; all others were taken."""


class ImportAppointments(Request):
    """A list of appointments; with `dry_run` it is only told what would come of it. Longer lists are sent in parts."""

    path: ClassVar[str] = "/api/appointment-imports"
    answer: ClassVar[type[Value]] = Imported

    bookings: Annotated[tuple[Booking, ...], Field(min_length=1, max_length=200)]
    dry_run: bool = False
