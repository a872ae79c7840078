"""What a room's staff may do besides calling the next: call a chosen one, hold, let wait again, send on, undo."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from protocol.requests import Acted, CallChosen, EndVisit, Hold, Release, SendOn, Transfer, Undo
from queue_server.api.errors import RESPONSES
from queue_server.api.staff import caller
from queue_server.auth.deps import require_staff, the_core
from queue_server.core import Core
from queue_server.usecases import calling, holding, sending_on, transferring, undoing
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer

router = APIRouter(tags=["staff"], responses=RESPONSES)


@router.post(CallChosen.path)
async def call_chosen(
    wish: CallChosen, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Acted:
    """Call this one out of turn, with a reason; the journal keeps the role of whoever chose, in the frame."""
    return await answer(core, wish, caller(who), lambda change: calling.call_chosen(change, wish, who.role), Acted)


@router.post(Hold.path)
async def hold(wish: Hold, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Set aside for a while, with a reason; after the minutes given, if any, the number waits again by itself."""
    return await answer(core, wish, caller(who), lambda change: holding.hold(change, wish), Acted)


@router.post(Release.path)
async def release(wish: Release, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Held no longer: waits again in the old place."""
    return await answer(core, wish, caller(who), lambda change: holding.release(change, wish), Acted)


@router.post(Transfer.path)
async def transfer(
    wish: Transfer, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Acted:
    """Send on to another service or room, under the same number."""
    return await answer(core, wish, caller(who), lambda change: transferring.transfer(change, wish), Acted)


@router.post(SendOn.path)
async def send_on(wish: SendOn, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Done here, and on to the next step of the journey, or to those that are named."""
    return await answer(core, wish, caller(who), lambda change: sending_on.send_on(change, wish), Acted)


@router.post(EndVisit.path)
async def end_visit(
    wish: EndVisit, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Acted:
    """Done here, and the visit is over."""
    return await answer(core, wish, caller(who), lambda change: sending_on.end_visit(change, wish), Acted)


@router.post(Undo.path)
async def undo(wish: Undo, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Take back an action of the last minute, if nothing else has happened to its numbers since."""
    return await answer(core, wish, caller(who), lambda change: undoing.undo(change, wish), Acted)
