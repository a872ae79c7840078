"""The hub and its seats, with wires that the test holds in its hands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from protocol.frames import FROM_SERVER, AlertRaised, FromServer, Heartbeat, Numbered
from protocol.nouns import Device, WaitEstimate
from queue_server import hub as looks
from queue_server.hub import Hub
from queue_server.seat import Seat, Words, framed
from queue_server.store import journal
from queue_server.store.journal import Line
from queue_server.usecases.foreseen import NewcomerWaits
from queue_server.usecases.listening import Ear
from tests.queue_server.support import House

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
KIOSK = Device(device_id="kiosk", kind="kiosk", name="kiosk")


def read(sent: bytes) -> list[str]:
    """What a client of the websockets library makes of these bytes."""
    client = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN)
    client.receive_data(sent)
    frames = client.events_received()
    assert all(isinstance(frame, Frame) and frame.opcode is Opcode.TEXT for frame in frames)
    return [bytes(frame.data).decode() for frame in frames if isinstance(frame, Frame)]


class FakeWire:
    """Keeps what is written. It is full after `room` messages, until the listener takes some."""

    def __init__(self, room: int = 10_000) -> None:
        self.on_room: Callable[[], None] | None = None
        self.sent: list[bytes] = []
        self._room = room
        self._news = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self.sent) >= self._room

    def write(self, framed: bytes) -> None:
        assert not self.full, "nothing is written to a full wire"
        self.sent.append(framed)
        self._news.set()

    def take(self, count: int) -> None:
        """The listener takes so many more."""
        self._room += count
        assert self.on_room is not None
        self.on_room()

    @property
    def told(self) -> list[FromServer]:
        return [FROM_SERVER.validate_json(one) for one in read(b"".join(self.sent))]

    @property
    def numbers(self) -> list[tuple[int, int]]:
        """Of every frame: the number before it, and its own."""
        return [(message.previous, message.seq) for message in self.told if isinstance(message, Numbered)]

    async def until(self, count: int, within_s: float = 10.0) -> None:
        """So many messages were sent."""
        async with asyncio.timeout(within_s):
            while len(self.told) < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(house: House, waits: dict[str, NewcomerWaits] | None = None, queue: int = 256) -> AsyncIterator[Hub]:
    hub = Hub(house.core.engine, "main", lambda _ears: [], lambda: waits or {}, house.clock, queue)
    await hub.start()
    try:
        yield hub
    finally:
        await asyncio.wait_for(hub.stop(), 5)


def ready(hub: Hub, ear: Ear, wire: FakeWire, first: int = 0) -> Seat:
    """A listener that was sent a snapshot up to number `first`."""
    seat = hub.join(ear, wire)
    seat.begin(first)
    return seat


# --- seats -----------------------------------------------------------------------------------------------------------


def beat(seq: int) -> Words:
    return Words(lambda previous: [Heartbeat(seq=previous, at=NOW)])


def frame(seq: int) -> Words:
    alert = AlertRaised(reason="help", device=KIOSK)
    return Words(lambda previous: [Numbered(seq=seq, previous=previous, at=NOW, frame=alert)])


async def test_all_with_the_same_number_before_are_sent_the_same_bytes() -> None:
    wires = [FakeWire() for _ in range(3)]
    seats = [Seat(Ear("staff"), wire, 8) for wire in wires]
    for seat, first in zip(seats, (4, 4, 5), strict=True):
        seat.begin(first)
    for seq in (6, 7):
        words = frame(seq)
        for seat in seats:
            seat.tell(seq, words)
    assert [wire.numbers for wire in wires] == [[(4, 6), (6, 7)], [(4, 6), (6, 7)], [(5, 6), (6, 7)]]
    assert wires[0].sent[0] is wires[1].sent[0]
    assert wires[0].sent[1] is wires[1].sent[1] is wires[2].sent[1]


async def test_what_comes_before_the_snapshot_is_sent_after_it_without_what_it_holds() -> None:
    wire = FakeWire()
    seat = Seat(Ear("staff"), wire, 8)
    for seq in (1, 2, 3, 4):
        seat.tell(seq, frame(seq))
    seat.beat(beat(4))
    assert wire.sent == []
    seat.begin(2)
    seat.tell(5, frame(5))
    assert wire.numbers == [(2, 3), (3, 4), (4, 5)]


async def test_a_number_that_the_snapshot_holds_is_not_told_again() -> None:
    wire = FakeWire()
    seat = Seat(Ear("staff"), wire, 8)
    seat.begin(7)
    seat.tell(6, frame(6))
    seat.tell(8, frame(8))
    assert wire.numbers == [(7, 8)]


@given(st.lists(st.sampled_from(["tell", "take", "beat"]), max_size=60), st.integers(0, 3), st.integers(1, 5))
def test_a_listener_hears_all_in_order_or_is_sent_away(events: list[str], room: int, size: int) -> None:
    async def run() -> None:
        wire = FakeWire(room)
        seat = Seat(Ear("staff"), wire, size)
        seat.begin(0)
        told = 0
        for event in events:
            if event == "tell":
                told += 1
                seat.tell(told, frame(told))
            elif event == "take":
                wire.take(1)
            else:
                seat.beat(beat(told))
            if seat.dropped.done():
                break
        wire.take(len(events))
        heard = wire.numbers
        assert heard == [(number, number + 1) for number in range(len(heard))]
        if seat.dropped.done():
            assert seat.dropped.result() == "too_slow"
            assert told - len(heard) > size
        else:
            assert len(heard) == told

    asyncio.run(run())


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 400_000])
def test_a_client_reads_what_was_framed(length: int) -> None:
    assert read(framed("ế" * (length // 3) + "x" * (length % 3))) == ["ế" * (length // 3) + "x" * (length % 3)]


# --- the hub ---------------------------------------------------------------------------------------------------------


async def alerts(house: House, count: int) -> list[Line]:
    """So many new entries of the journal."""

    def write(connection: Connection) -> list[Line]:
        before = journal.last_seq(connection, "main")
        for _ in range(count):
            at = house.clock()
            frame = AlertRaised(reason="help", device=KIOSK)
            journal.append(connection, "main", frame, at=at, written_at=at, caller="device:kiosk")
        return journal.read(connection, "main", before)

    return await house.core.writer.run(write)


async def test_a_slow_listener_is_dropped_and_holds_up_nobody(house: House) -> None:
    async with running(house, queue=3) as hub:
        slow, quick = FakeWire(0), FakeWire()
        seats = [ready(hub, Ear("display"), slow), ready(hub, Ear("kiosk"), quick)]
        for person in range(1, 7):
            await house.issue(person)
            hub.hear()
            await quick.until(person)
        assert seats[0].dropped.result() == "too_slow"
        assert not seats[1].dropped.done()
        assert [seq for _, seq in quick.numbers] == [1, 2, 3, 4, 5, 6]
        assert slow.sent == []
    assert seats[1].dropped.result() == "stopping"


async def test_much_at_once_does_not_drop_who_keeps_up(house: House) -> None:
    """Everything that came in a pause of the hub was put into the seats in one go, and all walls were sent away."""
    async with running(house) as hub:
        wire = FakeWire()
        seat = ready(hub, Ear("staff"), wire)
        await alerts(house, 600)
        hub.hear()
        await wire.until(600)
        assert not seat.dropped.done()
        assert wire.numbers[-1] == (599, 600)


async def test_what_another_process_wrote_is_heard_too(house: House) -> None:
    """Nobody wakes this hub: it looks by itself."""
    async with running(house) as hub:
        wire = FakeWire()
        ready(hub, Ear("kiosk"), wire)
        await house.issue(1)
        await wire.until(1)
        assert wire.numbers == [(0, 1)]


async def test_what_the_writer_tells_goes_out_at_once_and_in_one_piece(house: House) -> None:
    async with running(house) as hub:
        wire = FakeWire()
        ready(hub, Ear("staff"), wire)
        lines = await alerts(house, 3)
        hub.hear(lines)
        await wire.until(3)
        assert (len(wire.sent), wire.numbers) == (1, [(0, 1), (1, 2), (2, 3)])


async def test_in_whatever_order_the_hub_is_told_all_is_heard_once_and_in_order(house: House) -> None:
    """Another process wrote in between, its news came first, or the journal was read meanwhile."""
    chance = random.Random(11)
    async with running(house) as hub:
        lines = await alerts(house, 40)
        wire = FakeWire()
        ready(hub, Ear("staff"), wire)
        for _ in range(60):
            first = chance.randrange(40)
            hub.hear(lines[first : first + chance.randrange(5)])
            if chance.random() < 0.2:
                await asyncio.sleep(0)
        await wire.until(40)
        assert wire.numbers == [(number, number + 1) for number in range(40)]


async def test_who_has_left_is_sent_nothing_and_counted_no_more(house: House) -> None:
    async with running(house) as hub:
        left, stays = FakeWire(), FakeWire()
        seat = ready(hub, Ear("kiosk"), left)
        ready(hub, Ear("kiosk"), stays)
        hub.leave(seat)
        assert hub.listeners == 1
        await house.issue(1)
        hub.hear()
        await stays.until(1)
        assert left.sent == []


async def test_kiosks_are_told_the_waits_again_and_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LOOK_S", 0.01)
    monkeypatch.setattr(looks, "WAITS_S", 0.02)
    wait = WaitEstimate(low_minutes=5, high_minutes=10)
    waits = {"general": NewcomerWaits(wait, {"r1": wait}), "eyes": NewcomerWaits(wait, {})}
    async with running(house, waits) as hub:
        kiosk, wall = FakeWire(), FakeWire()
        ready(hub, Ear("kiosk"), kiosk, 7)
        ready(hub, Ear("display"), wall, 7)
        await kiosk.until(2)
        assert [message for message in wall.told if isinstance(message, Heartbeat) and message.waits] == []
    told = Heartbeat(
        seq=7, at=house.clock(), waits={"general": wait, "eyes": wait}, room_waits={"general": {"r1": wait}}
    )
    assert kiosk.told[1] == told


async def test_all_hear_a_heartbeat_when_nothing_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LOOK_S", 0.01)
    monkeypatch.setattr(looks, "HEARTBEAT_S", 0.02)
    async with running(house) as hub:
        wires = [FakeWire(), FakeWire()]
        for wire, first in zip(wires, (0, 3), strict=True):
            ready(hub, Ear("display"), wire, first)
        for wire in wires:
            await wire.until(1)
        assert [wire.told[0] for wire in wires] == [Heartbeat(seq=0, at=NOW), Heartbeat(seq=3, at=NOW)]


async def test_a_fault_of_one_look_ends_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(looks, "LOOK_S", 0.01)
    monkeypatch.setattr(looks, "STANDING_S", 0.0)
    twice = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    def broken(_ears: list[Ear]) -> list[Ear]:
        loop.call_soon_threadsafe(twice.release)
        raise RuntimeError("a fault")

    hub = Hub(house.core.engine, "main", broken, dict, house.clock)
    await hub.start()
    ready(hub, Ear("display"), FakeWire())
    async with asyncio.timeout(10):
        await twice.acquire()
        await twice.acquire()
    await hub.stop()
    assert "hub_fault" in caplog.text


@pytest.mark.parametrize("attempt", range(20))
async def test_the_hub_ends_also_when_news_comes_in_the_same_moment(house: House, attempt: int) -> None:
    """It did not once: `wait_for` swallowed the cancellation, and Ctrl-C hung for ever."""
    async with running(house) as hub:
        await asyncio.sleep(0)
        hub.hear()
        await asyncio.sleep(0)
