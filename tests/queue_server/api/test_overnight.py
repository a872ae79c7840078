"""The day changes: lines are empty then, but for services that are kept overnight."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.frames import TicketCarriedOver
from protocol.opening import Overnight
from protocol.policy import Capped
from protocol.requests import (
    CallChosen,
    CallNext,
    ChangeOvernight,
    ChangePolicy,
    ConfirmPriority,
    Finish,
    Hold,
    Transfer,
    Undo,
    UploadOfflineTicket,
)
from queue_server.store import journal
from queue_server.usecases import overnight
from queue_server.usecases.once import change, look
from tests.queue_server.support import House, open_house, wish


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """On either database; the eyes are an emergency department."""
    async with open_house(tmp_path, database_url=database_url) as opened:
        await opened.sign_in("boss")
        kept = ChangeOvernight(service_id="eyes", overnight=Overnight(keep=True))
        assert (await opened.send(kept)).status_code == 200
        yield opened


async def until_midnight(house: House, and_minutes: int = 0) -> None:
    """By the hospital's clock, seven hours ahead."""
    passed = house.clock().replace(hour=17, minute=0)
    house.clock.now = (passed if passed > house.clock() else passed + timedelta(days=1)) + timedelta(
        minutes=and_minutes
    )
    await house.sign_in("boss")


async def page(house: House, ticket: dict[str, Any]) -> str:
    return (await house.http.get(ticket["address"])).text


def carried(house: House) -> list[str]:
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", 0, kinds=("ticket_carried_over",))
        assert journal.first_gap(connection, "main") is None
    return [line.frame.entry.number for line in lines if isinstance(line.frame, TicketCarriedOver)]


async def test_who_was_not_seen_goes_first_in_the_morning(house: House) -> None:
    tickets = [await house.issue(person, "eyes") for person in (1, 2, 3)]
    house.clock.forward(hours=8)
    await house.sign_in("boss")
    held = tickets[2]["entry"]
    await house.send(Hold(entry_id=held["entry_id"], version=held["version"], reason="rest", minutes=480))
    await until_midnight(house)
    today = await house.issue(9, "eyes")
    assert (today["people_ahead"], carried(house)) == (2, ["B001", "B002", "B003"])
    assert [(await house.call("r3"))["entry"]["number"] for _ in range(3)] == ["B001", "B002", "B004"]
    house.clock.forward(minutes=31)
    assert (await house.call("r3"))["entry"]["number"] == "B003"


async def test_numbers_that_still_stand_in_line_are_passed_over(house: House) -> None:
    for person in (1, 2, 3):
        await house.issue(person, "eyes")
    await house.call("r3")
    await house.call("r3")  # the first is seen
    await until_midnight(house)
    assert [(await house.issue(person, "eyes"))["number"] for person in (8, 9)] == ["B001", "B004"]


async def test_a_second_scan_after_midnight_shows_the_number_that_is_held(house: House) -> None:
    first = await house.issue(1, "eyes")
    await house.issue(2, "eyes")
    await until_midnight(house)
    again = await house.issue(1, "eyes")
    assert (again["number"], again["already_held"], again["people_ahead"]) == (first["number"], True, 0)


async def test_whoever_is_inside_stays_inside_and_is_finished_by_the_next_call(house: House) -> None:
    await house.issue(1, "eyes")
    await house.issue(2, "eyes")
    await house.call("r3")
    await until_midnight(house)
    assert (await house.call("r3"))["entry"]["number"] == "B002"
    with house.core.engine.connect() as connection:
        kinds = [line.kind for line in journal.read(connection, "main", 0)]
    assert kinds[-4:] == ["ticket_carried_over", "ticket_carried_over", "ticket_finished", "ticket_called"]


async def test_the_page_goes_on_for_who_is_kept_and_says_so_to_who_is_not(house: House) -> None:
    kept, gone = await house.issue(1, "eyes"), await house.issue(1)
    await until_midnight(house)
    assert look(house.core, overnight.is_due)
    await house.core.writer.run(lambda connection: overnight.carry_over(change(house.core, connection, "server:timer")))
    assert not look(house.core, overnight.is_due)
    assert 'data-state="waiting"' in await page(house, kept)
    told = await page(house, gone)
    assert 'data-state="over"' in told
    assert "Số này của ngày 2026-11-20, nay không còn dùng được. Nếu vẫn cần khám" in told
    assert (await house.issue(1))["already_held"] is False
    assert carried(house) == ["B001"]


async def test_it_happens_once_a_day_and_lasts_for_many(house: House) -> None:
    await house.issue(1, "eyes")
    for _ in range(3):
        await until_midnight(house)
        await house.issue(5)
        await house.issue(6)
    assert carried(house) == ["B001"] * 3
    assert (await house.call("r3"))["entry"]["number"] == "B001"


