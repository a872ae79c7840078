"""What a loudspeaker is to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from protocol.nouns import DeviceHealth

Outcome: TypeAlias = Literal["played", "written", "failed"]


@dataclass(frozen=True)
class Utterance:
    """One thing to say. `text` is words only: a synthetic voice runs digits together (see ``locales.spoken``)."""

    text: str
    language: str
    """Language of the text: ``vi`` or ``en``."""
    chime: bool = False
    """Two soft tones first."""
    label: str = ""
    """Names the file where one is written (``A012-room-5``): letters, digits, dashes; holds no personal data."""


@dataclass(frozen=True)
class Heard:
    """How an utterance ended. Times are seconds of the monotonic clock."""

    outcome: Outcome
    started_at: float
    ended_at: float
    seconds: float = 0.0
    """Length of the sound."""
    code: str = "ok"
    """Why it failed, or ``no_sound_device`` when it was written because nothing can play it."""
    file: Path | None = None
    """The file that was written."""

    @property
    def ok(self) -> bool:
        """It came out where it was meant to. Files that were written only because nothing can play are no sound: a wall
        that reported them as heard would hide the silent speaker from staff."""
        return self.outcome == "played" or (self.outcome == "written" and self.code == "ok")


class Speaker(Protocol):
    """Says one thing at a time, first come first served; an utterance that has begun is never cut."""

    async def say(self, utterance: Utterance) -> Heard:
        """Say it and come back when it has ended. Never raises for a device that fails: that is an outcome."""
        ...

    async def health(self) -> DeviceHealth:
        """How the speaker is now; starts the voice if it was not, so that the first call is not late."""
        ...

    async def close(self) -> None:
        """Give everything back. A closed speaker says nothing more: its outcome is failed, code ``closed``."""
        ...
