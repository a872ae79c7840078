"""The worker process of the voice: what happens when it hangs, dies, talks nonsense or is not there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from hardware.errors import DeviceFault
from hardware.speaker.sound import from_wav
from hardware.speaker.voice import VoiceProcess

READY = "import sys, time, os, pathlib; print('{\"ready\": true}', flush=True)\n"
ANSWER = "[print('{\"seconds\": 1.0}', flush=True) for line in sys.stdin]"


def worker(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", READY + code


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def hangs_the_first_time(mark: Path) -> tuple[str, ...]:
    return worker(
        f"mark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists():\n    mark.touch()\n    sys.stdin.readline()\n    time.sleep(60)\n" + ANSWER
    )


async def test_the_real_voice_writes_a_whole_file(tmp_path: Path) -> None:
    voice = VoiceProcess()
    try:
        await voice.make("không một hai", "aav/vi", 140, tmp_path / "a.wav")
        sound = from_wav((tmp_path / "a.wav").read_bytes())
        assert sound is not None
        assert 0.8 < sound.seconds < 3.0
        assert names(tmp_path) == ["a.wav"], "no half-written file stays"
    finally:
        await voice.close()


async def test_a_voice_that_does_not_exist_is_a_fault_and_the_worker_goes_on(tmp_path: Path) -> None:
    voice = VoiceProcess()
    try:
        with pytest.raises(DeviceFault) as caught:
            await voice.make("one", "gmw/klingon", 140, tmp_path / "a.wav")
        assert caught.value.code == "voice_failed"
        await voice.make("one", "gmw/en", 140, tmp_path / "b.wav")
        assert (tmp_path / "b.wav").exists()
        assert voice.starts == 1
    finally:
        await voice.close()


async def test_a_place_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    voice = VoiceProcess()
    try:
        with pytest.raises(DeviceFault) as caught:
            await voice.make("one", "gmw/en", 140, tmp_path / "nowhere" / "a.wav")
        assert caught.value.code in {"clip_not_written", "voice_failed"}
    finally:
        await voice.close()


async def test_a_worker_that_hangs_is_replaced_once(tmp_path: Path) -> None:
    voice = VoiceProcess(hangs_the_first_time(tmp_path / "mark"), timeout_s=0.6)
    try:
        await voice.make("one", "en", 140, tmp_path / "a.wav")
        assert voice.starts == 2
    finally:
        await voice.close()


def loses_the_sound(mark: Path, times: int) -> tuple[str, ...]:
    """Each start leaves a mark; the first `times` workers answer that their engine wrote no whole sound."""
    return worker(
        f"folder = pathlib.Path({str(mark)!r})\nfolder.mkdir(exist_ok=True)\n(folder / str(os.getpid())).touch()\n"
        f"lost = len(list(folder.iterdir())) <= {times}\n"
        "import json\nwords = {'error': 'clip_incomplete'} if lost else {'seconds': 1.0}\n"
        "for line in sys.stdin:\n    print(json.dumps(words), flush=True)"
    )


async def test_a_call_whose_sound_was_lost_is_tried_once_more(tmp_path: Path) -> None:
    """On a busy machine pyttsx3 wrote no sound for one call of forty: it stayed unsaid."""
    voice = VoiceProcess(loses_the_sound(tmp_path / "starts", 1))
    try:
        await voice.make("one", "en", 140, tmp_path / "a.wav")
        assert voice.starts == 2
    finally:
        await voice.close()


async def test_a_sound_that_is_lost_twice_is_a_fault_by_name(tmp_path: Path) -> None:
    voice = VoiceProcess(loses_the_sound(tmp_path / "starts", 2))
    try:
        with pytest.raises(DeviceFault) as caught:
            await voice.make("one", "en", 140, tmp_path / "a.wav")
        assert caught.value.code == "clip_incomplete"
        await voice.make("one", "en", 140, tmp_path / "a.wav")
    finally:
        await voice.close()


async def test_a_worker_that_always_hangs_is_a_fault(tmp_path: Path) -> None:
    voice = VoiceProcess(worker("time.sleep(60)"), timeout_s=0.4)
    with pytest.raises(DeviceFault) as caught:
        await voice.make("one", "en", 140, tmp_path / "a.wav")
    assert caught.value.code == "voice_failed"
    await voice.close()


@pytest.mark.parametrize("code", ["sys.stdin.readline()", "sys.stdin.readline(); print('what', flush=True)"])
async def test_a_worker_that_dies_or_talks_nonsense_is_a_fault(code: str, tmp_path: Path) -> None:
    voice = VoiceProcess(worker(code), timeout_s=2.0)
    with pytest.raises(DeviceFault):
        await voice.make("one", "en", 140, tmp_path / "a.wav")
    assert voice.starts == 2
    await voice.close()


async def test_a_worker_that_cannot_start_its_engine_says_so() -> None:
    broken = sys.executable, "-c", 'print(\'{"error": "voice_missing", "detail": "no library"}\')'
    voice = VoiceProcess(broken)
    with pytest.raises(DeviceFault) as caught:
        await voice.ready()
    assert caught.value.code == "voice_missing"
    missing = VoiceProcess(("/no/such/program",))
    with pytest.raises(DeviceFault) as caught:
        await missing.ready()
    assert caught.value.code == "voice_missing"


async def test_a_wish_that_was_given_up_does_not_answer_the_next(tmp_path: Path) -> None:
    voice = VoiceProcess(hangs_the_first_time(tmp_path / "mark"), timeout_s=30)
    try:
        given_up = asyncio.create_task(voice.make("one", "en", 140, tmp_path / "a.wav"))
        while not (tmp_path / "mark").exists():  # noqa: ASYNC110 - the worker has begun
            await asyncio.sleep(0.02)
        given_up.cancel()
        await asyncio.wait([given_up])
        await voice.make("two", "en", 140, tmp_path / "b.wav")
        assert voice.starts == 2
    finally:
        await voice.close()
