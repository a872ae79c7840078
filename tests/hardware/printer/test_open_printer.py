from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hardware.errors import DeviceFault
from hardware.printer.escpos import Patience
from hardware.printer.open import open_printer
from hardware.printer.profiles import load_profiles, profile_named
from hardware.printer.status import CODES
from hardware.printer.wire import printer_endpoints
from tests.hardware.printer.samples import SMALL, quick


@pytest.mark.parametrize(
    "address",
    [
        "tcp:printer-1:9100",
        "tcp:192.0.2.1",
        "tcp:[::1]:9100",
        "serial:/dev/ttyUSB0?baud=9600",
        "serial:/dev/ttyACM0",
        "usb:04b8:0e15",
        "usb:04B8:0E15?in=82&out=02",
        "file:/dev/usb/lp0",
    ],
)
async def test_addresses_are_understood_and_nothing_is_connected_yet(address: str) -> None:
    await open_printer(address).close()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "lpr:printer",
        "tcp:",
        "tcp:printer:0",
        "tcp:printer:99999",
        "tcp:a b",
        "tcp:printer:9100:1",
        "serial:",
        "serial:/dev/ttyUSB0?baud=fast",
        "serial:/dev/ttyUSB0?parity=even",
        "usb:4b8:e15",
        "usb:04b8:0e15?in=zz",
        "file:",
        "fake:?fault=on_fire",
        "fake:here",
    ],
)
def test_addresses_that_mean_nothing_are_refused(address: str) -> None:
    with pytest.raises(DeviceFault) as refused:
        open_printer(address)
    assert refused.value.code == "bad_address"


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeviceFault) as refused:
        open_printer("fake:", "epson-tm-u220")
    assert refused.value.code == "unknown_profile"
    assert "generic-80" in refused.value.detail


def test_profiles_print_whole_bytes() -> None:
    for profile in load_profiles().values():
        assert profile.width % 8 == 0
    assert (profile_named("generic-80").width, profile_named("generic-58").width) == (576, 384)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("tcp:127.0.0.1:1", "no_answer"),
        ("tcp:nowhere.invalid:9100", "no_answer"),
        ("serial:/dev/no-such-port", "unplugged"),
        ("file:/no/such/folder/lp0", "unplugged"),
    ],
)
async def test_what_is_not_there_is_away(address: str, code: str) -> None:
    printer = open_printer(address, quick(), patience=Patience(answer_s=0.2))
    outcome, health = await printer.print(SMALL), await printer.health()
    assert (outcome.outcome, outcome.code) == ("failed", code)
    assert (health.state, health.code) == ("away", code)


async def test_a_usb_printer_that_is_not_on_the_bus_is_named() -> None:
    """All that can be tried without a printer: it is unplugged, or libusb is not installed here."""
    printer = open_printer("usb:04b8:ffff", quick())
    outcome, health = await printer.print(SMALL), await printer.health()
    assert outcome.outcome == "failed"
    assert outcome.code == health.code
    assert health.code in ("unplugged", "no_usb_library", "not_permitted")
    assert health.state == CODES[health.code]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_file_that_may_not_be_written_needs_staff(tmp_path: Path) -> None:
    file = tmp_path / "lp0"
    file.touch(mode=0o400)
    printer = open_printer(f"file:{file}", quick())
    assert (await printer.print(SMALL)).code == (await printer.health()).code == "not_permitted"


@dataclass
class Descriptor:
    """As pyusb shows a device, its configurations, interfaces and endpoints."""

    inside: list[Descriptor] = field(default_factory=list)
    bInterfaceClass: int = 0
    bEndpointAddress: int = 0

    def __iter__(self) -> object:
        return iter(self.inside)


def test_endpoints_are_those_of_the_printer_interface() -> None:
    keyboard = Descriptor([Descriptor(bEndpointAddress=0x81)], bInterfaceClass=3)
    ends = [Descriptor(bEndpointAddress=0x03), Descriptor(bEndpointAddress=0x84)]
    assert printer_endpoints(Descriptor([Descriptor([keyboard, Descriptor(ends, bInterfaceClass=7)])])) == (0x84, 0x03)
    assert printer_endpoints(Descriptor([Descriptor([keyboard])])) == (0x82, 0x01)
