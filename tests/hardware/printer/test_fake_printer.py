"""Every way in which the fake misbehaves, and the name that the driver has for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from hardware.printer.escpos import Patience
from hardware.printer.fake import FakePrinter
from hardware.printer.fake_head import CUT_AFTER, KEPT, FakeHead, Fault, PowerCut
from hardware.printer.layout import encode, render
from hardware.printer.open import open_printer
from hardware.printer.port import Printer
from hardware.printer.status import question
from tests.hardware.printer.samples import SMALL, WHOLE, quick

HASTY = Patience(answer_s=0.3, send_s=3.0, paper_s=0.3)


@pytest.fixture
def fake() -> Iterator[FakePrinter]:
    printer = FakePrinter()
    printer.start()
    yield printer
    printer.stop()


def opened(fake: FakePrinter, profile: str = "generic-80") -> Printer:
    return open_printer(fake.address, quick(profile), patience=HASTY)


OUTCOMES: list[tuple[Fault, str, str, str]] = [
    ("none", "printed", "ok", "ok"),
    ("paper_low", "printed", "paper_low", "warning"),
    ("paper_out", "failed", "paper_out", "fault"),
    ("cover_open", "failed", "cover_open", "away"),
    ("cutter_jam", "failed", "cutter_jam", "fault"),
    ("offline", "failed", "offline", "away"),
    ("no_answer", "failed", "no_answer", "away"),
    ("refuse", "failed", "no_answer", "away"),
    ("runs_out", "failed", "paper_out", "ok"),
    ("swallow", "unknown", "no_answer", "ok"),
]


@pytest.mark.parametrize("profile", ["generic-80", "epson-tm-t20"])
@pytest.mark.parametrize(("fault", "outcome", "code", "state"), OUTCOMES)
async def test_every_fault_has_its_name(
    fake: FakePrinter, profile: str, fault: Fault, outcome: str, code: str, state: str
) -> None:
    fake.misbehave(fault)
    printer = opened(fake, profile)
    health = await printer.health()
    assert health.state == state
    said = await printer.print(WHOLE)
    assert (said.outcome, said.code) == (outcome, code)
    assert len(fake.slips) == (1 if outcome == "printed" else 0)


@pytest.mark.parametrize("profile", ["generic-80", "epson-tm-t20"])
async def test_a_power_cut_in_the_middle_is_noticed(fake: FakePrinter, profile: str) -> None:
    """The system may have taken all bytes before the printer died, so it is either failed or unknown, never printed."""
    fake.misbehave("power_cut")
    said = await opened(fake, profile).print(WHOLE)
    assert said.outcome in ("failed", "unknown")
    assert said.code == "unplugged"
    assert fake.slips == []
    assert [len(torn) > CUT_AFTER for torn in fake.torn] == [True]


@pytest.mark.parametrize("fault", ["refuse", "power_cut", "no_answer", "paper_out", "swallow"])
async def test_it_comes_back_by_itself(fake: FakePrinter, fault: Fault) -> None:
    printer = opened(fake)
    fake.misbehave(fault)
    assert (await printer.print(WHOLE)).outcome != "printed"
    fake.behave()
    assert (await printer.health()).code == "ok"
    assert (await printer.print(SMALL)).outcome == "printed"


async def test_a_connection_dropped_before_the_slip_is_a_failure(fake: FakePrinter) -> None:
    printer = opened(fake)
    fake.stop()
    assert (await printer.print(SMALL)).outcome == "failed"
    fake.start()
    assert (await printer.print(SMALL)).outcome == "printed"


async def test_calls_are_served_one_after_the_other(fake: FakePrinter) -> None:
    printer = opened(fake)
    said = await asyncio.gather(*(printer.print(SMALL) for _ in range(4)), printer.health())
    assert [getattr(one, "outcome", "health") for one in said] == ["printed"] * 4 + ["health"]
    assert len(fake.slips) == 4


def test_a_slip_that_nobody_asks_about_can_be_waited_for(fake: FakePrinter) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        fake.wait_for(1, within_s=0.0)
    with socket.create_connection(("127.0.0.1", fake.port), timeout=2) as sender:
        sender.sendall(slip_bytes())
    fake.wait_for(1, within_s=30.0)
    assert fake.slips == [slip_bytes()]


async def test_a_fake_of_its_own_is_opened_by_address() -> None:
    printer = open_printer("fake:", quick(), patience=HASTY)
    assert (await printer.print(SMALL)).outcome == "printed"
    await printer.close()
    broken = open_printer("fake:?fault=paper_out", quick(), patience=HASTY)
    assert (await broken.health()).code == "paper_out"
    await broken.close()
    refusing = open_printer("fake:?fault=refuse", quick(), patience=HASTY)
    assert (await refusing.health()).code == "no_answer"
    await refusing.close()


# --- the inside ----------------------------------------------------------------------------------------------------


def slip_bytes(profile: str = "generic-80") -> bytes:
    return encode(render(SMALL, quick(profile)), quick(profile))


def test_a_slip_that_comes_byte_by_byte_is_the_same() -> None:
    head, data = FakeHead(), slip_bytes()
    assert b"".join(head.feed(data[at : at + 1]) for at in range(len(data))) == b""
    assert list(head.slips) == [data]


def test_questions_are_answered_in_the_middle_of_a_picture() -> None:
    """As real printers do, which is why the layout keeps such runs out of the picture."""
    head, data = FakeHead(), slip_bytes()
    answers = head.feed(data[:500] + question(1) + data[500:])
    assert answers == b"\x12"
    assert list(head.slips) == [data]


def test_a_slip_without_a_cut_is_whole_when_the_line_is_dropped() -> None:
    head, data = FakeHead(), slip_bytes("generic-58")
    head.feed(data)
    assert not head.slips
    head.hang_up()
    assert list(head.slips) == [data]
    head.feed(data[:-700])
    head.hang_up()
    assert len(head.slips) == len(head.torn) == 1


def test_the_fence_is_answered_when_everything_before_it_is_printed() -> None:
    head, data = FakeHead(), slip_bytes()
    assert head.feed(data[:-2] + data[-2:] + b"\x1dr\x01") == b"\x00"
    assert FakeHead("paper_out").feed(data + b"\x1dr\x01") == b""


def test_power_goes_in_the_middle() -> None:
    with pytest.raises(PowerCut):
        FakeHead("power_cut").feed(slip_bytes())


def test_only_the_newest_slips_are_remembered() -> None:
    head = FakeHead()
    for _ in range(KEPT + 2):
        head.feed(b"\x1dv0\x00\x01\x00\x01\x00\xff\x1dV\x00")
    assert len(head.slips) == KEPT


def test_stopping_does_not_wait_for_those_who_stay_connected(fake: FakePrinter) -> None:
    with socket.create_connection(("127.0.0.1", fake.port), timeout=2) as idle:
        idle.sendall(question(1))
        assert idle.recv(1) == b"\x12"
        fake.stop()
        assert idle.recv(1) == b""
