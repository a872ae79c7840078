"""Staff and record systems make appointments and cancel them; administrators say what happens to who is not on time."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from protocol.appointments import (
    AddAppointment,
    Booked,
    CancelAppointment,
    ChangeAppointmentRule,
    ImportAppointments,
    Imported,
)
from protocol.requests import Done
from queue_server.api.errors import RESPONSES
from queue_server.api.staff import caller
from queue_server.auth.deps import require_staff, the_core
from queue_server.core import Core
from queue_server.usecases import appointments, service_settings
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look

Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2200, 1, 1))]
router = APIRouter(tags=["appointments"], responses=RESPONSES)


@router.post(AddAppointment.path)
async def add(
    wish: AddAppointment, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Booked:
    """Make an appointment, or change the one with this source id."""
    return await answer(core, wish, caller(who), lambda change: appointments.add(change, wish), Booked)


@router.post(CancelAppointment.path)
async def cancel(
    wish: CancelAppointment, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Booked:
    """It is kept no more; who comes is a walk-in."""
    return await answer(core, wish, caller(who), lambda change: appointments.cancel(change, wish), Booked)


@router.post(ImportAppointments.path)
async def import_all(
    wish: ImportAppointments, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(the_core)
) -> Imported:
    """A list of appointments, or only what would come of it."""
    return await answer(core, wish, caller(who), lambda change: appointments.import_all(change, wish), Imported)


@router.get(AddAppointment.path, dependencies=[Depends(require_staff())])
async def of_day(day: Day = None, core: Core = Depends(the_core)) -> appointments.AppointmentsOfDay:
    """All appointments of a day, without the people."""
    return await asyncio.to_thread(look, core, lambda reading: appointments.of_day(reading, day))


@router.post(ChangeAppointmentRule.path)
async def change_rule(
    wish: ChangeAppointmentRule, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(the_core)
) -> Done:
    """What happens to people who come early, late or on another day."""
    act = service_settings.change_appointment_rule
    return await answer(core, wish, caller(who), lambda change: act(change, wish), Done)
