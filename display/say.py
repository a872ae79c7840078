"""A call as words or as a WAV file, without a server: to hear and to check a voice."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hardware.speaker.open import open_speaker
from hardware.speaker.port import Heard, Utterance
from locales.spoken import spoken_call, spoken_language


class SayFault(Exception):
    """It cannot be said; the text says why."""


def call_words(number: str, room: str, language: str) -> str:
    """The sentence that calls `number` to `room`. Raises SayFault."""
    known = spoken_language(language)
    if known is None:
        raise SayFault(f"nothing is known of how to say numbers in {language!r}")
    try:
        return spoken_call(number, room, known)
    except ValueError:
        raise SayFault("number and room need at least one letter or digit each") from None


def call_to_file(number: str, room: str, language: str, out: Path) -> Heard:
    """Write the call, with its chime, to `out`. Raises SayFault."""
    words = call_words(number, room, language)
    with tempfile.TemporaryDirectory() as folder:
        heard = asyncio.run(_say(Utterance(words, spoken_language(language) or "vi", chime=True), Path(folder)))
        if heard.file is None:
            raise SayFault(f"the voice failed ({heard.code})")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(heard.file.read_bytes())
        except OSError as error:
            raise SayFault(f"{out} cannot be written ({type(error).__name__})") from error
    return heard


async def _say(utterance: Utterance, folder: Path) -> Heard:
    speaker = open_speaker(f"wav:{folder / 'said'}", clips=folder / "clips")
    try:
        return await speaker.say(utterance)
    finally:
        await speaker.close()
