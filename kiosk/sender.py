"""Tells the server of the numbers that were given without it: in order, one at a time, each until it is answered."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Protocol

from kiosk.spool import Kept, Spool, SpoolFault
from protocol import errors
from protocol.nouns import Value
from protocol.requests import Request

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_ABOUT_THE_KIOSK = frozenset((401, 403, 405, 408, 429))
"""Statuses of refusals that say nothing of the number: the key, or the moment."""


class Server(Protocol):
    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        """Raises errors.ServerAway or errors.ServerRefused."""


class Sender:
    """Call `wake` when there is something new to tell, or the server is back."""

    def __init__(self, spool: Spool, server: Server) -> None:
        self._spool, self._server = spool, server
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        tries = 0
        while True:
            self._woken.clear()
            try:
                kept = await asyncio.to_thread(self._spool.oldest)
                passed = kept is None or await self._tell(kept)
            except SpoolFault:  # told by the spool
                kept, passed = None, False
            tries = 0 if passed else tries + 1
            if kept is None or not passed:
                await self._rest(tries)

    async def _rest(self, tries: int) -> None:
        """Doubling while the server does not answer, shortened at random so that kiosks do not come all at once."""
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(tries, 10)) if tries else None
        try:
            async with asyncio.timeout(pause_s and pause_s * random.uniform(0.5, 1.0)):  # noqa: S311 (no secret)
                await self._woken.wait()
        except TimeoutError:
            return

    async def _tell(self, kept: Kept) -> bool:
        """Whether the next one can be told. An entry goes only after the server's answer: told twice, with the same
        request id, it is one ticket."""
        try:
            await self._server.post(kept.request)
        except errors.ServerAway:
            return False
        except errors.ServerRefused as refused:
            number, code = kept.request.number, refused.code
            if _may_pass(refused):
                log.warning("offline_ticket_waits id=%d number=%s code=%s", kept.upload_id, number, code)
                return False
            log.error("offline_ticket_refused id=%d number=%s code=%s", kept.upload_id, number, code)
            await asyncio.to_thread(self._spool.set_aside, kept.upload_id, code)
            return True
        log.info("offline_ticket_told id=%d number=%s", kept.upload_id, kept.request.number)
        await asyncio.to_thread(self._spool.told, kept.upload_id)
        return True


def _may_pass(refused: errors.ServerRefused) -> bool:
    """It is about this kiosk, an older server (``not_found`` is its word for the whole address) or a fault of it:
    the number itself was not looked at."""
    return refused.status in _ABOUT_THE_KIOSK or refused.status >= 500 or refused.code == "not_found"
