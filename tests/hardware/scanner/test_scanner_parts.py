"""The pure parts of the drivers, and scanners by address."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import pytest

from bench.photographs import photograph
from hardware.errors import DeviceFault
from hardware.scanner.camera import CameraScanner, DeviceCamera, Pace
from hardware.scanner.fake import FakeScanner
from hardware.scanner.mailbox import Mailbox
from hardware.scanner.open import open_scanner
from hardware.scanner.picture import FORGET_S, Repeats, advice_on, preview_of
from hardware.scanner.serial import LONGEST_BURST_S, MOST_BYTES, SILENCE_S, Burst, SerialScanner

# --- serial bursts -------------------------------------------------------------------------------------------------


def test_a_code_is_whole_after_silence_and_not_at_enter() -> None:
    burst = Burst()
    burst.add(b"DN401|4e67\r", 1.00)
    assert burst.take(1.05) is None
    burst.add(b"7579|$\r\n", 1.06)
    assert burst.take(1.06 + SILENCE_S / 2) is None
    assert burst.take(1.06 + SILENCE_S) == b"DN401|4e677579|$"
    assert burst.take(9.0) is None


def test_a_scanner_without_enter() -> None:
    burst = Burst()
    burst.add(b"001090000017", 5.0)
    assert burst.take(5.5) == b"001090000017"
    burst.add(b"\r\n", 6.0)
    assert burst.take(6.5) is None


def test_too_much_is_dropped_up_to_the_next_silence() -> None:
    burst = Burst()
    burst.add(b"x" * (MOST_BYTES + 1), 1.0)
    burst.add(b"tail", 1.1)
    assert burst.take(2.0) is None
    burst.add(b"next", 3.0)
    assert burst.take(3.5) == b"next"


def test_a_line_that_never_falls_silent_is_dropped() -> None:
    burst = Burst()
    now = 0.0
    while now <= LONGEST_BURST_S + 0.5:
        burst.add(b".", now)
        assert burst.take(now) is None
        now += SILENCE_S / 2
    assert burst.take(now + 1) is None
    burst.add(b"next", now + 2)
    assert burst.take(now + 3) == b"next"


# --- pictures ------------------------------------------------------------------------------------------------------


def test_a_code_held_still_is_one_scan() -> None:
    repeats = Repeats()
    assert [repeats.is_new(b"a", now) for now in (0.0, 0.1, 1.9, 3.0, 5.1)] == [True, False, False, False, True]
    assert repeats.is_new(b"b", 5.2)
    assert not repeats.is_new(b"a", 5.3)
    for number in range(100):
        assert repeats.is_new(b"%d" % number, 6.0)


def test_repeats_remember_no_code_and_not_for_long() -> None:
    repeats = Repeats()
    assert repeats.is_new(b"001090000017", 0.0)
    [mark] = vars(repeats)["_seen"]
    assert b"001090000017" not in mark
    assert len(mark) == 16
    repeats.expire(FORGET_S - 0.1)
    assert not repeats.is_new(b"001090000017", FORGET_S - 0.1)
    repeats.expire(2 * FORGET_S)
    assert not vars(repeats)["_seen"]


def test_a_file_plays_at_its_own_speed() -> None:
    pace = Pace(10.0)
    assert pace.next(100.0) == (0.0, False)
    wait_s, skip = pace.next(100.02)
    assert wait_s == pytest.approx(0.08)
    assert not skip
    assert pace.next(100.45)[1]  # more than a picture late
    assert [pace.next(100.45)[1] for _ in range(3)] == [True, False, False]
    assert Pace(0.0).next(5.0) == (0.0, False)


@pytest.mark.parametrize(
    ("size", "expected"), [((1280, 720), (480, 270)), ((320, 240), (320, 240)), ((2000, 3), (480, 1))]
)
def test_previews_are_small(size: tuple[int, int], expected: tuple[int, int]) -> None:
    width, height = size
    for picture in (np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)):
        seen = preview_of(picture)
        assert (seen.width, seen.height) == expected
        assert len(seen.bgr) == 3 * seen.width * seen.height


def test_advice() -> None:
    card: Any = photograph("001090000017", share=0.6)
    assert advice_on(card) is None
    assert advice_on((card * 0.1).astype(np.uint8)) == "too_dark"
    assert advice_on(np.clip(card.astype(int) + 140, 0, 255).astype(np.uint8)) == "too_bright"
    assert advice_on(cv2.GaussianBlur(card, (0, 0), 30)) == "blurred"
    assert advice_on(np.full((480, 640), 120, np.uint8)) is None  # an empty wall


# --- addresses -----------------------------------------------------------------------------------------------------


def test_addresses() -> None:
    assert isinstance(open_scanner("fake:"), FakeScanner)
    assert isinstance(open_scanner("serial:/dev/ttyACM0"), SerialScanner)
    for address in ("camera:0", "camera:1?width=1920&height=1080", "video:walk.mp4", "http://camera-1/stream"):
        assert isinstance(open_scanner(address), CameraScanner)


@pytest.mark.parametrize("address", ["", "usb:1", "video:", "serial:", "camera", "laser:0"])
def test_unknown_addresses(address: str) -> None:
    with pytest.raises(DeviceFault) as refused:
        open_scanner(address)
    assert refused.value.code in ("unknown_address", "bad_address")


@pytest.mark.parametrize("address", ["camera:x", "camera:0?width=wide", "serial:/dev/x?baud=fast", "http://[x/"])
def test_bad_addresses(address: str) -> None:
    with pytest.raises(DeviceFault) as refused:
        open_scanner(address)
    assert refused.value.code == "bad_address"


def test_a_streams_password_stays_out_of_names_and_logs() -> None:
    scanner = open_scanner("http://user:pass@camera-1:8080/stream?token=secret")
    assert isinstance(scanner, CameraScanner)
    assert scanner.address == "http://camera-1:8080/stream"


async def test_a_camera_that_is_not_there_is_away() -> None:
    scanner = CameraScanner("camera:97", DeviceCamera(97))
    await scanner.open()
    assert (await asyncio.wait_for(scanner.next_health(), 10)).code == "unplugged"
    assert scanner.preview() is None
    assert scanner.advice() is None
    await scanner.close()


# --- the fake and the mailbox --------------------------------------------------------------------------------------


async def test_the_fake_misbehaves_on_request() -> None:
    scanner = FakeScanner()
    await scanner.open()
    scanner.garbage()
    with pytest.raises(UnicodeDecodeError):
        (await scanner.next_scan()).payload.decode()
    scanner.slow(0.2)
    scanner.show("Nguyễn")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scanner.next_scan(), 0.05)
    assert (await asyncio.wait_for(scanner.next_scan(), 5)).payload == "Nguyễn".encode()
    scanner.unplug()
    scanner.show("nobody sees this")
    scanner.replug()
    scanner.slow(0)
    scanner.show("this is seen")
    assert (await asyncio.wait_for(scanner.next_scan(), 5)).payload == b"this is seen"
    await scanner.close()


async def test_codes_that_nobody_takes_do_not_pile_up() -> None:
    mailbox = Mailbox()
    mailbox.deliver(b"before anybody listens", "test")
    mailbox.attach()
    for number in range(100):
        mailbox.deliver(b"%d" % number, "test")
    await asyncio.sleep(0)
    mailbox.detach()
    assert [scan.payload async for scan in mailbox.scans()][-1] == b"99"


async def test_codes_that_nobody_took_are_forgotten_with_the_person() -> None:
    mailbox = Mailbox()
    mailbox.attach()
    mailbox.deliver(b"001090000017", "test")
    await asyncio.sleep(0)
    mailbox.forget()
    mailbox.deliver(b"the next person", "test")
    await asyncio.sleep(0)
    assert (await asyncio.wait_for(mailbox.next_scan(), 5)).payload == b"the next person"
    mailbox.detach()
    mailbox.forget()
    assert [scan async for scan in mailbox.scans()] == []
