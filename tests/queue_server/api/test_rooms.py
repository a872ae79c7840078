"""Rooms open, pause, go on and close while the day runs, and their people are never lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.frames import RoomChanged, ServicesChanged, TicketTransferred
from protocol.requests import CallNext, CloseRoom, Hold, MarkNotHere, OpenRoom, PauseRoom, Recall, Request, UndoRoom
from queue_server.store import journal
from queue_server.usecases import rooms
from queue_server.usecases.once import change
from tests.queue_server.support import House, wish


async def act(house: House, request: Request) -> dict[str, Any]:
    answer = await house.send(request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(house: House, request: Request) -> tuple[int, str]:
    answer = await house.send(request)
    return answer.status_code, answer.json()["code"]


def seen(entry: dict[str, Any]) -> dict[str, Any]:
    return {"entry_id": entry["entry_id"], "version": entry["version"]}


async def preview(house: House, room: str = "r1") -> dict[str, Any]:
    answer = await house.http.get(f"/api/rooms/{room}/handover")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def close(house: House, room: str = "r1") -> dict[str, Any]:
    return await act(house, CloseRoom(room_id=room, handover=(await preview(house, room))["token"]))


async def board(house: House, room: str = "r1") -> dict[str, Any]:
    return dict((await house.http.get(f"/api/rooms/{room}/board")).json())


async def line(house: House, room: str = "r1") -> list[str]:
    return [one["entry"]["number"] for one in (await board(house, room))["waiting"]]


def frames(house: House) -> list[Any]:
    with house.core.engine.connect() as connection:
        return [line.frame for line in journal.read(connection, "main", 0)]


async def morning(house: House, people: int = 6) -> list[dict[str, Any]]:
    """A001, A003, A005 wait at room 1 and A002, A004, A006 at room 2, a minute apart; a nurse is signed in."""
    await house.sign_in()
    tickets = []
    for person in range(1, people + 1):
        tickets.append(await house.issue(person))
        house.clock.forward(minutes=1)
    return tickets


async def test_a_closing_room_hands_its_people_over_as_its_preview_said(house: House) -> None:
    await morning(house)
    shown = await preview(house)
    assert [(one["entry"]["number"], one["room"]["number"], one["people_ahead"]) for one in shown["moves"]] == [
        ("A001", "2", 0),
        ("A003", "2", 2),
        ("A005", "2", 4),
    ]
    wait = shown["moves"][2]["wait"]
    assert (wait["low_minutes"], wait["high_minutes"], wait["reason"]) == (30, 60, None)
    done = await act(house, CloseRoom(room_id="r1", handover=shown["token"]))
    assert (done["room"]["open"], done["moved"], done["stay"]) == (False, 3, 0)
    assert await line(house, "r1") == []
    assert await line(house, "r2") == ["A001", "A002", "A003", "A004", "A005", "A006"], "by the time on the ticket"
    assert (await house.issue(20))["room"]["number"] == "2", "no new ticket leads to the closed room"


async def test_everybody_is_told_one_by_one_and_then_of_the_room(house: House) -> None:
    tickets = await morning(house)
    before = len(frames(house))
    await close(house)
    *moves, changed, services = frames(house)[before:]
    assert [(type(one), one.entry.number, one.reason, one.from_room_id, one.room_number) for one in moves] == [
        (TicketTransferred, number, "room_closed", "r1", "2") for number in ("A001", "A003", "A005")
    ]
    assert isinstance(changed, RoomChanged)
    assert (changed.change, changed.was.open, changed.room.open) == ("closed", True, False)
    assert changed.moves == tuple(range(before + 1, before + 4))
    assert isinstance(services, ServicesChanged)
    assert [room.open for room in services.rooms] == [False, True, True]
    page = (await house.http.get(tickets[0]["address"])).text
    assert "phòng 2" in page.lower()


async def test_a_line_that_changed_since_the_preview_is_not_moved_unseen(house: House) -> None:
    await morning(house)
    shown = (await preview(house))["token"]
    await house.issue(30, "eyes")
    assert (await preview(house))["token"] == shown, "what happens elsewhere does not matter"
    await house.issue(20)
    wanted = CloseRoom(room_id="r1", handover=shown)
    assert await refused(house, wanted) == (409, "line_changed")
    assert await line(house) == ["A001", "A003", "A005", "A007"]
    assert await refused(house, PauseRoom(room_id="r1", minutes=9, reason="break", handover=shown)) == (
        409,
        "line_changed",
    )
    assert (await board(house))["room"]["open"]


async def test_where_no_other_room_is_open_people_stay_and_can_still_be_called(house: House) -> None:
    await house.sign_in()
    ticket = await house.issue(1, "eyes")
    shown = await preview(house, "r3")
    assert [(one["room"], one["wait"]["reason"]) for one in shown["moves"]] == [(None, "no_open_room")]
    done = await act(house, CloseRoom(room_id="r3", handover=shown["token"]))
    assert (done["moved"], done["stay"]) == (0, 1)
    assert await refused_issue(house, 2, "eyes") == (409, "no_open_room")
    tile = next(one for one in frames(house)[-1].services if one.service_id == "eyes")
    assert (tile.open, tile.closed_reason["vi"], tile.opens_at) == (False, "Chưa có phòng nào mở.", None)
    assert (await house.call("r3"))["entry"]["number"] == ticket["number"]
    assert not (await board(house, "r3"))["room"]["open"], "calling who stayed opens nothing"
    await act(house, OpenRoom(room_id="r3"))
    assert (await house.issue(2, "eyes"))["room"]["number"] == "3"


async def refused_issue(house: House, person: int, service: str) -> tuple[int, str]:
    answer = await house.send(wish(person, service), "kiosk")
    return answer.status_code, answer.json()["code"]


async def test_who_is_inside_stays_and_who_is_held_or_away_comes_back_elsewhere(house: House) -> None:
    tickets = await morning(house)
    away = (await house.call())["entry"]
    await act(house, MarkNotHere(**seen(away)))
    held = await act(house, Hold(**seen(tickets[2]["entry"]), reason="tests", minutes=5))
    inside = (await house.call())["entry"]
    done = await close(house)
    assert (done["moved"], inside["number"]) == (2, "A005")
    assert (await board(house))["current"]["entry"]["number"] == "A005"
    other = await board(house, "r2")
    assert [one["entry"]["number"] for one in other["held"]] == [held["entry"]["number"]] == ["A003"]
    assert [one["entry"]["number"] for one in other["not_here"]] == ["A001"]
    again = await house.issue(1)
    assert (again["number"], again["room"]["number"], again["already_held"]) == ("A001", "2", True)


async def test_a_pause_keeps_everybody_and_ends_by_itself(house: House) -> None:
    await morning(house)
    done = await act(house, PauseRoom(room_id="r1", minutes=30, reason="meeting"))
    assert done["room"]["pause"] == {"reason": "meeting", "until": "2026-11-20T02:06:00Z"}
    assert done["moved"] == 0
    assert await line(house) == ["A001", "A003", "A005"]
    assert (await house.issue(20))["room"]["number"] == "2", "what is left of the pause counts as work"
    await house.issue(21)
    waits = [(await house.issue(number))["wait"]["high_minutes"] for number in (1, 2)]
    assert waits == [40, 10], "half an hour longer in front of the room that pauses"
    house.clock.forward(minutes=31)
    await house.core.writer.run(lambda connection: rooms.resume_due(change(house.core, connection, "server:timer")))
    assert (await board(house))["room"]["pause"] is None
    changed = [frame for frame in frames(house) if isinstance(frame, RoomChanged)]
    assert [one.change for one in changed] == ["paused", "resumed"]


async def test_a_long_pause_may_hand_people_over_too(house: House) -> None:
    await morning(house)
    shown = (await preview(house))["token"]
    done = await act(house, PauseRoom(room_id="r1", minutes=90, reason="emergency", handover=shown))
    assert (done["moved"], done["room"]["open"]) == (3, True)
    assert len(await line(house, "r2")) == 6
    moved = next(frame for frame in frames(house) if isinstance(frame, TicketTransferred))
    assert moved.reason == "room_paused"


@pytest.mark.parametrize("how", ["next", "open"])
async def test_calling_somebody_or_opening_ends_a_pause(house: House, how: str) -> None:
    await morning(house)
    await act(house, PauseRoom(room_id="r1", minutes=30, reason="other"))
    await act(house, PauseRoom(room_id="r1", minutes=10, reason="break"))
    await act(house, CallNext(room_id="r1") if how == "next" else OpenRoom(room_id="r1"))
    assert (await board(house))["room"]["pause"] is None
    assert await refused(house, OpenRoom(room_id="r1")) == (409, "room_open")


async def test_a_repeated_call_leaves_the_pause_as_it_is(house: House) -> None:
    await morning(house)
    inside = (await house.call())["entry"]
    await act(house, PauseRoom(room_id="r1", minutes=30, reason="other"))
    house.clock.forward(minutes=1)
    await act(house, Recall(**seen(inside)))
    assert (await board(house))["room"]["pause"] is not None


async def test_a_closing_by_mistake_is_taken_back_with_its_people(house: House) -> None:
    await morning(house)
    closed = await close(house)
    await house.call("r2")  # A001 is called there already: that stands
    house.clock.forward(seconds=50)
    undone = await act(house, UndoRoom(room_id="r1", seq=closed["seq"]))
    assert (undone["room"]["open"], undone["moved"], undone["stay"]) == (True, 2, 1)
    assert await line(house) == ["A003", "A005"]
    assert await line(house, "r2") == ["A002", "A004", "A006"]
    assert await refused(house, UndoRoom(room_id="r1", seq=undone["seq"])) == (409, "not_undoable")


async def test_undo_has_its_limits(house: House) -> None:
    tickets = await morning(house)
    paused = await act(house, PauseRoom(room_id="r1", minutes=30, reason="other"))
    assert await refused(house, UndoRoom(room_id="r2", seq=paused["seq"])) == (409, "not_undoable")
    assert await refused(house, UndoRoom(room_id="r1", seq=1)) == (409, "not_undoable")
    assert tickets[0]["number"] == "A001"
    await act(house, OpenRoom(room_id="r1"))
    assert await refused(house, UndoRoom(room_id="r1", seq=paused["seq"])) == (409, "room_changed")
    closed = await close(house)
    house.clock.forward(seconds=61)
    assert await refused(house, UndoRoom(room_id="r1", seq=closed["seq"])) == (409, "undo_too_late")


async def test_what_cannot_be_is_refused(house: House) -> None:
    await morning(house, 1)
    token = (await preview(house, "r3"))["token"]
    assert (await house.http.get("/api/rooms/nowhere/handover")).status_code == 404
    assert await refused(house, CloseRoom(room_id="nowhere", handover=token)) == (404, "unknown_room")
    await act(house, CloseRoom(room_id="r3", handover=token))
    assert await refused(house, CloseRoom(room_id="r3", handover=token)) == (409, "room_closed")
    assert await refused(house, PauseRoom(room_id="r3", minutes=5, reason="break")) == (409, "room_closed")


async def test_a_repeated_request_moves_nobody_twice(house: House) -> None:
    await morning(house)
    wanted = CloseRoom(room_id="r1", handover=(await preview(house))["token"])
    assert await act(house, wanted) == await act(house, wanted)
    assert sum(isinstance(frame, RoomChanged) for frame in frames(house)) == 1
