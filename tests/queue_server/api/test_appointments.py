"""Appointments: made, changed, cancelled, imported; and people who come for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from protocol.appointments import (
    AddAppointment,
    AppointmentRule,
    Booking,
    CancelAppointment,
    ChangeAppointmentRule,
    ImportAppointments,
)
from protocol.frames import AppointmentChanged, TicketIssued, for_everyone
from protocol.nouns import Identity, Intake
from protocol.opening import Quota
from protocol.requests import ChangeQuota, IssueTicket, Request
from queue_server.store import journal, tables
from tests.queue_server.api.test_offline_tickets import paper
from tests.queue_server.support import MORNING, House, identity, open_house, wish


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """On either database, at 08:30."""
    async with open_house(tmp_path, database_url=database_url) as opened:
        await opened.sign_in("boss")
        yield opened


def booking(person: int, minutes: float = 0, **more: Any) -> Booking:
    """Person `person`, so many minutes after 08:30."""
    given: dict[str, Any] = {
        "source_id": f"H{person}",
        "personal_id": f"{person:012d}",
        "service_id": "eyes",
        "starts_at": MORNING + timedelta(minutes=minutes),
    }
    return Booking(**(given | more))


async def act(house: House, request: Request) -> dict[str, Any]:
    answer = await house.send(request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def book(house: House, person: int, minutes: float = 0, **more: Any) -> dict[str, Any]:
    return dict((await act(house, AddAppointment(booking=booking(person, minutes, **more))))["appointment"])


async def refused(house: House, request: Request, device_id: str | None = None, language: str = "en") -> dict[str, Any]:
    headers = (house.as_device(device_id) if device_id else {}) | {"Accept-Language": language}
    answer = await house.http.post(request.path, json=request.model_dump(mode="json"), headers=headers)
    assert answer.status_code in (404, 409), answer.text
    return dict(answer.json())


async def of_day(house: House, day: str | None = None) -> list[tuple[str, str]]:
    answer = await house.http.get("/api/appointments", params={"day": day} if day else {})
    return [(one["source_id"], one["state"]) for one in answer.json()["appointments"]]


async def rule(house: House, **more: Any) -> None:
    await act(house, ChangeAppointmentRule(service_id="eyes", rule=AppointmentRule(**more)))


# --- making them -----------------------------------------------------------------------------------------------------


async def test_made_changed_sent_again_and_cancelled(house: House) -> None:
    made = await book(house, 1, 60)
    assert await book(house, 1, 60) == made
    moved = await book(house, 1, 90, room_id="r3")
    assert (moved["appointment_id"], moved["room_id"]) == (made["appointment_id"], "r3")
    assert (await act(house, CancelAppointment(appointment_id=made["appointment_id"])))["appointment"]["state"] == (
        "cancelled"
    )
    assert await of_day(house) == [("H1", "cancelled")]
    assert await of_day(house, "2026-11-21") == []
    assert (await house.issue(1, "eyes"))["timing"] is None
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", 0, kinds=("appointment_changed",))
    told = [line.frame for line in lines if isinstance(line.frame, AppointmentChanged)]
    assert [(one.appointment.state, one.appointment.room_id) for one in told] == [
        ("booked", None),
        ("booked", "r3"),
        ("cancelled", "r3"),
    ]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"service_id": "dreams"}, "unknown_service"),
        ({"room_id": "r9"}, "unknown_room"),
        ({"room_id": "r1"}, "room_without_service"),
        ({"minutes": -10}, "appointment_over"),
    ],
)
async def test_what_cannot_be_booked_is_refused_by_name(house: House, more: dict[str, Any], code: str) -> None:
    assert (await refused(house, AddAppointment(booking=booking(1, **more))))["code"] == code
    assert (await refused(house, CancelAppointment(appointment_id="nothing")))["code"] == "unknown_appointment"


async def test_a_list_is_tried_taken_and_taken_again(house: House) -> None:
    await book(house, 1, 10)
    bookings = (
        booking(1, 20), booking(2, 30), booking(3, 40, service_id="dreams"), booking(2, 50), booking(4, 60)
    )  # fmt: skip
    tried = await act(house, ImportAppointments(bookings=bookings, dry_run=True))
    assert (tried["added"], tried["changed"], tried["unchanged"]) == (2, 1, 0)
    assert [(one["place"], one["source_id"], one["code"]) for one in tried["problems"]] == [
        (3, "H3", "unknown_service"),
        (4, "H2", "source_id_twice"),
    ]
    assert await of_day(house) == [("H1", "booked")]
    taken = await act(house, ImportAppointments(bookings=bookings))
    assert taken == tried | {"dry_run": False}
    assert await of_day(house) == [("H1", "booked"), ("H2", "booked"), ("H4", "booked")]
    again = await act(house, ImportAppointments(bookings=bookings))
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 3)


async def test_a_whole_list_of_strangers_fits_into_one_request(house: House) -> None:
    bookings = tuple(booking(person, person, card_no=f"DN4{person:012d}") for person in range(1, 201))
    taken = await act(house, ImportAppointments(bookings=bookings))
    assert (taken["added"], taken["problems"]) == (200, [])


async def test_nurses_book_one_and_only_administrators_import(house: House) -> None:
    await house.sign_in("nurse")
    await book(house, 1, 60)
    for request in (ImportAppointments(bookings=(booking(1),)), ChangeAppointmentRule()):
        answer = await house.send(request)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_role")


async def test_people_who_are_booked_are_known_by_numbers_alone(house: House) -> None:
    """And lose nothing of what was known: a name that a card told is not taken away by a booking."""
    await house.issue(1)
    await book(house, 1, 60, card_no="DN4010123456790")
    await book(house, 2, 60)
    with house.core.engine.connect() as connection:
        people = [row for (row,) in connection.execute(select(tables.patient.c.identity))]
    assert sorted(str(one["full_name"]) for one in people) == ["Nguyễn Văn Thử", "None"]
    insured = Intake(identity=Identity(document="bhyt_15", card_no="DN4010123456790"))
    ticket = (await house.send(IssueTicket(service_id="eyes", intake=insured), "kiosk")).json()
    assert ticket["timing"] == "on_time"


# --- coming for one --------------------------------------------------------------------------------------------------


async def test_a_booking_by_a_former_number_waits_for_a_card_that_tells_it_too(house: House) -> None:
    booked = booking(1, personal_id=None, old_cmnd="012345678")
    for request_id in ("first", "again"):
        answer = await house.send(ImportAppointments(bookings=(booked,), request_id=request_id))
        assert answer.status_code == 200, answer.text
    assert answer.json()["unchanged"] == 1
    bare = Intake(identity=Identity(document="typed_cmnd", old_cmnd="012345678"))
    alone = await house.send(IssueTicket(service_id=booked.service_id, intake=bare), "kiosk")
    assert alone.json()["appointment_at"] is None
    card = identity("000000000001").model_copy(update={"old_cmnd": "012345678"})
    shown = await house.send(IssueTicket(service_id=booked.service_id, intake=Intake(identity=card)), "kiosk")
    assert shown.json()["appointment_at"] is not None


async def test_who_is_on_time_goes_before_who_came_after_the_appointed_time(house: House) -> None:
    await rule(house, head_start_minutes=10)
    await book(house, 3, 10)  # stands from 08:30 on
    first = await house.issue(1, "eyes")
    house.clock.forward(minutes=5)
    await house.issue(2, "eyes")
    house.clock.forward(minutes=3)
    mine = await house.issue(3, "eyes")
    assert (mine["timing"], mine["appointment_at"], mine["people_ahead"]) == ("on_time", "2026-11-20T01:40:00Z", 1)
    board = (await house.http.get("/api/rooms/r3/board")).json()
    assert [one["entry"]["number"] for one in board["waiting"]] == [first["number"], mine["number"], "B002"]
    await house.call("r3")
    board = (await house.http.get("/api/rooms/r3/board", headers={"Accept-Language": "en"})).json()
    assert board["next"]["sentence"] == "Number B003 is next: on time for an appointment."
    assert [(await house.call("r3"))["entry"]["number"] for _ in range(2)] == ["B003", "B002"]
    why = (await house.http.get("/api/why", params={"first": "B003", "second": "B002"})).json()
    assert (why["cause"], "on time for an appointment" in why["sentence"] or "đúng giờ hẹn" in why["sentence"]) == (
        "appointment",
        True,
    )
    assert await of_day(house) == [("H3", "arrived")]


async def test_who_comes_before_the_time_waits_for_it_behind_those_who_came(house: House) -> None:
    await book(house, 1, 30)
    early = await house.issue(1, "eyes")
    assert early["timing"] == "on_time"
    house.clock.forward(minutes=20)
    await house.issue(2, "eyes")
    assert [(await house.call("r3"))["entry"]["number"] for _ in range(2)] == ["B002", "B001"]
    why = (await house.http.get("/api/why", params={"first": "B002", "second": "B001"})).json()
    assert why["cause"] == "not_due"


async def test_each_refusal_tells_what_to_do_and_that_no_place_is_held(house: House) -> None:
    await rule(house, early_minutes=30, late_minutes=0, late="refuse")
    await book(house, 1, 120)
    await book(house, 2, 0)
    await book(house, 3, 24 * 60)
    await book(house, 4, 10, elsewhere="Cơ sở 2")
    house.clock.forward(minutes=1)
    told = [await refused(house, wish(person, "eyes"), "kiosk") for person in (1, 2, 3, 4)]
    assert [(one["code"], one["detail"]["at"]) for one in told] == [
        ("appointment_early", "10:30"),
        ("appointment_late", "08:30"),
        ("appointment_other_day", "08:30, 21/11"),
        ("appointment_elsewhere", "08:40"),
    ]
    assert (told[0]["detail"]["opens"], told[0]["detail"]["opens_at"]) == ("10:00", "2026-11-20T10:00:00+07:00")
    assert told[3]["detail"]["place"] == "Cơ sở 2"
    assert all("o number was issued" in one["message"] for one in told)
    vietnamese = await refused(house, wish(1, "eyes"), "kiosk", "vi")
    assert vietnamese["message"].endswith("ông/bà vui lòng lấy số từ 10:00.")
    assert [state for _, state in await of_day(house)] == ["booked"] * 3
    house.clock.now = datetime.fromisoformat("2026-11-20T10:00:00+07:00")
    assert (await house.issue(1, "eyes"))["timing"] == "on_time"


async def test_a_rule_may_let_them_in_as_walk_ins(house: House) -> None:
    await rule(house, early_minutes=30, late_minutes=0, early="walk_in", other_day="walk_in")
    await book(house, 1, 120)
    await book(house, 2, 0)
    await book(house, 3, 24 * 60, room_id="r3")
    house.clock.forward(minutes=1)
    tickets = [await house.issue(person, "eyes") for person in (1, 2, 3)]
    assert [one["timing"] for one in tickets] == ["early", "late", "other_day"]
    assert all(one["entry"]["appointment"] is None and one["entry"]["place"] is None for one in tickets)
    assert await of_day(house) == [("H2", "arrived"), ("H1", "arrived")]
    assert await of_day(house, "2026-11-21") == [("H3", "booked")]
    used = await refused(house, AddAppointment(booking=booking(1, 240)))
    assert used["code"] == "appointment_used"


async def test_the_room_that_was_booked_while_it_is_open(house: House) -> None:
    await book(house, 1, 10, service_id="general", room_id="r2")
    await book(house, 2, 10, service_id="general", room_id="r2")
    assert (await house.issue(1))["room"]["room_id"] == "r2"
    close = update(tables.room).where(tables.room.c.room_id == "r2").values(open=False)
    await house.core.writer.run(lambda connection: connection.execute(close))
    assert (await house.issue(2))["room"]["room_id"] == "r1"


async def test_a_number_is_promised_to_who_is_on_time(house: House) -> None:
    await act(house, ChangeQuota(service_id="eyes", quota=Quota(per_day=0)))
    await book(house, 1, 10)
    assert (await house.issue(1, "eyes"))["number"] == "B001"
    assert (await refused(house, wish(2, "eyes"), "kiosk"))["code"] == "full_today"


async def test_listeners_and_the_journal_know_no_more_than_they_should(house: House) -> None:
    made = await book(house, 1, 10)
    await house.issue(1, "eyes")
    with house.core.engine.connect() as connection:
        line = journal.read(connection, "main", 0, kinds=("ticket_issued",))[0]
    assert isinstance(line.frame, TicketIssued)
    assert (line.frame.appointment_id, line.frame.timing) == (made["appointment_id"], "on_time")
    told = for_everyone(line.frame).model_dump_json()
    assert made["appointment_id"] not in told
    assert '"appointment":null' in told


async def test_paper_of_a_kiosk_that_was_alone_counts_for_the_appointment(house: House) -> None:
    house.clock.forward(minutes=30)
    await book(house, 1, 30)
    ticket = (await house.send(paper(1, 1, minutes_ago=5), "kiosk")).json()
    assert ticket["timing"] == "on_time"
    await book(house, 2, 24 * 60)
    await house.send(paper(2, 2, minutes_ago=5), "kiosk")
    with house.core.engine.connect() as connection:
        frames = [line.frame for line in journal.read(connection, "main", 0, kinds=("ticket_issued",))]
    assert [getattr(frame, "flags", None) for frame in frames] == [(), ("appointment_other_day",)]
