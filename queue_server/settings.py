"""Settings of the server: one typed class, harmless defaults, unknown keys refused, all mistakes told at once.

Read from a TOML file (``--config``) and from the environment (``DENLUOT_SERVER_PORT=9000``, nested with two
underscores: ``DENLUOT_SERVER_EMR__BASE_URL=...``). The environment wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from protocol.configuration import ProgramSettings, load_settings
from queue_server.domain.calling import CallingRules
from queue_server.emr.settings import EmrSettings


class ServerSettings(ProgramSettings):
    model_config = SettingsConfigDict(env_prefix="DENLUOT_SERVER_")

    site_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = "main"
    """The campus that this server serves."""
    database_url: SecretStr = SecretStr("sqlite:///var/denluot.sqlite3")
    """``sqlite:///file`` or ``postgresql://user:password@host/name``."""
    host: str = "127.0.0.1"
    """Network address to listen on; ``0.0.0.0`` is all of this machine's."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on."""
    public_address: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] | None = None
    """How staff, phones and devices reach this server; with ``https`` its cookies are sent over TLS only. Default: host
    and port. What the QR of a ticket starts with is a setting of the kiosk (``ticket_address``)."""
    trusted_proxies: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]{2,64}$")], ...] = ()
    """Addresses or networks of the reverse proxies in front (``127.0.0.1``), whose ``X-Forwarded-For`` says who calls;
    nobody else's is believed."""
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    """A staff session ends after this time, whatever happens."""
    session_idle_minutes: Annotated[int, Field(ge=5, le=720)] = 120
    """A staff session ends after this time without a request."""
    overtakes: Annotated[int, Field(ge=0, le=20)] = 3
    """So many priority patients in a row may be called before an ordinary patient who came earlier, where no policy
    is set (policies.md)."""
    recalls: Annotated[int, Field(ge=0, le=20)] = 3
    """A called number may be called again so often; then it is marked as not here."""
    recall_gap_seconds: Annotated[int, Field(ge=0, le=120)] = 15
    """A number is called again at the earliest after this time."""
    return_after: Annotated[int, Field(ge=0, le=20)] = 3
    """Who was not here when called and scans again comes after so many others; 0 is straight to the old place."""
    not_here_after_minutes: Annotated[int, Field(ge=0, le=60)] = 0
    """A number that was called again as often as `recalls` allows is marked as not here by itself so long after its
    last call; 0 is never: only staff do."""
    learn_days: Annotated[int, Field(ge=0, le=60)] = 14
    """Waits are learned from so many business days of the journal (waits.md), read again at each start; 0 is a rule of
    thumb: people ahead times the usual minutes."""
    log_json: bool = False
    """Log lines as JSON objects, for a log collector."""
    emr: EmrSettings = EmrSettings()
    """The record system."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @property
    def calling(self) -> CallingRules:
        after = timedelta(minutes=self.not_here_after_minutes) if self.not_here_after_minutes else None
        return CallingRules(self.recalls, timedelta(seconds=self.recall_gap_seconds), self.return_after, after)

    @property
    def base_address(self) -> str:
        """Base of all addresses that are given out, without a slash at the end."""
        return self.public_address or f"http://{self.host}:{self.port}"

    @property
    def secure_cookies(self) -> bool:
        return self.base_address.startswith("https://")


def load(config: Path | None = None, given: Mapping[str, Any] | None = None) -> ServerSettings:
    """Read the settings; what is `given` on the command line wins over all. Raises SettingsFault."""
    return load_settings(ServerSettings, config, given)
