"""Administrators change when services take people, how many, and what their numbers look like."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends

from protocol.requests import (
    ChangeAssignment,
    ChangeNumbers,
    ChangeOpeningHours,
    ChangeOvernight,
    ChangeQuota,
    ChangeService,
    Done,
)
from queue_server.api.errors import RESPONSES
from queue_server.api.staff import caller
from queue_server.auth.deps import core_of, require_staff
from queue_server.core import Core
from queue_server.usecases import service_settings
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look

router = APIRouter(tags=["settings of services"], responses=RESPONSES)


@router.get("/api/service-settings", dependencies=[Depends(require_staff("admin"))])
async def settings(core: Core = Depends(core_of)) -> service_settings.AllSettings:
    """Hours, quota and numbers that were set for the site and for each service."""
    return await asyncio.to_thread(look, core, service_settings.settings)


@router.post(ChangeService.path)
async def change_service(
    wish: ChangeService, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Open or close a service by hand."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_service(change, wish), Done)


@router.post(ChangeOpeningHours.path)
async def change_hours(
    wish: ChangeOpeningHours, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """When tickets are given."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_hours(change, wish), Done)


@router.post(ChangeQuota.path)
async def change_quota(
    wish: ChangeQuota, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """How many tickets are given at most."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_quota(change, wish), Done)


@router.post(ChangeNumbers.path)
async def change_numbers(
    wish: ChangeNumbers, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """What numbers look like."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_numbers(change, wish), Done)


@router.post(ChangeOvernight.path)
async def change_overnight(
    wish: ChangeOvernight, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Whether people who were not seen stay in line at the change of day."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_overnight(change, wish), Done)


@router.post(ChangeAssignment.path)
async def change_assignment(
    wish: ChangeAssignment, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Whether a ticket names a room, or the room is told when it calls."""
    return await answer(core, wish, caller(who), lambda change: service_settings.change_assignment(change, wish), Done)
