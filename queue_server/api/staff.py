"""What staff pages call."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from locales import t
from protocol.requests import (
    Acted,
    CallNext,
    CreatePairingCode,
    Finish,
    MarkNotHere,
    PairingCode,
    Recall,
    SignedIn,
    SignIn,
)
from queue_server.api.devices import address_of
from queue_server.api.errors import RESPONSES, language_of
from queue_server.auth.deps import SESSION_COOKIE, open_to_all, require_staff, the_core
from queue_server.core import Core
from queue_server.errors import NotAllowed
from queue_server.usecases import board, calling, devices, people
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look, secret_answer

router = APIRouter(tags=["staff"], responses=RESPONSES)


def caller(who: StaffCaller) -> str:
    return f"staff:{who.staff_id}"


@router.post(SignIn.path, dependencies=[Depends(open_to_all("nobody is signed in before signing in"))])
async def sign_in(wish: SignIn, request: Request, response: Response, core: Core = Depends(the_core)) -> SignedIn:
    """Start a session; its token is in an HttpOnly cookie."""
    if not core.sign_in_limit.allows(address_of(request), time.monotonic()):
        raise NotAllowed("too_many_tries")
    session = await people.sign_in(core, wish)
    response.set_cookie(
        SESSION_COOKIE,
        session.token,
        max_age=core.settings.session_hours * 3600,
        httponly=True,
        samesite="strict",
        secure=_secure(request, core),
    )
    return session.signed_in


@router.post("/api/sign-out", status_code=204)
async def sign_out(
    request: Request, response: Response, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> None:
    """End the session."""
    await core.writer.run(lambda connection: people.sign_out(connection, who.token_hash))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=_secure(request, core))


def _secure(request: Request, core: Core) -> bool:
    """Who came by https (as a proxy on this machine tells) gets a cookie for https only, whatever the settings say."""
    return core.settings.secure_cookies or request.url.scheme == "https"


@router.get("/api/me")
def me(who: StaffCaller = Depends(require_staff())) -> SignedIn:
    """Who is signed in."""
    return SignedIn(username=who.username, display_name=who.display_name, role=who.role)


@router.get("/api/rooms", dependencies=[Depends(require_staff())])
async def rooms(core: Core = Depends(the_core)) -> board.Rooms:
    """All rooms and how many wait at each."""
    return await asyncio.to_thread(look, core, board.rooms)


@router.get("/api/rooms/{room_id}/board", dependencies=[Depends(require_staff())])
async def room_board(
    room_id: Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")],
    request: Request,
    core: Core = Depends(the_core),
) -> board.RoomBoard:
    """Who is inside, who is next and why, and who waits."""
    found = await asyncio.to_thread(look, core, lambda reading: board.room_board(reading, room_id))
    if found.next is None:
        return found
    sentence = t(f"server.next.{found.next.reason}", language_of(request), number=found.next.entry.number)
    return found.model_copy(update={"next": found.next.model_copy(update={"sentence": sentence})})


@router.post(CallNext.path)
async def call_next(
    wish: CallNext, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Acted:
    """Call whoever is next; whoever was inside is finished by that."""
    return await answer(core, wish, caller(who), lambda change: calling.call_next(change, wish), Acted)


@router.post(Recall.path)
async def recall(wish: Recall, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Call the same number again."""
    return await answer(
        core, wish, caller(who), lambda change: calling.recall(change, wish, core.settings.calling), Acted
    )


@router.post(MarkNotHere.path)
async def mark_not_here(
    wish: MarkNotHere, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)
) -> Acted:
    """Called and did not come."""
    return await answer(core, wish, caller(who), lambda change: calling.not_here(change, wish), Acted)


@router.post(Finish.path)
async def finish(wish: Finish, who: StaffCaller = Depends(require_staff()), core: Core = Depends(the_core)) -> Acted:
    """Done in this room."""
    return await answer(core, wish, caller(who), lambda change: calling.finish(change, wish), Acted)


@router.post(CreatePairingCode.path)
async def create_pairing_code(
    wish: CreatePairingCode, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(the_core)
) -> PairingCode:
    """Prepare a place for a device; the code is typed there within ten minutes."""
    return await secret_answer(core, wish, caller(who), lambda change: devices.create_code(change, wish))
