"""Administrators write the hospital itself: its name, waiting areas, services and rooms."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends

from protocol.requests import Done
from protocol.site import ChangeSite, SaveRoom, SaveService, SaveZone
from queue_server.api.errors import RESPONSES
from queue_server.api.staff import caller
from queue_server.auth.deps import core_of, require_staff
from queue_server.core import Core
from queue_server.usecases import site
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look

router = APIRouter(tags=["the hospital"], responses=RESPONSES)


@router.get(ChangeSite.path, dependencies=[Depends(require_staff("admin"))])
async def site_as_written(core: Core = Depends(core_of)) -> site.SiteAsWritten:
    """The whole hospital, each part as the request takes it that writes it."""
    return await asyncio.to_thread(look, core, site.site_as_written)


@router.post(ChangeSite.path)
async def change_site(
    wish: ChangeSite, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """The hospital's name, clock and languages."""
    return await answer(core, wish, caller(who), lambda change: site.change_site(change, wish), Done)


@router.post(SaveZone.path)
async def save_zone(
    wish: SaveZone, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Make or change a waiting area."""
    return await answer(core, wish, caller(who), lambda change: site.save_zone(change, wish), Done)


@router.post(SaveService.path)
async def save_service(
    wish: SaveService, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Make or change a service."""
    return await answer(core, wish, caller(who), lambda change: site.save_service(change, wish), Done)


@router.post(SaveRoom.path)
async def save_room(
    wish: SaveRoom, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Make or change a room."""
    return await answer(core, wish, caller(who), lambda change: site.save_room(change, wish), Done)
