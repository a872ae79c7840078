"""Arriving, being called, being away, coming back: through the server's own endpoints."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from protocol.nouns import Identity, Intake
from protocol.requests import CallNext, Finish, IssueTicket, MarkNotHere, Recall, Request
from queue_server.store import journal, tables
from queue_server.usecases.arrivals import ticket_by_address
from queue_server.usecases.once import look
from tests.queue_server.support import House, identity, open_house, wish


def kinds(house: House) -> list[str]:
    """What was done; not which services are open, which the server tells by itself every few seconds."""
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", 0)
    return [line.kind for line in lines if line.kind != "services_changed"]


async def act(house: House, request: Request) -> dict[str, Any]:
    answer = await house.send(request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(house: House, request: Request, device_id: str | None = None) -> tuple[int, str]:
    answer = await house.send(request, device_id)
    return answer.status_code, answer.json()["code"]


async def test_a_ticket_tells_where_to_go(house: House) -> None:
    ticket = await house.issue(1)
    assert (ticket["number"], ticket["room"]["number"], ticket["people_ahead"]) == ("A001", "1", 0)
    assert {name: told for name, told in ticket["wait"].items() if told is not None} == {
        "low_minutes": 0,
        "high_minutes": 10,
    }
    assert (ticket["business_day"], ticket["already_held"]) == ("2026-11-20", False)
    assert ticket["address"].startswith("/t/")
    assert len(ticket["address"]) == 3 + 32
    assert kinds(house) == ["ticket_issued"]


async def test_rooms_are_filled_by_balance(house: House) -> None:
    tickets = [await house.issue(person) for person in range(1, 6)]
    assert [ticket["room"]["number"] for ticket in tickets] == ["1", "2", "1", "2", "1"]
    assert [ticket["number"] for ticket in tickets] == ["A001", "A002", "A003", "A004", "A005"]
    assert [ticket["people_ahead"] for ticket in tickets] == [0, 0, 1, 1, 2]


async def test_a_second_scan_shows_the_ticket_that_is_held(house: House) -> None:
    first = await house.issue(1)
    again = await house.issue(1)
    assert again["already_held"] is True
    assert again["ticket_id"] == first["ticket_id"]
    assert kinds(house) == ["ticket_issued"]
    other = await house.issue(1, "eyes")
    assert (other["number"], other["already_held"]) == ("B001", False)


async def test_another_document_of_the_same_person_is_recognised(house: House) -> None:
    first = await house.issue(1)
    insured = Identity(document="bhyt_12", card_no="000000000001", personal_id="000000000001")
    answer = await house.send(IssueTicket(service_id="general", intake=Intake(identity=insured)), "kiosk")
    assert (answer.json()["already_held"], answer.json()["number"]) == (True, first["number"])


async def test_two_people_with_the_same_former_number_stay_two(house: House) -> None:
    """The second one got the first one's ticket, and the first one's record was written over."""

    async def arrive(number: str, name: str, cancelled: tuple[str, ...] = ()) -> dict[str, Any]:
        card = identity(number, name=name).model_copy(update={"old_cmnd": "023456789", "cancelled_ids": cancelled})
        answer = await house.send(IssueTicket(service_id="general", intake=Intake(identity=card)), "kiosk")
        return dict(answer.json())

    first, second = await arrive("000000000001", "Nguyễn Văn Thử"), await arrive("000000000002", "Trần Thị Mẫu")
    assert (first["number"], second["number"], second["already_held"]) == ("A001", "A002", False)
    with house.core.engine.connect() as connection:
        kept = connection.execute(select(tables.patient.c.identity)).scalars().all()
    assert sorted(one["full_name"] for one in kept) == ["Nguyễn Văn Thử", "Trần Thị Mẫu"]
    renumbered = await arrive("000000000009", "Nguyễn Văn Thử", cancelled=("000000000001",))
    assert (renumbered["number"], renumbered["already_held"]) == ("A001", True)


async def arrive_with(house: House, card: Identity, service_id: str, entered_by: str = "scan") -> dict[str, Any]:
    intake = Intake.model_validate({"identity": card, "entered_by": entered_by})
    answer = await house.send(IssueTicket(service_id=service_id, intake=intake), "kiosk")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def people_kept(house: House) -> list[Identity]:
    with house.core.engine.connect() as connection:
        kept = connection.execute(select(tables.patient.c.identity).order_by(tables.patient.c.created_at)).scalars()
        return [Identity.model_validate(one) for one in kept]


@pytest.mark.parametrize("entered_by", ["scan", "typed"])
async def test_a_lone_number_later_costs_neither_the_name_nor_the_place(
    tmp_path: Path, database_url: str, entered_by: str
) -> None:
    """The bare number wiped the name and the birth date, and the ticket of somebody of 80 became a normal one."""
    card = identity("000000000001", "1946-02-03")
    number = Identity(document="typed_personal_id", personal_id="000000000001", warnings=("number_only",))
    async with open_house(tmp_path, database_url=database_url) as house:
        first = await arrive_with(house, card, "general")
        second = await arrive_with(house, number, "eyes", entered_by)
        proven = {"priority_class": "aged_75", "status": "proven"}
        assert first["entry"]["priority"] == second["entry"]["priority"] == proven
        assert people_kept(house) == [card]


async def test_a_typed_birth_date_proves_nothing_later(house: House) -> None:
    await arrive_with(house, identity("000000000001", "1946-02-03"), "general", "typed")
    number = Identity(document="typed_personal_id", personal_id="000000000001")
    assert (await arrive_with(house, number, "eyes"))["entry"]["priority"]["priority_class"] == "normal"


async def test_a_former_number_alone_identifies_nobody(house: House) -> None:
    """Who scanned nine digits got the ticket of whoever had told them first, and wiped that person's record."""
    card = identity("000000000001").model_copy(update={"old_cmnd": "012345678"})
    bare = Identity(document="typed_cmnd", old_cmnd="012345678", warnings=("legacy_identifier", "number_only"))
    stranger = identity("000000000002").model_copy(update={"old_cmnd": "098765432"})
    assert (await arrive_with(house, bare.model_copy(update={"old_cmnd": "098765432"}), "general"))["number"] == "A001"
    assert (await arrive_with(house, card, "general"))["number"] == "A002"
    other = await arrive_with(house, bare, "general")
    assert (other["number"], other["already_held"]) == ("A003", False)
    late = await arrive_with(house, stranger, "general")  # has the first one's number beside a citizen number
    assert (late["number"], late["already_held"]) == ("A004", False)
    assert card in people_kept(house)
    assert (await arrive_with(house, card, "general"))["number"] == "A002"


