"""One suite for every loudspeaker: the fake, the voice into files, and the voice through aplay into an ALSA file."""

from __future__ import annotations

import asyncio
import re
import shutil
import stat
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from hardware.errors import DeviceFault
from hardware.speaker.clips import ClipFolder
from hardware.speaker.fake import FakeSpeaker
from hardware.speaker.open import open_speaker
from hardware.speaker.output import DeviceOutput
from hardware.speaker.port import Speaker, Utterance
from hardware.speaker.sound import Sound, from_wav, trimmed
from hardware.speaker.tts import TtsSpeaker
from hardware.speaker.voice import VoiceProcess

VIETNAMESE = "Mời bệnh nhân có số thứ tự A không một hai, vào phòng số năm."
ENGLISH = "Number A, zero one two, please go to room five."
ALSA = """
pcm.!default {{ type plug slave.pcm "kept" }}
pcm.kept {{ type file slave.pcm "nowhere" file "{file}" format "wav" }}
pcm.nowhere {{ type null }}
"""


def alsa_speaker(folder: Path) -> Speaker:
    """aplay with an ALSA whose default device is a file; it takes no time, so the time is not looked at."""
    aplay = shutil.which("aplay")
    if aplay is None:
        pytest.skip("aplay is not installed (apt: alsa-utils)")
    (folder / "asound.conf").write_text(ALSA.format(file=folder / "played.wav"))
    program = folder / "aplay"
    program.write_text(f'#!/bin/sh\nALSA_CONFIG_PATH={folder / "asound.conf"} exec {aplay} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    output = DeviceOutput("default", program=str(program), timed=False)
    return TtsSpeaker(VoiceProcess(), ClipFolder(folder / "clips"), output)


OPENERS: dict[str, Callable[[Path], Speaker]] = {
    "fake": lambda _: FakeSpeaker(),
    "files": lambda folder: open_speaker(f"wav:{folder / 'said'}", clips=folder / "clips"),
    "aplay": alsa_speaker,
}


@pytest.fixture(params=sorted(OPENERS))
async def speaker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Speaker]:
    opened = OPENERS[request.param](tmp_path)
    yield opened
    await opened.close()


async def test_words_are_said_and_timed(speaker: Speaker) -> None:
    for language, text in (("vi", VIETNAMESE), ("en", ENGLISH)):
        heard = await speaker.say(Utterance(text, language, chime=True, label="A012"))
        assert heard.ok
        assert heard.outcome in {"played", "written"}
        assert heard.code == "ok"
        assert heard.started_at <= heard.ended_at
        assert 3.0 < heard.seconds < 10.0


async def test_a_chime_makes_it_longer_by_itself(speaker: Speaker) -> None:
    without = await speaker.say(Utterance(VIETNAMESE, "vi"))
    with_chime = await speaker.say(Utterance(VIETNAMESE, "vi", chime=True))
    assert with_chime.seconds - without.seconds == pytest.approx(1.1, abs=0.02)


async def test_one_at_a_time_first_come_first_served(speaker: Speaker) -> None:
    texts = ["một", "hai ba", "bốn năm sáu"]
    heard = await asyncio.gather(*(speaker.say(Utterance(text, "vi")) for text in texts))
    assert all(one.ok for one in heard)
    for earlier, later in pairwise(heard):
        assert earlier.ended_at <= later.started_at


@pytest.mark.parametrize(
    ("utterance", "code"),
    [(Utterance("  ", "vi"), "nothing_to_say"), (Utterance("soksabai", "km"), "no_voice_for_language")],
)
async def test_what_cannot_be_said_fails_with_a_reason(speaker: Speaker, utterance: Utterance, code: str) -> None:
    heard = await speaker.say(utterance)
    assert (heard.outcome, heard.code) == ("failed", code)
    assert (await speaker.say(Utterance("một", "vi"))).ok, "and the next is said"


async def test_it_tells_that_it_is_well_and_that_it_is_closed(speaker: Speaker) -> None:
    assert (await speaker.health()).state == "ok"
    await speaker.close()
    assert (await speaker.health()).code == "closed"
    assert (await speaker.say(Utterance("một", "vi"))).code == "closed"


# --- the fake misbehaves on request --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "code", "state"),
    [("silent", "played_too_fast", "ok"), ("unplugged", "sound_device_away", "away")],
)
async def test_the_fake_fails_on_request(behaviour: str, code: str, state: str, tmp_path: Path) -> None:
    speaker = open_speaker(f"fake:{behaviour}", clips=tmp_path)
    heard = await speaker.say(Utterance("một", "vi"))
    assert (heard.outcome, heard.code) == ("failed", code)
    assert (await speaker.health()).state == state
    assert isinstance(speaker, FakeSpeaker)
    assert speaker.said == []
    speaker.behaviour = "well"
    assert (await speaker.say(Utterance("một", "vi"))).ok


