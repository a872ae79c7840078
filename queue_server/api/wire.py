"""uvicorn's WebSocket with a door for frames that were made once for many (decision 0016)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from queue_server.seat import Wire

EXTENSION = "denluot.wire"


class DirectWire(WebSocketsSansIOProtocol):
    """Everything goes on as in uvicorn; `write` puts a whole frame between what else is sent.

    The endpoint finds it in the scope, where ASGI has a place for what a server can do besides.
    """

    on_room: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]  # the application's task has not begun yet
            extensions[EXTENSION] = {"wire": self}

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_room is not None:
            self.on_room()

    @property
    def full(self) -> bool:
        return not self.writable.is_set()

    def write(self, framed: bytes) -> None:
        if self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(framed)


def wire_of(scope: Scope) -> Wire:
    """The wire of the WebSocket with this scope, in a server that runs as `api.gate.how_to_serve` says."""
    found = scope["extensions"][EXTENSION]["wire"]
    assert isinstance(found, DirectWire)
    return found
