"""Sending somebody to a doctor by name: to the room where that doctor is today, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from protocol.frames import TicketTransferred, for_everyone
from protocol.nouns import Room
from protocol.requests import ChangeAssignment, CloseRoom, Transfer, Undo
from protocol.site import RoomShape, SaveRoom
from queue_server.domain.assignment import RoomLoad, room_of_doctor
from queue_server.store import journal
from tests.queue_server.api.test_transfer import act, busy, now, order, refused, seen
from tests.queue_server.support import House, open_house

DOCTOR = "BS. Trần Thị Mẫu"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    async with open_house(tmp_path, database_url=database_url) as opened:
        yield opened


async def works_in(house: House, doctor: str, number: int, service: str) -> None:
    """A doctor's name at a room."""
    await house.sign_in("boss")
    shape = RoomShape(
        room_id=f"r{number}",
        number=str(number),
        names={"vi": "x"},
        zone_id="a" if number < 3 else "b",
        service_ids=(service,),
        doctor=doctor,
    )
    await act(house, SaveRoom(room=shape))


async def test_to_a_doctor_goes_to_the_room_where_the_doctor_is(house: House) -> None:
    _, ticket, *_ = await busy(house)
    await works_in(house, DOCTOR, 3, "eyes")
    called = (await house.call("r1"))["entry"]
    done = await act(house, Transfer(**seen(called), doctor=DOCTOR, place="front", reason="specialist"))
    assert (done["entry"]["service_id"], done["entry"]["room_id"]) == ("eyes", "r3")
    assert (await order(house, "r3"))[0] == "A001"
    with house.core.engine.connect() as connection:
        line = journal.one(connection, "main", done["seq"])
    assert line is not None
    assert isinstance(line.frame, TicketTransferred)
    assert (line.frame.doctor, line.frame.room_number, line.frame.reason) == (DOCTOR, "3", "specialist")
    walls = for_everyone(line.frame)
    assert isinstance(walls, TicketTransferred)
    assert walls.doctor == "", "why and to whom staff sent somebody is nobody else's business"
    back = await act(house, Undo(**seen(done["entry"]), seq=done["seq"]))
    assert (back["entry"]["room_id"], back["entry"]["state"]) == ("r1", "called")
    assert "phòng 1" in (await house.http.get(ticket["address"])).text.lower()


async def test_the_doctor_is_found_where_the_name_stands_today(house: House) -> None:
    await works_in(house, DOCTOR, 1, "general")
    await works_in(house, "", 1, "general")
    await works_in(house, DOCTOR, 2, "general")
    ticket = await house.issue(1, room_id="r1")
    moved = await act(house, Transfer(**seen(ticket["entry"]), doctor=DOCTOR, reason="specialist"))
    assert moved["entry"]["room_id"] == "r2"
    again = Transfer(**seen(moved["entry"]), doctor=DOCTOR, reason="specialist")
    assert await refused(house, again) == (409, "already_there")


async def test_a_doctor_waits_for_no_pool(house: House) -> None:
    """Somebody sent to a doctor waits for that doctor, also where others wait for whoever is free."""
    await works_in(house, DOCTOR, 2, "general")
    await act(house, ChangeAssignment(service_id="general", assignment="at_call"))
    ticket = await house.issue(1, "eyes")
    moved = await act(house, Transfer(**seen(ticket["entry"]), doctor=DOCTOR, reason="specialist"))
    assert (moved["entry"]["room_id"], moved["entry"]["pooled"]) == ("r2", False)


async def test_a_doctor_without_an_open_room_is_refused_by_name_and_the_number_stays(house: House) -> None:
    await works_in(house, DOCTOR, 3, "eyes")
    ticket = await house.issue(1)
    before = now(house, ticket["entry"])
    nobody = await house.send(Transfer(**seen(ticket["entry"]), doctor="BS. Không Có", reason="specialist"))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_doctor")
    assert "BS. Không Có" in nobody.json()["message"]
    shown = (await house.http.get("/api/rooms/r3/handover")).json()["token"]
    await act(house, CloseRoom(room_id="r3", handover=shown))
    away = await house.send(Transfer(**seen(ticket["entry"]), doctor=DOCTOR, reason="specialist"))
    assert (away.status_code, away.json()["code"]) == (409, "doctor_away")
    assert DOCTOR in away.json()["message"]
    assert now(house, ticket["entry"]) == before


async def test_a_doctor_and_a_room_together_are_no_target(house: House) -> None:
    ticket = await house.issue(1)
    await house.sign_in()
    both = {**seen(ticket["entry"]), "doctor": DOCTOR, "room_id": "r2", "reason": "other", "request_id": "both"}
    answer = await house.http.post(Transfer.path, json=both)
    assert (answer.status_code, answer.json()["detail"]) == (422, {"body": "doctor_and_room"})


def test_of_two_rooms_of_a_doctor_the_one_for_the_service_then_the_quieter() -> None:
    def load(number: int, service: str, minutes: float, is_open: bool = True) -> RoomLoad:
        room = Room(
            room_id=f"r{number}",
            number=str(number),
            names={},
            zone_id="a",
            service_ids=(service,),
            open=is_open,
            doctor=DOCTOR,
        )
        return RoomLoad(room, minutes)

    loads = [load(1, "eyes", 0), load(2, "general", 40), load(3, "general", 10), load(4, "general", 0, is_open=False)]
    assert [
        getattr(room_of_doctor(DOCTOR, service, loads), "number", None) for service in ("general", "eyes", "skin")
    ] == [
        "3",
        "1",
        "1",
    ]
    assert room_of_doctor("BS. Không Có", "eyes", loads) is None
