"""A nurse at the staff page, through the very endpoints that the page uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from protocol.frames import FEED_PATH, FROM_SERVER, AnyFrame, CallAcknowledged, Hello, Numbered, Snapshot
from protocol.requests import Acted, CallNext, Finish, SignIn
from script.rehearsal.report import StepFailed


class Nurse:
    """Signed in with a password; hears the feed with the session's cookie, as the page does."""

    def __init__(self, client: httpx.AsyncClient, feed: ClientConnection) -> None:
        self._client = client
        self._feed = feed

    @classmethod
    @asynccontextmanager
    async def at_work(cls, address: str, username: str, password: str) -> AsyncIterator[Nurse]:
        async with httpx.AsyncClient(base_url=address, timeout=10, headers={"Origin": address}) as client:
            answer = await client.post(SignIn.path, json=_body(SignIn(username=username, password=password)))
            if answer.status_code != 200:
                raise StepFailed(f"sign-in answered {answer.status_code}")
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
            feed_address = address.replace("http", "ws", 1) + FEED_PATH
            headers = {"Cookie": cookie, "Origin": address}
            async with connect(feed_address, additional_headers=headers) as stream:
                await stream.send(Hello().model_dump_json())
                if not isinstance(FROM_SERVER.validate_json(await stream.recv()), Snapshot):
                    raise StepFailed("the feed did not begin with a snapshot")
                yield cls(client, stream)

    async def call_next(self, room_id: str) -> Acted:
        answer = await self._client.post(CallNext.path, json=_body(CallNext(room_id=room_id)))
        return self._acted(answer)

    async def finish(self, acted: Acted) -> Acted:
        wish = Finish(entry_id=acted.entry.entry_id, version=acted.entry.version)
        return self._acted(await self._client.post(Finish.path, json=_body(wish)))

    async def board(self, room_id: str) -> dict[str, Any]:
        answer = await self._client.get(f"/api/rooms/{room_id}/board")
        answer.raise_for_status()
        return dict(answer.json())

    async def hear(self, wanted: Callable[[AnyFrame], bool], what: str, patience_s: float) -> Numbered:
        """The next frame that is `wanted`. Raises StepFailed, which names `what`."""
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    said = FROM_SERVER.validate_json(await self._feed.recv())
                    if isinstance(said, Numbered) and wanted(said.frame):
                        return said
        except TimeoutError:
            raise StepFailed(f"no word of {what} within {patience_s:g} s") from None

    async def hear_of_call(self, seq: int, outcome: str, patience_s: float) -> Numbered:
        """The acknowledgement that the call with this number was ``shown`` or ``heard``."""
        return await self.hear(
            lambda frame: isinstance(frame, CallAcknowledged) and (frame.call_seq, frame.outcome) == (seq, outcome),
            f"the call being {outcome}",
            patience_s,
        )

    def _acted(self, answer: httpx.Response) -> Acted:
        if answer.status_code != 200:
            raise StepFailed(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:200]}")
        return Acted.model_validate(answer.json())


def _body(request: SignIn | CallNext | Finish) -> dict[str, object]:
    return dict(request.model_dump(mode="json"))
