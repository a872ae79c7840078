"""Every endpoint refuses a caller without the right key: all routes, HTTP and WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from websockets.asyncio.client import connect

from protocol.frames import FROM_SERVER, Hello, Refused, Snapshot
from queue_server.auth.deps import DeviceGuard, Guard, MeasurementGuard, OpenGuard, StaffGuard
from queue_server.emr.settings import EmrSettings
from queue_server.usecases.devices import revoke
from queue_server.web.guards import PageGuard
from tests.queue_server.support import House, open_house, settings

OPEN = {
    "POST /api/pair",
    "POST /api/sign-in",
    "GET /healthz",
    "GET /docs",
    "GET /",
    "GET /staff/sign-in",
    "GET /t/{address}",
}
"""Addresses that anyone may call. Each says why, beside its route; a new one must be added here on purpose."""
UNGUARDED = {"/openapi.json", "/static", "/static/theme", "/static/theme/icons", "/sandbox", "/api/feed"}
"""Files of the program, its description, the sandbox (asks for its own token), the feed (asks in its Hello)."""


def routes(app: FastAPI) -> Iterator[tuple[str, str, Guard | None]]:
    """Method, path and guard of everything that the application answers."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.route, Mount):
            yield "", context.route.path, None
            continue
        guards = [found.call for found in _dependencies(context.dependant)] if hasattr(context, "dependant") else []
        guard = next((call for call in guards if isinstance(call, Guard)), None)
        for method in sorted((context.methods or {"WEBSOCKET"}) - {"HEAD"}):
            yield method, str(context.path), guard


def _dependencies(dependant: Any) -> Iterator[Any]:
    for found in dependant.dependencies:
        yield found
        yield from _dependencies(found)


@pytest.fixture
async def whole_house(tmp_path: Path) -> AsyncIterator[House]:
    """With the sandbox too."""
    async with open_house(tmp_path, emr=EmrSettings(enabled=False)) as opened:
        yield opened


def test_every_route_says_who_may_call_it(tmp_path: Path) -> None:
    from queue_server.app import build

    app = build(settings(tmp_path, emr=EmrSettings(enabled=False)))
    found = list(routes(app))
    assert {path for _, path, guard in found if guard is None} == UNGUARDED
    assert {f"{method} {path}" for method, path, guard in found if isinstance(guard, OpenGuard)} == OPEN
    assert len(found) > 25
    app.state.core.engine.dispose()


async def request(house: House, method: str, path: str, **more: Any) -> httpx.Response:
    house.http.cookies.clear()
    if "cookie" in more:
        house.http.cookies.set("denluot_session", more.pop("cookie"))
    address = path.replace("{room_id}", "r1").replace("{address}", "x")
    return await house.http.request(method, address, json={} if method == "POST" else None, **more)


async def session(house: House, username: str) -> str:
    house.http.cookies.clear()
    await house.sign_in(username)
    return house.http.cookies["denluot_session"]


def is_refused(answer: httpx.Response, guard: Guard, code: str) -> bool:
    if isinstance(guard, PageGuard):  # people are led to the sign-in page
        return answer.status_code == 303 and answer.headers["location"].startswith("/staff/sign-in")
    return answer.status_code in (401, 403) and answer.json()["code"] == code


async def test_device_endpoints_refuse_all_but_their_devices(whole_house: House) -> None:
    house = whole_house
    await house.core.writer.run(lambda connection: revoke(connection, "main", "display-all", house.clock()))
    boss = await session(house, "boss")
    kind_of = {"kiosk": "kiosk", "display": "display-a", "speaker": "speaker-a"}
    checked = 0
    for method, path, guard in routes(house.app):
        if not isinstance(guard, DeviceGuard):
            continue
        assert is_refused(await request(house, method, path), guard, "no_key"), path
        assert is_refused(await request(house, method, path, cookie=boss), guard, "no_key"), path
        for header, code in (("Bearer nonsense", "unknown_key"), ("Basic abc", "no_key"), ("Bearer ", "no_key")):
            answer = await request(house, method, path, headers={"Authorization": header})
            assert is_refused(answer, guard, code), (path, header)
        answer = await request(house, method, path, headers=house.as_device("display-all"))
        assert is_refused(answer, guard, "device_revoked"), path
        for kind, device_id in kind_of.items():
            answer = await request(house, method, path, headers=house.as_device(device_id))
            right = kind in guard.kinds
            assert (answer.status_code == 422) if right else is_refused(answer, guard, "wrong_role"), (path, kind)
        checked += 1
    assert checked >= 5