async def test_the_slow_fake_takes_the_time_of_the_words() -> None:
    heard = await FakeSpeaker("slow").say(Utterance("một", "vi"))
    assert heard.ended_at - heard.started_at >= 0.3


# --- the real sound ------------------------------------------------------------------------------------------------


def read(path: Path | None) -> Sound:
    assert path is not None
    sound = from_wav(path.read_bytes())
    assert sound is not None
    return sound


@pytest.mark.timeout(180)
async def test_forty_calls_are_forty_whole_files(tmp_path: Path) -> None:
    """Lost and cut files were the first fault measured in pyttsx3 (1 to 2 of 100)."""
    from locales.spoken import spoken_call

    speaker = open_speaker(f"wav:{tmp_path / 'said'}", clips=tmp_path / "clips")
    lengths: dict[str, list[tuple[int, float]]] = {"vi": [], "en": []}
    try:
        for number in range(20):
            for language in ("vi", "en"):
                text = spoken_call(f"A{number:03d}", str(number * 7 + 1), language)
                heard = await speaker.say(Utterance(text, language, label=f"A{number:03d}"))
                assert heard.outcome == "written"
                sound = read(heard.file)
                assert sound.seconds == pytest.approx(heard.seconds, abs=0.01)
                assert -9.0 <= sound.peak_dbfs <= -1.0
                assert -32.0 <= sound.rms_dbfs <= -12.0, "neither silent nor a buzz"
                lengths[language].append((len(re.findall(r"\w+", text)), sound.seconds))
    finally:
        await speaker.close()
    assert len(list((tmp_path / "said").glob("*.wav"))) == 40
    for language, measured in lengths.items():
        for words, seconds in measured:
            assert 0.18 < seconds / words < 0.6, f"{language}: {words} words in {seconds:.1f} s"


async def test_more_words_take_longer_and_different_words_differ(tmp_path: Path) -> None:
    speaker = open_speaker(f"wav:{tmp_path / 'said'}", clips=tmp_path / "clips")
    try:
        one, two, three = [
            read((await speaker.say(Utterance(text, "vi"))).file)
            for text in ("không một", "không hai", "không một hai ba")
        ]
    finally:
        await speaker.close()
    assert three.seconds > one.seconds + 0.3
    assert one.samples != two.samples


async def test_a_clip_is_made_once_and_said_again(tmp_path: Path) -> None:
    speaker = open_speaker(f"wav:{tmp_path / 'said'}", clips=tmp_path / "clips")
    try:
        first = await speaker.say(Utterance("một", "vi", chime=True))
        kept = {path: path.stat().st_ino for path in (tmp_path / "clips").iterdir()}
        again = await speaker.say(Utterance("một", "vi", chime=True))
        assert {path: path.stat().st_ino for path in (tmp_path / "clips").iterdir()} == kept
        assert read(first.file).samples == read(again.file).samples
        next(path for path in kept if path.stat().st_size == max(p.stat().st_size for p in kept)).write_bytes(b"cut")
        mended = await speaker.say(Utterance("một", "vi", chime=True))
        assert read(mended.file).samples == read(first.file).samples
    finally:
        await speaker.close()


async def test_what_aplay_played_is_what_was_said(tmp_path: Path) -> None:
    speaker = alsa_speaker(tmp_path)
    try:
        heard = await speaker.say(Utterance(VIETNAMESE, "vi", chime=True))
    finally:
        await speaker.close()
    assert heard.outcome == "played"
    import wave

    with wave.open(str(tmp_path / "played.wav")) as played:
        channels, rate = played.getnchannels(), played.getframerate()
        # ALSA's file device leaves the length in its header open: count what is there.
        frames = ((tmp_path / "played.wav").stat().st_size - 44) / (channels * played.getsampwidth())
    assert frames / rate == pytest.approx(heard.seconds, abs=0.3)


async def test_an_alsa_device_that_does_not_exist_is_told(tmp_path: Path) -> None:
    if shutil.which("aplay") is None:
        pytest.skip("aplay is not installed (apt: alsa-utils)")
    speaker = open_speaker("tts:device=plughw:97,0", clips=tmp_path)
    try:
        heard = await speaker.say(Utterance("một", "vi"))
        assert (heard.outcome, heard.code) == ("failed", "sound_device_away")
        assert (await speaker.health()).state == "away"
    finally:
        await speaker.close()


@pytest.mark.parametrize("address", ["", "tts", "tts:loud", "tts:device=", "wav:", "fake:angry", "camera:0"])
def test_an_unknown_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceFault) as caught:
        open_speaker(address, clips=tmp_path)
    assert caught.value.code == "address_unknown"


def test_the_chime_is_before_the_words() -> None:
    from hardware.speaker.sound import chime, joined, silence

    both = joined(chime(22050), silence(0.5, 22050))
    assert trimmed(both).seconds < chime(22050).seconds + 0.05
