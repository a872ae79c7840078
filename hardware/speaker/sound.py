"""Sound as numbers: mono, 16 bits, in memory. Pure.

Levels are in dBFS of the highest peak: 0 is full scale. Calls leave here at -3 dBFS whatever the voice, so that a
technician sets the volume once.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from dataclasses import dataclass

FULL = 32767
PEAK_DBFS = -3.0
HEADER_BYTES = 44
_QUIET = 200
"""Below this a sample counts as silence (-44 dBFS)."""


@dataclass(frozen=True)
class Sound:
    samples: array[int]
    rate: int
    """Samples a second."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def peak_dbfs(self) -> float:
        """Highest peak; minus infinity for silence."""
        peak = max(max(self.samples, default=0), -min(self.samples, default=0))
        return 20 * math.log10(peak / FULL) if peak else -math.inf

    @property
    def rms_dbfs(self) -> float:
        if not self.samples:
            return -math.inf
        mean = math.fsum(float(sample) * sample for sample in self.samples) / len(self.samples)
        return 10 * math.log10(mean / FULL**2) if mean else -math.inf


def silence(seconds: float, rate: int) -> Sound:
    return Sound(array("h", bytes(2 * round(seconds * rate))), rate)


def joined(*sounds: Sound) -> Sound:
    """One after the other. All must have the same rate (ValueError)."""
    rates = {sound.rate for sound in sounds}
    if len(rates) != 1:
        raise ValueError(f"sounds of different rates: {sorted(rates)}")
    samples = array("h")
    for sound in sounds:
        samples.extend(sound.samples)
    return Sound(samples, rates.pop())


def trimmed(sound: Sound) -> Sound:
    """Without the silence before and after. A sound that is all silence stays empty."""
    samples = sound.samples
    loud = [index for index in range(0, len(samples), 16) if abs(samples[index]) > _QUIET]
    if not loud:
        return Sound(array("h"), sound.rate)
    margin = sound.rate // 100
    return Sound(samples[max(0, loud[0] - margin) : loud[-1] + margin], sound.rate)


def levelled(sound: Sound, peak_dbfs: float = PEAK_DBFS) -> Sound:
    """The same with its highest peak at `peak_dbfs`."""
    if math.isinf(sound.peak_dbfs):
        return sound
    gain = 10 ** ((peak_dbfs - sound.peak_dbfs) / 20)
    return Sound(array("h", [round(sample * gain) for sample in sound.samples]), sound.rate)


def spoken_clip(sound: Sound) -> Sound:
    """A voice's output made fit to play: its own silences off, level set, a breath before and after."""
    return joined(silence(0.1, sound.rate), levelled(trimmed(sound)), silence(0.25, sound.rate))


def chime(rate: int) -> Sound:
    """Two soft falling tones (E5, C5), 1.1 s: heard over a waiting room, startles nobody."""
    length, second_at = round(1.1 * rate), round(0.42 * rate)
    samples = array("h", bytes(2 * length))
    for frequency, start in ((659.26, 0), (523.25, second_at)):
        for index in range(start, length):
            at = (index - start) / rate
            # Soft attack of 8 ms, then fading like a struck bar; a quiet octave gives it warmth.
            strength = min(at / 0.008, 1.0) * math.exp(-at * 4.2)
            wave_form = math.sin(math.tau * frequency * at) + 0.25 * math.sin(math.tau * 2 * frequency * at)
            samples[index] += round(0.28 * FULL * strength * wave_form)
    fade = round(0.05 * rate)
    for index in range(fade):
        samples[length - 1 - index] = round(samples[length - 1 - index] * index / fade)
    return levelled(Sound(samples, rate), -9.0)


def wav_bytes(sound: Sound) -> bytes:
    """The sound as a whole WAV file."""
    samples = array("h", sound.samples)
    if sys.byteorder == "big":
        samples.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(samples.tobytes())
    return target.getvalue()


def from_wav(data: bytes) -> Sound | None:
    """The sound in a whole WAV file of 16-bit mono, or None when it is something else or not complete yet.

    pyttsx3 comes back before its file is written in 1 to 2 of 100 cases: a short file must never be played.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                return None
            frames, rate = file.getnframes(), file.getframerate()
            content = file.readframes(frames)
    except (wave.Error, EOFError):
        return None
    if frames == 0 or len(content) != 2 * frames or len(data) != HEADER_BYTES + 2 * frames:
        return None
    samples = array("h")
    samples.frombytes(content)
    if sys.byteorder == "big":
        samples.byteswap()
    return Sound(samples, rate)
