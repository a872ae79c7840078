"""A visit under one number: from the doctor to tests, back to the same doctor, to the cashier, and home."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from protocol.frames import TicketFinished, TicketSentOn
from protocol.journey import ChangeJourney, Journey, PreviewJourney, Step
from protocol.requests import CallNext, EndVisit, Finish, SendOn, Transfer, Undo
from queue_server.store import journal, notes, tables
from tests.queue_server.api.test_transfer import act, now, order, refused, seen
from tests.queue_server.support import House

VISIT = Journey(
    any_order=True,
    steps=(
        Step(step="doctor", service_id="general", any_of=("lab", "eyes"), next=("cashier",)),
        Step(step="lab", service_id="lab", next=("results",)),
        Step(step="eyes", service_id="eyes", next=("results",)),
        Step(step="results", return_to="doctor", next=("cashier",)),
        Step(step="cashier", service_id="cashier"),
    ),
)


async def set_out(house: House, journey: Journey | None = VISIT) -> None:
    """Rooms 4 (laboratory) and 5 (cashier) besides those of the small hospital; the journey is set."""

    def build(connection: Any) -> None:
        for service_id, series, number in (("lab", "E", "4"), ("cashier", "F", "5")):
            names = {"vi": service_id, "en": service_id}
            row = {"service_id": service_id, "names": names, "icon": "x", "series": series, "minutes": 3}
            connection.execute(insert(tables.service).values(site_id="main", open=True, closed_reason={}, **row))
            place = {"room_id": f"r{number}", "number": number, "names": names, "zone_id": "b", "directions": {}}
            connection.execute(insert(tables.room).values(site_id="main", **place))
            connection.execute(insert(tables.room_service).values(room_id=f"r{number}", service_id=service_id))

    await house.core.writer.run(build)
    await house.sign_in("boss")
    if journey is not None:
        await act(house, ChangeJourney(service_id="general", journey=journey))
    await house.sign_in()


async def inside(house: House, room: str) -> dict[str, Any]:
    board = (await house.http.get(f"/api/rooms/{room}/board")).json()
    found: dict[str, Any] = board["current"]
    return found


async def done(house: House, room: str, *steps: str, **more: Any) -> dict[str, Any]:
    """Whoever is next in the room is called, and sent on."""
    called = (await house.call(room))["entry"]
    house.clock.forward(minutes=3)
    return await act(house, SendOn(**seen(called), steps=steps, **more))


async def test_a_whole_visit_under_one_number(house: House) -> None:
    await set_out(house)
    mine = await house.issue(1)
    house.clock.forward(minutes=1)
    await house.issue(2)
    await house.issue(3)  # room 1 again
    number = mine["number"]
    await done(house, "r1", "lab", "eyes")
    assert await order(house, "r4") == [number]
    await done(house, "r4")
    assert await order(house, "r3") == [number], "of the two that were chosen, the one that is left"
    await done(house, "r3")
    assert await order(house, "r1") == [number, "A003"], "back at the same doctor, before who came later"
    assert number not in await order(house, "r2")
    called = await house.call("r1")
    assert called["entry"]["number"] == number
    await act(house, Finish(**seen(called["entry"])))
    assert await order(house, "r5") == [number], "without a choice, the way that the journey names"
    last = await house.call("r5")
    await act(house, Finish(**seen(last["entry"])))
    page = (await house.http.get(mine["address"])).text
    assert page.count('data-standing="done"') == 5
    assert 'data-standing="next"' not in page
    with house.core.engine.connect() as connection:
        tickets = connection.execute(select(tables.entry.c.ticket_id).where(tables.entry.c.number == number))
        assert set(tickets.scalars()) == {mine["ticket_id"]}
        assert journal.first_gap(connection, "main") is None


async def test_the_staff_page_is_told_what_may_follow(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    await house.call("r1")
    offered = (await inside(house, "r1"))["offered"]
    assert [one["step"] for one in offered["any_of"]] == ["lab", "eyes"]
    assert [one["step"] for one in offered["one_of"]] == ["cashier"]
    assert offered["default"] == ["cashier"]
    await act(house, SendOn(**seen((await inside(house, "r1"))["entry"]), steps=("lab",)))
    await house.call("r4")
    assert [(one["step"], one["room_number"]) for one in (await inside(house, "r4"))["offered"]["one_of"]] == [
        ("results", "1")
    ]
    await house.issue(12, "eyes")
    await house.call("r3")
    assert (await inside(house, "r3"))["offered"] is None, "a number for another service is on no journey"


async def test_calling_the_next_sends_on_whoever_was_inside_and_undo_takes_all_of_it_back(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    await house.issue(2)
    await house.issue(3)
    first = (await house.call("r1"))["entry"]
    second = await house.call("r1")
    assert await order(house, "r5") == [first["number"]]
    undone = await act(house, Undo(**seen(second["entry"]), seq=second["seq"]))
    assert undone["entry"]["state"] == "waiting"
    assert await order(house, "r5") == []
    assert (await inside(house, "r1"))["entry"]["entry_id"] == first["entry_id"]
    with house.core.engine.connect() as connection:
        states = connection.execute(select(tables.entry.c.state).where(tables.entry.c.service_id == "cashier"))
        assert states.scalars().all() == ["cancelled"]


async def test_undo_within_a_minute_and_not_once_the_next_room_has_called(house: House) -> None:
    await set_out(house)
    ticket = await house.issue(1)
    sent = await done(house, "r1", "lab")
    await act(house, Undo(**seen(sent["entry"]), seq=sent["seq"]))
    assert now(house, ticket["entry"]).state == "called"
    sent = await act(house, SendOn(**seen((await inside(house, "r1"))["entry"]), steps=("lab",)))
    await house.call("r4")
    wanted = Undo(**seen(sent["entry"]), seq=sent["seq"])
    assert await refused(house, wanted) == (409, "changed_since")


async def test_the_journal_tells_both_and_in_which_order(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    sent = await done(house, "r1", "lab")
    with house.core.engine.connect() as connection:
        finished, on = (journal.one(connection, "main", seq) for seq in (sent["seq"], sent["seq"] - 1))
    assert finished is not None
    assert on is not None
    assert isinstance(finished.frame, TicketFinished)
    assert isinstance(on.frame, TicketSentOn)
    assert finished.frame.sends == (on.seq,)
    assert (on.frame.from_room_id, on.frame.room_number, on.frame.zone_id) == ("r1", "4", "b")
    assert on.ticket_id == finished.ticket_id


async def test_the_visit_ends_here_whatever_the_journey_says(house: House) -> None:
    await set_out(house)
    ticket = await house.issue(1)
    called = await house.call("r1")
    ended = await act(house, EndVisit(**seen(called["entry"])))
    assert (ended["entry"]["state"], ended["entry"]["step"]) == ("finished", None)
    assert await order(house, "r5") == []
    assert 'data-standing="next"' not in (await house.http.get(ticket["address"])).text
    await act(house, Undo(**seen(ended["entry"]), seq=ended["seq"]))
    assert now(house, ticket["entry"]).step == "doctor"


async def test_a_second_scan_anywhere_on_the_way_gives_the_same_number(house: House) -> None:
    await set_out(house)
    first = await house.issue(1)
    await done(house, "r1", "lab")
    again = await house.issue(1)
    assert (again["already_held"], again["number"], again["room"]["room_id"]) == (True, first["number"], "r4")
    assert again["service_names"]["vi"] == "lab"


async def test_what_cannot_be_is_refused_by_name(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    called = (await house.call("r1"))["entry"]
    assert await refused(house, SendOn(**seen(called), steps=("results",))) == (409, "step_not_offered")
    assert await refused(house, SendOn(**seen(called), steps=("lab", "cashier"))) == (409, "step_not_offered")
    await house.issue(1, "eyes")
    assert await refused(house, SendOn(**seen(called), steps=("eyes",))) == (409, "holds_another")
    await act(house, SendOn(**seen(called)))
    last = (await house.call("r5"))["entry"]
    assert await refused(house, SendOn(**seen(last))) == (409, "no_next_step")
    assert await refused(house, EndVisit(**seen(called))) == (409, "stale_version")


async def test_nobody_leaves_without_knowing_where_to(house: House) -> None:
    """When no room of the next step is open, finishing and calling are refused until staff say what shall be."""
    await set_out(house)
    await house.issue(1)
    await house.issue(2)
    await house.issue(3)
    called = (await house.call("r1"))["entry"]
    await house.core.writer.run(lambda c: c.execute(tables.room.update().values(open=tables.room.c.room_id != "r5")))
    assert await refused(house, Finish(**seen(called))) == (409, "next_step_closed")
    assert await refused(house, CallNext(room_id="r1")) == (409, "next_step_closed")
    assert (await inside(house, "r1"))["entry"]["version"] == called["version"]
    await act(house, EndVisit(**seen(called)))
    await house.call("r1")


async def test_the_doctors_room_has_closed_since(house: House) -> None:
    await set_out(house)
    ticket = await house.issue(1)
    await house.issue(2)
    await done(house, "r1", "lab")
    await house.core.writer.run(lambda c: c.execute(tables.room.update().values(open=tables.room.c.room_id != "r1")))
    await done(house, "r4")
    assert (await order(house, "r2"))[0] == ticket["number"], "another room of the service, at the same place"


async def test_an_administrator_is_told_each_mistake_and_nothing_is_kept(house: House) -> None:
    await set_out(house, None)
    wrong = Journey(steps=(Step(step="doctor", service_id="general", next=("mri", "doctor")),))
    assert await refused(house, PreviewJourney(service_id="general", journey=wrong)) == (403, "wrong_role")
    await house.sign_in("boss")
    preview = await act(house, PreviewJourney(service_id="general", journey=wrong))
    assert [(one["kind"], one["step"]) for one in preview["mistakes"]] == [("unknown_step", "doctor")]
    assert "“mri”" in preview["mistakes"][0]["sentence"]
    answer = await house.send(ChangeJourney(service_id="general", journey=wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "journey_mistaken")
    assert answer.json()["detail"] == {"mistakes": "doctor: unknown_step mri"}
    assert (await house.http.get("/api/journeys")).json() == {"journeys": []}
    assert (await act(house, PreviewJourney(service_id="general", journey=VISIT)))["way"] == ["general", "cashier"]
    nowhere = ChangeJourney(service_id="nowhere")
    assert await refused(house, nowhere) == (404, "unknown_service")


async def test_a_journey_is_changed_while_people_are_under_way(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    await done(house, "r1", "lab")
    await house.sign_in("boss")
    await act(house, ChangeJourney(service_id="general", journey=None))
    assert (await house.http.get("/api/journeys")).json() == {"journeys": []}
    called = (await house.call("r4"))["entry"]
    assert (await act(house, Finish(**seen(called))))["entry"]["state"] == "finished"
    assert await order(house, "r1") == []


async def test_a_ticket_does_not_go_round_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await set_out(house)
    monkeypatch.setattr("queue_server.domain.journey.MOST_ENTRIES", 2)
    await house.issue(1)
    await done(house, "r1", "lab")
    called = (await house.call("r4"))["entry"]
    assert await refused(house, SendOn(**seen(called))) == (409, "too_many_steps")
    assert (await act(house, Finish(**seen(called))))["entry"]["state"] == "finished"


# --- notes -----------------------------------------------------------------------------------------------------------


NOTE = "Dị ứng penicillin"


async def test_a_note_goes_to_the_next_room_and_nowhere_else(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    await done(house, "r1", "lab", note=f"  {NOTE} ")
    await house.call("r4")
    assert (await inside(house, "r4"))["note"] == NOTE
    moved = await act(house, Transfer(**seen((await inside(house, "r4"))["entry"]), room_id="r3", reason="other"))
    await house.call("r3")
    assert (await inside(house, "r3"))["note"] is None, "what was written for another room is not for this one"
    assert moved["entry"]["room_id"] == "r3"
    with house.core.engine.connect() as connection:
        for table in (tables.journal, tables.request):
            assert NOTE not in str(connection.execute(select(table)).all())


async def test_a_note_is_short_and_is_forgotten_after_a_day(house: House) -> None:
    await set_out(house)
    await house.issue(1)
    called = (await house.call("r1"))["entry"]
    body = {**seen(called), "room_id": "r2", "reason": "other", "note": "x" * 201}
    answer = await house.http.post(Transfer.path, json=body)
    assert (answer.status_code, answer.json()["detail"]) == (422, {"note": "string_too_long"})
    await act(house, Transfer(**seen(called), room_id="r2", reason="other", note=NOTE))
    await house.call("r2")
    assert (await inside(house, "r2"))["note"] == NOTE
    house.clock.forward(days=1, minutes=1)
    await house.core.writer.run(lambda connection: notes.forget_old(connection, house.clock()))
    with house.core.engine.connect() as connection:
        assert connection.execute(select(tables.entry_note)).all() == []
