"""What every request passes first: size, content type, security headers, one log line, one count."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queue_server.api.errors import refusal

log = logging.getLogger("queue_server.access")

BODY_LIMIT = 64 * 1024
SANDBOX_LIMIT = 1024 * 1024
"""The sandbox stands for a record system: it takes FHIR transactions."""
BODY_S = 10.0
"""Until the whole body of a request is there."""
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NO_STORE = (b"cache-control", b"no-store")
Count = Callable[[str, str, int, float], None]
"""Method, route, status, seconds."""


class Front:
    """ASGI middleware. `count` is told of each request when it is answered."""

    def __init__(self, app: ASGIApp, count: Count, body_s: float = BODY_S) -> None:
        self._app = app
        self._count = count
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(scope, message)
            await send(message)

        try:
            await self._answer(scope, receive, dressed)
        except Exception:  # the server outlives the fault of one request, and the caller is told something went wrong
            log.exception("internal_fault")
            if status == 0:
                await refusal(Request(scope), "internal")(scope, receive, dressed)
        finally:
            seconds = time.monotonic() - started
            # The route, not the path: paths hold ticket addresses.
            route = getattr(scope.get("route"), "path", "unmatched")
            self._count(scope["method"], route, status, seconds)
            log.info("request method=%s route=%s status=%d ms=%.1f", scope["method"], route, status, seconds * 1000)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in CHANGES:
            await self._app(scope, receive, send)
            return
        path, headers = scope["path"], Headers(scope=scope)
        # A form of another site cannot send JSON: this is what keeps it from acting with our cookie.
        if path.startswith("/api/") and headers.get("content-type", "").split(";")[0].strip() != "application/json":
            await refusal(Request(scope), "not_json")(scope, receive, send)
            return
        limit = SANDBOX_LIMIT if path.startswith("/sandbox/") else BODY_LIMIT
        try:
            async with asyncio.timeout(self._body_s):
                body = await _read(headers, receive, limit)
        except TimeoutError:
            await refusal(Request(scope), "request_too_slow")(scope, receive, send)
            return
        if body is None:
            await refusal(Request(scope), "body_too_large")(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


def _dress(scope: Scope, message: Message) -> None:
    """What the answer says itself stands. Done on the bytes: this is on the way of every request."""
    headers = list(message["headers"])
    said = {name.lower() for name, _ in headers}
    headers += [header for header in _HEADERS if header[0] not in said]
    if _NO_STORE[0] not in said and not scope["path"].startswith("/static/"):
        headers.append(_NO_STORE)
    message["headers"] = headers


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The whole body; None when it is longer than `limit`, however it is sent."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
