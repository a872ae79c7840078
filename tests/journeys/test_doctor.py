"""A kiosk on the way to a doctor and to the quicker room against a real server, over the wire; screens left out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from hardware.printer.port import PrintOutcome
from hardware.printer.slip import Line, Slip
from hardware.scanner.fake import FakeScanner
from kiosk import events as e
from kiosk import flow
from kiosk.effects import Ports, Runner
from kiosk.shapes import WhichDoctor
from kiosk.state import Place, State
from kiosk.view import look
from protocol import errors
from protocol.client import ServerClient
from protocol.frames import TicketIssued, TicketTransferred
from protocol.nouns import DeviceHealth, Value
from protocol.requests import Request, SwitchRoom, new_request_id
from protocol.site import RoomShape, SaveRoom
from queue_server.store import journal
from tests.kiosk.samples import CARD
from tests.queue_server.support import House, open_served_house

pytestmark = pytest.mark.timeout(120)


class BadLine(ServerClient):
    """Loses so many answers to a wish for another room, after the server has acted."""

    lose = 0

    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        answer = await super().post(request, deadline_s)
        if isinstance(request, SwitchRoom) and self.lose:
            self.lose -= 1
            raise errors.ServerAway("lost")
        return answer


class Paper:
    def __init__(self) -> None:
        self.rooms: list[str] = []

    async def print(self, slip: Slip) -> PrintOutcome:
        self.rooms += [block.text for block in slip.blocks if isinstance(block, Line)]
        return PrintOutcome(outcome="printed")

    async def health(self) -> DeviceHealth:
        return DeviceHealth(part="printer", state="ok")

    async def close(self) -> None:
        """Nothing to let go of."""


class Kiosk:
    def __init__(self, house: House) -> None:
        self.line, self.scanner, self.paper = BadLine(house.base, house.keys["kiosk"]), FakeScanner(), Paper()
        self.ahead_s = 0.0
        self.state, self._first = flow.start(Place(), self.clock())
        self.runner = Runner(
            Ports(self.line, self.scanner, self.paper),
            tell=self.tell,
            clock=self.clock,
            today=lambda: date(2026, 6, 15),
            paper=lambda order: Slip(blocks=(Line(text=order.ticket.room.number),)),
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
        await self.until(lambda state: state.away_since is None)

    async def to_the_doctors(self) -> None:
        self.scanner.show(CARD)
        await self.at("is_this_you")
        await self.touch("confirm_identity")
        await self.touch("service:general")
        assert self.state.screen == "which_doctor"


@asynccontextmanager
async def a_long_line(folder: Path) -> AsyncIterator[tuple[House, Kiosk]]:
    """Four people wait for the doctor in room 1, nobody in front of room 2."""
    async with open_served_house(folder) as house:
        await house.sign_in("boss")
        named = RoomShape(
            room_id="r1",
            number="1",
            names={"vi": "x"},
            zone_id="a",
            service_ids=("general",),
            doctor="BS. Trần Thị Mẫu",
        )
        assert (await house.send(SaveRoom(room=named))).status_code == 200
        for person in range(1, 5):
            await house.issue(person, room_id="r1")
            house.clock.forward(minutes=1)
        kiosk = Kiosk(house)
        await kiosk.start()
        try:
            yield house, kiosk
        finally:
            await kiosk.runner.close()


def journaled(house: House) -> list[TicketIssued | TicketTransferred]:
    with house.core.engine.connect() as connection:
        frames = [line.frame for line in journal.read(connection, "main", 0)]
    return [frame for frame in frames if isinstance(frame, (TicketIssued, TicketTransferred))][4:]


async def test_the_quicker_room_is_taken_although_the_answer_is_lost(tmp_path: Path) -> None:
    async with a_long_line(tmp_path) as (house, kiosk):
        await kiosk.to_the_doctors()
        body = look(kiosk.state).body
        assert isinstance(body, WhichDoctor)
        assert [(tile.button.label, tile.wait) for tile in body.doctors.tiles] == [
            ("BS. Trần Thị Mẫu", "Chờ 30–60 phút")
        ]
        kiosk.line.lose = 1
        await kiosk.touch("doctor:r1")
        await kiosk.at("quicker_room")
        assert kiosk.paper.rooms == []
        await kiosk.touch("switch_room")
        await kiosk.at("your_number")
        await kiosk.until(lambda _: kiosk.paper.rooms != [])
        assert kiosk.paper.rooms == ["2"]
        assert [type(frame).__name__ for frame in journaled(house)] == ["TicketIssued", "TicketTransferred"]


async def test_any_doctor_is_the_quickest_and_is_printed_at_once(tmp_path: Path) -> None:
    async with a_long_line(tmp_path) as (house, kiosk):
        await kiosk.to_the_doctors()
        await kiosk.touch("any_doctor")
        await kiosk.at("your_number")
        await kiosk.until(lambda _: kiosk.paper.rooms != [])
        assert kiosk.paper.rooms == ["2"]
        assert [type(frame).__name__ for frame in journaled(house)] == ["TicketIssued"]
