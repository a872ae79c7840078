"""Sending somebody on to another service or room, under the same number."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.frames import TicketTransferred
from protocol.nouns import Device, Entry
from protocol.requests import CallNext, Finish, Hold, MarkNotHere, Request, Transfer, Undo
from queue_server.store import journal
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


def now(house: House, entry: dict[str, Any]) -> Entry:
    with house.core.engine.connect() as connection:
        found = store.load_entry(connection, "main", entry["entry_id"])
    assert found is not None
    return found


async def order(house: House, room: str) -> list[str]:
    board = (await house.http.get(f"/api/rooms/{room}/board")).json()
    return [one["entry"]["number"] for one in board["waiting"]]


async def busy(house: House) -> list[dict[str, Any]]:
    """A001 in room 1, B001 to B003 in room 3, in the order B001, A001, B002, B003 of their tickets."""
    await house.sign_in()
    tickets = []
    for person, service in ((11, "eyes"), (1, "general"), (12, "eyes"), (13, "eyes")):
        tickets.append(await house.issue(person, service))
        house.clock.forward(minutes=1)
    return tickets


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("seniority", ["B001", "A001", "B002", "B003"]),
        ("front", ["A001", "B001", "B002", "B003"]),
        ("end", ["B001", "B002", "B003", "A001"]),
    ],
)
async def test_to_another_service_at_the_place_that_staff_choose(house: House, place: Any, expected: list[str]) -> None:
    _, ticket, *_ = await busy(house)
    called = (await house.call("r1"))["entry"]
    done = await act(house, Transfer(**seen(called), service_id="eyes", place=place, reason="next_step"))
    entry = done["entry"]
    assert (entry["number"], entry["service_id"], entry["room_id"]) == ("A001", "eyes", "r3")
    assert (entry["state"], entry["calls"], entry["called_at"]) == ("waiting", 0, None)
    assert await order(house, "r3") == expected
    assert await order(house, "r1") == []
    await house.issue(20, "eyes")
    assert (await order(house, "r3"))[:4] == expected, "who comes later waits behind"
    page = (await house.http.get(ticket["address"])).text
    assert "A001" in page
    assert "phòng 3" in page.lower()


async def test_the_journal_and_both_places_hear_of_it(house: House) -> None:
    await busy(house)
    called = (await house.call("r1"))["entry"]
    done = await act(house, Transfer(**seen(called), room_id="r3", reason="wrong_place"))
    with house.core.engine.connect() as connection:
        line = journal.one(connection, "main", done["seq"])
    assert line is not None
    assert isinstance(line.frame, TicketTransferred)
    frame = line.frame
    assert (frame.from_room_id, frame.from_service_id, frame.room_number) == ("r1", "general", "3")
    assert (frame.reason, frame.placed, frame.zone_id) == ("wrong_place", "seniority", None)
    walls = [Ear("display", Device(device_id=zone, kind="display", name=zone, zone_id=zone)) for zone in ("a", "b")]
    pages = [Ear("staff", rooms=frozenset({room})) for room in ("r1", "r3")]
    assert all(ear.hears(frame) for ear in (*walls, *pages))
    assert not Ear("staff", rooms=frozenset({"r2"})).hears(frame)


async def test_within_a_zone_only_that_zone_hears(house: House) -> None:
    await busy(house)
    called = (await house.call("r1"))["entry"]
    done = await act(house, Transfer(**seen(called), room_id="r2", reason="balance"))
    assert (done["entry"]["service_id"], done["entry"]["room_id"]) == ("general", "r2")
    with house.core.engine.connect() as connection:
        line = journal.one(connection, "main", done["seq"])
    assert line is not None
    assert line.frame is not None
    assert line.frame.zone_id == "a"


@pytest.mark.parametrize("before", ["waiting", "called", "not_here", "held"])
async def test_a_transfer_from_any_state_is_taken_back_as_it_was(house: House, before: str) -> None:
    await busy(house)
    known = (await house.call("r3"))["entry"] if before in ("called", "not_here") else (await busy_entry(house, "r3"))
    if before == "not_here":
        known = (await act(house, MarkNotHere(**seen(known))))["entry"]
    if before == "held":
        known = (await act(house, Hold(**seen(known), reason="tests", minutes=20)))["entry"]
    was = now(house, known)
    house.clock.forward(seconds=5)
    done = await act(house, Transfer(**seen(known), service_id="general", place="front", reason="specialist"))
    undone = await act(house, Undo(**seen(done["entry"]), seq=done["seq"]))
    assert now(house, known).model_dump(exclude={"version"}) == was.model_dump(exclude={"version"})
    with house.core.engine.connect() as connection:
        line = journal.one(connection, "main", undone["seq"])
    assert line is not None
    assert line.frame is not None
    assert Ear("staff", rooms=frozenset({"r1"})).hears(line.frame) or done["entry"]["room_id"] != "r1"


async def busy_entry(house: House, room: str) -> dict[str, Any]:
    board = (await house.http.get(f"/api/rooms/{room}/board")).json()
    return dict(board["waiting"][0]["entry"])


async def test_transfers_that_cannot_be_are_refused(house: House) -> None:
    eyes, general, *_ = await busy(house)
    entry = general["entry"]
    for wish, expected in (
        (Transfer(**seen(entry), reason="other"), (422, "nowhere_to_go")),
        (Transfer(**seen(entry), service_id="nothing", reason="other"), (404, "unknown_service")),
        (Transfer(**seen(entry), room_id="nowhere", reason="other"), (404, "unknown_room")),
        (Transfer(**seen(entry), service_id="skin", reason="other"), (409, "no_open_room")),
        (Transfer(**seen(entry), service_id="general", room_id="r3", reason="other"), (409, "room_without_service")),
        (Transfer(**seen(entry), room_id="r1", reason="other"), (409, "already_there")),
        (Transfer(entry_id="nobody", version=1, room_id="r3", reason="other"), (404, "unknown_entry")),
        (Transfer(entry_id=entry["entry_id"], version=9, room_id="r3", reason="other"), (409, "stale_version")),
    ):
        assert await refused(house, wish) == expected
    called = (await house.call("r3"))["entry"]
    assert called["number"] == eyes["number"]
    finished = (await act(house, Finish(**seen(called))))["entry"]
    assert await refused(house, Transfer(**seen(finished), room_id="r1", reason="other")) == (409, "wrong_move")


async def test_nobody_gets_two_numbers_for_one_service(house: House) -> None:
    _, general, *_ = await busy(house)
    await house.issue(1, "eyes")
    wish = Transfer(**seen(general["entry"]), service_id="eyes", reason="next_step")
    assert await refused(house, wish) == (409, "holds_another")


async def test_a_second_scan_for_the_new_service_shows_the_same_number(house: House) -> None:
    _, general, *_ = await busy(house)
    await act(house, Transfer(**seen(general["entry"]), service_id="eyes", reason="next_step"))
    again = await house.issue(1, "eyes")
    assert (again["number"], again["already_held"], again["room"]["number"]) == ("A001", True, "3")


async def test_the_calls_of_the_old_room_do_not_count_in_the_new_one(house: House) -> None:
    await busy(house)
    called = (await house.call("r1"))["entry"]
    sent = (await act(house, Transfer(**seen(called), service_id="eyes", place="front", reason="next_step")))["entry"]
    there = (await act(house, CallNext(room_id="r3")))["entry"]
    assert (there["entry_id"], there["calls"], there["recalls"]) == (sent["entry_id"], 1, 0)
