"""The pages' addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path as Folder
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, FastAPI, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from locales import MissingText, t
from protocol.frames import VERSION
from protocol.nouns import WaitEstimate
from queue_server.auth.deps import core_of, open_to_all
from queue_server.core import Core
from queue_server.domain.numbering import reading_order
from queue_server.emr.build import EmrParts
from queue_server.errors import NotFound
from queue_server.usecases import arrivals, board
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import look
from queue_server.usecases.surroundings import Surroundings, surroundings
from queue_server.web.guards import PageGuard, SignInFirst, own_page, to_sign_in
from queue_server.web.looks import draw, page_language, texts_for_script
from theme import FOLDER as THEME

router = APIRouter(include_in_schema=False)
RoomId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]

_STATIC = Folder(__file__).parent / "static"


def install(app: FastAPI) -> None:
    """The pages, their files, and the way to the sign-in page."""
    app.include_router(router)
    app.add_exception_handler(SignInFirst, to_sign_in)
    app.mount("/static/theme/icons", StaticFiles(directory=THEME / "icons"))
    app.mount("/static/theme", StaticFiles(directory=THEME / "web"))
    app.mount("/static", StaticFiles(directory=_STATIC))


@router.get("/", dependencies=[Depends(open_to_all("it only leads on"))])
def front_door() -> Response:
    return RedirectResponse("/staff", 303)


# --- staff -----------------------------------------------------------------------------------------------------------


@router.get("/staff/sign-in", dependencies=[Depends(open_to_all("nobody is signed in before signing in"))])
def sign_in_page(request: Request, next: str | None = None, why: str | None = None) -> Response:
    language = page_language(request)
    texts = texts_for_script("staff.sign_in.", language)
    refused = why == "wrong_role"
    return draw(request, "sign_in.html", language, then=own_page(next), refused=refused, texts=texts)


@router.get("/staff")
async def choose_room(
    request: Request, who: StaffCaller = Depends(PageGuard(("staff",))), core: Core = Depends(core_of)
) -> Response:
    found = await asyncio.to_thread(look, core, board.rooms)
    rooms = sorted(found.rooms, key=lambda one: reading_order(one.room.number))
    language = page_language(request)
    texts = texts_for_script("staff.rooms.", language)
    return draw(request, "rooms.html", language, who=who, rooms=rooms, texts=texts)


@router.get("/staff/rooms/{room_id}")
async def room_page(
    room_id: RoomId,
    request: Request,
    who: StaffCaller = Depends(PageGuard(("staff",))),
    core: Core = Depends(core_of),
) -> Response:
    language = page_language(request)
    try:
        found = await asyncio.to_thread(look, core, lambda reading: board.room_board(reading, room_id))
    except NotFound:
        return RedirectResponse("/staff", 303)
    texts = texts_for_script("staff.room.", language)
    about = {"room_id": room_id, "language": language, "protocol_version": VERSION}
    return draw(request, "room.html", language, who=who, room=found.room, texts=texts, about=about)


@router.get("/staff/rooms/{room_id}/surroundings")
async def around_the_room(
    room_id: RoomId, _who: StaffCaller = Depends(PageGuard(("staff",))), core: Core = Depends(core_of)
) -> Surroundings:
    """What a room's page cannot know from the feed, which only tells what happens from now on."""
    return await asyncio.to_thread(look, core, lambda reading: surroundings(reading, room_id))


# --- everyone --------------------------------------------------------------------------------------------------------


@router.get("/t/{address}", dependencies=[Depends(open_to_all("whoever has the paper may see it"))])
async def ticket_page(
    address: Annotated[str, Path(max_length=64)], request: Request, core: Core = Depends(core_of)
) -> Response:
    try:
        view = await asyncio.to_thread(look, core, lambda reading: arrivals.ticket_by_address(reading, address))
    except NotFound:
        return draw(request, "no_ticket.html", page_language(request), 404)
    language = page_language(request, view.ticket.entry.language)
    zone = ZoneInfo(view.site.time_zone)
    pause = view.ticket.room.pause
    return draw(
        request,
        "ticket.html",
        language,
        view=view,
        ticket=view.ticket,
        clock=core.clock().astimezone(zone).strftime("%H:%M:%S"),
        floor=_floor(view.ticket.room.floor, language),
        paused_until=pause.until.astimezone(zone).strftime("%H:%M") if pause else "",
        no_wait=_why_no_wait(view.ticket.wait, language),
    )


def _why_no_wait(wait: WaitEstimate, language: str) -> str:
    """Empty when a wait is told."""
    if wait.high_minutes is not None:
        return ""
    try:
        return t(f"ticket.wait.reason.{wait.reason}", language)
    except MissingText:
        return t("ticket.wait.reason.other", language)


def _floor(floor: int, language: str) -> str:
    if floor == 0:
        return t("ticket.floor.ground", language)
    return t("ticket.floor" if floor > 0 else "ticket.floor.basement", language, floor=abs(floor))


# --- the sandbox -----------------------------------------------------------------------------------------------------


@router.get("/sandbox")
async def charts_page(
    request: Request, _who: StaffCaller = Depends(PageGuard(("admin",))), core: Core = Depends(core_of)
) -> Response:
    """What the sandbox was told, as a clerk of a record system would see it."""
    emr: EmrParts = request.app.state.emr
    language = page_language(request)
    feed = await asyncio.to_thread(emr.delivery.status) if emr.delivery else None
    charts = emr.sandbox.charts() if emr.sandbox else None
    site = await asyncio.to_thread(look, core, lambda reading: reading.site)
    return draw(request, "charts.html", language, charts=charts, feed=feed, local=_local_time(site.time_zone))


def _local_time(time_zone: str) -> Callable[[str], str]:
    zone = ZoneInfo(time_zone)
    return lambda moment: datetime.fromisoformat(moment).astimezone(zone).strftime("%H:%M:%S")