async def test_one_person_has_one_visit_a_day_and_a_new_one_tomorrow(house: House) -> None:
    await house.issue(1)
    await house.issue(1, "eyes")
    house.clock.forward(days=1)
    tomorrow = await house.issue(1)
    assert (tomorrow["number"], tomorrow["business_day"]) == ("A001", "2026-11-21")
    with house.core.engine.connect() as connection:
        days = connection.execute(select(tables.visit.c.business_day).order_by(tables.visit.c.business_day)).scalars()
        assert list(days) == ["2026-11-20", "2026-11-21"]
        assert len(connection.execute(select(tables.patient)).all()) == 1


async def test_typed_words_do_not_replace_a_scan(house: House) -> None:
    await house.issue(1)
    typed = Intake(identity=identity("000000000001", None, "Kẻ Khác"), entered_by="typed")
    await house.send(IssueTicket(service_id="eyes", intake=typed), "kiosk")
    with house.core.engine.connect() as connection:
        assert connection.execute(select(tables.patient.c.identity)).scalar_one()["full_name"] == "Nguyễn Văn Thử"


async def test_refusals_are_named_and_leave_nothing_behind(house: House) -> None:
    assert await refused(house, wish(1, "teeth"), "kiosk") == (409, "service_closed")
    assert await refused(house, wish(1, "skin"), "kiosk") == (409, "no_open_room")
    assert await refused(house, wish(1, "nothing"), "kiosk") == (404, "unknown_service")
    long = IssueTicket(service_id="general", intake=Intake(identity=identity("1" * 65)))
    assert await refused(house, long, "kiosk") == (422, "bad_identity")
    with house.core.engine.connect() as connection:
        assert connection.execute(select(tables.patient)).all() == []
    assert kinds(house) == []


