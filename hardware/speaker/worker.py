"""The one process that talks to pyttsx3: ``python -m hardware.speaker.worker``.

Why a process: pyttsx3 hangs for ever when two threads use it, may lose or cut a file, and prints to standard output.
Here it has one thread, one job at a time, and a parent that ends it when it does not answer.

Lines of JSON. First out: ``{"ready": true}`` or ``{"error": code, "detail": ...}``. Then for each
``{"text", "voice", "rate", "path"}`` in, ``{"seconds": 3.9}`` or ``{"error": code, "detail": ...}`` out. The file at
``path`` appears whole or not at all. Ends when its standard input does.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from hardware.speaker.sound import Sound, from_wav, spoken_clip, wav_bytes

WRITTEN_WITHIN_S = 3.0


class VoiceFailed(Exception):
    """``code`` as in the answers."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def start_engine() -> Any:
    """pyttsx3's engine on the espeak-ng that its wheel brings: nothing needs to be installed on the machine."""
    try:
        import espeakng_loader

        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
        os.environ["ESPEAK_DATA_PATH"] = str(espeakng_loader.get_data_path())
        import pyttsx3

        return pyttsx3.init("espeak")
    except (ImportError, OSError, RuntimeError) as error:
        raise VoiceFailed("voice_missing", f"{type(error).__name__}: {error}") from error


def speak_to_file(engine: Any, text: str, voice: str, rate: int, path: Path) -> Sound:
    """Write the clip to `path`, trimmed and levelled. One text per run: of several, pyttsx3 writes only the last."""
    if not path.parent.is_dir():
        raise VoiceFailed("clip_not_written", f"no folder {path.parent.name}")
    raw = path.with_name(f".{path.name}.{os.getpid()}.raw")
    try:
        engine.setProperty("voice", voice)
        engine.setProperty("rate", rate)
        engine.save_to_file(text, str(raw))
        engine.runAndWait()
        # pyttsx3 swallows an unknown voice and goes on with the one before: Vietnamese words in an English mouth.
        if engine.getProperty("voice") != voice:
            raise VoiceFailed("voice_failed", f"no voice {voice}")
        clip = spoken_clip(_complete(raw))
        whole = path.with_name(f".{path.name}.{os.getpid()}.part")
        whole.write_bytes(wav_bytes(clip))
        whole.replace(path)
        return clip
    except (ValueError, AssertionError) as error:
        raise VoiceFailed("voice_failed", f"{type(error).__name__}: {error}") from error
    except OSError as error:
        raise VoiceFailed("clip_not_written", str(error)) from error
    finally:
        raw.unlink(missing_ok=True)


def _complete(raw: Path) -> Sound:
    """``runAndWait`` can come back before the file is written: wait until header and size agree."""
    until = time.monotonic() + WRITTEN_WITHIN_S
    while time.monotonic() < until:
        if raw.exists():
            sound = from_wav(raw.read_bytes())
            if sound is not None and sound.peak_dbfs > -40:
                return sound
        time.sleep(0.005)
    raise VoiceFailed("clip_incomplete", "no complete sound in time")


def serve(lines: TextIO, answers: TextIO) -> None:
    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    try:
        engine = start_engine()
    except VoiceFailed as failed:
        answer(error=failed.code, detail=failed.detail)
        return
    answer(ready=True)
    for line in lines:
        wish = json.loads(line)
        try:
            clip = speak_to_file(engine, wish["text"], wish["voice"], wish["rate"], Path(wish["path"]))
        except VoiceFailed as failed:
            answer(error=failed.code, detail=failed.detail)
        else:
            answer(seconds=round(clip.seconds, 3))


def main() -> None:
    # pyttsx3 prints "Audio saved to ...": only our answers may reach the parent.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    with answers:
        serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
