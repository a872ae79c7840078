"""Settings of the display: one typed class, harmless defaults, unknown keys refused, all mistakes told at once.

Read from a TOML file (``--config``) and from the environment (``DENLUOT_DISPLAY_SERVER_URL=...``). The environment
wins. Which zone this display hears is not set here: the server knows it from the pairing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from display.view import ROWS, Style
from locales import languages as known_languages
from protocol.configuration import load_settings
from protocol.paired_device import DeviceSettings

PREFIX = "DENLUOT_DISPLAY_"
Arrow = Literal["up", "up-right", "right", "down-right", "down", "down-left", "left", "up-left"]


class DisplaySettings(DeviceSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)

    speaker: str = "tts:"
    """Address of the loudspeaker: ``tts:`` (sound device, else files), ``tts:device=plughw:0,0``, ``wav:FOLDER``,
    ``fake:``; empty = a silent wall."""
    spoken_folder: Path | None = None
    """Where calls are written as WAV files when there is no sound device; by default ``spoken`` in the home folder."""
    languages: tuple[str, ...] = ("vi", "en")
    """The house's language, and the second one that is shown below it. Calls are spoken in the patient's language
    first, then in the house's."""
    rooms: tuple[str, ...] = ()
    """Show and say calls to these rooms only (ids of rooms); empty = all that this display may hear."""
    screen: bool = True
    """False for a device that only speaks."""
    rows: Annotated[int, Field(ge=6, le=10)] = ROWS
    """How many earlier calls are shown."""
    arrows: dict[str, Arrow] = Field(default_factory=dict)
    """Which way to walk from this wall, by number of room: ``{"12": "left"}``. Others point right."""
    notices: tuple[dict[str, str], ...] = ()
    """The hospital's own notices by language, instead of the ones that come with the program."""
    notice_seconds: Annotated[float, Field(ge=5, le=120)] = 12.0
    """How long a notice stays before the page turns."""
    flash: bool = True
    """A new call flashes for three seconds; false where motion is to be reduced."""
    width: Annotated[int, Field(ge=320, le=8192)] = 1920
    """Pixels of the wall's longer side; of two figures the larger is meant."""
    height: Annotated[int, Field(ge=320, le=8192)] = 1080
    """Pixels of the wall's shorter side."""
    orientation: Literal["landscape", "portrait"] = "landscape"
    """``portrait`` stands the longer side upright."""
    offscreen: bool | None = None
    """Draw without a screen; by default when there is none."""
    fullscreen: bool = False
    """Without a window frame, over the whole screen."""
    pictures_folder: Path | None = None
    """When set, the wall is written here as PNG after each call was drawn."""
    home: Path = Path("var/display")
    """Folder of this display's own files."""

    @model_validator(mode="after")
    def _languages_fit(self) -> DisplaySettings:
        unknown = sorted({language for language in self.languages if language not in known_languages()})
        if unknown:
            raise ValueError(f"no catalogue for the language {', '.join(unknown)}")
        if not 1 <= len(self.languages) <= 2:
            raise ValueError("languages: one or two")
        return self

    @property
    def window(self) -> tuple[int, int]:
        """Width and height of the window as it is turned."""
        short, long = sorted((self.width, self.height))
        return (short, long) if self.orientation == "portrait" else (long, short)

    @property
    def style(self) -> Style:
        return Style(
            languages=self.languages,
            rows=self.rows,
            notices=self.notices,
            arrows=dict(self.arrows),
            flash=self.flash,
            page_s=self.notice_seconds,
        )


def load(config: Path | None = None, given: Mapping[str, Any] | None = None) -> DisplaySettings:
    """Read the settings; what is `given` on the command line wins over all. Raises SettingsFault."""
    return load_settings(DisplaySettings, config, given)
