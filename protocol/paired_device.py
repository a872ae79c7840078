"""What every program on a paired device has: the server's address, a key of its own, and how it gets one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from pydantic import Field, SecretStr, TypeAdapter

from protocol.client import ServerClient
from protocol.configuration import ProgramSettings
from protocol.errors import ServerAway, ServerRefused
from protocol.frames import VERSION
from protocol.nouns import Device
from protocol.requests import PairDevice, Paired

Address: TypeAlias = Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")]
NOT_PAIRED = "pair this device first (command: pair)"


class KeyFault(Exception):
    """The device has no key, or cannot keep one. ``str()`` says what to do."""


class DeviceSettings(ProgramSettings):
    """Base of the settings of the programs that run on paired devices."""

    server_url: Address = "http://127.0.0.1:8000"
    """Where the queue server is, without a slash at the end. Not set: where ``pair`` found it."""
    key: SecretStr = SecretStr("")
    """This device's key. Better kept in `key_file`, which ``pair`` writes."""
    key_file: Path | None = None
    """File that holds the key and the server's address; by default ``key`` in the home folder."""
    home: Path = Path("var/device")
    """Folder of this device's own files."""
    log_json: bool = False
    """Log lines as JSON objects, for a log collector."""

    @property
    def key_path(self) -> Path:
        return self.key_file or self.home / "key"


D = TypeVar("D", bound=DeviceSettings)


def as_paired(settings: D) -> D:
    """The settings with what pairing has kept: the key, and the server's address where none is set. Raises KeyFault."""
    if settings.key.get_secret_value():
        return settings
    path = settings.key_path
    try:
        key, *server = path.read_text(encoding="ascii").split()
        kept: dict[str, object] = {"key": SecretStr(key)}
        if server and "server_url" not in settings.model_fields_set:
            kept["server_url"] = TypeAdapter(Address).validate_python(server[0])
    except OSError as error:
        raise KeyFault(f"no device key in {path} ({type(error).__name__}): {NOT_PAIRED}") from error
    except ValueError:  # not shown: the file holds a secret
        raise KeyFault(f"{path} is empty or spoilt: {NOT_PAIRED}") from None
    return settings.model_copy(update=kept)


def keep_pairing(path: Path, key: str, server_url: str) -> None:
    """Keep key and address, a line each, where only this account can read them. Raises KeyFault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(f"{key}\n{server_url}\n")
    except (OSError, UnicodeError) as error:
        raise KeyFault(f"{path} cannot be written ({type(error).__name__})") from error


async def pair_with(settings: DeviceSettings, code: str) -> Device:
    """Exchange the six-digit code for a key, and keep it with the server's address. Raises KeyFault."""
    try:
        request = PairDevice(code=code, protocol_version=VERSION)
    except ValueError:
        raise KeyFault("the code is six digits, as the administrator's screen shows it") from None
    server = ServerClient(settings.server_url, "")
    try:
        answer = await server.post(request)
    except ServerAway as error:
        raise KeyFault(f"{settings.server_url} does not answer") from error
    except ServerRefused as refused:
        raise KeyFault(f"the server refused: {refused.message} ({refused.code})") from refused
    finally:
        await server.close()
    if not isinstance(answer, Paired):
        raise KeyFault("the server's answer was not understood")
    keep_pairing(settings.key_path, answer.key, settings.server_url)
    return answer.device
