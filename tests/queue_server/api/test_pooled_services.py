"""Services whose rooms are told by the call: any open room of the service takes whoever is next in the whole pool."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from protocol.frames import ServiceSettingsChanged, TicketCalled
from protocol.policy import Capped
from protocol.requests import (
    CallChosen,
    ChangeAssignment,
    ChangePolicy,
    CloseRoom,
    Hold,
    MarkNotHere,
    Release,
    Request,
    Transfer,
    Undo,
)
from queue_server.store import journal, tables
from queue_server.store import repository as store
from queue_server.usecases.listening import Ear
from tests.queue_server.support import House


async def act(house: House, request: Request) -> dict[str, Any]:
    answer = await house.send(request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(house: House, request: Request) -> tuple[int, str]:
    answer = await house.send(request)
    return answer.status_code, answer.json()["code"]


def seen(entry: dict[str, Any]) -> dict[str, Any]:
    return {"entry_id": entry["entry_id"], "version": entry["version"]}


async def line(house: House, room: str = "r1") -> list[str]:
    board = (await house.http.get(f"/api/rooms/{room}/board")).json()
    return [one["entry"]["number"] for one in board["waiting"]]


def frames(house: House) -> list[Any]:
    with house.core.engine.connect() as connection:
        return [line.frame for line in journal.read(connection, "main", 0)]


async def pooled(house: House, people: int = 4, assignment: Any = "at_call") -> list[dict[str, Any]]:
    """A001 to A004 wait for general, a minute apart; a nurse is signed in."""
    await house.sign_in("boss")
    await act(house, ChangeAssignment(service_id="general", assignment=assignment))
    await house.sign_in()
    tickets = []
    for person in range(1, people + 1):
        tickets.append(await house.issue(person))
        house.clock.forward(minutes=1)
    return tickets


async def test_a_ticket_of_a_pool_tells_where_to_wait_and_counts_the_whole_pool(house: House) -> None:
    tickets = await pooled(house)
    assert [ticket["people_ahead"] for ticket in tickets] == [0, 1, 2, 3]
    assert [ticket["entry"]["pooled"] for ticket in tickets] == [True] * 4
    assert tickets[0]["zone_names"] == {"vi": "a"}
    wait = tickets[3]["wait"]
    assert (wait["low_minutes"], wait["high_minutes"]) == (10, 25), "two rooms share them"
    assert await line(house, "r1") == await line(house, "r2") == ["A001", "A002", "A003", "A004"]
    page = (await house.http.get(tickets[0]["address"])).text
    assert "Số phòng sẽ được báo khi đến lượt" in page
    assert "phòng 1" not in page.lower()


async def test_any_room_takes_whoever_is_next_and_everybody_sees_which(house: House) -> None:
    tickets = await pooled(house)
    calls = [(await house.call(room))["entry"] for room in ("r2", "r2", "r1")]
    assert [(call["number"], call["room_id"], call["pooled"]) for call in calls] == [
        ("A001", "r2", False),
        ("A002", "r2", False),
        ("A003", "r1", False),
    ]
    frame = next(frame for frame in frames(house) if isinstance(frame, TicketCalled))
    assert (frame.room_number, frame.zone_id, frame.from_pool) == ("2", "a", True)
    assert Ear("staff", rooms=frozenset({"r1"})).hears(frame), "the other rooms of the pool hear that it is gone"
    page = (await house.http.get(tickets[2]["address"])).text
    assert "phòng 1" in page.lower()
    assert await line(house, "r1") == ["A004"]


async def test_a_call_taken_back_puts_them_into_the_pool_again(house: House) -> None:
    await pooled(house, 1)
    called = await house.call("r2")
    undone = await act(house, Undo(**seen(called["entry"]), seq=called["seq"]))
    assert undone["entry"]["pooled"]
    assert await line(house, "r1") == await line(house, "r2") == ["A001"]
    assert (await house.call("r1"))["entry"]["room_id"] == "r1"


async def test_one_promise_for_the_whole_pool(house: House) -> None:
    """Of two rooms each would overtake twice in a row; the pool as a whole is overtaken twice in a row at most."""
    await house.sign_in("boss")
    await act(house, ChangePolicy(service_id="general", policy=Capped(overtakes=2)))
    await pooled(house, 2)
    for person in range(20, 25):
        await house.issue(person, birth="1940-01-01")
    calls = []
    for room in ("r1", "r2", "r1", "r2", "r1", "r2"):
        calls.append((await house.call(room))["entry"]["number"])
        house.clock.forward(seconds=40)
    assert calls == ["A003", "A004", "A001", "A005", "A006", "A002"]


async def test_a_chosen_one_goes_to_the_room_that_chose(house: House) -> None:
    tickets = await pooled(house)
    chosen = CallChosen(**seen(tickets[2]["entry"]), reason="condition", room_id="r2")
    entry = (await act(house, chosen))["entry"]
    assert (entry["number"], entry["room_id"]) == ("A003", "r2")
    frame = frames(house)[-1]
    assert frame.overtook, "two of the pool had come earlier"
    wrong = CallChosen(**seen(tickets[0]["entry"]), reason="condition", room_id="r3")
    assert await refused(house, wrong) == (409, "waits_elsewhere")


async def test_another_rooms_own_people_are_not_taken(house: House) -> None:
    tickets = await pooled(house, 2, "at_issue")
    assert [ticket["room"]["number"] for ticket in tickets] == ["1", "2"]
    wrong = CallChosen(**seen(tickets[0]["entry"]), reason="condition", room_id="r2")
    assert await refused(house, wrong) == (409, "waits_elsewhere")


async def test_who_was_called_belongs_to_that_room_also_when_away(house: House) -> None:
    await pooled(house, 2)
    entry = (await house.call("r2"))["entry"]
    await act(house, MarkNotHere(**seen(entry)))
    again = await house.issue(1)
    assert (again["room"]["number"], again["entry"]["pooled"]) == ("2", False)
    assert await line(house, "r1") == ["A002"]


async def test_held_in_the_pool_returns_to_the_pool(house: House) -> None:
    tickets = await pooled(house, 2)
    held = (await act(house, Hold(**seen(tickets[0]["entry"]), reason="papers")))["entry"]
    assert await line(house, "r2") == ["A002"]
    await act(house, Release(**seen(held)))
    assert await line(house, "r2") == ["A001", "A002"]


async def test_a_closed_room_calls_nobody_from_the_pool_and_sends_nobody_away(house: House) -> None:
    tickets = await pooled(house)
    shown = (await house.http.get("/api/rooms/r1/handover")).json()
    await act(house, CloseRoom(room_id="r1", handover=shown["token"]))
    assert await line(house, "r1") == []
    assert await line(house, "r2") == ["A001", "A002", "A003", "A004"]
    again = await house.issue(1)
    assert again["wait"]["high_minutes"] == 10
    page = (await house.http.get(tickets[0]["address"])).text
    assert "đã đóng" not in page, "nobody was told a room, so nobody is sent to another"


async def test_into_a_pool_and_out_of_it_by_transfer(house: House) -> None:
    await pooled(house, 1)
    ticket = await house.issue(9, "eyes")
    into = (await act(house, Transfer(**seen(ticket["entry"]), service_id="general", reason="next_step")))["entry"]
    assert into["pooled"]
    assert await line(house, "r1") == await line(house, "r2") == ["A001", "B001"]
    assert await refused(house, Transfer(**seen(into), service_id="general", reason="other")) == (409, "already_there")
    named = (await act(house, Transfer(**seen(into), room_id=into["room_id"], reason="specialist")))["entry"]
    assert not named["pooled"]
    other = "r2" if named["room_id"] == "r1" else "r1"
    assert await line(house, other) == ["A001"]


async def test_the_rule_holds_from_the_next_ticket_on(house: House) -> None:
    await pooled(house, 1)
    await house.sign_in("boss")
    await act(house, ChangeAssignment(service_id="general", assignment="at_issue"))
    changed = [frame for frame in frames(house) if isinstance(frame, ServiceSettingsChanged)]
    assert [(one.changed, one.assignment) for one in changed] == [("assignment", "at_call"), ("assignment", "at_issue")]
    told = (await house.http.get("/api/service-settings")).json()["settings"]
    assert {one["service_id"]: one["assignment"] for one in told}["general"] == "at_issue"
    assert not (await house.issue(2))["entry"]["pooled"]
    assert await refused(house, ChangeAssignment(service_id="nothing", assignment="at_call")) == (
        404,
        "unknown_service",
    )
    assert await line(house, "r2") == ["A001", "A002"], "whose ticket names no room may still be called by any"


@pytest.mark.parametrize("remembered", [True, False])
async def test_the_writer_remembers_a_pool_as_the_database_holds_it(house: House, remembered: bool) -> None:
    await pooled(house, 3)
    await house.call("r1")

    def add(connection: Any) -> None:
        connection.execute(insert(tables.room_service).values(room_id="r3", service_id="general"))

    await house.core.writer.run(add)
    await house.issue(8, "eyes")

    def numbers(connection: Any) -> dict[str, list[str]]:
        found = {}
        for room_id in ("r1", "r2", "r3"):
            room = store.load_room(connection, "main", room_id)
            assert room is not None
            found[room_id] = [one.number for one in store.waiting_for(connection, "main", "2026-11-20", room)]
        return found

    expected = {"r1": ["A002", "A003"], "r2": ["A002", "A003"], "r3": ["A002", "A003", "B001"]}
    if remembered:
        assert await house.core.writer.run(numbers) == expected
    else:
        with house.core.engine.connect() as connection:
            assert numbers(connection) == expected
