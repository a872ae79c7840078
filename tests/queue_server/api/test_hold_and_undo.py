"""Setting somebody aside, and taking back what was a mistake: through the server's own endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.frames import ActionUndone, Hello, Snapshot, TicketCalled
from protocol.nouns import Entry
from protocol.requests import (
    CallChosen,
    CallNext,
    EntryAction,
    Finish,
    Hold,
    MarkNotHere,
    Recall,
    Release,
    Request,
    Undo,
)
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.usecases import holding
from queue_server.usecases.listening import Ear, snapshot
from queue_server.usecases.once import change, look
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


def undo_of(done: dict[str, Any]) -> Undo:
    return Undo(**seen(done["entry"]), seq=done["seq"])


def now(house: House, entry: dict[str, Any]) -> Entry:
    with house.core.engine.connect() as connection:
        found = store.load_entry(connection, "main", entry["entry_id"])
    assert found is not None
    return found


def without_version(entry: Entry) -> dict[str, Any]:
    return entry.model_dump(exclude={"version"})


async def board(house: House, room: str = "r1") -> dict[str, Any]:
    return dict((await house.http.get(f"/api/rooms/{room}/board")).json())


async def fill(house: House, people: int, service: str = "eyes") -> list[dict[str, Any]]:
    await house.sign_in()
    tickets = []
    for person in range(1, people + 1):
        tickets.append(await house.issue(person, service))
        house.clock.forward(seconds=30)
    return tickets


# --- hold ------------------------------------------------------------------------------------------------------------


async def test_a_called_patient_is_held_and_waits_again_in_the_old_place(house: House) -> None:
    await fill(house, 3)
    called = (await house.call("r3"))["entry"]
    held = (await act(house, Hold(**seen(called), reason="papers")))["entry"]
    assert (held["state"], held["held_reason"], held["held_until"]) == ("held", "papers", None)
    shown = await board(house, "r3")
    assert shown["current"] is None
    assert [one["entry"]["number"] for one in shown["held"]] == ["B001"]
    assert [one["entry"]["number"] for one in shown["waiting"]] == ["B002", "B003"]
    back = (await act(house, Release(**seen(held))))["entry"]
    assert (back["state"], back["held_reason"]) == ("waiting", None)
    assert (await house.call("r3"))["entry"]["number"] == "B001"


async def test_who_waits_can_be_held_too_and_is_not_called_meanwhile(house: House) -> None:
    first, *_ = await fill(house, 2)
    await act(house, Hold(**seen(first["entry"]), reason="payment"))
    assert (await house.call("r3"))["entry"]["number"] == "B002"
    assert await refused(house, CallNext(room_id="r3")) == (409, "nobody_waiting")
    assert now(house, first["entry"]).state == "held"


async def test_the_time_of_being_held_ends_by_itself_once(house: House) -> None:
    first, *_ = await fill(house, 2)
    await act(house, Hold(**seen(first["entry"]), reason="rest", minutes=10))

    async def due() -> int:
        return await house.core.writer.run(
            lambda connection: holding.return_due(change(house.core, connection, "server:timer"))
        )

    house.clock.forward(minutes=9, seconds=59)
    assert not look(house.core, holding.any_due)
    assert await due() == 0
    house.clock.forward(seconds=1)
    assert look(house.core, holding.any_due)
    assert await due() == 1
    assert await due() == 0
    assert now(house, first["entry"]).state == "waiting"
    with house.core.engine.connect() as connection:
        newest = journal.newest(connection, "main", "ticket_returned", house.clock().replace(hour=0), 10)
    assert [line.entry_id for line in newest] == [first["entry"]["entry_id"]]


async def test_calling_next_looks_first_whose_time_is_over(house: House) -> None:
    first, *_ = await fill(house, 2)
    await act(house, Hold(**seen(first["entry"]), reason="rest", minutes=5))
    house.clock.forward(minutes=5)
    assert (await house.call("r3"))["entry"]["number"] == "B001"


async def test_a_held_number_is_kept_by_a_second_scan_and_by_the_ticket_page(house: House) -> None:
    first, *_ = await fill(house, 1)
    await act(house, Hold(**seen(first["entry"]), reason="tests"))
    again = await house.issue(1, "eyes")
    assert (again["already_held"], again["entry"]["state"]) == (True, "held")
    page = (await house.http.get(first["address"])).text
    assert "tạm giữ" in page


async def test_a_held_patient_at_the_door_is_called_when_the_room_is_free(house: House) -> None:
    first, *_ = await fill(house, 2)
    held = (await act(house, Hold(**seen(first["entry"]), reason="other")))["entry"]
    inside = (await house.call("r3"))["entry"]
    assert await refused(house, Recall(**seen(held))) == (409, "room_occupied")
    await act(house, Finish(**seen(inside)))
    called = (await act(house, Recall(**seen(held))))["entry"]
    assert (called["state"], called["held_reason"], called["recalls"]) == ("called", None, 0)


async def test_holds_that_do_not_fit_are_refused(house: House) -> None:
    first, second = await fill(house, 2)
    held = (await act(house, Hold(**seen(first["entry"]), reason="papers")))["entry"]
    assert await refused(house, Hold(**seen(held), reason="papers")) == (409, "wrong_move")
    assert await refused(house, Hold(**seen(first["entry"]), reason="papers")) == (409, "stale_version")
    assert await refused(house, Release(**seen(second["entry"]))) == (409, "wrong_move")
    wrong = {**seen(held), "reason": "because"}
    assert (await house.http.post(Hold.path, json=wrong)).status_code == 422


# --- undo ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Finish, MarkNotHere, Recall, "hold"])
async def test_each_action_on_the_called_one_is_taken_back(house: House, kind: Any) -> None:
    await fill(house, 1)
    called = (await house.call("r3"))["entry"]
    before = now(house, called)
    house.clock.forward(seconds=20)
    request: EntryAction = Hold(**seen(called), reason="rest", minutes=5) if kind == "hold" else kind(**seen(called))
    done = await act(house, request)
    house.clock.forward(seconds=59)
    undone = await act(house, undo_of(done))
    after = now(house, called)
    assert without_version(after) == without_version(before)
    assert after.version == before.version + 2
    assert undone["entry"]["state"] == "called"
    assert (await board(house, "r3"))["finished_today"] == 0


async def test_a_call_taken_back_puts_the_finished_one_back_inside(house: House) -> None:
    tickets = await fill(house, 3)
    inside = (await house.call("r3"))["entry"]
    before = [now(house, ticket["entry"]) for ticket in tickets]
    house.clock.forward(seconds=5)
    mistake = await house.call("r3")
    await act(house, undo_of(mistake))
    after = [now(house, ticket["entry"]) for ticket in tickets]
    assert [without_version(entry) for entry in after] == [without_version(entry) for entry in before]
    shown = await board(house, "r3")
    assert shown["current"]["entry"]["number"] == inside["number"]
    assert (await house.call("r3"))["entry"]["number"] == mistake["entry"]["number"], "first again, as before"


async def test_undo_is_one_journal_entry_for_each_number(house: House) -> None:
    await fill(house, 2)
    first, second = await house.call("r3"), await house.call("r3")
    await act(house, undo_of(second))
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", second["seq"])
        assert journal.first_gap(connection, "main") is None
    frames = [line.frame for line in lines if isinstance(line.frame, ActionUndone)]
    assert [(frame.entry.number, frame.entry.state, frame.undone_type) for frame in frames] == [
        ("B002", "waiting", "ticket_called"),
        ("B001", "called", "ticket_finished"),
    ]
    assert frames[0].undone_seq == second["seq"]
    assert frames[0].zone_id == "b"
    assert first["entry"]["entry_id"] == frames[1].entry.entry_id


async def test_undo_is_refused_after_a_minute(house: House) -> None:
    await fill(house, 1)
    called = await house.call("r3")
    house.clock.forward(seconds=61)
    assert await refused(house, undo_of(called)) == (409, "undo_too_late")


async def test_undo_is_refused_when_something_else_happened(house: House) -> None:
    await fill(house, 3)
    first = await house.call("r3")
    second = await house.call("r3")
    assert await refused(house, undo_of(first)) == (409, "stale_version")
    stale = Undo(entry_id=first["entry"]["entry_id"], version=first["entry"]["version"] + 1, seq=first["seq"])
    assert await refused(house, stale) == (409, "changed_since")
    undone = await act(house, undo_of(second))
    again = Undo(entry_id=undone["entry"]["entry_id"], version=undone["entry"]["version"], seq=second["seq"])
    assert await refused(house, again) == (409, "changed_since")
    of_an_undo = Undo(entry_id=undone["entry"]["entry_id"], version=undone["entry"]["version"], seq=undone["seq"])
    assert await refused(house, of_an_undo) == (409, "not_undoable")


async def test_undo_puts_nobody_into_a_room_that_is_taken(house: House) -> None:
    await fill(house, 2)
    called = (await house.call("r3"))["entry"]
    finished = await act(house, Finish(**seen(called)))
    await house.call("r3")
    assert await refused(house, undo_of(finished)) == (409, "room_occupied")


async def test_undo_names_the_right_entry(house: House) -> None:
    first, second = await fill(house, 2)
    called = await house.call("r3")
    other = Undo(**seen(second["entry"]), seq=called["seq"])
    assert await refused(house, other) == (409, "not_undoable")
    assert await refused(house, other.model_copy(update={"seq": 9999, "request_id": "x"})) == (409, "not_undoable")
    issued = Undo(**seen(second["entry"]), seq=2)
    assert await refused(house, issued) == (409, "not_undoable")
    assert first["number"] == "B001"


async def test_an_undo_sent_twice_is_done_once(house: House) -> None:
    await fill(house, 1)
    called = await house.call("r3")
    wish = undo_of(called)
    assert await act(house, wish) == await act(house, wish)
    with house.core.engine.connect() as connection:
        assert journal.last_seq(connection, "main") == 3


async def test_a_wall_that_joins_later_is_not_told_of_the_mistake(house: House) -> None:
    await fill(house, 2)
    await house.call("r3")
    mistake = await house.call("r3")
    told: Snapshot = look(house.core, lambda reading: snapshot(reading, Ear("display")))
    assert [call.entry.number for call in told.calls] == ["B002", "B001"]
    await act(house, undo_of(mistake))
    told = look(house.core, lambda reading: snapshot(reading, Ear("display")))
    assert [call.entry.number for call in told.calls] == ["B001"]
    assert {entry.number: entry.state for entry in told.entries} == {"B001": "called", "B002": "waiting"}
    assert Hello().protocol_version == 1


# --- a chosen one ----------------------------------------------------------------------------------------------------


def chosen(entry: dict[str, Any], reason: Any = "results") -> CallChosen:
    return CallChosen(**seen(entry), reason=reason)


async def test_a_chosen_one_is_called_out_of_turn_and_the_journal_says_why_and_by_which_role(house: House) -> None:
    _, _, third = await fill(house, 3)
    inside = (await house.call("r3"))["entry"]
    called = await act(house, chosen(third["entry"]))
    assert (called["entry"]["number"], called["entry"]["state"]) == ("B003", "called")
    assert now(house, inside).state == "finished"
    with house.core.engine.connect() as connection:
        line = journal.one(connection, "main", called["seq"])
    assert line is not None
    assert isinstance(line.frame, TicketCalled)
    frame = line.frame
    assert (frame.reason, frame.chosen_reason, frame.by_role, frame.overtook) == ("chosen", "results", "staff", True)
    assert "nurse" not in frame.model_dump_json().lower()
    await act(house, undo_of(called))
    assert (now(house, inside).state, now(house, third["entry"]).state) == ("called", "waiting")
    assert (await house.call("r3"))["entry"]["number"] == "B002"


async def test_somebody_held_can_be_chosen_and_is_held_again_when_that_was_a_mistake(house: House) -> None:
    first, _ = await fill(house, 2)
    held = (await act(house, Hold(**seen(first["entry"]), reason="payment", minutes=30)))["entry"]
    before = now(house, held)
    called = await act(house, chosen(held))
    assert called["entry"]["held_reason"] is None
    await act(house, undo_of(called))
    assert without_version(now(house, held)) == without_version(before)


async def test_only_who_waits_or_is_held_can_be_chosen(house: House) -> None:
    await fill(house, 2)
    called = (await house.call("r3"))["entry"]
    assert await refused(house, chosen(called)) == (409, "wrong_move")
    without_reason = {**seen(called)}
    assert (await house.http.post(CallChosen.path, json=without_reason)).status_code == 422


async def test_choosing_counts_for_the_bound_of_the_policy(house: House) -> None:
    """Else staff who choose now and then would let priority pass the others for ever."""
    await house.sign_in()
    await house.issue(1, "eyes")
    for person in range(2, 9):
        house.clock.forward(seconds=1)
        await house.issue(person, "eyes", birth="1940-01-01")
    called = []
    for _ in range(2):
        house.clock.forward(seconds=1)
        called.append((await house.call("r3"))["entry"]["number"])
    house.clock.forward(seconds=1)
    waiting = {one["entry"]["number"]: one["entry"] for one in (await board(house, "r3"))["waiting"]}
    called.append((await act(house, chosen(waiting["B006"])))["entry"]["number"])
    house.clock.forward(seconds=1)
    called.append((await house.call("r3"))["entry"]["number"])
    assert called == ["B002", "B003", "B006", "B001"]
