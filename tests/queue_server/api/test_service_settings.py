"""Opening hours, quotas and number formats, changed while people come; listeners and kiosks are told."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.frames import ServicesChanged
from protocol.nouns import Service
from protocol.opening import NumberFormat, OpeningHours, Quota, Span
from protocol.requests import ChangeNumbers, ChangeOpeningHours, ChangeQuota, ChangeService, Finish, Request
from queue_server.store import journal
from queue_server.store.repository import load_services
from queue_server.usecases import announcing
from queue_server.usecases.listening import Ear, snapshot
from queue_server.usecases.once import change, look, look_at_one_moment
from tests.queue_server.support import House, wish

DAY = (Span(start="07:00", end="11:30"), Span(start="13:30", end="16:30"))
FRIDAY = OpeningHours(weekly={"fri": DAY})
"""The tests' day is a Friday, 08:30."""


async def boss(house: House, request: Request) -> dict[str, Any]:
    await house.sign_in("boss")
    answer = await house.send(request)
    return dict(answer.json())


def tile(house: House, service_id: str = "eyes") -> Service:
    """The service as a kiosk that joins now is told."""
    told = look_at_one_moment(house.core, lambda reading: snapshot(reading, Ear("kiosk")))
    return next(service for service in told.services if service.service_id == service_id)


def last_told(house: House, service_id: str = "eyes") -> Service | None:
    """The service as the newest ServicesChanged told it."""
    with house.core.engine.connect() as connection:
        lines = journal.newest(connection, "main", "services_changed", house.clock().replace(hour=0), 1)
    if not lines or not isinstance(lines[0].frame, ServicesChanged):
        return None
    return next(service for service in lines[0].frame.services if service.service_id == service_id)


async def look_again(house: House) -> int | None:
    """What the server does by itself every few seconds."""
    if not look(house.core, announcing.news):
        return None
    return await house.core.writer.run(lambda connection: announcing.announce(change(house.core, connection, "test")))


async def refusal(house: House, number: int = 90, language: str = "en") -> dict[str, Any]:
    headers = house.as_device() | {"Accept-Language": language}
    body = wish(number, "eyes").model_dump(mode="json")
    return dict((await house.http.post("/api/tickets", json=body, headers=headers)).json())


async def test_the_break_closes_the_tile_and_refuses_with_the_time_of_opening(house: House) -> None:
    await boss(house, ChangeOpeningHours(service_id="eyes", hours=FRIDAY))
    held = await house.issue(1, "eyes")
    assert tile(house).open
    assert await look_again(house) is None
    house.clock.forward(hours=3)
    assert await look_again(house) is not None
    closed = last_told(house)
    assert closed is not None
    assert closed == tile(house)
    assert (closed.open, closed.closed_reason["en"]) == (False, "No numbers at this time. Numbers again at 13:30.")
    assert closed.closed_reason["vi"] == "Chưa đến giờ lấy số. Lấy số lại lúc 13:30."
    told = await refusal(house)
    assert (told["code"], told["detail"]["opens_at"]) == ("not_open_now", "2026-11-20T13:30:00+07:00")
    assert told["message"].endswith("please come back at 13:30, or choose another service.")
    assert (await house.issue(1, "eyes"))["number"] == held["number"]
    house.clock.forward(hours=2)
    assert await look_again(house) is not None
    assert tile(house).open
    assert tile(house) == last_told(house)
    assert (await house.issue(2, "eyes"))["number"] == "B002"


async def test_hours_of_the_site_hold_where_a_service_has_none(house: House) -> None:
    await boss(house, ChangeOpeningHours(hours=OpeningHours(weekly={"sat": DAY})))
    assert (tile(house).open, tile(house, "general").open) == (False, False)
    await boss(house, ChangeOpeningHours(service_id="eyes", hours=FRIDAY))
    assert (tile(house).open, tile(house, "general").open) == (True, False)
    assert "07:00, 21/11" in tile(house, "general").closed_reason["vi"]


async def test_the_last_of_a_quota_closes_the_service_at_once(house: House) -> None:
    await boss(house, ChangeQuota(service_id="eyes", quota=Quota(per_day=3, per_hour=2)))
    await house.issue(1, "eyes")
    assert last_told(house) is None
    await house.issue(2, "eyes")
    assert last_told(house) == tile(house)
    assert not tile(house).open
    assert (await refusal(house))["code"] == "full_this_hour"
    house.clock.forward(minutes=30)
    assert await look_again(house) is not None
    assert (await house.issue(3, "eyes"))["number"] == "B003"
    told = await refusal(house, language="vi")
    assert (told["code"], told["detail"]["opens"]) == ("full_today", "00:00, 21/11")
    assert "00:00, 21/11" in told["message"]


async def test_a_quota_of_a_class_leaves_the_service_open_for_others(house: House) -> None:
    await boss(house, ChangeQuota(service_id="eyes", quota=Quota(per_class={"aged_75": 1, "normal": 1})))
    await house.issue(1, "eyes", birth="1940-01-01")
    told = await house.send(wish(2, "eyes", birth="1940-01-01"), "kiosk")
    assert (told.status_code, told.json()["code"], told.json()["detail"]["opens"]) == (
        409,
        "full_for_class",
        "00:00, 21/11",
    )
    assert tile(house).open
    await house.issue(3, "eyes", declared="pregnant")  # counts as normal until staff confirm it
    assert (await refusal(house, 4))["code"] == "full_for_class"
    await house.issue(5, "eyes", birth="2024-01-01")


