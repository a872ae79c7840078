"""Rooms open, pause, go on and close, by whoever works there."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from protocol.requests import CloseRoom, OpenRoom, PauseRoom, RoomActed, UndoRoom
from queue_server.api.errors import RESPONSES
from queue_server.api.staff import caller
from queue_server.auth.deps import require_staff, the_core
from queue_server.core import Core
from queue_server.usecases import handover, rooms
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look_at_one_moment

router = APIRouter(tags=["rooms"], responses=RESPONSES)


@router.get("/api/rooms/{room_id}/handover", dependencies=[Depends(require_staff())])
async def preview(
    room_id: Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")], core: Core = Depends(the_core)
) -> handover.Handover:
    """Who would go where if the room closed now, and how long they would wait there. Nothing happens by asking."""
    return await asyncio.to_thread(look_at_one_moment, core, lambda reading: handover.preview(reading, room_id))


@router.post(PauseRoom.path)
async def pause(
    wish: PauseRoom, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> RoomActed:
    """Call nobody for a while; the room goes on by itself."""
    return await answer(core, wish, caller(who), lambda change: rooms.pause(change, wish), RoomActed)


@router.post(CloseRoom.path)
async def close(
    wish: CloseRoom, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> RoomActed:
    """Take nobody any more; its people go to the other rooms of their service."""
    return await answer(core, wish, caller(who), lambda change: rooms.close(change, wish), RoomActed)


@router.post(OpenRoom.path)
async def open_room(
    wish: OpenRoom, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> RoomActed:
    """Take people again, or go on after a pause."""
    return await answer(core, wish, caller(who), lambda change: rooms.open_room(change, wish), RoomActed)


@router.post(UndoRoom.path)
async def undo(
    wish: UndoRoom, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> RoomActed:
    """Take back a pause or a closing of the last minute."""
    return await answer(core, wish, caller(who), lambda change: rooms.undo(change, wish), RoomActed)
