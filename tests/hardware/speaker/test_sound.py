"""Sound as numbers: level, silences, chime, and files that are not whole."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.speaker.sound import (
    PEAK_DBFS,
    Sound,
    chime,
    from_wav,
    joined,
    levelled,
    silence,
    spoken_clip,
    trimmed,
    wav_bytes,
)

RATE = 22050
SAMPLES = st.lists(st.integers(-32768, 32767), min_size=1, max_size=2000).map(lambda values: array("h", values))


def tone(seconds: float = 0.5, strength: float = 0.9) -> Sound:
    count = round(seconds * RATE)
    return Sound(array("h", [round(32767 * strength * math.sin(index / 8)) for index in range(count)]), RATE)


@given(SAMPLES)
def test_a_sound_survives_its_file(samples: array[int]) -> None:
    back = from_wav(wav_bytes(Sound(samples, RATE)))
    assert back is not None
    assert (back.samples, back.rate) == (samples, RATE)


@pytest.mark.parametrize("cut", [1, 2, 100, 43, 44])
def test_a_file_that_is_not_whole_is_no_sound(cut: int) -> None:
    """pyttsx3 comes back before its file is complete in one or two of a hundred cases."""
    data = wav_bytes(tone())
    assert from_wav(data[:-cut]) is None
    assert from_wav(data[:cut]) is None
    assert from_wav(b"") is None
    assert from_wav(data + b"more") is None


def test_an_empty_or_stereo_file_is_no_sound() -> None:
    assert from_wav(wav_bytes(Sound(array("h"), RATE))) is None
    stereo = bytearray(wav_bytes(tone()))
    stereo[22] = 2
    assert from_wav(bytes(stereo)) is None


@pytest.mark.parametrize("strength", [0.01, 0.3, 1.0])
def test_every_call_leaves_at_the_same_level(strength: float) -> None:
    assert levelled(tone(strength=strength)).peak_dbfs == pytest.approx(PEAK_DBFS, abs=0.1)


def test_silence_has_no_level_to_set() -> None:
    quiet = silence(0.2, RATE)
    assert levelled(quiet) == quiet
    assert quiet.peak_dbfs == -math.inf
    assert quiet.rms_dbfs == -math.inf
    assert Sound(array("h"), RATE).rms_dbfs == -math.inf


def test_silences_around_words_are_replaced_by_short_ones() -> None:
    said = joined(silence(1.5, RATE), tone(0.5), silence(2.0, RATE))
    assert trimmed(said).seconds == pytest.approx(0.5, abs=0.03)
    clip = spoken_clip(said)
    assert clip.seconds == pytest.approx(0.85, abs=0.05)
    assert max(clip.samples[: RATE // 20]) == 0
    assert trimmed(silence(1.0, RATE)).samples == array("h")


def test_sounds_of_different_rates_are_not_joined() -> None:
    with pytest.raises(ValueError):
        joined(silence(0.1, 22050), silence(0.1, 44100))


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_the_chime_is_short_soft_and_ends_in_silence(rate: int) -> None:
    sound = chime(rate)
    assert 0.8 <= sound.seconds <= 1.3
    assert sound.peak_dbfs == pytest.approx(-9.0, abs=0.1)
    assert sound.rms_dbfs > -30
    assert abs(sound.samples[-1]) < 50
    assert abs(sound.samples[0]) < 50
    jumps = [abs(later - before) for before, later in zip(sound.samples, sound.samples[1:], strict=False)]
    assert max(jumps) < 6000, "a click"
