"""Where the sound goes: a sound device through ALSA's aplay, files in a folder, or whichever of the two there is."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
import unicodedata
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hardware.errors import DeviceAway, DeviceFault
from hardware.speaker.port import Outcome

CARDS = Path("/proc/asound/cards")
KEPT_FILES = 500


@dataclass(frozen=True)
class Played:
    outcome: Outcome
    code: str = "ok"
    file: Path | None = None


class Output(Protocol):
    async def play(self, clip: Path, seconds: float, label: str) -> Played:
        """Play or keep the WAV file `clip`. Raises DeviceAway or DeviceFault when people cannot have heard it."""
        ...

    def code(self) -> str:
        """``ok``, ``no_sound_device`` (files are written instead) or ``player_missing``."""
        ...


def sound_cards(cards: Path = CARDS) -> int:
    """How many sound cards ALSA knows."""
    try:
        return len(re.findall(r"^\s*\d+ \[", cards.read_text(encoding="utf-8", errors="replace"), re.MULTILINE))
    except OSError:
        return 0


class DeviceOutput:
    """aplay on one ALSA device. pyttsx3's own ``say`` also uses aplay but ignores that it failed: silence without a
    word. Here its exit code counts, and the time it took: a second of sound takes a second.

    `timed` False is for ALSA devices that swallow sound at once (``null``, ``file``).
    """

    def __init__(self, device: str | None = None, *, program: str = "aplay", timed: bool = True) -> None:
        self._device = device
        self._program = program
        self._timed = timed

    async def play(self, clip: Path, seconds: float, label: str) -> Played:  # noqa: ARG002 - only files have names
        device = ("-D", self._device) if self._device else ()
        started = time.monotonic()
        try:
            process = await asyncio.create_subprocess_exec(
                self._program, "-q", *device, str(clip), stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
            )
        except OSError as error:
            raise DeviceFault("player_missing", f"{self._program}: {error.strerror}") from error
        try:
            async with asyncio.timeout(seconds + 5.0):
                _, complaint = await process.communicate()
        except TimeoutError:
            raise DeviceAway("sound_device_hangs", self._device or "default") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        if process.returncode != 0:
            raise DeviceAway("sound_device_away", complaint.decode("utf-8", "replace").strip()[:200])
        took = time.monotonic() - started
        if self._timed and took < 0.7 * seconds:
            raise DeviceAway("played_too_fast", f"{seconds:.1f} s of sound in {took:.1f} s")
        return Played("played")

    def code(self) -> str:
        return "ok" if shutil.which(self._program) else "player_missing"


class FolderOutput:
    """Numbered WAV files, the newest `keep` of them. `code` says why there are files and no sound."""

    def __init__(self, folder: Path, *, code: str = "ok", keep: int = KEPT_FILES) -> None:
        self._folder = folder
        self._code = code
        self._keep = keep

    async def play(self, clip: Path, seconds: float, label: str) -> Played:  # noqa: ARG002 - takes no time
        try:
            return Played("written", self._code, await asyncio.to_thread(self._write, clip, label))
        except OSError as error:
            raise DeviceFault("folder_not_writable", str(error)) from error

    def code(self) -> str:
        return self._code

    def _write(self, clip: Path, label: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._folder.glob("[0-9][0-9][0-9][0-9][0-9]-*.wav"))
        number = int(kept[-1].name[:5]) + 1 if kept else 1
        target = self._folder / f"{number % 100_000:05d}-{file_label(label)}.wav"
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(clip.read_bytes())
        unfinished.replace(target)
        for old in kept[: max(0, len(kept) + 1 - self._keep)]:
            old.unlink(missing_ok=True)
        return target


class NoOutput:
    """No sound device and no folder: every utterance fails, and says so."""

    async def play(self, clip: Path, seconds: float, label: str) -> Played:  # noqa: ARG002 - there is nowhere
        raise DeviceAway("no_sound_device")

    def code(self) -> str:
        return "no_sound_device"


class WhicheverOutput:
    """The sound device while there is one, looked for each time (one may be plugged in later), else `other`."""

    def __init__(self, device: Output, other: Output, present: Callable[[], bool] | None = None) -> None:
        self._device = device
        self._other = other
        self._present = present or (lambda: sound_cards() > 0)

    async def play(self, clip: Path, seconds: float, label: str) -> Played:
        return await self._now().play(clip, seconds, label)

    def code(self) -> str:
        return self._now().code()

    def _now(self) -> Output:
        return self._device if self._present() and self._device.code() == "ok" else self._other


def file_label(label: str) -> str:
    """`label` as a safe part of a file name: ASCII letters, digits, dashes."""
    plain = unicodedata.normalize("NFKD", label.replace("Đ", "D").replace("đ", "d"))
    return re.sub(r"[^A-Za-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:60] or "said"
