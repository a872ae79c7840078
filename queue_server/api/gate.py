"""The door to the network: a caller who does not finish asking in time is shown out.

uvicorn waits for ever for the rest of a request's head. A thousand callers who stop half-way hold a thousand open
files, and the server could take nobody else (measured: 1,100 of them under the usual limit of 1,024 files).
"""

from __future__ import annotations

import asyncio
import gc
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from queue_server.api.wire import DirectWire
from queue_server.settings import ServerSettings

HEAD_S = 10.0
"""From the connection, or the last answer, until the head of a request is there."""


class Gate(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to its patience."""

    head_s = HEAD_S
    _waiting: asyncio.TimerHandle | None = None
    _is_feed = False
    """It became a WebSocket: the feed asks for its Hello in time itself."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop()
        self._is_feed = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """The clock runs while no request is being answered, and is not set back by a few more bytes."""
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop()
        elif self._waiting is None and not self._is_feed:
            self._waiting = self.loop.call_later(self.head_s, self._too_slow)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def how_to_serve(settings: ServerSettings) -> dict[str, Any]:
    """What uvicorn is told besides where to listen."""
    return {
        "http": Gate,
        "ws": DirectWire,
        "ws_per_message_deflate": False,  # each listener would need bytes of its own
        "ws_max_size": 64 * 1024,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_graceful_shutdown": 5,
    }


def open_files() -> None:
    """As many open files as this process may have: each listener and each caller is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def settle_memory() -> None:
    """What was made until now stays for good, so Python's collector need not look through it again and again; and it
    looks at what comes later less often. Measured: a sixth of the time of a ticket, and a tenth of a second of standing
    still now and then, which the slowest of a hundred patients noticed.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
