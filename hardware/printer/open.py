"""Opens a printer by its address."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from hardware.errors import DeviceFault
from hardware.printer.escpos import EscposPrinter, Patience
from hardware.printer.fake import FakePrinter
from hardware.printer.fake_head import FAULTS
from hardware.printer.port import Printer
from hardware.printer.profiles import Profile, profile_named
from hardware.printer.wire import FileWire, NetworkWire, SerialWire, UsbWire, file_ready

_TCP = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?")
_USB = re.compile(r"(?P<vendor>[0-9A-Fa-f]{4}):(?P<product>[0-9A-Fa-f]{4})")
RAW_PORT = 9100
USUAL_BAUD = 115200

Options = dict[str, str]


def open_printer(address: str, profile: str | Profile = "generic-80", *, patience: Patience | None = None) -> Printer:
    """A printer by address; nothing is connected before it is used.

    ==========================================  ===================================================================
    ``tcp:printer-1:9100``, ``tcp:[fe80::1]``   raw port of a network printer; the port may be left out
    ``serial:/dev/ttyUSB0?baud=115200``         serial or USB-CDC
    ``usb:04b8:0e15?in=82&out=01``              vendor and product; endpoints (hexadecimal) only where they are odd
    ``file:/dev/usb/lp0``                       a device file, or a file that holds the newest slip; cannot be asked
    ``fake:``, ``fake:?fault=paper_out``        a fake printer of its own
    ==========================================  ===================================================================

    Raises DeviceFault ``bad_address`` or ``unknown_profile``.
    """
    chosen = profile if isinstance(profile, Profile) else profile_named(profile)
    scheme, _, rest = address.partition(":")
    place, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    openers: dict[str, Callable[[str, Options, Profile, Patience], Printer]] = {
        "tcp": _tcp,
        "serial": _serial,
        "usb": _usb,
        "file": _file,
        "fake": _fake,
    }
    if scheme not in openers:
        raise DeviceFault("bad_address", f"{address!r}: begins with one of {', '.join(openers)}")
    try:
        return openers[scheme](place, options, chosen, patience or Patience())
    except ValueError as error:
        raise DeviceFault("bad_address", f"{address!r}: {error}") from error


def _known(options: Options, *names: str) -> None:
    unknown = sorted(set(options) - set(names))
    if unknown:
        raise ValueError(f"unknown option {', '.join(unknown)}")


def _tcp(place: str, options: Options, profile: Profile, patience: Patience) -> Printer:
    _known(options)
    match = _TCP.fullmatch(place)
    port = int((match and match["port"]) or RAW_PORT)
    if match is None or not 0 < port < 65536:
        raise ValueError("tcp:host or tcp:host:port is needed")
    host = match["six"] or match["host"]
    return EscposPrinter(lambda: NetworkWire(host, port), profile, patience=patience)


def _serial(place: str, options: Options, profile: Profile, patience: Patience) -> Printer:
    _known(options, "baud")
    baud = int(options.get("baud", USUAL_BAUD))
    if not place or not 1200 <= baud <= 4_000_000:
        raise ValueError("serial:/dev/name or serial:/dev/name?baud=115200 is needed")
    # Ten bits on the line for a byte.
    return EscposPrinter(lambda: SerialWire(place, baud), profile, patience=patience, bytes_per_s=baud / 10)


def _usb(place: str, options: Options, profile: Profile, patience: Patience) -> Printer:
    _known(options, "in", "out")
    match = _USB.fullmatch(place)
    if match is None:
        raise ValueError("usb:vendor:product in four hexadecimal digits each is needed")
    vendor, product = int(match["vendor"], 16), int(match["product"], 16)
    inward, outward = (int(options[name], 16) if name in options else None for name in ("in", "out"))
    return EscposPrinter(lambda: UsbWire(vendor, product, inward, outward), profile, patience=patience)


def _file(place: str, options: Options, profile: Profile, patience: Patience) -> Printer:
    _known(options)
    if not place:
        raise ValueError("file:/path is needed")
    return EscposPrinter(lambda: FileWire(place), profile, patience=patience, look=lambda: file_ready(place))


def _fake(place: str, options: Options, profile: Profile, patience: Patience) -> Printer:
    _known(options, "fault")
    fault = next((one for one in FAULTS if one == options.get("fault", "none")), None)
    if place or fault is None:
        raise ValueError(f"fake: or fake:?fault= with one of {', '.join(FAULTS)} is needed")
    fake = FakePrinter()
    fake.start()
    fake.misbehave(fault)
    return EscposPrinter(lambda: NetworkWire("127.0.0.1", fake.port), profile, patience=patience, on_close=fake.stop)