async def test_switched_on_in_the_morning_it_brings_nobody_back(house: House) -> None:
    await house.send(ChangeOvernight(service_id="eyes"))
    await house.issue(1, "eyes")
    await until_midnight(house)
    await house.send(ChangeOvernight(service_id="eyes", overnight=Overnight(keep=True)))
    assert (await house.issue(2, "eyes"))["people_ahead"] == 0
    assert carried(house) == []
    told = (await house.http.get("/api/service-settings")).json()["settings"]
    assert next(one for one in told if one["service_id"] == "eyes")["overnight"] == {"keep": True}


async def test_paper_of_last_night_that_is_told_in_the_morning_stands_in_line_too(house: House) -> None:
    await until_midnight(house, and_minutes=30)
    await house.issue(1, "eyes")
    paper = UploadOfflineTicket(number="KA001", service_id="eyes", room_id="r3", intake=wish(2).intake, age_s=3600.0)
    told = (await house.send(paper, "kiosk")).json()
    assert (told["business_day"], told["entry"]["version"]) == ("2026-11-20", 2)
    assert (await house.call("r3"))["entry"]["number"] == "KA001"
    again = (await house.send(paper.model_copy(update={"request_id": "again"}), "kiosk")).json()
    assert again["entry"]["state"] == "called"
    await house.call("r3")
    why = (await house.http.get("/api/why", params={"first": "KA001", "second": "B001"})).json()
    assert why["cause"] == "came_first"


async def test_a_server_that_stood_still_over_two_midnights_keeps_everybody_too(house: House) -> None:
    for person in (1, 2):
        await house.issue(person, "eyes")
    house.clock.forward(days=2)
    await house.sign_in("boss")
    assert [(await house.call("r3"))["entry"]["number"] for _ in range(2)] == ["B001", "B002"]
    assert carried(house) == ["B001", "B002"]


async def test_a_number_of_yesterday_can_be_finished_and_nothing_else(house: House) -> None:
    inside, waits = await house.issue(1), await house.issue(2)
    called = (await house.call(inside["room"]["room_id"]))["entry"]
    await until_midnight(house)
    seen = {"entry_id": called["entry_id"], "version": called["version"]}
    waiting = {"entry_id": waits["entry"]["entry_id"], "version": waits["entry"]["version"]}
    for wish_of_staff in (
        Hold(**seen, reason="rest"),
        Transfer(**seen, service_id="eyes", reason="specialist"),
        CallChosen(**waiting, reason="agreed"),
        ConfirmPriority(**waiting, priority_class="pregnant", proof="seen"),
    ):
        answer = await house.send(wish_of_staff)
        assert (answer.status_code, answer.json()["code"]) == (409, "day_over")
    assert (await house.send(Finish(**seen))).json()["entry"]["state"] == "finished"


async def test_what_was_done_just_before_midnight_is_taken_back_into_the_line_of_the_new_day(house: House) -> None:
    await house.issue(1, "eyes")
    called = (await house.call("r3"))["entry"]
    await until_midnight(house, and_minutes=-1)
    house.clock.forward(seconds=50)
    seen = {"entry_id": called["entry_id"], "version": called["version"]}
    done = (await house.send(Finish(**seen))).json()
    house.clock.forward(seconds=20)
    undo = Undo(entry_id=called["entry_id"], version=done["entry"]["version"], seq=done["seq"])
    back = (await house.send(undo)).json()["entry"]
    assert (back["state"], carried(house)) == ("called", ["B001"])
    board = (await house.http.get("/api/rooms/r3/board")).json()
    assert board["current"]["entry"] == back


async def test_who_was_passed_over_before_midnight_is_not_passed_over_once_more_after_it(house: House) -> None:
    await house.send(ChangePolicy(policy=Capped(overtakes=1)))
    await house.issue(1, "eyes")
    for person in (2, 3):
        await house.issue(person, "eyes", birth="1940-01-01")
    await house.send(CallNext(room_id="r3"))
    await until_midnight(house)
    called = (await house.call("r3"))["entry"]
    assert called["number"] == "B001"


async def test_who_is_kept_overnight_gets_no_second_number_for_the_service_by_a_transfer(house: House) -> None:
    await house.issue(1, "eyes")
    await until_midnight(house)
    today = (await house.issue(1))["entry"]
    seen = {"entry_id": today["entry_id"], "version": today["version"]}
    answer = await house.send(Transfer(**seen, service_id="eyes", reason="specialist"))
    assert (answer.status_code, answer.json()["code"]) == (409, "holds_another")


async def test_a_service_that_is_not_there(house: House) -> None:
    answer = await house.send(ChangeOvernight(service_id="nowhere"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_service")
