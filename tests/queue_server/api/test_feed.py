"""The feed of a real server, heard through our own client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from protocol.client import FeedLost, FromFeed, ServerClient
from protocol.frames import FEED_PATH, FROM_SERVER, AlertRaised, Heartbeat, Hello, Numbered, Snapshot, TicketCalled
from protocol.nouns import Device, WaitEstimate
from protocol.requests import AcknowledgeCall
from protocol.site import RoomShape, SaveRoom
from queue_server import hub
from queue_server.auth.deps import SESSION_COOKIE
from queue_server.store import journal
from queue_server.usecases.devices import revoke
from queue_server.usecases.listening import Ear
from tests.queue_server.support import House


class Ears:
    """Collects what a client hears."""

    def __init__(self, client: ServerClient, rooms: tuple[str, ...] = ()) -> None:
        self.heard: asyncio.Queue[FromFeed] = asyncio.Queue()
        self._task = asyncio.create_task(self._listen(client, rooms))

    async def _listen(self, client: ServerClient, rooms: tuple[str, ...]) -> None:
        async for message in client.follow(rooms):
            self.heard.put_nowait(message)

    async def next(self, within_s: float = 8.0) -> FromFeed:
        async with asyncio.timeout(within_s):
            while True:
                message = await self.heard.get()
                if not isinstance(message, Heartbeat):
                    return message

    async def frame(self) -> Numbered:
        message = await self.next()
        assert isinstance(message, Numbered), message
        return message

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def listening(house: House, device_id: str, rooms: tuple[str, ...] = ()) -> AsyncIterator[tuple[Ears, Snapshot]]:
    client = ServerClient(house.base, house.keys[device_id])
    ears = Ears(client, rooms)
    try:
        first = await ears.next()
        assert isinstance(first, Snapshot)
        yield ears, first
    finally:
        await ears.stop()
        await client.close()


async def test_first_a_snapshot_then_numbered_frames(served_house: House) -> None:
    house = served_house
    await house.sign_in()
    await house.issue(1)
    async with listening(house, "display-all") as (ears, first):
        assert (first.seq, [entry.number for entry in first.entries]) == (1, ["A001"])
        assert (len(first.zones), len(first.services), len(first.rooms)) == (2, 4, 3)
        general = next(service for service in first.services if service.service_id == "general")
        assert (general.waiting, general.wait and general.wait.high_minutes) == (1, 10)
        await house.issue(2)
        await house.call()
        issued, called = await ears.frame(), await ears.frame()
        assert (issued.seq, issued.previous, called.seq, called.previous) == (2, 1, 3, 2)
        assert isinstance(called.frame, TicketCalled)
        assert (called.frame.room_number, called.frame.service_names["vi"]) == ("1", "general")


async def test_a_listener_hears_its_own_zone_and_nothing_for_staff(served_house: House) -> None:
    house = served_house
    await house.sign_in()
    async with listening(house, "display-b") as (ears, _):
        await house.issue(1)
        call = await house.call("r1")
        await house.send(AcknowledgeCall(call_seq=call["seq"], outcome="shown"), "display-a")
        await house.issue(2, "eyes")
        only = await ears.frame()
        assert (only.seq, only.previous, only.frame.zone_id) == (4, 0, "b")
    async with listening(house, "display-b") as (_, again):
        assert ([entry.number for entry in again.entries], again.calls) == (["B001"], ())


async def test_a_listener_may_name_its_rooms(served_house: House) -> None:
    house = served_house
    async with listening(house, "display-all", ("r2",)) as (ears, _):
        await house.issue(1)
        await house.issue(2)
        frame = (await ears.frame()).frame
        assert frame.type == "ticket_issued"
        assert frame.entry.room_id == "r2"


async def test_recent_calls_and_whether_they_were_heard(served_house: House) -> None:
    house = served_house
    await house.sign_in()
    for person in (1, 2, 3):
        await house.issue(person)
    first = await house.call("r1")
    second = await house.call("r2")
    await house.send(AcknowledgeCall(call_seq=first["seq"], outcome="heard"), "speaker-a")
    await house.send(AcknowledgeCall(call_seq=second["seq"], outcome="failed"), "speaker-a")
    house.clock.forward(seconds=7)
    async with listening(house, "speaker-a") as (_, told):
        assert [(call.entry.number, call.heard) for call in told.calls] == [("A002", False), ("A001", True)]
        assert all(7 <= call.age_s < 60 for call in told.calls)


async def test_a_wall_is_not_told_of_anyones_priority(served_house: House) -> None:
    """A class may say that somebody is pregnant or disabled; the wall shows none, so it is sent none."""
    house = served_house
    await house.sign_in()
    async with listening(house, "display-all") as (ears, _):
        await house.issue(1, birth="1940-01-01")
        await house.call("r1")
        for heard in (await ears.frame(), await ears.frame()):
            assert "aged_75" not in heard.model_dump_json()
    async with listening(house, "display-all") as (_, told):
        assert [call.entry.number for call in told.calls] == ["A001"]
        assert "aged_75" not in told.model_dump_json()


async def test_kiosks_are_told_the_waits_of_their_tiles_again_and_again(
    served_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "WAITS_S", 0.2)
    async with listening(served_house, "kiosk") as (ears, _):
        for number in range(1, 7):
            await served_house.issue(number)
        told: list[dict[str, WaitEstimate]] = []
        while len(told) < 2:
            async with asyncio.timeout(8):
                message = await ears.heard.get()
            if isinstance(message, Heartbeat) and message.waits:
                told.append(message.waits)
                await served_house.issue(10 + len(told))
        assert set(told[0]) == {"general", "eyes", "teeth", "skin"}
        assert told[0]["eyes"].high_minutes == 10
        assert (told[1]["general"].high_minutes or 0) >= 30


async def test_kiosks_are_told_the_waits_at_each_doctor(served_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "WAITS_S", 0.2)
    await served_house.sign_in("boss")
    shape = RoomShape(
        room_id="r1", number="1", names={"vi": "x"}, zone_id="a", service_ids=("general",), doctor="BS. Trần Thị Mẫu"
    )
    await served_house.send(SaveRoom(room=shape))
    async with listening(served_house, "kiosk") as (ears, first):
        general = next(service for service in first.services if service.service_id == "general")
        while True:
            async with asyncio.timeout(8):
                message = await ears.heard.get()
            if isinstance(message, Heartbeat) and message.waits:
                break
        assert message.room_waits == {"general": general.room_waits}
        assert set(general.room_waits) == {"r1"}


async def test_heartbeats_when_nothing_is_said(served_house: House) -> None:
    client = ServerClient(served_house.base, served_house.keys["kiosk"])
    ears = Ears(client)
    async with asyncio.timeout(6):
        assert isinstance(await ears.heard.get(), Snapshot)
        beat = await ears.heard.get()
    assert isinstance(beat, Heartbeat)
    assert beat.seq == 0
    await ears.stop()
    await client.close()


async def test_a_revoked_device_is_sent_away_at_once(served_house: House) -> None:
    house = served_house
    async with listening(house, "display-a") as (ears, _):
        await house.core.writer.run(lambda connection: revoke(connection, "main", "display-a", house.clock()))
        assert await ears.next(4.0) == FeedLost(code="device_revoked")
        assert house.core.hub.listeners == 0


@pytest.mark.parametrize("table", ["device", "room"])  # asked for the Hello, and for the Snapshot
async def test_while_the_database_is_away_a_listener_is_told_so_and_comes_back(
    served_house: House, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = served_house
    await house.core.writer.run(lambda connection: connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone"))
    client = ServerClient(house.base, house.keys["display-all"])
    ears = Ears(client)
    assert await ears.next() == FeedLost(code="store_away")
    await house.core.writer.run(lambda connection: connection.exec_driver_sql(f"ALTER TABLE gone RENAME TO {table}"))
    assert isinstance(await ears.next(), Snapshot)
    await ears.stop()
    await client.close()
    assert "Traceback" not in caplog.text


async def test_nothing_is_missed_between_joining_and_the_snapshot(served_house: House) -> None:
    """Listeners come while tickets are issued: each sees every number once, in its snapshot or in a frame."""
    house = served_house

    async def issue_all() -> None:
        for person in range(1, 31):
            await house.issue(person)

    issuing = asyncio.create_task(issue_all())
    seen: list[list[str]] = []
    for _ in range(4):
        async with listening(house, "display-all") as (ears, first):
            numbers = [entry.number for entry in first.entries]
            newest = first.seq
            while newest < 30:
                numbered = await ears.frame()
                assert numbered.previous == newest
                newest = numbered.seq
                assert numbered.frame.type == "ticket_issued"
                numbers.append(numbered.frame.entry.number)
            seen.append(numbers)
    await issuing
    assert seen == [[f"A{ordinal:03d}" for ordinal in range(1, 31)]] * 4


async def test_who_takes_nothing_is_sent_away_and_nobody_waits_for_it(served_house: House) -> None:
    """Over a real network: what is held for a listener has an end, in the system and in its seat."""
    house = served_house
    frame = AlertRaised(reason="help", device=Device(device_id="kiosk", kind="kiosk", name="x" * 20_000))

    def one(connection: Connection) -> None:
        at = house.clock()
        journal.append(connection, "main", frame, at=at, written_at=at, caller="device:kiosk")

    await house.sign_in()
    cookie = f"{SESSION_COOKIE}={house.http.cookies[SESSION_COOKIE]}"
    headers = {"Cookie": cookie, "Origin": house.base}
    address = house.base.replace("http", "ws") + FEED_PATH
    async with connect(address, proxy=None, max_queue=1, additional_headers=headers) as slow:
        await slow.send(Hello().model_dump_json())
        assert isinstance(FROM_SERVER.validate_json(await slow.recv()), Snapshot)
        async with listening(house, "display-a") as (quick, _):
            for _ in range(600):  # 12 MB
                await house.core.writer.run(one)
            async with asyncio.timeout(20):
                while house.core.hub.listeners > 1:  # noqa: ASYNC110 (a count, not an event)
                    await asyncio.sleep(0.05)
            await house.issue(1)
            assert (await quick.frame()).seq == 601
        with pytest.raises(ConnectionClosed):
            while True:
                await slow.recv()


def test_who_hears_what() -> None:
    entry = {
        "entry_id": "e", "ticket_id": "t", "number": "A001", "service_id": "s", "room_id": "r1",
        "priority": {}, "state": "called", "version": 2, "issued_at": datetime.now(UTC),
    }  # fmt: skip
    frame = TicketCalled.model_validate({"entry": entry, "room_number": "1", "service_names": {}, "zone_id": "a"})
    in_a = Device(device_id="d", kind="display", name="d", zone_id="a")
    in_b = in_a.model_copy(update={"zone_id": "b"})
    assert Ear("display", device=in_a).hears(frame)
    assert not Ear("display", device=in_b).hears(frame)
    assert Ear("display").hears(frame)
    assert not Ear("display", rooms=frozenset({"r2"})).hears(frame)
    assert Ear("display", device=in_b).hears(frame.model_copy(update={"zone_id": None}))