@pytest.mark.parametrize("field", ["full_name", "personal_id", "address"])
async def test_half_a_character_is_refused_at_the_door(house: House, field: str) -> None:
    """With such a name inside, the board of the room could not be written, so nobody could be called any more."""
    body = wish(1).model_dump(mode="json")
    body["intake"]["identity"][field] = "Th\ud800"
    headers = house.as_device() | {"Content-Type": "application/json"}
    answer = await house.http.post("/api/tickets", content=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_identity")
    assert kinds(house) == []


async def test_a_repeated_request_gets_the_same_answer_once(house: House) -> None:
    request = wish(1)
    first, second = await asyncio.gather(house.send(request, "kiosk"), house.send(request, "kiosk"))
    house.clock.forward(minutes=5)
    third = await house.send(request, "kiosk")
    assert first.json() == second.json() == third.json()
    assert first.json()["already_held"] is False
    assert kinds(house) == ["ticket_issued"]


async def test_a_request_number_belongs_to_its_caller_and_its_wish(house: House) -> None:
    await house.sign_in()
    request = wish(1, request_id="shared")
    await house.send(request, "kiosk")
    assert await refused(house, CallNext(room_id="r1", request_id="shared")) == (409, "request_id_taken")


async def test_the_age_of_a_request_gives_the_time_it_happened(house: House) -> None:
    late = await house.issue(1)
    early = await house.issue(2, age_s=600.0)
    assert early["issued_at"] < late["issued_at"]
    last_night = await house.issue(3, age_s=9 * 3600.0)
    assert (last_night["business_day"], last_night["number"]) == ("2026-11-19", "A001")


async def test_call_next_recall_and_finish(house: House) -> None:
    await house.sign_in()
    for person in range(1, 4):
        await house.issue(person)
    called = await house.call("r1")
    assert (called["entry"]["number"], called["entry"]["state"], called["entry"]["version"]) == ("A001", "called", 2)
    house.clock.forward(seconds=15)
    again = await act(house, Recall(entry_id=called["entry"]["entry_id"], version=2))
    assert again["entry"]["calls"] == 2
    following = await house.call("r1")
    assert following["entry"]["number"] == "A003"
    done = await act(house, Finish(entry_id=following["entry"]["entry_id"], version=following["entry"]["version"]))
    assert done["entry"]["state"] == "finished"
    assert kinds(house)[3:] == ["ticket_called", "ticket_called", "ticket_finished", "ticket_called", "ticket_finished"]
    assert await refused(house, CallNext(room_id="r1")) == (409, "nobody_waiting")


async def test_calling_with_nobody_waiting_leaves_who_is_inside(house: House) -> None:
    await house.sign_in()
    await house.issue(1)
    await house.call()
    assert await refused(house, CallNext(room_id="r1")) == (409, "nobody_waiting")
    board = (await house.http.get("/api/rooms/r1/board")).json()
    assert board["current"]["entry"]["number"] == "A001"


async def test_who_was_not_here_comes_back_after_others(house: House) -> None:
    await house.sign_in()
    for person in (1, 2, 3, 4, 5):
        await house.issue(person)
        house.clock.forward(minutes=1)
    called = (await house.call())["entry"]
    away = (await act(house, MarkNotHere(entry_id=called["entry_id"], version=called["version"])))["entry"]
    assert away["state"] == "not_here"
    assert (await house.call())["entry"]["number"] == "A003"
    back = await house.issue(1)
    assert (back["already_held"], back["entry"]["state"], back["people_ahead"]) == (True, "waiting", 1)
    assert kinds(house)[-1] == "ticket_returned"
    assert [(await house.call())["entry"]["number"] for _ in range(2)] == ["A005", "A001"]


async def test_who_comes_to_the_door_is_called_again_when_the_room_is_free(house: House) -> None:
    await house.sign_in()
    for person in (1, 2, 3):
        await house.issue(person)
    called = (await house.call())["entry"]
    away = (await act(house, MarkNotHere(entry_id=called["entry_id"], version=called["version"])))["entry"]
    inside = (await house.call())["entry"]
    recall = Recall(entry_id=away["entry_id"], version=away["version"])
    assert await refused(house, recall) == (409, "room_occupied")
    await act(house, Finish(entry_id=inside["entry_id"], version=inside["version"]))
    assert (await act(house, recall.model_copy(update={"request_id": "again"})))["entry"]["state"] == "called"


async def test_an_action_on_an_entry_that_has_changed_is_refused(house: House) -> None:
    await house.sign_in()
    ticket = await house.issue(1)
    entry_id = ticket["entry"]["entry_id"]
    await house.call()
    answer = await house.send(Finish(entry_id=entry_id, version=1))
    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_version"
    assert answer.json()["detail"] == {"version": "2", "state": "called"}
    assert await refused(house, Finish(entry_id="nobody", version=1)) == (404, "unknown_entry")


@pytest.mark.parametrize("request_type", [Recall, MarkNotHere, Finish])
async def test_moves_that_do_not_fit_are_refused(house: House, request_type: type[Recall]) -> None:
    await house.sign_in()
    ticket = await house.issue(1)
    wrong = request_type(entry_id=ticket["entry"]["entry_id"], version=1)
    assert await refused(house, wrong) == (409, "wrong_move")


async def test_two_people_pressing_at_once_get_two_patients(house: House) -> None:
    await house.sign_in()
    for person in range(1, 11):
        await house.issue(person)
    answers = await asyncio.gather(*(house.send(CallNext(room_id=room)) for room in ("r1", "r2", "r1", "r2")))
    numbers = [answer.json()["entry"]["number"] for answer in answers]
    assert len(set(numbers)) == 4


async def test_the_aged_go_first_and_the_board_says_why(house: House) -> None:
    await house.sign_in()
    for person in (1, 2, 3):
        await house.issue(person, "eyes")
    old = await house.issue(4, "eyes", birth="1950-01-01")
    assert (old["entry"]["priority"]["priority_class"], old["people_ahead"]) == ("aged_75", 0)
    vi = (await house.http.get("/api/rooms/r3/board")).json()
    en = (await house.http.get("/api/rooms/r3/board", headers={"Accept-Language": "en-GB"})).json()
    assert (vi["next"]["entry"]["number"], vi["next"]["reason"]) == ("B004", "aged_75")
    assert vi["next"]["sentence"] == "Số B004 được ưu tiên vì từ 75 tuổi trở lên."
    assert en["next"]["sentence"] == "Number B004 goes first: aged 75 or over."
    assert [waiting["entry"]["number"] for waiting in vi["waiting"]] == ["B004", "B001", "B002", "B003"]


async def test_in_the_room_too_nobody_is_overtaken_for_ever(house: House) -> None:
    await house.sign_in()
    await house.issue(1, "eyes")
    for person in range(2, 8):
        await house.issue(person, "eyes", birth="1940-01-01")
    called = []
    for _ in range(5):
        house.clock.forward(seconds=1)
        called.append((await house.call("r3"))["entry"]["number"])
    assert called == ["B002", "B003", "B004", "B001", "B005"]


async def test_the_board_shows_no_more_of_a_person_than_is_needed(house: House) -> None:
    await house.sign_in()
    await house.issue(1)
    house.clock.forward(minutes=12)
    board = (await house.http.get("/api/rooms/r1/board")).json()
    assert board["waiting"][0]["minutes_waited"] == 12
    await house.call()
    text = (await house.http.get("/api/rooms/r1/board")).text
    assert '"patient":{"name":"Nguyễn V. T.","birth_year":"1990"}' in text
    assert "000000000001" not in text
    assert "Thử" not in text
    rooms = (await house.http.get("/api/rooms")).json()["rooms"]
    assert [(room["room"]["room_id"], room["waiting"]) for room in rooms] == [("r1", 0), ("r2", 0), ("r3", 0)]
    assert (await house.http.get("/api/rooms/nowhere/board")).status_code == 404


async def test_the_ticket_page_is_found_by_its_address_only(house: House) -> None:
    ticket = await house.issue(1)
    address = ticket["address"].removeprefix("/t/")
    view = look(house.core, lambda reading: ticket_by_address(reading, address))
    assert (view.ticket.number, view.over) == ("A001", False)
    house.clock.forward(days=1)
    assert look(house.core, lambda reading: ticket_by_address(reading, address)).over is True
    with pytest.raises(Exception, match="unknown_ticket"):
        look(house.core, lambda reading: ticket_by_address(reading, ticket["ticket_id"]))


async def test_a_language_that_the_hospital_lacks_becomes_the_first_it_has(house: House) -> None:
    intake = Intake(identity=identity("000000000009"), language="x" * 500)
    answer = await house.send(IssueTicket(service_id="general", intake=intake), "kiosk")
    assert answer.json()["entry"]["language"] == "vi"
