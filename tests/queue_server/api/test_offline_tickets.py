"""Numbers that a kiosk gave by itself while the server was away: taken as facts, in the order of time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from protocol.frames import TicketIssued
from protocol.nouns import Device, Identity, Intake
from protocol.opening import NumberFormat, OpeningHours, Quota, Span
from protocol.requests import (
    ChangeNumbers,
    ChangeOpeningHours,
    ChangeQuota,
    ChangeService,
    ConfirmPriority,
    CreatePairingCode,
    PairDevice,
    UploadOfflineTicket,
)
from queue_server.auth.keys import new_id
from queue_server.emr.delivery_rows import take_in
from queue_server.store import journal, tables
from queue_server.usecases.callers import device_of
from queue_server.usecases.devices import add_device
from queue_server.usecases.listening import Ear, snapshot
from queue_server.usecases.once import look_at_one_moment
from tests.queue_server.emr.intakes import SYSTEMS
from tests.queue_server.support import House, open_house, wish

MINUTE = 60.0


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """On either database."""
    async with open_house(tmp_path, database_url=database_url) as opened:
        await opened.sign_in("boss")
        yield opened


def paper(number: int | str, person: int, minutes_ago: float = 10, **more: Any) -> UploadOfflineTicket:
    """The kiosk of the tests has the letters KA."""
    intake = more.pop("intake", wish(person, birth=more.pop("birth", "1990-05-17")).intake)
    printed = f"KA{number:03d}" if isinstance(number, int) else number
    given: dict[str, Any] = {"number": printed, "service_id": "eyes", "room_id": "r3"}
    return UploadOfflineTicket(age_s=minutes_ago * MINUTE, intake=intake, **(given | more))


async def upload(house: House, request: UploadOfflineTicket) -> dict[str, Any]:
    answer = await house.send(request, "kiosk")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refusal(house: House, request: UploadOfflineTicket, device_id: str = "kiosk") -> tuple[int, str]:
    answer = await house.send(request, device_id)
    return answer.status_code, answer.json()["code"]


def issued(house: House) -> list[TicketIssued]:
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", 0, kinds=("ticket_issued",))
    return [line.frame for line in lines if isinstance(line.frame, TicketIssued)]


async def change_room(house: House, room_id: str, **values: Any) -> None:
    statement = update(tables.room).where(tables.room.c.room_id == room_id).values(values)
    await house.core.writer.run(lambda connection: connection.execute(statement))


# --- whose letters -------------------------------------------------------------------------------------------------


async def test_a_kiosk_is_told_its_letters_when_it_is_paired_and_when_it_joins(house: House) -> None:
    told: list[dict[str, Any]] = []
    for kind in ("kiosk", "kiosk", "display"):
        code = (await house.send(CreatePairingCode(kind=kind, name="x"))).json()["code"]
        told.append((await house.send(PairDevice(code=code, protocol_version=1))).json()["device"])
    assert [device["series"] for device in told] == ["KB", "KC", ""]
    with house.core.engine.connect() as connection:
        kiosk, display = (device_of(connection, "main", house.keys[name]) for name in ("kiosk", "display-a"))
    joined = look_at_one_moment(house.core, lambda reading: snapshot(reading, Ear("kiosk", kiosk)))
    assert joined.device is not None
    assert (joined.device.series, display.series) == ("KA", "")


async def test_a_pairing_that_is_answered_again_names_the_same_letters(house: House) -> None:
    code = (await house.send(CreatePairingCode(kind="kiosk", name="x"))).json()["code"]
    request = PairDevice(code=code, protocol_version=1)
    answers = [(await house.send(request)).json()["device"] for _ in range(2)]
    assert answers[0]["series"] == "KB"
    assert answers[0] == answers[1]


async def test_letters_of_services_and_kiosks_never_meet(house: House) -> None:
    changed = await house.send(ChangeNumbers(service_id="eyes", numbers=NumberFormat(letters="KB")))
    assert changed.status_code == 200
    code = (await house.send(CreatePairingCode(kind="kiosk", name="x"))).json()["code"]
    paired = (await house.send(PairDevice(code=code, protocol_version=1))).json()["device"]
    assert paired["series"] == "KC"
    taken = await house.send(
        ChangeNumbers(service_id="eyes", numbers=NumberFormat(letters="E", by_weekday={"sun": "KC"}))
    )
    assert (taken.json()["code"], taken.json()["detail"]) == ("series_taken", {"letters": "KC"})


# --- facts ---------------------------------------------------------------------------------------------------------


async def test_the_paper_stands_in_the_line_by_when_it_was_given(house: House) -> None:
    early = await house.issue(1, "eyes")
    house.clock.forward(minutes=20)
    late = await house.issue(2, "eyes")
    house.clock.forward(minutes=5)
    mine = await upload(house, paper(1, 3, minutes_ago=15, address="ab" * 16))
    assert (mine["number"], mine["offline"], mine["people_ahead"], mine["room"]["room_id"]) == ("KA001", True, 1, "r3")
    assert mine["issued_at"] == "2026-11-20T01:40:00Z"
    assert [(await house.call("r3"))["entry"]["number"] for _ in range(3)] == ["B001", "KA001", "B002"]
    frame = issued(house)[-1]
    assert (frame.flags, frame.offline, frame.printed_room_id, frame.device_id) == ((), True, "r3", "kiosk")
    page = await house.http.get("/t/" + "ab" * 16)
    assert page.status_code == 200
    assert "KA001" in page.text
    assert early["number"] != late["number"]


async def test_why_a_live_number_went_first_is_told(house: House) -> None:
    await house.issue(1, "eyes")
    house.clock.forward(minutes=10)
    await house.call("r3")
    await upload(house, paper(1, 2, minutes_ago=30))
    told = (await house.http.get("/api/why", params={"first": "B001", "second": "KA001"})).json()
    assert told["cause"] == "not_known"
    house.clock.forward(minutes=1)
    await house.issue(3, "eyes")
    await house.call("r3")
    told = (await house.http.get("/api/why", params={"first": "KA001", "second": "B002"})).json()
    assert told["cause"] == "came_first"


async def test_a_proven_right_counts_and_a_declared_one_waits_for_staff(house: House) -> None:
    await house.issue(1, "eyes")
    old = await upload(house, paper(1, 2, minutes_ago=0, birth="1940-01-01"))
    assert (old["entry"]["priority"]["priority_class"], old["people_ahead"]) == ("aged_75", 0)
    told = await upload(house, paper(2, 3, minutes_ago=0, declared="pregnant"))
    assert told["entry"]["priority"] == {"priority_class": "pregnant", "status": "declared"}
    seen = {"entry_id": told["entry"]["entry_id"], "version": told["entry"]["version"]}
    assert (await house.send(ConfirmPriority(**seen, priority_class="pregnant", proof="seen"))).status_code == 200


async def test_what_would_have_been_refused_is_flagged_and_kept(house: House) -> None:
    held = await house.issue(1, "eyes")
    assert (await upload(house, paper(1, 1)))["ticket_id"] != held["ticket_id"]
    await house.send(ChangeService(service_id="eyes", open=False))
    await upload(house, paper(2, 2))
    await house.send(ChangeService(service_id="eyes", open=True))
    morning = OpeningHours(weekly={"fri": (Span(start="08:25", end="11:00"),)})
    await house.send(ChangeOpeningHours(service_id="eyes", hours=morning))
    await upload(house, paper(3, 3))
    await house.send(ChangeOpeningHours(service_id="eyes"))
    await house.send(ChangeQuota(service_id="eyes", quota=Quota(per_day=4)))
    await upload(house, paper(4, 4))
    house.clock.forward(minutes=1)
    await upload(house, paper(5, 5, minutes_ago=0))
    await house.send(ChangeQuota(service_id="eyes", quota=Quota(per_class={"normal": 9}, per_person=1)))
    await upload(house, paper(6, 2, minutes_ago=0))
    await house.send(ChangeQuota(service_id="eyes", quota=Quota(per_class={"normal": 1})))
    await upload(house, paper(7, 7, minutes_ago=0))
    flags = [frame.flags for frame in issued(house)[1:]]
    assert flags == [
        ("already_held",),
        ("service_closed",),
        ("not_open_now",),
        (),
        ("full_today",),
        ("already_held", "full_for_person"),
        ("full_for_class",),
    ]


async def test_the_record_system_is_told_when_it_was_given(house: House) -> None:
    await upload(house, paper(1, 1, minutes_ago=40))
    await house.core.writer.run(lambda connection: take_in(connection, "main", SYSTEMS, house.clock(), new_id))
    with house.core.engine.connect() as connection:
        payload = str(connection.execute(select(tables.emr_message.c.payload)).scalar_one())
    assert '"start":"2026-11-20T07:50:00+07:00"' in payload
    assert "KA001" in payload


async def test_the_quota_counts_paper(house: House) -> None:
    await house.send(ChangeQuota(service_id="eyes", quota=Quota(per_day=1)))
    await upload(house, paper(1, 1))
    answer = await house.send(wish(2, "eyes"), "kiosk")
    assert (answer.status_code, answer.json()["code"]) == (409, "full_today")


async def test_who_was_sent_to_a_room_that_closed_waits_in_another(house: House) -> None:
    await change_room(house, "r1", open=False)
    moved = await upload(house, paper(1, 1, service_id="general", room_id="r1"))
    assert (moved["room"]["room_id"], issued(house)[-1].flags) == ("r2", ("room_closed",))
    assert issued(house)[-1].printed_room_id == "r1"
    other_service = await upload(house, paper(2, 2, service_id="general", room_id="r3"))
    assert (other_service["room"]["room_id"], issued(house)[-1].flags) == ("r2", ("room_closed",))
    await change_room(house, "r2", open=False)
    nowhere = await upload(house, paper(3, 3, service_id="general", room_id="r2"))
    assert (nowhere["room"]["room_id"], issued(house)[-1].flags) == ("r2", ("no_open_room",))
    unnamed = await upload(house, paper(4, 4, service_id="general", room_id=None))
    assert (unnamed["room"]["room_id"], issued(house)[-1].flags) == ("r1", ("no_open_room",))


async def test_paper_of_yesterday_is_kept_and_stands_in_no_line_of_today(house: House) -> None:
    ticket = await upload(house, paper(1, 1, minutes_ago=24 * 60))
    assert ticket["business_day"] == "2026-11-19"
    today = await house.issue(2, "eyes")
    assert today["people_ahead"] == 0
    assert (await upload(house, paper(1, 3)))["business_day"] == "2026-11-20"


# --- twice ---------------------------------------------------------------------------------------------------------


async def test_delivered_twice_it_is_one_ticket(house: House) -> None:
    request = paper(1, 1)
    first = await upload(house, request)
    assert await upload(house, request) == first
    house.clock.forward(minutes=2)
    again = await upload(house, paper(1, 1, minutes_ago=12))
    assert again == first
    await house.call("r3")
    known = await upload(house, paper(1, 1, minutes_ago=12))
    assert (known["ticket_id"], known["entry"]["state"]) == (first["ticket_id"], "called")
    assert len(issued(house)) == 1


async def test_a_document_without_a_number_is_recognised_by_what_it_says(house: House) -> None:
    nameless = Intake(identity=Identity(document="bhyt_10", full_name="Trần Thị Mẫu"))
    first = await upload(house, paper(1, 0, intake=nameless))
    assert await upload(house, paper(1, 0, intake=nameless)) == first
    another = Intake(identity=Identity(document="bhyt_10", full_name="Trần Thị Khác"))
    assert await refusal(house, paper(1, 0, intake=another)) == (409, "number_taken")


@pytest.mark.parametrize(
    "other",
    [
        {"person": 2},
        {"person": 1, "service_id": "general", "room_id": "r1"},
        {"person": 1, "room_id": None},
        {"person": 1, "declared": "merit"},
    ],
)
async def test_the_same_number_with_other_content_is_refused_by_name(house: House, other: dict[str, Any]) -> None:
    await upload(house, paper(1, 1))
    assert await refusal(house, paper(1, **other)) == (409, "number_taken")
    assert len(issued(house)) == 1


@pytest.mark.parametrize(
    "number",
    [
        Identity(document="typed_personal_id", personal_id="000000000001"),
        Identity(document="typed_cmnd", old_cmnd="012345678"),
    ],
)
async def test_paper_with_a_lone_number_sent_again_is_one_ticket_though_a_card_was_shown_since(
    house: House, number: Identity
) -> None:
    bare = paper(1, 1, intake=Intake(identity=number, entered_by="typed"))
    first = await upload(house, bare)
    assert first["entry"]["priority"]["priority_class"] == "normal"
    await house.issue(1, birth="1946-02-03")
    again = await upload(house, bare.model_copy(update={"request_id": "sent-again"}))
    assert again["ticket_id"] == first["ticket_id"]
    later = await upload(house, paper(2, 1, 1, intake=bare.intake))
    known = number.personal_id is not None
    assert later["entry"]["priority"]["priority_class"] == ("aged_75" if known else "normal")


async def test_one_qr_cannot_lead_to_two_tickets(house: House) -> None:
    await upload(house, paper(1, 1, address="ab" * 16))
    assert await refusal(house, paper(2, 2, address="ab" * 16)) == (409, "number_taken")


# --- what cannot be kept -------------------------------------------------------------------------------------------


async def test_what_cannot_be_kept_is_refused_by_name(house: House) -> None:
    other = Device(device_id="other", kind="kiosk", name="other")
    house.keys["other"] = await house.core.writer.run(
        lambda connection: add_device(connection, "main", other, house.clock())
    )
    for number in ("KA000", "KA01", "KA0001", "KA1234567", "ka001", "001", "KA", "KI001", "KA001\n", "KA００１"):
        assert await refusal(house, paper(number, 1)) == (422, "impossible_number"), number
    assert await refusal(house, paper(1, 1), "other") == (422, "foreign_series")
    assert await refusal(house, paper("A001", 1)) == (422, "foreign_series")
    assert await refusal(house, paper(1, 1, minutes_ago=7 * 24 * 60 + 1)) == (422, "too_old")
    assert await refusal(house, paper(1, 1, service_id="dreams")) == (404, "unknown_service")
    assert await refusal(house, paper(1, 1, service_id="skin", room_id=None)) == (409, "no_room")
    long = Intake(identity=Identity(document="typed_10_digits", digits="1" * 65))
    assert await refusal(house, paper(1, 1, intake=long)) == (422, "bad_identity")
    assert issued(house) == []
    told = await house.send(paper(1, 1), "display-a")
    assert (told.status_code, told.json()["code"]) == (403, "wrong_role")
