"""People who ask for a doctor's room are told when another waits clearly shorter, and may take it once."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.frames import TicketIssued, TicketTransferred
from protocol.nouns import Room, RoomOffer, WaitEstimate
from protocol.requests import ChangeAssignment, CloseRoom, SwitchRoom
from protocol.site import RoomShape, SaveRoom
from queue_server.domain.offering import worth_offering
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.usecases.change import Reading
from queue_server.usecases.listening import services_now
from queue_server.usecases.once import look
from tests.queue_server.support import House, wish


def offered(number: int, high: int | None, middle: int | None = None) -> RoomOffer:
    room = Room(room_id=f"r{number}", number=str(number), names={}, zone_id="a")
    return RoomOffer(room=room, people_ahead=0, wait=WaitEstimate(high_minutes=high, p50_minutes=middle))


def test_only_a_clearly_shorter_known_wait_is_worth_telling() -> None:
    long = WaitEstimate(low_minutes=20, high_minutes=60)
    best = offered(3, 20)
    assert worth_offering(long, [offered(2, 30), best, offered(4, None)], 30) == best
    assert worth_offering(long, [offered(2, 30)], 30) is None, "more than, not as much as"
    assert worth_offering(WaitEstimate(reason="no_open_room"), [best], 5) is None
    assert worth_offering(long, [offered(2, None)], 5) is None
    assert worth_offering(long, [], 5) is None
    assert worth_offering(long.model_copy(update={"p50_minutes": 30}), [offered(2, 90, 10)], 15) is not None


async def ask(house: House, person: int, room: str = "r1") -> dict[str, Any]:
    return await house.issue(person, room_id=room)


async def send(house: House, request: Any, device: str | None = None) -> tuple[int, Any]:
    answer = await house.send(request, device)
    return answer.status_code, answer.json()


def switch(ticket: dict[str, Any], room: str = "r2") -> SwitchRoom:
    entry = ticket["entry"]
    return SwitchRoom(entry_id=entry["entry_id"], version=entry["version"], room_id=room)


async def crowd(house: House, people: int = 4) -> dict[str, Any]:
    """So many ask for room 1; the last one's ticket."""
    for person in range(1, people):
        await ask(house, person)
        house.clock.forward(minutes=1)
    return await ask(house, people)


async def test_the_room_that_was_asked_for_is_given_and_a_quicker_one_is_offered(house: House) -> None:
    ticket = await crowd(house)
    assert (ticket["room"]["number"], ticket["people_ahead"], ticket["wait"]["high_minutes"]) == ("1", 3, 45)
    offer = ticket["offer"]
    assert (offer["room"]["number"], offer["people_ahead"], offer["wait"]["high_minutes"]) == ("2", 0, 10)
    with house.core.engine.connect() as connection:
        line = journal.read(connection, "main", 0)[-1]
    assert isinstance(line.frame, TicketIssued)
    assert line.frame.offered_room_id == "r2"
    assert (await ask(house, 4))["offer"] is None, "the ticket that is held already is shown as it is"


async def test_no_offer_where_it_saves_little_or_nobody_asked(house: House) -> None:
    assert (await ask(house, 1))["offer"] is None
    assert (await ask(house, 2))["offer"] is None, "fifteen minutes for ten"
    assert (await house.issue(3))["offer"] is None
    await house.sign_in("boss")
    never = ChangeAssignment(service_id="general", assignment="at_issue", offer_minutes=None)
    assert (await send(house, never))[0] == 200
    for person in range(4, 8):
        assert (await ask(house, person))["offer"] is None


async def test_the_offer_is_taken_once_and_the_time_on_the_ticket_stays(house: House) -> None:
    ticket = await crowd(house)
    assert (await send(house, switch(ticket, "r3"), "kiosk"))[1]["code"] == "no_offer"
    status, moved = await send(house, switch(ticket), "kiosk")
    assert status == 200, moved
    assert (moved["number"], moved["room"]["number"], moved["people_ahead"]) == (ticket["number"], "2", 0)
    assert (moved["issued_at"], moved["entry"]["place"]) == (ticket["issued_at"], None)
    assert (await send(house, switch(ticket), "kiosk"))[1]["code"] == "stale_version"
    assert (await send(house, switch(moved, "r1"), "kiosk"))[1]["code"] == "no_offer"
    with house.core.engine.connect() as connection:
        frame = journal.read(connection, "main", 0)[-1].frame
    assert isinstance(frame, TicketTransferred)
    assert (frame.from_room_id, frame.room_number, frame.reason) == ("r1", "2", "balance")


