"""Frames hold no personal data: by their types, and by a whole journey with marked data."""

from __future__ import annotations

import json
import logging
import types
import typing
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from protocol.appointments import AddAppointment, Booking
from protocol.frames import FRAME_TYPES, FROM_SERVER, Hello, Numbered, Snapshot
from protocol.nouns import Birth, Identity, Intake, Names
from protocol.opening import Quota
from protocol.policy import FirstCome
from protocol.requests import (
    ChangePolicy,
    ChangeQuota,
    ChangeService,
    ConfirmPriority,
    Finish,
    IssueTicket,
    MarkNotHere,
    RaiseAlert,
    Recall,
    ReportPrint,
    UploadOfflineTicket,
)
from queue_server.store import tables
from tests.queue_server.support import House

PERSONAL = set(Identity.model_fields) - {"warnings"}
FORBIDDEN = PERSONAL | {"identity", "intake", "patient", "patient_id", "first_name", "last_name", "phone", "gender"}


def words(kind: typing.Any, seen: set[type]) -> Iterator[tuple[str, str]]:
    """Every field that can travel inside `kind`, with the type it belongs to."""
    if typing.get_origin(kind) is not None or isinstance(kind, types.UnionType):
        for inner in typing.get_args(kind):
            yield from words(inner, seen)
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for name, field in kind.model_fields.items():
            yield kind.__name__, name
            yield from words(field.annotation, seen)


@pytest.mark.parametrize("frame_type", [*FRAME_TYPES, Snapshot, Numbered, Hello])
def test_no_frame_type_has_room_for_personal_data(frame_type: type[BaseModel]) -> None:
    seen: set[type] = set()
    found = list(words(frame_type, seen))
    assert found
    assert [(owner, name) for owner, name in found if name in FORBIDDEN] == []
    assert not seen & {Identity, Intake, Birth}


def test_every_frame_type_is_walked() -> None:
    travelling = typing.get_args(typing.get_args(Numbered.model_fields["frame"].annotation)[0] or ())
    union = travelling or typing.get_args(Numbered.model_fields["frame"].annotation)
    assert set(union) == set(FRAME_TYPES)
    assert Names == dict[str, str]  # names of rooms and services, not of people


MARKS = {
    "personal_id": "001052MARKID",
    "old_cmnd": "MARKCMND9",
    "full_name": "Trần Thị Dấu Vết",
    "address": "Xóm Dấu Địa Chỉ",
    "father_name": "Cha Dấu Vết",
    "mother_name": "Mẹ Dấu Vết",
    "card_no": "DN4MARKCARD",
    "bhxh_code": "MARKBHXH",
    "parent_name": "Phụ Huynh Dấu",
    "place_text": "Nơi Dấu",
    "check_raw": "MARKCHECK",
    "management_code": "MARKMANAGE",
}
BIRTH = "1949-03-07"


def marked() -> Identity:
    birth = {"value": BIRTH, "precision": "day"}
    return Identity.model_validate({"document": "can_cuoc_new", "birth": birth} | MARKS)


def leaks(text: str) -> list[str]:
    plain = text + json.loads(json.dumps(text)).encode().decode("unicode_escape", "ignore") if "\\u" in text else text
    return [mark for mark in [*MARKS.values(), "Dấu", BIRTH] if mark in plain]


