"""Clips that were made once and are said again: a bounded folder of WAV files named by what is in them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from hardware.speaker.sound import Sound, from_wav

MOST_FILES = 400
MADE_BY = "1"
"""Changes when clips are made differently, so that older ones are made anew."""


def clip_name(text: str, voice: str, rate: int, *, chime: bool) -> str:
    told = "\x1f".join((MADE_BY, voice, str(rate), "chime" if chime else "", text))
    return hashlib.sha256(told.encode()).hexdigest()[:32] + ".wav"


class ClipFolder:
    """At most `most_files` clips; the ones not used for longest go first. Blocking: call it in a thread."""

    def __init__(self, folder: Path, most_files: int = MOST_FILES) -> None:
        self._folder = folder
        self._most_files = most_files

    def path(self, name: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / name

    def find(self, name: str) -> Sound | None:
        """The clip, marked as just used; None when there is none or its file is not whole (it is then removed)."""
        path = self._folder / name
        try:
            sound = from_wav(path.read_bytes())
            if sound is None:
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError:
            return None
        return sound

    def forget_oldest(self) -> None:
        clips = sorted(self._folder.glob("*.wav"), key=lambda path: path.stat().st_mtime)
        for path in clips[: max(0, len(clips) - self._most_files)]:
            path.unlink(missing_ok=True)
