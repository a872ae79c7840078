"""Snapshots that are shared by all who come at the same time."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from protocol.frames import FROM_SERVER, Snapshot
from protocol.nouns import Device
from queue_server import snapshots
from queue_server.snapshots import Snapshots
from queue_server.usecases.listening import Ear, snapshot
from queue_server.usecases.once import look_at_one_moment
from tests.queue_server.support import House

WALL = Device(device_id="wall", kind="display", name="wall")


class Looks:
    """Looks at the hospital as often as it is let, and counts."""

    def __init__(self, house: House, let: bool = True) -> None:
        self.count = 0
        self.go_on = threading.Event()
        self.begun = threading.Event()
        self._house = house
        if let:
            self.go_on.set()

    def __call__(self, ear: Ear) -> Snapshot:
        self.count += 1
        seen = look_at_one_moment(self._house.core, lambda reading: snapshot(reading, ear))
        self.begun.set()
        assert self.go_on.wait(10)
        return seen


async def test_who_comes_at_the_same_time_shares_one_look(house: House) -> None:
    await house.issue(1)
    looks = Looks(house)
    shared = Snapshots(looks)
    walls = [WALL.model_copy(update={"device_id": f"wall-{number}"}) for number in range(20)]
    found = await asyncio.gather(*(shared.up_to(1, Ear("display", device=wall)) for wall in walls))
    assert looks.count == 1
    for one, wall in zip(found, walls, strict=True):
        told = FROM_SERVER.validate_json(one.told(wall))
        assert told == looks(Ear("display", device=wall))
        assert list(json.loads(one.told(wall))) == list(Snapshot.model_fields)


async def test_another_audience_looks_for_itself(house: House) -> None:
    looks = Looks(house)
    shared = Snapshots(looks)
    await asyncio.gather(*(shared.up_to(0, Ear("display", rooms=frozenset(rooms))) for rooms in ((), ("r1",), ("r2",))))
    assert looks.count == 3


async def test_a_look_that_began_too_early_is_not_enough(house: House) -> None:
    looks = Looks(house, let=False)
    shared = Snapshots(looks)
    early = asyncio.create_task(shared.up_to(0, Ear("display")))
    assert await asyncio.to_thread(looks.begun.wait, 10)
    await house.issue(1)
    late = asyncio.create_task(shared.up_to(1, Ear("display")))
    await asyncio.sleep(0)
    looks.go_on.set()
    assert ((await early).seq, (await late).seq) == (0, 1)
    assert (await shared.up_to(1, Ear("display"))).seq == 1
    assert looks.count == 2


async def test_after_a_moment_it_is_looked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(house)
    shared = Snapshots(looks)
    monkeypatch.setattr(snapshots, "FRESH_S", 0.0)
    for times in (1, 2):
        await shared.up_to(0, Ear("display"))
        assert looks.count == times


async def test_a_fault_is_told_to_all_who_wait_and_the_next_look_is_a_new_one(house: House) -> None:
    fault = RuntimeError("a fault")
    looks = Looks(house)

    def take(ear: Ear) -> Snapshot:
        if looks.count == 0:
            looks.count += 1
            raise fault
        return looks(ear)

    shared = Snapshots(take)
    found = await asyncio.gather(*(shared.up_to(0, Ear("display")) for _ in range(3)), return_exceptions=True)
    assert found == [fault] * 3
    assert (await shared.up_to(0, Ear("display"))).seq == 0


async def test_one_who_leaves_does_not_end_the_look_of_the_others(house: House) -> None:
    looks = Looks(house, let=False)
    shared = Snapshots(looks)
    leaves, stays = (asyncio.create_task(shared.up_to(0, Ear("display"))) for _ in range(2))
    assert await asyncio.to_thread(looks.begun.wait, 10)
    leaves.cancel()
    await asyncio.gather(leaves, return_exceptions=True)
    looks.go_on.set()
    assert (await stays).seq == 0
    assert looks.count == 1