async def journey(house: House) -> dict[str, typing.Any]:
    identity = marked()
    request = IssueTicket(service_id="general", intake=Intake(identity=identity))
    ticket = (await house.send(request, "kiosk")).json()
    await house.send(request, "kiosk")
    await house.send(IssueTicket(service_id="general", intake=Intake(identity=identity)), "kiosk")
    await house.send(IssueTicket(service_id="teeth", intake=Intake(identity=identity)), "kiosk")
    await house.send(ReportPrint(ticket_id=ticket["ticket_id"], outcome="printed", code="Trần Thị Dấu Vết"), "kiosk")
    await house.send(RaiseAlert(reason="unwell"), "kiosk")
    broken = request.model_dump(mode="json") | {"service_id": "Trần Thị Dấu Vết"}
    await house.http.post("/api/tickets", json=broken, headers=house.as_device())
    await house.sign_in("boss")
    await house.send(ChangePolicy(policy=FirstCome(), service_id="general"))
    seen = {"entry_id": ticket["entry"]["entry_id"], "version": ticket["entry"]["version"]}
    await house.send(ConfirmPriority(priority_class="pregnant", proof="seen", **seen))
    await house.send(ChangeQuota(service_id="general", quota=Quota(per_day=99)))
    await house.send(ChangeService(service_id="skin", open=False))
    numbers = {name: MARKS[name] for name in ("personal_id", "old_cmnd", "card_no")}
    starts_at = (house.clock() + timedelta(minutes=9)).isoformat()
    booked = Booking.model_validate({"source_id": "H1", "service_id": "eyes", "starts_at": starts_at} | numbers)
    await house.send(AddAppointment(booking=booked))
    paper = {"number": "KA001", "service_id": "eyes", "intake": Intake(identity=identity)}
    await house.send(UploadOfflineTicket.model_validate(paper), "kiosk")
    await house.send(UploadOfflineTicket.model_validate(paper | {"service_id": "general"}), "kiosk")
    await house.sign_in()
    entry = (await house.call())["entry"]
    house.clock.forward(seconds=15)
    entry = (await house.send(Recall(entry_id=entry["entry_id"], version=entry["version"]))).json()["entry"]
    await house.send(MarkNotHere(entry_id=entry["entry_id"], version=entry["version"]))
    await house.send(IssueTicket(service_id="general", intake=Intake(identity=identity)), "kiosk")
    entry = (await house.call())["entry"]
    await house.send(Finish(entry_id=entry["entry_id"], version=entry["version"]))
    return dict(ticket)


async def test_a_journey_leaves_its_marks_in_the_patient_tables_only(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ticket = await journey(house)
    marked = {}
    with house.core.engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            rows = json.dumps([[str(value) for value in row] for row in connection.execute(select(table))],
                              ensure_ascii=False)  # fmt: skip
            if leaks(rows):
                marked[table.name] = leaks(rows)
        kinds = set(connection.execute(select(tables.journal.c.kind)).scalars())
    assert set(marked) == {"patient", "patient_number"}
    assert kinds >= {"policy_changed", "priority_confirmed", "service_settings_changed", "services_changed"}
    assert kinds >= {
        "appointment_changed",
        "ticket_issued",
        "ticket_called",
        "ticket_not_here",
        "ticket_returned",
        "ticket_finished",
    }
    assert leaks(json.dumps(ticket, ensure_ascii=False)) == []
    assert len(caplog.records) > 10
    assert leaks(caplog.text) == []


async def test_no_listener_hears_a_mark(served_house: House) -> None:
    from websockets.asyncio.client import connect

    house = served_house
    texts: list[str] = []
    async with connect(house.base.replace("http", "ws") + "/api/feed", proxy=None) as connection:
        await connection.send(Hello(key=house.keys["kiosk"]).model_dump_json())
        texts.append(str(await connection.recv()))
        await journey(house)
        while True:
            texts.append(str(await connection.recv()))
            message = FROM_SERVER.validate_json(texts[-1])
            if isinstance(message, Numbered) and message.frame.type == "ticket_finished":
                break
    assert len(texts) > 5
    assert leaks("\n".join(texts)) == []


async def test_a_fault_inside_a_change_logs_no_parameters(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Database errors print what they were given unless told not to."""
    fault = "CREATE TRIGGER fault BEFORE INSERT ON visit BEGIN SELECT RAISE(ABORT, 'fault'); END"
    await house.core.writer.run(lambda connection: connection.exec_driver_sql(fault))
    identity = marked()
    with caplog.at_level(logging.DEBUG):
        answer = await house.send(IssueTicket(service_id="general", intake=Intake(identity=identity)), "kiosk")
    assert answer.status_code == 500
    assert "internal_fault" in caplog.text
    assert leaks(caplog.text) == []
