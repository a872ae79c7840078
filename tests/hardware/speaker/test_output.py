"""Where the sound goes, and knowing whether it went there."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from hardware.errors import DeviceAway, DeviceError, DeviceFault
from hardware.speaker.clips import ClipFolder, clip_name
from hardware.speaker.output import DeviceOutput, FolderOutput, NoOutput, WhicheverOutput, file_label, sound_cards
from hardware.speaker.port import Heard, Outcome
from hardware.speaker.sound import chime, from_wav, wav_bytes


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(chime(22050)))
    return path


def player(folder: Path, script: str) -> str:
    path = folder / "player"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_a_player_that_takes_the_time_of_the_sound_has_played(tmp_path: Path, clip: Path) -> None:
    played = await DeviceOutput(program=player(tmp_path, "sleep 0.4")).play(clip, 0.4, "a")
    assert (played.outcome, played.code) == ("played", "ok")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo 'audio open error: No such device' >&2; exit 1", "sound_device_away"),
        ("exit 0", "played_too_fast"),
    ],
)
async def test_a_player_that_fails_is_never_silent_about_it(script: str, code: str, tmp_path: Path, clip: Path) -> None:
    with pytest.raises(DeviceAway) as caught:
        await DeviceOutput(program=player(tmp_path, script)).play(clip, 1.0, "a")
    assert caught.value.code == code


async def test_a_missing_player_is_a_fault(clip: Path) -> None:
    output = DeviceOutput(program="no-such-player")
    assert output.code() == "player_missing"
    with pytest.raises(DeviceFault) as caught:
        await output.play(clip, 1.0, "a")
    assert caught.value.code == "player_missing"


async def test_the_player_is_handed_the_device_and_the_file(tmp_path: Path, clip: Path) -> None:
    told = tmp_path / "told"
    output = DeviceOutput("plughw:1,0", program=player(tmp_path, f'echo "$@" > {told}'), timed=False)
    await output.play(clip, 1.0, "a")
    assert told.read_text().split() == ["-q", "-D", "plughw:1,0", str(clip)]


async def test_files_are_numbered_named_and_bounded(tmp_path: Path, clip: Path) -> None:
    folder = tmp_path / "out"
    output = FolderOutput(folder, keep=3)
    for number in range(5):
        played = await output.play(clip, 1.0, f"A01{number} room 5")
        assert played.outcome == "written"
        assert played.file is not None
        assert from_wav(await asyncio.to_thread(played.file.read_bytes)) == chime(22050)
    assert [path.name for path in sorted(folder.iterdir())] == [
        "00003-A012-room-5.wav",
        "00004-A013-room-5.wav",
        "00005-A014-room-5.wav",
    ]


async def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceFault) as caught:
        await FolderOutput(tmp_path / "file" / "x").play(clip, 1.0, "a")
    assert caught.value.code == "folder_not_writable"


async def test_nowhere_says_so(clip: Path) -> None:
    assert NoOutput().code() == "no_sound_device"
    with pytest.raises(DeviceError):
        await NoOutput().play(clip, 1.0, "a")


async def test_a_sound_device_that_is_plugged_in_later_is_used(tmp_path: Path, clip: Path) -> None:
    present = False
    device = DeviceOutput(program=player(tmp_path, "exit 0"), timed=False)
    output = WhicheverOutput(device, FolderOutput(tmp_path / "out", code="no_sound_device"), lambda: present)
    assert ((await output.play(clip, 1.0, "a")).outcome, output.code()) == ("written", "no_sound_device")
    present = True
    assert ((await output.play(clip, 1.0, "a")).outcome, output.code()) == ("played", "ok")


def test_sound_cards_are_counted(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    assert sound_cards(cards) == 0
    cards.write_text("--- no soundcards ---\n")
    assert sound_cards(cards) == 0
    cards.write_text(
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      at 0xf7\n 1 [Speaker ]: USB\n"
    )
    assert sound_cards(cards) == 2


@pytest.mark.parametrize(
    ("label", "name"),
    [("A012-room-5-vi", "A012-room-5-vi"), ("Đ01/../Cấp cứu", "D01-Cap-cuu"), ("", "said"), ("→", "said")],
)
def test_file_names_are_plain(label: str, name: str) -> None:
    assert file_label(label) == name


def test_clips_are_bounded_and_the_unused_go_first(tmp_path: Path) -> None:
    clips = ClipFolder(tmp_path / "clips", most_files=2)
    sound = wav_bytes(chime(22050))
    for name, used in (("old.wav", 1), ("middle.wav", 2), ("new.wav", 3)):
        path = clips.path(name)
        path.write_bytes(sound)
        os.utime(path, (used, used))
    assert clips.find("old.wav") is not None, "finding it marks it as just used"
    clips.forget_oldest()
    assert sorted(path.name for path in (tmp_path / "clips").iterdir()) == ["new.wav", "old.wav"]


def test_a_broken_clip_is_made_anew(tmp_path: Path) -> None:
    clips = ClipFolder(tmp_path)
    clips.path("a.wav").write_bytes(b"RIFF")
    assert clips.find("a.wav") is None
    assert not (tmp_path / "a.wav").exists()
    assert clips.find("never.wav") is None


def test_a_clip_is_named_by_all_that_is_heard() -> None:
    names = {
        clip_name(text, voice, rate, chime=chime)
        for text in ("a", "b")
        for voice in ("x", "y")
        for rate in (140, 150)
        for chime in (True, False)
    }
    assert len(names) == 16


@pytest.mark.parametrize(
    ("outcome", "code", "came_out"),
    [("played", "ok", True), ("written", "ok", True), ("written", "no_sound_device", False), ("failed", "x", False)],
)
def test_a_file_written_for_want_of_a_sound_device_is_no_sound(outcome: Outcome, code: str, came_out: bool) -> None:
    """A speaker without a device was once told to staff as heard: the silent speaker that nobody knows of."""
    assert Heard(outcome, 0.0, 1.0, code=code).ok is came_out
