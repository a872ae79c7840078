"""The feed against something that speaks FHIR: the sandbox, and a FHIR server of other people's making."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from queue_server.emr.build import build_emr
from queue_server.emr.checks import Json
from queue_server.emr.delivery import Delivery
from queue_server.emr.fhir_rest import FhirRest
from queue_server.emr.mapping import frozen_text, registered_visit
from queue_server.emr.port import Message
from queue_server.emr.sandbox import Sandbox
from queue_server.emr.sandbox_api import BASE, sandbox_app
from queue_server.emr.settings import EmrSettings
from queue_server.store import tables as db
from queue_server.store.writer import Writer
from tests.queue_server.emr.hospital import open_hospital, register
from tests.queue_server.emr.intakes import INTAKES, SYSTEMS, a_visit

SERVER = Path(__file__).parents[2] / "fhir_server"


@asynccontextmanager
async def feeding(folder: Path, settings: EmrSettings) -> AsyncIterator[tuple[Delivery, Writer, Sandbox | None]]:
    engine = open_hospital(folder)
    writer = Writer(engine, "main")
    writer.start()
    parts = build_emr(settings, engine, writer, "main", lambda: datetime.now(UTC))
    assert parts.delivery is not None
    await parts.delivery.start()
    try:
        yield parts.delivery, writer, parts.sandbox
    finally:
        await parts.delivery.stop()
        writer.stop()
        engine.dispose()


async def delivered(delivery: Delivery, count: int) -> None:
    async with asyncio.timeout(20):
        while delivery.status().delivered < count:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)


async def test_ten_visits_reach_the_sandbox_of_the_same_server(tmp_path: Path) -> None:
    async with feeding(tmp_path, EmrSettings()) as (delivery, writer, sandbox):
        for number in range(1, 11):
            await writer.run(partial(register, number=number))
        await delivered(delivery, 10)
        assert sandbox is not None
        assert len(sandbox.charts()) == 10
        assert sandbox.charts()[0].patient_name == "Nguyễn Thị Thử Nghiệm"


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    engine = open_hospital(tmp_path)
    writer = Writer(engine, "main")
    settings = EmrSettings(enabled=False, sandbox_enabled=False)
    parts = build_emr(settings, engine, writer, "main", lambda: datetime.now(UTC))
    assert (parts.delivery, parts.sandbox) == (None, None)
    engine.dispose()


# --- the sandbox over HTTP -----------------------------------------------------------------------------------------


@pytest.fixture
async def fhir() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox_app(Sandbox("secret", iter(map(str, range(100))).__next__)))
    headers = {"Authorization": "Bearer secret"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/fhir", headers=headers) as client:
        yield client


async def test_the_sandbox_stores_finds_and_shows(fhir: httpx.AsyncClient) -> None:
    sent = frozen_text(registered_visit(a_visit(INTAKES["insurance card of 15"]), SYSTEMS))
    answer = await fhir.post("", content=sent.encode())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    place = answer.json()["entry"][0]["response"]["location"].split("/_history")[0]
    assert (await fhir.get(f"/{place}")).json()["name"][0]["text"] == "Trần Văn Mẫu"
    found = await fhir.get("/Patient", params={"identifier": "http://fhir.hl7.org.vn/core/sid/bhyt|DN4010123456790"})
    assert found.json()["total"] == 1
    assert found.json()["entry"][0]["fullUrl"].startswith(BASE)
    assert (await fhir.get("/Encounter")).json()["total"] == 1
    assert (await fhir.get("/metadata")).json()["fhirVersion"] == "4.0.1"


async def test_only_the_event_loop_touches_the_sandbox() -> None:
    """Searches ran in threads, over tables that a transaction changed meanwhile."""
    threads: set[int] = set()

    class Watched(Sandbox):
        def search(self, kind: str, token: str | None = None) -> list[Json]:
            threads.add(threading.get_ident())
            return super().search(kind, token)

        def read(self, kind: str, resource_id: str) -> Json | None:
            threads.add(threading.get_ident())
            return super().read(kind, resource_id)

    transport = httpx.ASGITransport(sandbox_app(Watched("secret", lambda: "1")))
    headers = {"Authorization": "Bearer secret"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/fhir", headers=headers) as client:
        await client.get("/Patient")
        await client.get("/Patient/1")
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/", b"{", 400),
        ("POST", "/", b"[" * 200_000, 400),
        ("POST", "/", b'{"resourceType":"Bundle","type":"batch"}', 400),
        ("POST", "/", b"x" * 1_000_001, 413),
        ("GET", "/Patient/none", b"", 404),
        ("GET", "/Observation", b"", 404),
    ],
)
async def test_the_sandbox_refuses_like_a_fhir_server(
    fhir: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    answer = await fhir.request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/", "/metadata", "/Patient", "/Patient/1"])
async def test_nobody_gets_in_without_the_token(fhir: httpx.AsyncClient, path: str) -> None:
    method = "POST" if path == "/" else "GET"
    for token in ("", "Bearer wrong", "Basic c2VjcmV0"):
        answer = await fhir.request(method, path, headers={"Authorization": token})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["issue"][0]["code"] == "login"


# --- other people's FHIR server ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fhir_server() -> Iterator[str]:
    """The address of the npm FHIR server, started for these tests."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are needed for the FHIR test server")
    if not (SERVER / "node_modules" / "@medplum" / "fhir-router").is_dir():
        install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        installed = subprocess.run(install, cwd=SERVER, capture_output=True, text=True, timeout=100, check=False)
        if installed.returncode != 0:
            pytest.skip(f"npm could not install the FHIR test server: {installed.stderr.strip()[-200:]}")
    server = subprocess.Popen([node, "server.mjs", "0"], cwd=SERVER, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    watchdog = threading.Timer(60, server.kill)
    watchdog.start()
    ready = server.stdout.readline().split()
    watchdog.cancel()
    try:
        assert ready[:1] == ["ready"], "the FHIR test server did not start within a minute"
        yield f"http://127.0.0.1:{ready[1]}/fhir/R4"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.fhir
@pytest.mark.parametrize("kind", INTAKES)
async def test_a_real_fhir_server_takes_every_intake_and_adds_nothing_on_replay(fhir_server: str, kind: str) -> None:
    visit_id = f"visit-{list(INTAKES).index(kind)}"
    payload = frozen_text(registered_visit(a_visit(INTAKES[kind], visit_id, number=visit_id), SYSTEMS))
    message = Message(visit_id, visit_id, "registered_visit", payload)
    entries = len(json.loads(payload)["entry"])
    transport = FhirRest(f"{fhir_server}/", lambda: "any")
    try:
        first, again = await transport.send(message), await transport.send(message)
    finally:
        await transport.close()
    assert (first.kind, again.kind) == ("delivered", "delivered"), first
    # Encounter and Task are new for each visit; the person and the card may be known from an earlier one.
    assert first.detail.split(", ")[1] == first.detail.split(", ")[-1] == "201"
    assert again.detail == ", ".join(["200"] * entries)
    assert again.remote_ids == first.remote_ids


@pytest.mark.fhir
async def test_a_real_fhir_server_refuses_all_of_a_bad_transaction(fhir_server: str) -> None:
    bundle = registered_visit(a_visit(INTAKES["typed old number"], "bad-visit"), SYSTEMS)
    del bundle["entry"][1]["resource"]["class"]
    transport = FhirRest(f"{fhir_server}/", lambda: "any")
    outcome = await transport.send(Message("bad", "bad", "registered_visit", frozen_text(bundle)))
    await transport.close()
    assert (outcome.kind, outcome.code) == ("dead", "refused")
    assert "Encounter.class" in outcome.detail
    async with httpx.AsyncClient() as client:
        query = {"identifier": "https://kiosk.example.org/fhir/sid/intake|bad-visit"}
        found = await client.get(f"{fhir_server}/Patient", params=query)
    assert found.json().get("total", len(found.json().get("entry", []))) == 0


@pytest.mark.fhir
async def test_the_feed_reaches_a_real_fhir_server(fhir_server: str, tmp_path: Path) -> None:
    settings = EmrSettings(base_url=fhir_server, token=SecretStr("any"), own_base="https://feed.test/fhir")
    async with feeding(tmp_path, settings) as (delivery, writer, _):
        for number in range(501, 521):
            await writer.run(partial(register, number=number))
        await delivered(delivery, 20)
        assert delivery.status().dead == 0
    engine = open_hospital(tmp_path)
    with engine.connect() as connection:
        places = [place for (row,) in connection.execute(select(db.emr_message.c.remote_ids)) for place in row]
    engine.dispose()
    assert len(set(places)) == 60  # patient, encounter and task of each
    async with httpx.AsyncClient() as client:
        task = (await client.get(f"{fhir_server}/{places[2]}")).json()
        patient = (await client.get(f"{fhir_server}/{task['for']['reference']}")).json()
    assert patient["name"][0]["text"] == "Nguyễn Thị Thử Nghiệm"
