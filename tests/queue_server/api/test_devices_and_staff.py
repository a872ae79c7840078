"""Pairing, reports of devices, and staff signing in."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from sqlalchemy import select

from protocol.frames import CallAcknowledged, DeviceHealthChanged
from protocol.nouns import DeviceHealth
from protocol.requests import (
    AcknowledgeCall,
    CreatePairingCode,
    PairDevice,
    RaiseAlert,
    ReportHealth,
    ReportPrint,
    SignIn,
)
from queue_server.store import journal, tables
from queue_server.usecases.people import keep_staff
from tests.queue_server.support import PASSWORD, House, wish


async def code(house: House, **more: str) -> str:
    await house.sign_in("boss")
    wanted = CreatePairingCode.model_validate({"kind": "display", "name": "Màn hình mới", "zone_id": "a"} | more)
    answer = await house.send(wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json()["valid_s"] == 600
    return str(answer.json()["code"])


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"


async def test_a_code_becomes_a_key_once(house: House) -> None:
    digits = await code(house)
    paired = (await house.send(PairDevice(code=digits, protocol_version=1))).json()
    assert (paired["device"]["kind"], paired["device"]["zone_id"]) == ("display", "a")
    house.keys["new"] = paired["key"]
    report = ReportHealth(health=DeviceHealth(part="screen", state="ok"))
    assert (await house.send(report, "new")).status_code == 200
    again = await house.send(PairDevice(code=digits, protocol_version=1))
    assert (again.status_code, again.json()["code"]) == (403, "wrong_code")


async def test_when_the_answer_was_lost_the_repeat_gets_a_new_key_for_the_same_device(house: House) -> None:
    digits = await code(house)
    request = PairDevice(code=digits, protocol_version=1)
    lost, kept = (await house.send(request)).json(), (await house.send(request)).json()
    assert lost["device"] == kept["device"]
    house.keys |= {"lost": lost["key"], "kept": kept["key"]}
    report = ReportHealth(health=DeviceHealth(part="screen", state="ok"))
    assert (await house.send(report, "lost")).json()["code"] == "unknown_key"
    assert (await house.send(report, "kept")).status_code == 200


async def test_codes_end_after_ten_minutes_and_after_five_wrong_ones(house: House) -> None:
    digits = await code(house)
    house.clock.forward(minutes=10)
    assert (await house.send(PairDevice(code=digits, protocol_version=1))).json()["code"] == "wrong_code"
    house.clock.forward(minutes=-9)
    fresh = await code(house)
    for _ in range(5):
        assert (await house.send(PairDevice(code=other(fresh), protocol_version=1))).status_code == 403
    assert (await house.send(PairDevice(code=fresh, protocol_version=1))).json()["code"] == "wrong_code"


async def test_pairing_cannot_be_tried_without_end(house: House) -> None:
    answers = [await house.send(PairDevice(code="000000", protocol_version=1)) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "too_many_tries"


async def test_a_newer_program_is_not_paired(house: House) -> None:
    answer = await house.send(PairDevice(code="000000", protocol_version=99))
    assert (answer.status_code, answer.json()["code"]) == (409, "protocol_too_new")


async def test_asked_again_for_a_code_the_one_before_is_void(house: House) -> None:
    await house.sign_in("boss")
    wanted = CreatePairingCode(kind="kiosk", name="Kiosk 2")
    first, second = (await house.send(wanted)).json()["code"], (await house.send(wanted)).json()["code"]
    assert first != second
    assert (await house.send(PairDevice(code=first, protocol_version=1))).status_code == 403
    assert (await house.send(PairDevice(code=second, protocol_version=1))).status_code == 200


async def test_no_secret_is_stored_as_it_is(house: House) -> None:
    digits = await code(house)
    key = (await house.send(PairDevice(code=digits, protocol_version=1))).json()["key"]
    token = house.http.cookies["denluot_session"]
    with house.core.engine.connect() as connection:
        everything = json.dumps(
            [[str(value) for value in row] for table in tables.metadata.sorted_tables
             for row in connection.execute(select(table))]
        )  # fmt: skip
    assert "display-a" in everything
    assert not any(secret in everything for secret in (key, token, PASSWORD, house.keys["kiosk"]))
    assert f'"{digits}"' not in everything


async def test_an_unknown_zone_is_refused(house: House) -> None:
    await house.sign_in("boss")
    answer = await house.send(CreatePairingCode(kind="kiosk", name="x", zone_id="nowhere"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_zone")


# --- reports ---------------------------------------------------------------------------------------------------------


def last(house: House) -> journal.Line:
    with house.core.engine.connect() as connection:
        return journal.read(connection, "main", journal.last_seq(connection, "main") - 1)[0]


async def test_health_is_journaled_when_it_changes(house: House) -> None:
    out = ReportHealth(health=DeviceHealth(part="printer", state="fault", code="paper_out", detail="Nguyễn Văn Thử"))
    first = (await house.send(out, "kiosk")).json()["seq"]
    assert last(house).frame == DeviceHealthChanged.model_validate(
        {
            "device": {"device_id": "kiosk", "kind": "kiosk", "name": "kiosk", "series": "KA"},
            "health": {"part": "printer", "state": "fault", "code": "paper_out"},
        }
    )
    same = out.model_copy(update={"request_id": "same"})
    assert (await house.send(same, "kiosk")).json()["seq"] == first
    fine = ReportHealth(health=DeviceHealth(part="printer", state="ok"))
    assert (await house.send(fine, "kiosk")).json()["seq"] == first + 1


async def test_what_became_of_the_paper(house: House) -> None:
    ticket = await house.issue(1)
    report = ReportPrint(ticket_id=ticket["ticket_id"], outcome="failed", code="Nguyễn Văn Thử hết giấy")
    assert (await house.send(report, "kiosk")).status_code == 200
    line = last(house)
    assert (line.kind, line.ticket_id) == ("ticket_printed", ticket["ticket_id"])
    assert "Nguyễn" not in str(line.frame)
    unknown = await house.send(ReportPrint(ticket_id="none", outcome="printed"), "kiosk")
    assert unknown.json()["code"] == "unknown_ticket"


async def test_an_alert_names_its_device(house: House) -> None:
    assert (await house.send(RaiseAlert(reason="unwell"), "kiosk")).status_code == 200
    assert last(house).kind == "alert_raised"


async def test_a_call_is_acknowledged_by_who_showed_or_said_it(house: House) -> None:
    await house.sign_in()
    await house.issue(1)
    call = await house.call()
    answer = await house.send(AcknowledgeCall(call_seq=call["seq"], outcome="heard"), "speaker-a")
    assert answer.status_code == 200
    frame = last(house).frame
    assert isinstance(frame, CallAcknowledged)
    assert (frame.number, frame.device_id, frame.outcome, frame.zone_id) == ("A001", "speaker-a", "heard", "a")
    wrong = await house.send(AcknowledgeCall(call_seq=1, outcome="shown"), "display-a")
    assert wrong.json()["code"] == "unknown_call"


# --- staff -----------------------------------------------------------------------------------------------------------


async def test_sign_in_me_and_sign_out(house: House) -> None:
    answer = await house.sign_in(" NURSE ")
    assert answer.json() == {"username": "nurse", "display_name": "Nurse", "role": "staff"}
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Max-Age=43200", "Path=/"))
    assert (await house.http.get("/api/me")).json()["username"] == "nurse"
    gone = await house.http.post("/api/sign-out", headers={"Content-Type": "application/json"})
    assert gone.status_code == 204
    assert (await house.http.get("/api/me")).status_code == 401


async def test_the_cookie_is_not_sent_without_https_where_there_is_https(house: House) -> None:
    assert "Secure" not in (await house.sign_in()).headers["set-cookie"]
    secure = house.core.settings.model_copy(update={"public_address": "https://hang-doi.example.vn"})
    assert secure.secure_cookies
    sign_in = SignIn(username="nurse", password=PASSWORD).model_dump(mode="json")
    by_proxy = await house.http.post(f"https://test{SignIn.path}", json=sign_in)
    assert "Secure" in by_proxy.headers["set-cookie"]


async def test_an_ended_session_must_be_signed_in_cookie_or_not(house: House) -> None:
    await house.sign_in()
    token = house.http.cookies["denluot_session"]
    await house.http.post("/api/sign-out", headers={"Content-Type": "application/json"})
    house.http.cookies.set("denluot_session", token)
    assert (await house.http.get("/api/me")).json()["code"] == "not_signed_in"


@pytest.mark.parametrize("steps", [[(0, 119)], [(1, 0)] * 11])
async def test_a_session_lives_while_it_is_used(house: House, steps: list[tuple[int, int]]) -> None:
    await house.sign_in()
    for hours, minutes in steps:
        house.clock.forward(hours=hours, minutes=minutes)
        assert (await house.http.get("/api/me")).status_code == 200
        await house.core.writer.run(lambda _connection: None)  # the last use is written behind the answer


async def test_a_session_ends_when_idle_and_after_twelve_hours(house: House) -> None:
    await house.sign_in()
    house.clock.forward(minutes=120)
    assert (await house.http.get("/api/me")).status_code == 401
    await house.sign_in()
    for _ in range(12):
        house.clock.forward(hours=1)
        status = (await house.http.get("/api/me")).status_code
        await house.core.writer.run(lambda _connection: None)
    assert status == 401


@pytest.mark.parametrize("username", ["nurse", "nobody-of-that-name"])
async def test_five_wrong_passwords_lock_the_name_for_five_minutes(house: House, username: str) -> None:
    for _ in range(5):
        answer = await house.sign_in(username, "wrong")
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    locked = await house.sign_in(username, PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked")
    house.clock.forward(minutes=5, seconds=1)
    expected = 200 if username == "nurse" else 401
    assert (await house.sign_in(username, PASSWORD)).status_code == expected


async def test_a_right_password_forgives_the_wrong_ones(house: House) -> None:
    for _ in range(3):
        for _ in range(4):
            await house.sign_in("nurse", "wrong")
        assert (await house.sign_in()).status_code == 200


async def test_signing_in_cannot_be_tried_without_end_from_one_address(house: House) -> None:
    tries = [house.send(SignIn(username=f"name{index}", password="x")) for index in range(32)]
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status_code for answer in answers) == [401] * 30 + [429] * 2


async def test_a_new_password_ends_the_sessions_of_the_old_one(house: House) -> None:
    """A password is changed because somebody else knows it."""
    await house.sign_in()
    hashed = house.core.passwords.hash("a new one")
    await house.core.writer.run(lambda connection: keep_staff(connection, "main", "nurse", "Nurse", "staff", hashed))
    assert (await house.http.get("/api/me")).json()["code"] == "not_signed_in"
    assert (await house.sign_in("nurse", "a new one")).status_code == 200


async def test_who_left_the_hospital_cannot_go_on(house: House) -> None:
    await house.sign_in()
    disabled = tables.staff.update().values(disabled_at=house.clock())
    await house.core.writer.run(lambda connection: connection.execute(disabled))
    assert (await house.http.get("/api/me")).status_code == 401
    assert (await house.sign_in()).status_code == 401


async def test_signing_in_leaves_no_password_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await house.sign_in()
        await house.send(wish(1), "kiosk")
    assert caplog.records
    assert PASSWORD not in caplog.text
    assert house.keys["kiosk"] not in caplog.text
