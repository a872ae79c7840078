"""Ids, addresses, and keys that were found good a moment ago."""

from __future__ import annotations

import pytest

from protocol.nouns import Device
from protocol.request import new_request_id
from protocol.requests import ReportHealth
from queue_server.auth.keys import new_address, new_id
from queue_server.auth.known import KnownDevices
from queue_server.usecases.devices import revoke
from tests.queue_server.support import House

KIOSK = Device(device_id="kiosk", kind="kiosk", name="Kiosk")


def test_ids_grow_with_time_and_are_never_the_same() -> None:
    for make in (new_id, new_request_id):
        made = [make() for _ in range(2000)]
        assert len(set(made)) == 2000
        assert [one[:12] for one in made] == sorted(one[:12] for one in made)
        assert all(len(one) == 32 and int(one, 16) > 0 for one in made)
        assert len({one[12:] for one in made}) == 2000, "what is not time is chance"


def test_an_address_tells_nothing_of_when_it_was_made() -> None:
    made = [new_address() for _ in range(200)]
    assert made != sorted(made)
    assert len({one[:4] for one in made}) > 100


def test_a_key_is_believed_for_a_moment_only() -> None:
    known = KnownDevices(believed_s=1.0)
    assert known.get("a", 10.0) is None
    known.put("a", KIOSK, 10.0)
    assert known.get("a", 10.9) == KIOSK
    assert known.get("a", 11.0) is None
    assert known.get("b", 10.1) is None


def test_only_so_many_keys_are_kept() -> None:
    known = KnownDevices(most=2)
    for name in ("a", "b", "a", "c"):
        known.put(name, KIOSK, 10.0)
    assert known.get("a", 10.0) == KIOSK
    assert known.get("b", 10.0) is None


async def test_a_revoked_key_opens_nothing_a_moment_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ReportHealth.path
    wish = {"request_id": "one", "health": {"part": "scanner", "state": "ok"}}
    assert (await house.http.post(path, json=wish, headers=house.as_device())).status_code == 200
    await house.core.writer.run(lambda connection: revoke(connection, "main", "kiosk", house.clock()))
    monkeypatch.setattr(house.core.known_devices, "_believed_s", 0.0)  # the moment has passed
    answer = await house.http.post(path, json=wish | {"request_id": "two"}, headers=house.as_device())
    assert (answer.status_code, answer.json()["code"]) == (401, "device_revoked")
