"""How somebody comes for an appointment, and where in the line they stand for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from protocol.appointments import Appointment, AppointmentRule
from protocol.nouns import Timing
from queue_server.domain.calendar import business_day

AHEAD = timedelta(days=7)
"""An appointment later than this has nothing to do with somebody who comes today."""
Refusal: TypeAlias = Literal["appointment_early", "appointment_late", "appointment_other_day", "appointment_elsewhere"]


@dataclass(frozen=True)
class Keeping:
    """How the person comes for `appointment`. `refusal` is None when they get a number."""

    appointment: Appointment
    timing: Timing
    refusal: Refusal | None = None
    come_at: datetime | None = None
    """When to come again, if that helps."""

    @property
    def uses_it(self) -> bool:
        """The number is for this appointment; for one of another day or place it is not."""
        return self.refusal is None and self.timing in ("early", "on_time", "late")


@dataclass(frozen=True)
class Stand:
    """`place` as in `Entry.place`, `appointment` as in `Entry.appointment`."""

    place: datetime | None = None
    appointment: datetime | None = None


def keep(
    booked: Sequence[Appointment], service_id: str, rule: AppointmentRule, now: datetime, time_zone: str
) -> Keeping | None:
    """Which of a person's appointments counts for this service at `now`; None: they come without one.

    Of today's the one whose time is nearest; else the next one within `AHEAD`. One of a day gone by was missed.
    """
    mine = [one for one in booked if one.service_id == service_id and one.state == "booked"]
    today = business_day(now, time_zone)
    of_today = [one for one in mine if business_day(one.starts_at, time_zone) == today]
    if of_today:
        return _of_today(min(of_today, key=lambda one: _distance(one, now)), rule, now)
    coming = [one for one in mine if now < one.starts_at <= now + AHEAD]
    if not coming:
        return None
    following = min(coming, key=lambda one: one.starts_at)
    refusal: Refusal | None = "appointment_other_day" if rule.other_day == "refuse" else None
    return Keeping(following, "other_day", refusal, following.starts_at if refusal else None)


def _of_today(appointment: Appointment, rule: AppointmentRule, now: datetime) -> Keeping:
    if appointment.elsewhere:
        return Keeping(appointment, "elsewhere", "appointment_elsewhere")
    begins = appointment.starts_at - timedelta(minutes=rule.early_minutes)
    if now < begins:
        held_back = rule.early == "refuse"
        return Keeping(appointment, "early", "appointment_early" if held_back else None, begins if held_back else None)
    if now > appointment.ends_at + timedelta(minutes=rule.late_minutes):
        return Keeping(appointment, "late", "appointment_late" if rule.late == "refuse" else None)
    return Keeping(appointment, "on_time")


def _distance(appointment: Appointment, now: datetime) -> timedelta:
    """How far `now` is from the window of the appointment; nothing within it."""
    return max(appointment.starts_at - now, now - appointment.ends_at, timedelta())


def stand(keeping: Keeping | None, rule: AppointmentRule, came: datetime) -> Stand:
    """Whoever is on time stands from the appointed time less the head start on, whether they came before or after it.

    Who came before it waits until then behind those who came; who came after it may go before others from then on, but
    only as far as the policy lets anybody overtake. Walk-ins stand where they came.
    """
    if keeping is None or keeping.timing != "on_time":
        return Stand()
    due = keeping.appointment.starts_at - timedelta(minutes=rule.head_start_minutes)
    return Stand(place=due if due > came else None, appointment=due)
