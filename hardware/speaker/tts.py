"""The synthetic voice: pyttsx3 on espeak-ng, in a process of its own, with its clips kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from hardware.errors import DeviceError, DeviceFault
from hardware.speaker.clips import ClipFolder, clip_name
from hardware.speaker.output import Output, Played
from hardware.speaker.port import Heard, Utterance
from hardware.speaker.sound import Sound, chime, joined, wav_bytes
from hardware.speaker.voice import VoiceProcess
from protocol.nouns import DeviceHealth, HealthState

log = logging.getLogger(__name__)
VOICES: Mapping[str, str] = {"vi": "aav/vi", "en": "gmw/en"}
"""espeak-ng's voice of each language."""
WORDS_A_MINUTE = 140
"""Slower than the 200 of the voice itself: a hall echoes, and many listeners are old."""
_STATES: Mapping[str, HealthState] = {"ok": "ok", "no_sound_device": "warning", "player_missing": "fault"}


class TtsSpeaker:
    """Says words with the synthetic voice through an output. Nothing runs before the first utterance or `health`."""

    def __init__(
        self,
        voice: VoiceProcess,
        clips: ClipFolder,
        output: Output,
        *,
        voices: Mapping[str, str] = VOICES,
        rate: int = WORDS_A_MINUTE,
    ) -> None:
        self._voice = voice
        self._clips = clips
        self._output = output
        self._voices = voices
        self._rate = rate
        self._one_at_a_time = asyncio.Lock()
        self._failed: DeviceError | None = None
        self._closed = False

    async def say(self, utterance: Utterance) -> Heard:
        async with self._one_at_a_time:
            started = time.monotonic()
            seconds = 0.0
            try:
                if self._closed:
                    raise DeviceFault("closed")
                path, seconds = await self._clip(utterance)
                played = await self._output.play(path, seconds, self._label(utterance))
                self._failed = None
            except DeviceError as error:
                log.warning("not_said code=%s detail=%s", error.code, error.detail)
                self._failed = error
                played = Played("failed", error.code)
            return Heard(played.outcome, started, time.monotonic(), seconds, played.code, played.file)

    async def health(self) -> DeviceHealth:
        try:
            if self._closed:
                raise DeviceFault("closed")
            await self._voice.ready()
        except DeviceFault as error:
            return DeviceHealth(part="speaker", state="fault", code=error.code, detail=error.detail)
        if self._failed is not None:
            state: HealthState = "fault" if isinstance(self._failed, DeviceFault) else "away"
            return DeviceHealth(part="speaker", state=state, code=self._failed.code, detail=self._failed.detail)
        code = self._output.code()
        return DeviceHealth(part="speaker", state=_STATES.get(code, "warning"), code=code)

    async def close(self) -> None:
        self._closed = True
        await self._voice.close()

    async def _clip(self, utterance: Utterance) -> tuple[Path, float]:
        """The file to play and its length in seconds: from the kept clips, or made now."""
        voice = self._voices.get(utterance.language)
        if voice is None:
            raise DeviceFault("no_voice_for_language", utterance.language)
        if not utterance.text.strip():
            raise DeviceFault("nothing_to_say")
        plain = clip_name(utterance.text, voice, self._rate, chime=False)
        wanted = clip_name(utterance.text, voice, self._rate, chime=utterance.chime)
        kept = await asyncio.to_thread(self._clips.find, wanted)
        if kept is not None:
            return self._clips.path(wanted), kept.seconds
        try:
            sound = await asyncio.to_thread(self._clips.find, plain)
            if sound is None:
                path = await asyncio.to_thread(self._clips.path, plain)
                await self._voice.make(utterance.text, voice, self._rate, path)
                sound = await asyncio.to_thread(self._clips.find, plain)
            if sound is None:
                raise DeviceFault("voice_failed", "the clip is not whole")
            if utterance.chime:
                sound = await asyncio.to_thread(self._with_chime, sound, wanted)
            await asyncio.to_thread(self._clips.forget_oldest)
        except OSError as error:
            raise DeviceFault("clip_not_written", str(error)) from error
        return self._clips.path(wanted), sound.seconds

    def _with_chime(self, words: Sound, name: str) -> Sound:
        whole = joined(_chime(words.rate), words)
        path = self._clips.path(name)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(wav_bytes(whole))
        unfinished.replace(path)
        return whole

    @staticmethod
    def _label(utterance: Utterance) -> str:
        return f"{utterance.label or utterance.text[:40]}-{utterance.language}"


@lru_cache(maxsize=4)
def _chime(rate: int) -> Sound:
    return chime(rate)