async def test_an_offer_that_was_never_made_or_is_gone_is_refused(house: House) -> None:
    plain = await house.issue(30, "general")
    other = "r2" if plain["room"]["room_id"] == "r1" else "r1"
    assert await send(house, switch(plain, other), "kiosk") == (
        409,
        {
            "code": "no_offer",
            "message": "Gợi ý đổi phòng không còn hiệu lực. Số của ông/bà vẫn giữ nguyên.",
            "detail": {},
        },
    )
    for person in range(1, 5):
        ticket = await ask(house, person)
    assert ticket["offer"] is not None
    await house.sign_in()
    shown = (await house.http.get("/api/rooms/r2/handover")).json()["token"]
    assert (await send(house, CloseRoom(room_id="r2", handover=shown)))[0] == 200
    assert (await send(house, switch(ticket), "kiosk"))[1]["code"] == "wanted_room_closed"


@pytest.mark.parametrize(
    ("room", "code"), [("r3", "room_without_service"), ("nowhere", "unknown_room"), ("r2", "wanted_room_closed")]
)
async def test_a_room_that_cannot_be_had_is_refused_by_name_and_no_number_is_lost(
    house: House, room: str, code: str
) -> None:
    await house.sign_in()
    shown = (await house.http.get("/api/rooms/r2/handover")).json()["token"]
    await send(house, CloseRoom(room_id="r2", handover=shown))
    assert (await send(house, wish(1, room_id=room), "kiosk"))[1]["code"] == code
    assert (await ask(house, 1))["number"] == "A001"


async def test_whoever_asks_for_a_room_waits_there_also_where_others_wait_in_the_pool(house: House) -> None:
    await house.sign_in("boss")
    await send(house, ChangeAssignment(service_id="general", assignment="at_call"))
    assert not (await ask(house, 1))["entry"]["pooled"]
    assert (await house.issue(2))["entry"]["pooled"]


async def name_the_doctor(house: House, number: int = 1, doctor: str = "BS. Trần Thị Mẫu") -> None:
    await house.sign_in("boss")
    shape = RoomShape(
        room_id=f"r{number}",
        number=str(number),
        names={"vi": "x"},
        zone_id="a",
        service_ids=("general",),
        doctor=doctor,
    )
    assert (await send(house, SaveRoom(room=shape)))[0] == 200


def told_waits(house: House) -> dict[str, int | None]:
    """What kiosks are told of the doctors of the service, by room."""

    def general(reading: Reading) -> dict[str, int | None]:
        rooms = store.load_rooms(reading.connection, "main")
        entries = store.entries_of_day(reading.connection, "main", reading.today)
        told = services_now(reading, rooms, entries)
        [service] = [service for service in told if service.service_id == "general"]
        return {room_id: wait.high_minutes for room_id, wait in service.room_waits.items()}

    return look(house.core, general)


@pytest.mark.parametrize("pooled", [False, True])
async def test_the_wait_told_of_a_doctor_is_the_one_on_the_ticket(house: House, pooled: bool) -> None:
    await name_the_doctor(house)
    if pooled:
        await send(house, ChangeAssignment(service_id="general", assignment="at_call"))
        await house.issue(20)
    for person in range(1, 4):
        told = told_waits(house)
        ticket = await ask(house, person)
        assert told == {"r1": ticket["wait"]["high_minutes"]}, "and nothing of rooms without a doctor"
    await name_the_doctor(house, doctor="")
    assert told_waits(house) == {}


async def test_a_doctor_whose_room_is_closed_is_not_told_of(house: House) -> None:
    await name_the_doctor(house)
    shown = (await house.http.get("/api/rooms/r1/handover")).json()["token"]
    assert (await send(house, CloseRoom(room_id="r1", handover=shown)))[0] == 200
    assert told_waits(house) == {}


async def test_the_doctor_stands_on_the_phone(house: House) -> None:
    await name_the_doctor(house)
    ticket = await ask(house, 1)
    assert ticket["room"]["doctor"] == "BS. Trần Thị Mẫu"
    assert "Bác sĩ: BS. Trần Thị Mẫu" in (await house.http.get(ticket["address"])).text
    kept = (await house.http.get("/api/site")).json()
    assert [room["doctor"] for room in kept["rooms"] if room["room_id"] == "r1"] == ["BS. Trần Thị Mẫu"]
