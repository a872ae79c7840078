"""A scanner by its address: ``camera:0``, ``video:walk.mp4?loop=1``, ``http://host/stream``,
``serial:/dev/ttyACM0?baud=115200``, ``fake:``."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from hardware.errors import DeviceFault
from hardware.scanner.camera import CameraScanner, DeviceCamera, Stream, VideoFile
from hardware.scanner.fake import FakeScanner
from hardware.scanner.port import Scanner
from hardware.scanner.serial import SerialScanner


def open_scanner(address: str) -> Scanner:
    """Not open yet: ``await scanner.open()`` starts it. Raises DeviceFault ``unknown_address`` or ``bad_address``."""
    kind, _, rest = address.partition(":")
    where, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    try:
        match kind:
            case "http" | "https":
                return CameraScanner(_without_secrets(address), Stream(address))
            case "fake":
                return FakeScanner()
            case "camera":
                return CameraScanner(address, _camera(where, options))
            case "video" if where:
                return CameraScanner(address, VideoFile(where, loop=options.get("loop") == "1"))
            case "serial" if where:
                return SerialScanner(where, int(options.get("baud", "115200")))
    except ValueError as wrong:
        raise DeviceFault("bad_address", kind) from wrong
    raise DeviceFault("unknown_address", kind)


def _camera(where: str, options: Mapping[str, str]) -> DeviceCamera:
    sizes = {name: int(options[name]) for name in ("width", "height") if name in options}
    return DeviceCamera(int(where), **sizes)


def _without_secrets(url: str) -> str:
    """A stream's address may hold a password or a token, which must not reach logs or health."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
