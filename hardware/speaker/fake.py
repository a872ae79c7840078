"""A complete loudspeaker without sound, which misbehaves on request. Public: the demo and every test use it."""

from __future__ import annotations

import asyncio
import time
from typing import Literal, TypeAlias

from hardware.speaker.port import Heard, Utterance
from protocol.nouns import DeviceHealth

Behaviour: TypeAlias = Literal["well", "silent", "slow", "unplugged"]
SECONDS_A_WORD = 0.35


class FakeSpeaker:
    """Remembers what was said. Change `behaviour` at any time:

    ``well`` says it at once; ``slow`` takes the time that the words take; ``silent`` fails like a player that ends
    without having played; ``unplugged`` fails and its health says away until it is ``well`` again.
    """

    def __init__(self, behaviour: Behaviour = "well") -> None:
        self.behaviour: Behaviour = behaviour
        self.said: list[Utterance] = []
        """Everything that was heard, in order."""
        self.closed = False
        self._one_at_a_time = asyncio.Lock()

    async def say(self, utterance: Utterance) -> Heard:
        async with self._one_at_a_time:
            started = time.monotonic()
            seconds = SECONDS_A_WORD * len(utterance.text.split()) + (1.1 if utterance.chime else 0.0)
            if self.behaviour == "slow":
                await asyncio.sleep(seconds)
            code = self._code(utterance)
            if code != "ok":
                return Heard("failed", started, time.monotonic(), code=code)
            self.said.append(utterance)
            return Heard("played", started, time.monotonic(), seconds)

    async def health(self) -> DeviceHealth:
        if self.closed:
            return DeviceHealth(part="speaker", state="fault", code="closed")
        if self.behaviour == "unplugged":
            return DeviceHealth(part="speaker", state="away", code="sound_device_away")
        return DeviceHealth(part="speaker", state="ok")

    async def close(self) -> None:
        self.closed = True

    def _code(self, utterance: Utterance) -> str:
        if self.closed:
            return "closed"
        if self.behaviour == "unplugged":
            return "sound_device_away"
        if self.behaviour == "silent":
            return "played_too_fast"
        if utterance.language not in {"vi", "en"}:
            return "no_voice_for_language"
        return "ok" if utterance.text.strip() else "nothing_to_say"
