"""A kiosk on the way to a doctor and to the quicker room against a real server, over the wire; screens left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.shapes import WhichDoctor
from kiosk.view import look
from protocol import errors
from protocol.client import ServerClient
from protocol.frames import TicketIssued, TicketTransferred
from protocol.nouns import Value
from protocol.requests import Request, SwitchRoom
from protocol.site import RoomShape, SaveRoom
from queue_server.store import journal
from tests.journeys.kiosk_without_window import Kiosk
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


@asynccontextmanager
async def a_long_line(folder: Path) -> AsyncIterator[tuple[House, Kiosk, BadLine]]:
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
        line = BadLine(house.base, house.keys["kiosk"])
        kiosk = Kiosk(line)
        await kiosk.start()
        await kiosk.live()
        try:
            yield house, kiosk, line
        finally:
            await kiosk.runner.close()


def journaled(house: House) -> list[TicketIssued | TicketTransferred]:
    with house.core.engine.connect() as connection:
        frames = [line.frame for line in journal.read(connection, "main", 0)]
    return [frame for frame in frames if isinstance(frame, (TicketIssued, TicketTransferred))][4:]


async def test_the_quicker_room_is_taken_although_the_answer_is_lost(tmp_path: Path) -> None:
    async with a_long_line(tmp_path) as (house, kiosk, line):
        await kiosk.choose("general")
        assert kiosk.state.screen == "which_doctor"
        body = look(kiosk.state).body
        assert isinstance(body, WhichDoctor)
        assert [(tile.button.label, tile.wait) for tile in body.doctors.tiles] == [
            ("BS. Trần Thị Mẫu", "Chờ 30–60 phút")
        ]
        line.lose = 1
        await kiosk.touch("doctor:r1")
        await kiosk.at("quicker_room")
        assert kiosk.paper.tickets == []
        await kiosk.touch("switch_room")
        await kiosk.at("your_number")
        await kiosk.until(lambda _: kiosk.paper.tickets != [])
        assert [ticket.room.number for ticket in kiosk.paper.tickets] == ["2"]
        assert [type(frame).__name__ for frame in journaled(house)] == ["TicketIssued", "TicketTransferred"]


async def test_any_doctor_is_the_quickest_and_is_printed_at_once(tmp_path: Path) -> None:
    async with a_long_line(tmp_path) as (house, kiosk, _):
        await kiosk.choose("general")
        assert kiosk.state.screen == "which_doctor"
        await kiosk.touch("any_doctor")
        await kiosk.at("your_number")
        await kiosk.until(lambda _: kiosk.paper.tickets != [])
        assert [ticket.room.number for ticket in kiosk.paper.tickets] == ["2"]
        assert [type(frame).__name__ for frame in journaled(house)] == ["TicketIssued"]
