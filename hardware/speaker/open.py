"""Opening a loudspeaker by its address."""

from __future__ import annotations

from pathlib import Path

from hardware.errors import DeviceFault
from hardware.speaker.clips import ClipFolder
from hardware.speaker.fake import FakeSpeaker
from hardware.speaker.output import DeviceOutput, FolderOutput, NoOutput, Output, WhicheverOutput
from hardware.speaker.port import Speaker
from hardware.speaker.tts import TtsSpeaker
from hardware.speaker.voice import VoiceProcess


def open_speaker(address: str, *, clips: Path, folder: Path | None = None) -> Speaker:
    """The loudspeaker at `address`; nothing is started before it is used.

    ``tts:``                 synthetic voice on the sound device while there is one, else files in `folder`
    ``tts:device=NAME``      synthetic voice on this ALSA device (``aplay -L`` lists them)
    ``wav:/folder``          synthetic voice into files in that folder
    ``fake:``                no sound; ``fake:silent``, ``fake:slow``, ``fake:unplugged`` misbehave

    `clips` is the folder of this program for clips that were made once. Raises DeviceFault ``address_unknown``.
    """
    kind, colon, rest = address.partition(":")
    if not colon:
        raise DeviceFault("address_unknown", address)
    if kind == "fake" and rest in {"", "well"}:
        return FakeSpeaker()
    if kind == "fake" and rest in {"silent", "slow", "unplugged"}:
        return FakeSpeaker(rest)  # type: ignore[arg-type]  # one of the three, as just asked
    if kind == "wav" and rest:
        return _voice(clips, FolderOutput(Path(rest)))
    if kind == "tts" and not rest:
        other: Output = FolderOutput(folder, code="no_sound_device") if folder else NoOutput()
        return _voice(clips, WhicheverOutput(DeviceOutput(), other))
    if kind == "tts" and rest.startswith("device=") and rest != "device=":
        return _voice(clips, DeviceOutput(rest.removeprefix("device=")))
    raise DeviceFault("address_unknown", address)


def _voice(clips: Path, output: Output) -> Speaker:
    return TtsSpeaker(VoiceProcess(), ClipFolder(clips), output)