async def test_a_quota_of_a_person_counts_what_is_over(house: House) -> None:
    await boss(house, ChangeQuota(service_id="eyes", quota=Quota(per_person=2)))
    for _ in range(2):
        held = await house.issue(1, "eyes")
        assert (await house.issue(1, "eyes"))["number"] == held["number"]
        entry = (await house.call("r3"))["entry"]
        await house.send(Finish(entry_id=entry["entry_id"], version=entry["version"]))
    told = await refusal(house, 1)
    assert (told["code"], "who" in told["detail"]) == ("full_for_person", False)
    await house.issue(2, "eyes")


async def test_no_more_tickets_once_those_who_wait_fill_the_day(house: House) -> None:
    """Ten minutes each, until 09:00: at 08:30 three can still be seen; when one is, there is room for none more."""
    hours = OpeningHours(weekly={"fri": (Span(start="07:00", end="09:00"),)}, by_forecast=True)
    await boss(house, ChangeOpeningHours(service_id="eyes", hours=hours))
    for person in (1, 2, 3):
        await house.issue(person, "eyes")
    assert await look_again(house) is not None
    closed = tile(house)
    assert (closed.open, closed.closed_reason["en"]) == (
        False,
        "Those who wait fill the time until closing. Numbers again at 07:00, 27/11.",
    )
    assert (await refusal(house))["code"] == "would_not_be_seen"
    for _ in range(3):
        entry = (await house.call("r3"))["entry"]
        await house.send(Finish(entry_id=entry["entry_id"], version=entry["version"]))
    house.clock.forward(minutes=20)
    assert (await house.issue(4, "eyes"))["people_ahead"] == 0


async def test_letters_by_class_and_shift(house: House) -> None:
    form = NumberFormat(letters="E", by_class={"aged_75": "EV"}, by_shift={"12:00": "EC"})
    await boss(house, ChangeNumbers(service_id="eyes", numbers=form))
    morning = [await house.issue(1, "eyes"), await house.issue(2, "eyes", birth="1940-01-01")]
    house.clock.forward(hours=4)
    afternoon = [await house.issue(3, "eyes"), await house.issue(4, "eyes", birth="1941-01-01")]
    assert [one["number"] for one in (*morning, *afternoon)] == ["E001", "EV001", "EC001", "EV002"]
    told = await boss(house, ChangeNumbers(service_id="general", numbers=NumberFormat(letters="EV")))
    assert told["code"] == "series_taken"


async def test_closing_by_hand_with_a_reason(house: House) -> None:
    reason = {"vi": "Bác sĩ đi họp", "en": "The doctor is in a meeting"}
    await boss(house, ChangeService(service_id="eyes", open=False, closed_reason=reason))
    closed = last_told(house)
    assert closed is not None
    assert (closed.open, closed.closed_reason, closed.opens_at) == (False, reason, None)
    assert (await refusal(house))["code"] == "service_closed"
    await boss(house, ChangeService(service_id="eyes", open=True))
    assert tile(house).open
    assert last_told(house) == tile(house)


async def test_numbers_change_while_running_and_never_come_twice(house: House) -> None:
    numbers = [(await house.issue(1, "eyes"))["number"]]
    for person, form in enumerate(
        (
            NumberFormat(letters="E", width=4, start=100),
            NumberFormat(letters="E", width=4, start=1),
            NumberFormat(letters="E", width=4, start=50, by_weekday={"fri": "EF"}),
            None,
        ),
        start=2,
    ):
        assert "seq" in await boss(house, ChangeNumbers(service_id="eyes", numbers=form))
        numbers.append((await house.issue(person, "eyes"))["number"])
    assert numbers == ["B001", "E0100", "E0101", "EF0050", "B002"]


async def test_two_services_never_share_letters_that_were_chosen(house: House) -> None:
    told = await boss(house, ChangeNumbers(service_id="eyes", numbers=NumberFormat(letters="A")))
    assert (told["code"], told["detail"]) == ("series_taken", {"letters": "A"})
    await boss(house, ChangeNumbers(service_id="eyes", numbers=NumberFormat(letters="E", by_weekday={"sat": "ES"})))
    told = await boss(house, ChangeNumbers(service_id="general", numbers=NumberFormat(letters="ES")))
    assert told["code"] == "series_taken"


@pytest.mark.parametrize(
    "request_",
    [
        ChangeService(service_id="nowhere", open=True),
        ChangeOpeningHours(service_id="nowhere"),
        ChangeQuota(service_id="nowhere"),
        ChangeNumbers(service_id="nowhere"),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_a_service_that_is_not_there(house: House, request_: Request) -> None:
    assert (await boss(house, request_))["code"] == "unknown_service"


async def test_every_change_is_in_the_journal_and_can_be_read_back(house: House) -> None:
    await boss(house, ChangeOpeningHours(service_id="eyes", hours=FRIDAY))
    await boss(house, ChangeQuota(service_id="eyes", quota=Quota(per_day=9)))
    await boss(house, ChangeNumbers(service_id="eyes", numbers=NumberFormat(letters="E")))
    await boss(house, ChangeService(service_id="eyes", open=True))
    with house.core.engine.connect() as connection:
        lines = journal.read(connection, "main", 0, kinds=("service_settings_changed",))
        assert len(load_services(connection, "main")) == 4
    assert [getattr(line.frame, "changed", None) for line in lines] == ["hours", "quota", "numbers", "open"]
    told = (await house.http.get("/api/service-settings")).json()["settings"]
    eyes = next(one for one in told if one["service_id"] == "eyes")
    assert (eyes["quota"], eyes["numbers"]["letters"]) == (Quota(per_day=9).model_dump(), "E")
    assert eyes["hours"]["weekly"]["fri"][0] == {"start": "07:00", "end": "11:30"}
    await boss(house, ChangeOpeningHours(service_id="eyes"))
    told = (await house.http.get("/api/service-settings")).json()["settings"]
    assert next(one for one in told if one["service_id"] == "eyes")["hours"] is None
