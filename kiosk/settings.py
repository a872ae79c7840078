"""Settings of the kiosk: one typed class, harmless defaults, unknown keys refused, all mistakes told at once.

Read from a TOML file (``--config``) and from the environment (``DENLUOT_KIOSK_SERVER_URL=...``). The environment wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from kiosk.state import Place
from locales import languages as known_languages
from protocol.configuration import load_settings
from protocol.paired_device import Address, DeviceSettings

PREFIX = "DENLUOT_KIOSK_"
Arrow = Literal[
    "arrow-up",
    "arrow-up-right",
    "arrow-right",
    "arrow-down-right",
    "arrow-down",
    "arrow-down-left",
    "arrow-left",
    "arrow-up-left",
    "map-pin",
]


class KioskSettings(DeviceSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)

    scanner: str = "fake:"
    """Address of the card reader: ``camera:0``, ``video:FILE``, ``http://...``, ``serial:/dev/ttyACM0``, ``fake:``."""
    printer: str = "fake:"
    """Address of the ticket printer: ``tcp:HOST:9100``, ``usb:04b8:0e15``, ``serial:...``, ``file:...``, ``fake:``."""
    printer_profile: str = "generic-80"
    """Paper width and abilities of the printer, by the name of a profile."""
    language: str = "vi"
    """Language of the screen when nobody is here."""
    languages: tuple[str, ...] = ("vi", "en")
    """Languages that can be chosen, in this order."""
    ticket_address: Address | None = None
    """What the QR code of a ticket begins with, when phones reach the server by another address than the kiosk."""
    arrows: dict[str, Arrow] = Field(default_factory=dict)
    """Which way to walk from this kiosk: from room id, zone id or ``floor:2`` to the arrow's icon."""
    width: Annotated[int, Field(ge=320, le=8192)] = 1080
    """Width of the screen in pixels."""
    height: Annotated[int, Field(ge=320, le=8192)] = 1920
    """Height of the screen in pixels."""
    orientation: Literal["portrait", "landscape"] = "portrait"
    """``landscape`` swaps width and height."""
    offscreen: bool | None = None
    """Draw without a screen; by default when there is none."""
    fullscreen: bool = False
    """Without a window frame, over the whole screen."""
    motion: Literal["auto", "full", "reduced"] = "auto"
    """Whether pictures move; ``auto`` = they do where somebody can see them."""
    home: Path = Path("var/kiosk")
    """Folder of this kiosk's own files."""

    @model_validator(mode="after")
    def _languages_fit(self) -> KioskSettings:
        unknown = [language for language in (*self.languages, self.language) if language not in known_languages()]
        if unknown:
            raise ValueError(f"no catalogue for the language {', '.join(sorted(set(unknown)))}")
        if self.language not in self.languages:
            raise ValueError("language must be one of languages")
        return self

    @property
    def window(self) -> tuple[int, int]:
        """Width and height of the window as it is turned."""
        short, long = sorted((self.width, self.height))
        return (short, long) if self.orientation == "portrait" else (long, short)

    @property
    def spool_path(self) -> Path:
        """Numbers given while the server was away, and not yet told."""
        return self.home / "spool.sqlite3"

    @property
    def spool_key_path(self) -> Path:
        """What opens them: beside this kiosk's key."""
        return self.key_path.with_name("spool-key")

    @property
    def place(self) -> Place:
        """What the journey knows of this kiosk."""
        return Place(
            languages=self.languages,
            language=self.language,
            address_base=self.ticket_address or self.server_url,
            arrows=tuple(self.arrows.items()),
        )


def load(config: Path | None = None, given: Mapping[str, Any] | None = None) -> KioskSettings:
    """Read the settings; what is `given` on the command line wins over all. Raises SettingsFault."""
    return load_settings(KioskSettings, config, given)
