"""How a kiosk, a display or a speaker talks to the server: requests over HTTP, the feed over a WebSocket."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal, TypeAlias, TypeVar

import httpx
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from protocol.errors import ServerAway, ServerRefused
from protocol.frames import FEED_PATH, FROM_SERVER, FromServer, Heartbeat, Hello, Numbered, Refused, Snapshot
from protocol.nouns import Value
from protocol.requests import ErrorAnswer, Request

__all__ = ["FeedLost", "FromFeed", "ServerAway", "ServerClient", "ServerRefused"]

log = logging.getLogger(__name__)

DEADLINE_S = 5.0
TIMEOUT = httpx.Timeout(5.0, connect=2.0)
LONGEST_PAUSE_S = 1.0
"""Between tries. A server that restarts has everybody back within five seconds, and not all in the same moment."""
REFUSED_PAUSE_S = 5.0
"""After a refusal that only people can end (a revoked key, a newer protocol)."""
SILENCE_S = 10.0
"""A feed that says nothing for so long is lost, whatever the network says."""
LARGEST_MESSAGE = 16 * 1024 * 1024


class FeedLost(Value):
    """The connection is gone, or was refused: what is shown is not live until the next Snapshot."""

    type: Literal["feed_lost"] = "feed_lost"
    code: str


FromFeed: TypeAlias = Snapshot | Numbered | Heartbeat | FeedLost
A = TypeVar("A", bound=Value)


class _Lost(Exception):
    def __init__(self, code: str, pause_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.pause_s = pause_s


class ServerClient:
    """`base` is the server's address without a slash at the end, `key` the device's (empty before pairing).

    Proxies set for the machine are not used: the server is in the house.
    """

    def __init__(self, base: str, key: str = "", *, language: str = "vi", silence_s: float = SILENCE_S) -> None:
        self.base = base.rstrip("/")
        self._key = key
        self._silence_s = silence_s
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._away = ""
        self._http = httpx.AsyncClient(timeout=TIMEOUT, headers=headers, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    # --- requests -------------------------------------------------------------------------------------------------

    async def ask(self, request: Request, answer: type[A], deadline_s: float = DEADLINE_S) -> A:
        """`post` for a caller that names the type of the answer."""
        value = await self.post(request, deadline_s)
        assert isinstance(value, answer)
        return value

    async def post(self, request: Request, deadline_s: float = DEADLINE_S) -> Value:
        """The answer, of type ``request.answer``. The same request is sent again until one comes or time is up.

        Raises ServerAway (nothing usable came) or ServerRefused (the server declined).
        """
        started = time.monotonic()
        tries = 0
        while True:
            waited = time.monotonic() - started
            try:
                async with asyncio.timeout(max(0.1, deadline_s - waited)):
                    answer = await self._once(request, waited)
                self._note_away("")
            except TimeoutError as late:
                self._note_away("timeout")
                raise ServerAway("timeout") from late
            except ServerRefused:
                self._note_away("")
                raise
            except ServerAway as away:
                self._note_away(away.code)
                pause = _pause(tries)
                if time.monotonic() - started + pause >= deadline_s:
                    raise
            else:
                return answer
            await asyncio.sleep(pause)
            tries += 1

    def _note_away(self, code: str) -> None:
        """One log line when the server goes away and one when it is back, however often it was asked in between."""
        if code and not self._away:
            log.warning("server_away address=%s code=%s", self.base, code)
        elif self._away and not code:
            log.info("server_back address=%s", self.base)
        self._away = code

    async def _once(self, request: Request, waited: float) -> Value:
        aged = request.model_copy(update={"age_s": request.age_s + waited})
        try:
            answer = await self._http.post(self.base + request.path, json=aged.model_dump(mode="json"))
        except httpx.DecodingError as error:  # a proxy in between said "gzip" of what is none
            raise ServerAway("not_our_server") from error
        except httpx.TransportError as error:
            raise ServerAway("unreachable") from error
        if answer.is_success:
            try:
                return request.answer.model_validate_json(answer.content)
            except ValidationError as wrong:
                raise ServerAway("not_our_server") from wrong
        raise _refusal(answer)

    # --- the feed -------------------------------------------------------------------------------------------------

    async def follow(self, rooms: Sequence[str] = ()) -> AsyncGenerator[FromFeed, None]:
        """For ever: a Snapshot, then Numbered frames without a gap, and Heartbeats.

        After a loss one `FeedLost`, tries until the server is back, and a new Snapshot. A gap in the numbers is
        closed by joining again.
        """
        tries = 0
        last_seq = 0
        lost = False
        while True:
            pause_s: float | None = None
            try:
                async with aclosing(self._joined(tuple(rooms), last_seq)) as messages:
                    async for message in messages:
                        tries, lost = 0, False
                        last_seq = message.seq
                        yield message
            except _Lost as ended:
                pause_s = ended.pause_s
                if not lost and ended.code != "gap":
                    lost = True
                    yield FeedLost(code=ended.code)
            await asyncio.sleep(_pause(tries) if pause_s is None else pause_s)
            tries += 1

    async def _joined(
        self, rooms: tuple[str, ...], last_seq: int
    ) -> AsyncGenerator[Snapshot | Numbered | Heartbeat, None]:
        """One connection, from Hello to its end. Raises _Lost."""
        address = "ws" + self.base.removeprefix("http") + FEED_PATH
        try:
            async with connect(
                address, open_timeout=2, close_timeout=1, max_size=LARGEST_MESSAGE, proxy=None
            ) as connection:
                hello = Hello(key=self._key, rooms=rooms, last_seq=last_seq)
                await connection.send(hello.model_dump_json())
                newest = -1
                while True:
                    message = await self._next(connection)
                    following = _follows(message, newest)
                    if isinstance(message, (Snapshot, Numbered, Heartbeat)) and following is not None:
                        newest = following
                        yield message
                    elif following is not None:  # a frame of a newer server: skipped, but its number counts
                        newest = following
        except (OSError, WebSocketException) as error:
            raise _Lost("unreachable") from error

    async def _next(self, connection: ClientConnection) -> FromServer | dict[str, object]:
        try:
            async with asyncio.timeout(self._silence_s):
                text = await connection.recv()
        except TimeoutError as silent:
            raise _Lost("silent") from silent
        return _read(text)


def _pause(tries: int) -> float:
    """Doubling from 50 ms to one second, shortened at random so that devices do not come all at once."""
    return min(LONGEST_PAUSE_S, 0.05 * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


def _refusal(answer: httpx.Response) -> ServerAway | ServerRefused:
    try:
        error = ErrorAnswer.model_validate_json(answer.content)
    except ValidationError:  # something in between answered, or the server is no server of ours
        return ServerAway("not_our_server")
    if answer.status_code in (502, 503, 504):
        return ServerAway(error.code)
    return ServerRefused(error.code, error.message, answer.status_code, error.detail)


def _read(text: str | bytes) -> FromServer | dict[str, object]:
    """A message, or its bare JSON when a newer server said something that we do not know."""
    try:
        return FROM_SERVER.validate_json(text)
    except ValidationError:
        try:
            bare = json.loads(text)
        except ValueError as wrong:
            raise _Lost("not_our_server") from wrong
    if not isinstance(bare, dict):
        raise _Lost("not_our_server")
    frame = bare.get("frame")
    log.warning("unknown_message type=%s frame=%s", bare.get("type"), isinstance(frame, dict) and frame.get("type"))
    return bare


def _follows(message: FromServer | dict[str, object], newest: int) -> int | None:
    """The number that this listener has come to with `message`; None when it was told before. Raises _Lost."""
    if isinstance(message, Refused):
        passing = message.code in ("stopping", "too_slow", "busy", "store_away")
        raise _Lost(message.code, None if passing else REFUSED_PAUSE_S)
    if isinstance(message, Snapshot):
        return message.seq
    if newest < 0:
        raise _Lost("not_our_server")
    if isinstance(message, Heartbeat):
        if message.seq > newest:
            raise _Lost("gap")
        return newest
    if isinstance(message, Numbered):
        seq, previous = message.seq, message.previous
    elif isinstance(message.get("seq"), int) and isinstance(message.get("previous"), int):
        seq, previous = int(str(message["seq"])), int(str(message["previous"]))
    else:
        return newest
    if seq <= newest:
        return None
    if previous != newest:
        raise _Lost("gap")
    return seq
