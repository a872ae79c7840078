"""Errors, sizes, headers, languages: what every answer has in common."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from locales import load_catalogues
from protocol.nouns import Intake
from protocol.requests import REQUESTS, ErrorAnswer, IssueTicket
from queue_server.api.errors import STATUS
from queue_server.auth.limits import RateLimit
from tests.queue_server.support import House, identity, open_house, wish

SERVER = Path(__file__).parents[3] / "queue_server"
RAISED = re.compile(r"(?:NotFound|Conflict|Invalid|NotAllowed|Unavailable)\(\s*\"(\w+)\"")


def test_every_code_that_is_raised_has_a_status_and_a_text() -> None:
    raised = {code for path in SERVER.rglob("*.py") for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert len(raised) > 20
    assert raised <= set(STATUS)
    texts = load_catalogues().texts
    for language in ("vi", "en"):
        assert [code for code in STATUS if f"server.error.{code}" not in texts[language]] == []


async def test_what_was_sent_is_never_echoed(house: House) -> None:
    body = json.loads(wish(1).model_dump_json())
    body["intake"]["identity"]["document"] = "Nguyễn Văn Thử 001090000017"
    body["Nguyễn Văn Thử"] = "001090000017"
    answer = await house.http.post("/api/tickets", json=body, headers=house.as_device())
    assert answer.status_code == 422
    told = ErrorAnswer.model_validate(answer.json())
    assert told.code == "invalid_request"
    assert told.detail == {"?": "extra_forbidden", "intake.identity.document": "literal_error"}
    assert "001090000017" not in answer.text
    assert "Nguyễn" not in answer.text


@pytest.mark.parametrize("value", ["9999-99-99", "1999-02-29", "1700-01-01", ""])
async def test_a_birth_date_that_is_none_is_refused_at_the_door(house: House, value: str) -> None:
    """It was taken, and the visit could never be told to the record system."""
    body = json.loads(wish(1).model_dump_json())
    body["intake"]["identity"]["birth"]["value"] = value
    answer = await house.http.post("/api/tickets", json=body, headers=house.as_device())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"] == {"intake.identity.birth": "value_error"}
    assert not value or value not in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "invalid_request"),
        (b"\xff\xfe", "application/json", 422, "invalid_request"),
        (b"[" * 30_000, "application/json", 422, "invalid_request"),
        (b'{"age_s": NaN}', "application/json", 422, "invalid_request"),
        (b"{}", "text/plain", 415, "not_json"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"x" * 65_537, "application/json", 413, "body_too_large"),
    ],
)
async def test_bodies_that_are_no_request(house: House, body: bytes, kind: str, status: int, code: str) -> None:
    headers = house.as_device() | {"Content-Type": kind}
    answer = await house.http.post("/api/tickets", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_long_body_is_refused_however_it_is_sent(house: House) -> None:
    async def pieces() -> object:
        for _ in range(100):
            yield b"x" * 1000

    headers = house.as_device() | {"Content-Type": "application/json"}
    answer = await house.http.post("/api/tickets", content=pieces(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_errors_speak_the_readers_language(house: House) -> None:
    for header, language in (("en-GB,vi;q=0.5", "en"), ("fr, en", "en"), ("vi", "vi"), ("", "vi"), ("zz", "vi")):
        answer = await house.http.get("/api/me", headers={"Accept-Language": header})
        assert answer.json()["message"] == load_catalogues().text("server.error.not_signed_in", language)


async def test_addresses_that_are_not_there(house: House) -> None:
    for method, path, status, code in (
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/tickets", 405, "method_not_allowed"),
        ("GET", "/api/rooms/%20/board", 401, "not_signed_in"),
    ):
        answer = await house.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_answers_are_dressed_for_safety(house: House) -> None:
    for path in ("/healthz", "/nowhere", "/api/me", "/docs", "/staff/sign-in"):
        headers = (await house.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


async def test_the_description_needs_no_internet(house: House) -> None:
    page = (await house.http.get("/docs")).text
    assert "http" not in page
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (await house.http.get(address)).status_code == 200, address
    paths = (await house.http.get("/openapi.json")).json()["paths"]
    assert {kind.path for kind in REQUESTS} <= set(paths)


async def test_a_fault_of_ours_is_answered_and_tells_nothing(house: House) -> None:
    await house.core.writer.run(lambda connection: connection.exec_driver_sql("UPDATE site SET time_zone = 'nowhere'"))
    answer = await house.send(wish(1), "kiosk")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "nowhere" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_server_that_is_ending_is_told_as_such(house: House) -> None:
    house.core.writer.stop()
    answer = await house.send(wish(1), "kiosk")
    assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
    house.core.writer.start()
    assert (await house.send(wish(1), "kiosk")).status_code == 200


@pytest.mark.parametrize("table", ["device", "patient", "site"])  # asked by the guard, by the change, by both
async def test_a_database_that_is_away_is_no_refusal(house: House, table: str) -> None:
    """It was a 500, which a kiosk takes for the last word; only a 503 lets it give out numbers of its own series."""
    await house.core.writer.run(lambda connection: connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone"))
    answer = await house.send(wish(1), "kiosk")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    await asyncio.to_thread(_rename_back, house, table)
    assert (await house.send(wish(1), "kiosk")).status_code == 200


def _rename_back(house: House, table: str) -> None:
    with house.core.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE gone RENAME TO {table}")


async def test_text_that_no_database_holds_is_no_fault_of_ours(tmp_path: Path, database_url: str) -> None:
    """On PostgreSQL anybody could make the server write a trace into its log, with a NUL in a name or an address."""
    async with open_house(tmp_path, database_url=database_url) as house:
        answers = [
            await house.sign_in("nu\x00rse"),
            await house.http.get("/t/%00"),
            await house.send(
                IssueTicket(service_id="general", intake=Intake(identity=identity("1", name="Th\x00"))), "kiosk"
            ),
        ]
        assert [answer.status_code for answer in answers if answer.status_code not in (200, 401, 404, 422)] == []


def test_a_rate_limit_counts_per_address_and_forgets() -> None:
    limit = RateLimit(2, 60.0)
    assert [limit.allows("a", now) for now in (0.0, 1.0, 2.0, 59.9)] == [True, True, False, False]
    assert limit.allows("b", 2.0)
    assert limit.allows("a", 60.1)
    for index in range(20_000):
        limit.allows(f"address{index}", 100.0)
    assert len(limit._tried) <= 10_001
