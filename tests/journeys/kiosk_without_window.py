"""A kiosk with a real line to a server and no window: flow, effects and devices as in the program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from hardware.printer.port import PrintOutcome
from hardware.printer.slip import Line, Slip
from hardware.scanner.fake import FakeScanner
from kiosk import events as e
from kiosk import flow
from kiosk.effects import Ports, Runner
from kiosk.spool import Spool
from kiosk.state import Place, State
from protocol.client import ServerClient
from protocol.nouns import DeviceHealth, Ticket
from protocol.requests import new_request_id
from tests.kiosk.samples import CARD


class Paper:
    """A printer that always prints, and what was asked of it."""

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []

    async def print(self, slip: Slip) -> PrintOutcome:
        return PrintOutcome(outcome="printed")

    async def health(self) -> DeviceHealth:
        return DeviceHealth(part="printer", state="ok")

    async def close(self) -> None:
        """Nothing to let go of."""

    def slip(self, order: e.Print) -> Slip:
        self.tickets.append(order.ticket)
        return Slip(blocks=(Line(text=order.ticket.number),))


class Kiosk:
    def __init__(self, line: ServerClient, spool: Spool | None = None) -> None:
        self.scanner, self.paper = FakeScanner(), Paper()
        self.ahead_s = 0.0
        self.state, self._first = flow.start(Place(), self.clock())
        self.runner = Runner(
            Ports(line, self.scanner, self.paper, spool),
            tell=self.tell,
            clock=self.clock,
            now=lambda: datetime.now(UTC),
            paper=self.paper.slip,
        )

    def clock(self) -> float:
        return time.monotonic() + self.ahead_s

    def tell(self, event: e.Event) -> None:
        for one in (e.Tick(self.clock()), event):
            self.state, effects = flow.step(self.state, one)
            for effect in effects:
                self.runner.run(effect)

    async def touch(self, intent: str) -> None:
        """As a person does: not before the screen has been looked at."""
        self.ahead_s += flow.SETTLE_S + 0.1
        self.tell(e.Touched(intent, new_request_id()))

    async def until(self, what: Callable[[State], bool]) -> None:
        async with asyncio.timeout(30):
            while not what(self.state):
                await asyncio.sleep(0.02)
                self.tell(e.Tick(self.clock()))

    async def at(self, screen: str) -> None:
        await self.until(lambda state: state.screen == screen)

    async def start(self) -> None:
        for effect in self._first:
            self.runner.run(effect)
        await self.runner.start()

    async def live(self) -> None:
        await self.until(lambda state: state.away_since is None)

    async def choose(self, service_id: str, card: str = CARD) -> None:
        self.scanner.show(card)
        await self.at("is_this_you")
        await self.touch("confirm_identity")
        await self.touch(f"service:{service_id}")
