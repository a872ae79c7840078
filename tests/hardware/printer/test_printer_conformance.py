"""What every driver must do, run against each of them. USB is missing: it needs a printer on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hardware.printer.escpos import EscposPrinter, Patience
from hardware.printer.fake import FakePrinter
from hardware.printer.fake_head import FakeHead
from hardware.printer.layout import render
from hardware.printer.open import open_printer
from hardware.printer.paper import interpret
from hardware.printer.port import Printer
from hardware.printer.wire import NetworkWire
from tests.hardware.printer.emulated_serial import serial_printer
from tests.hardware.printer.samples import SMALL, WHOLE, quick

PATIENCE = Patience(answer_s=0.5, send_s=5.0, paper_s=0.5)


@dataclass
class Bench:
    printer: Printer
    slips: Callable[[], list[bytes]]
    can_ask: bool = True
    wait_for: Callable[[int], None] = lambda _slips: None
    """Until so many slips came out, where sending ends before that. (The serial one has printed when it is closed.)"""


@asynccontextmanager
async def bench(kind: str, profile_name: str, folder: Path) -> AsyncIterator[Bench]:
    profile = quick(profile_name)
    async with AsyncExitStack() as stack:
        if kind == "tcp":
            fake = FakePrinter()
            fake.start()
            stack.callback(fake.stop)
            printer = open_printer(fake.address, profile, patience=PATIENCE)
            made = Bench(printer, lambda: fake.slips, wait_for=lambda slips: fake.wait_for(slips, 30.0))
        elif kind == "fake":
            own = FakePrinter()
            own.start()
            printer = EscposPrinter(
                lambda: NetworkWire("127.0.0.1", own.port), profile, patience=PATIENCE, on_close=own.stop
            )
            made = Bench(printer, lambda: own.slips)
        elif kind == "serial":
            head = FakeHead()
            path = stack.enter_context(serial_printer(head))
            made = Bench(open_printer(f"serial:{path}", profile, patience=PATIENCE), lambda: list(head.slips))
        else:
            file = folder / "printer"
            made = Bench(open_printer(f"file:{file}", profile, patience=PATIENCE), lambda: [file.read_bytes()], False)
        stack.push_async_callback(made.printer.close)
        yield made


KINDS = ["tcp", "fake", "serial", "file"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", ["generic-80", "epson-tm-t20"])
async def test_a_slip_comes_out_as_it_was_drawn(kind: str, profile: str, tmp_path: Path) -> None:
    async with bench(kind, profile, tmp_path) as here:
        outcome = await here.printer.print(WHOLE)
        assert (outcome.outcome, outcome.code) == (("printed", "ok") if here.can_ask else ("unknown", "cannot_ask"))
        (slip,) = here.slips()
        paper = interpret(slip)
        assert paper.picture().tobytes() == render(WHOLE, quick(profile)).tobytes()
        assert paper.cuts == [len(paper.rows)]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_slip_after_the_other(kind: str, tmp_path: Path) -> None:
    async with bench(kind, "generic-80", tmp_path) as here:
        for _ in range(3):
            assert (await here.printer.print(SMALL)).outcome in ("printed", "unknown")
        slips = here.slips()
        assert len(slips) == (3 if here.can_ask else 1)
        assert len(set(slips)) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_health_is_told_without_printing(kind: str, tmp_path: Path) -> None:
    async with bench(kind, "generic-80", tmp_path) as here:
        await here.printer.print(SMALL)
        before = here.slips()
        health = await here.printer.health()
        assert (health.part, health.state) == ("printer", "ok")
        assert health.code == ("ok" if here.can_ask else "cannot_ask")
        assert here.slips() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_closed_printer_says_so(kind: str, tmp_path: Path) -> None:
    async with bench(kind, "generic-80", tmp_path) as here:
        await here.printer.close()
        outcome = await here.printer.print(SMALL)
        assert (outcome.outcome, outcome.code) == ("failed", "closed")
        health = await here.printer.health()
        assert (health.state, health.code) == ("away", "closed")


@pytest.mark.parametrize("kind", ["tcp", "serial"])
async def test_a_printer_whose_profile_answers_nothing_is_not_asked(kind: str, tmp_path: Path) -> None:
    async with bench(kind, "generic-80-silent", tmp_path) as here:
        outcome = await here.printer.print(SMALL)
        assert (outcome.outcome, outcome.code) == ("unknown", "cannot_ask")
        assert (await here.printer.health()).code == "cannot_ask"
        await here.printer.close()
        here.wait_for(1)
    assert len(here.slips()) == 1
