"""The feed: a WebSocket that says Hello, gets a Snapshot, and then whatever the hub has to tell."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from protocol.frames import FEED_PATH, VERSION, Hello, Refused
from queue_server.api.wire import wire_of
from queue_server.auth.deps import core_of, staff_caller
from queue_server.core import Core
from queue_server.errors import Conflict, Invalid, NotAllowed, QueueError
from queue_server.seat import Seat
from queue_server.store.engine import StoreAway
from queue_server.usecases.callers import device_of
from queue_server.usecases.listening import Ear
from queue_server.usecases.once import look

log = logging.getLogger(__name__)
router = APIRouter()

HELLO_S = 5.0
CLOSE_S = 1.0
CLOSED_REFUSED = 4003
CLOSED_DROPPED = 4008


@router.websocket(FEED_PATH)
async def feed(websocket: WebSocket) -> None:
    """Who may listen is told by the Hello: a device's key, or the session cookie of a staff page of this server."""
    core = core_of(websocket)
    await websocket.accept()
    try:
        ear = await _greet(core, websocket)
    except QueueError as error:
        await _refuse(websocket, error.code)
        return
    except StoreAway:
        await _refuse(websocket, "store_away")
        return
    except WebSocketDisconnect:
        return
    # First join, then look: what happens in between waits in the seat.
    seat = core.hub.join(ear, wire_of(websocket.scope))
    try:
        await _serve(core, websocket, seat)
    finally:
        core.hub.leave(seat)


async def _greet(core: Core, websocket: WebSocket) -> Ear:
    """Read the Hello and find out whose it is. Raises QueueError with the code of the refusal."""
    try:
        async with asyncio.timeout(HELLO_S):
            hello = Hello.model_validate_json(await _text(websocket))
    except TimeoutError as late:
        raise NotAllowed("no_hello") from late
    except ValidationError as wrong:
        raise Invalid("invalid_request") from wrong
    if hello.protocol_version > VERSION:
        raise Conflict("protocol_too_new")
    rooms = frozenset(hello.rooms)
    if hello.key:
        device = await asyncio.to_thread(
            look, core, lambda reading: device_of(reading.connection, reading.site.site_id, hello.key)
        )
        return Ear(device.kind, device=device, rooms=rooms)
    _check_origin(core, websocket)
    staff = await asyncio.to_thread(staff_caller, websocket)
    return Ear("staff", token_hash=staff.token_hash, rooms=rooms)


async def _text(websocket: WebSocket) -> str:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1000)
    return message.get("text") or ""


def _check_origin(core: Core, websocket: WebSocket) -> None:
    """A cookie is sent by any page that opens a WebSocket here; only our own pages may use it."""
    origin = urlsplit(websocket.headers.get("origin", "")).netloc
    own = {websocket.headers.get("host", ""), urlsplit(core.settings.base_address).netloc}
    if not origin or origin not in own:
        raise NotAllowed("wrong_origin")


async def _refuse(websocket: WebSocket, code: str) -> None:
    log.info("feed_refused code=%s", code)
    with suppress(RuntimeError, WebSocketDisconnect):
        await websocket.send_text(Refused(code=code).model_dump_json())
        await websocket.close(CLOSED_REFUSED, code)


async def _serve(core: Core, websocket: WebSocket, seat: Seat) -> None:
    """Send a snapshot; the hub sends the rest, until the listener leaves, is too slow, or loses the right to listen."""
    opening = asyncio.create_task(_open(core, websocket, seat), name="feed-open")
    watcher = asyncio.create_task(_until_gone(websocket), name="feed-watch")
    try:
        ends: set[asyncio.Future[Any]] = {watcher, seat.dropped}
        await asyncio.wait({opening, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done() and opening.exception() is None:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (opening, watcher):
            task.cancel()
        results = await asyncio.gather(opening, watcher, return_exceptions=True)
    for fault in results:
        if isinstance(fault, StoreAway):
            seat.drop("store_away")
        elif isinstance(fault, Exception) and not isinstance(fault, (WebSocketDisconnect, RuntimeError, QueueError)):
            raise fault
    if seat.dropped.done():
        await _send_away(websocket, seat.dropped.result())


async def _send_away(websocket: WebSocket, code: str) -> None:
    log.info("feed_dropped code=%s", code)
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(CLOSE_S):  # a listener that takes nothing is not waited for
            if code != "too_slow":
                await websocket.send_text(Refused(code=code).model_dump_json())
            await websocket.close(CLOSED_DROPPED, code)


async def _until_gone(websocket: WebSocket) -> None:
    """A listener has nothing more to say; reading is how its leaving is noticed."""
    while True:
        await _text(websocket)


async def _open(core: Core, websocket: WebSocket, seat: Seat) -> None:
    first = await core.snapshots.up_to(core.hub.place, seat.ear)
    await websocket.send_text(first.told(seat.ear.device))
    seat.begin(first.seq)
