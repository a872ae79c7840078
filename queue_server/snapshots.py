"""One look at the hospital for all who come at the same time and hear the same: after a restart all walls come at once.

A snapshot of a busy day takes some thirty milliseconds of a processor; made for each listener, fifty walls would stand
dark for seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from protocol.frames import Snapshot
from protocol.nouns import Device
from queue_server.threads import to_the_end
from queue_server.usecases.listening import Ear

FRESH_S = 1.0
"""A snapshot is given to nobody later than this: waits and opening hours go by the clock."""
_OWN = frozenset({"type", "seq", "at", "site", "listener", "device"})
"""The fields before those that are long, and the same for an audience."""


@dataclass(frozen=True)
class Shared:
    """A snapshot that is worded once for an audience, but for its device."""

    seq: int
    taken_at: float
    """When it was begun, by the clock of the event loop."""
    first: Snapshot
    rest: str

    def told(self, device: Device | None) -> str:
        own = self.first.model_copy(update={"device": device}).model_dump_json(include=set(_OWN))
        return f"{own[:-1]},{self.rest[1:]}"


class Snapshots:
    """`take` (blocking) looks at one moment for a listener. Used from one event loop."""

    def __init__(self, take: Callable[[Ear], Snapshot]) -> None:
        self._take = take
        self._taken: dict[object, Shared] = {}
        self._taking: dict[object, asyncio.Task[Shared]] = {}

    async def up_to(self, place: int, ear: Ear) -> Shared:
        """One that holds everything up to number `place` of the journal. Raises what `take` raises."""
        loop = asyncio.get_running_loop()
        while True:
            known = self._taken.get(ear.audience)
            if known is not None and known.seq >= place and loop.time() < known.taken_at + FRESH_S:
                return known
            taking = self._taking.get(ear.audience)
            if taking is None:
                taking = self._taking[ear.audience] = loop.create_task(self._shared(ear), name="snapshot")
                taking.add_done_callback(_seen)
            taken = await asyncio.shield(taking)
            if taken.seq >= place:
                return taken

    async def _shared(self, ear: Ear) -> Shared:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            shared = await to_the_end(self._worded, ear, begun)
            self._taken[ear.audience] = shared
            loop.call_later(FRESH_S, self._forget, ear.audience, shared)
            return shared
        finally:
            del self._taking[ear.audience]

    def _worded(self, ear: Ear, begun: float) -> Shared:
        found = self._take(ear)
        return Shared(found.seq, begun, found, found.model_dump_json(exclude=set(_OWN)))

    def _forget(self, audience: object, shared: Shared) -> None:
        if self._taken.get(audience) is shared:
            del self._taken[audience]


def _seen(taking: asyncio.Task[Shared]) -> None:
    """Whoever waits for it hears of its fault; when all have left, nobody needs to."""
    if not taking.cancelled():
        taking.exception()