async def test_staff_endpoints_refuse_all_but_their_staff(whole_house: House) -> None:
    house = whole_house
    gone, nurse, boss = await session(house, "nurse"), await session(house, "nurse"), await session(house, "boss")
    await request(house, "POST", "/api/sign-out", cookie=gone)
    checked = 0
    for method, path, guard in routes(house.app):
        if not isinstance(guard, StaffGuard) or path == "/api/sign-out":
            continue
        assert is_refused(await request(house, method, path), guard, "not_signed_in"), path
        for token in ("nonsense", gone, house.keys["kiosk"]):
            assert is_refused(await request(house, method, path, cookie=token), guard, "not_signed_in"), path
        answer = await request(house, method, path, headers=house.as_device("kiosk"))
        assert is_refused(answer, guard, "not_signed_in"), path
        if guard.roles == ("admin",):
            assert is_refused(await request(house, method, path, cookie=nurse), guard, "wrong_role"), path
        else:
            assert (await request(house, method, path, cookie=nurse)).status_code in (200, 422), path
        assert (await request(house, method, path, cookie=boss)).status_code in (200, 422), path
        checked += 1
    assert checked >= 10


async def test_signing_out_needs_a_session(house: House) -> None:
    assert (await request(house, "POST", "/api/sign-out")).json()["code"] == "not_signed_in"


async def test_figures_are_for_this_machine_and_administrators(house: House) -> None:
    nurse, boss = await session(house, "nurse"), await session(house, "boss")
    guard = MeasurementGuard()
    assert is_refused(await request(house, "GET", "/metrics"), guard, "not_signed_in")
    assert is_refused(await request(house, "GET", "/metrics", cookie=nurse), guard, "wrong_role")
    told = await request(house, "GET", "/metrics", cookie=boss)
    assert "denluot_writer_commits" in told.text
    assert "denluot_requests_total" in told.text
    near = httpx.ASGITransport(house.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=near, base_url="http://test") as http:
        assert (await http.get("/metrics")).status_code == 200


async def test_the_sandbox_wants_its_token(whole_house: House) -> None:
    for method, path in (
        ("POST", "/sandbox/fhir"),
        ("GET", "/sandbox/fhir/Patient"),
        ("GET", "/sandbox/fhir/metadata"),
    ):
        answer = await request(whole_house, method, path)
        assert answer.status_code == 401
        answer = await request(whole_house, method, path, headers=whole_house.as_device("kiosk"))
        assert answer.status_code == 401


# --- the WebSocket ---------------------------------------------------------------------------------------------------


async def first_word(house: House, hello: str, **headers: str) -> object:
    address = house.base.replace("http", "ws") + "/api/feed"
    async with connect(address, additional_headers=headers, proxy=None) as connection:
        await connection.send(hello)
        return FROM_SERVER.validate_json(await connection.recv())


async def test_the_feed_refuses_who_may_not_listen(served_house: House) -> None:
    house = served_house
    await house.core.writer.run(lambda connection: revoke(connection, "main", "display-all", house.clock()))
    token = await session(house, "nurse")
    own = house.base
    cookie = f"denluot_session={token}"
    nobody = Hello().model_dump_json()
    for hello, headers, code in (
        (Hello(key="nonsense").model_dump_json(), {}, "unknown_key"),
        (Hello(key=house.keys["display-all"]).model_dump_json(), {}, "device_revoked"),
        (Hello(key=house.keys["kiosk"], protocol_version=99).model_dump_json(), {}, "protocol_too_new"),
        ("not a hello", {}, "invalid_request"),
        (nobody, {"Origin": own}, "not_signed_in"),
        (nobody, {"Origin": own, "Cookie": "denluot_session=nonsense"}, "not_signed_in"),
        (nobody, {"Origin": "http://evil.example", "Cookie": cookie}, "wrong_origin"),
        (nobody, {"Cookie": cookie}, "wrong_origin"),
    ):
        assert await first_word(house, hello, **headers) == Refused(code=code), (hello, headers)
    staff = await first_word(house, nobody, Origin=own, Cookie=cookie)
    assert isinstance(staff, Snapshot)
    assert staff.listener == "staff"
    for device_id, listener in (("kiosk", "kiosk"), ("display-a", "display"), ("speaker-a", "speaker")):
        heard = await first_word(house, Hello(key=house.keys[device_id]).model_dump_json())
        assert isinstance(heard, Snapshot)
        assert heard.listener == listener
