"""The hospital is written while it runs: listeners, kiosks and tickets follow at once, and nobody who waits is lost."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from protocol.frames import ServicesChanged, SiteChanged
from protocol.requests import ChangeNumbers, ChangeService, Request
from protocol.site import ChangeSite, RoomShape, SaveRoom, SaveService, SaveZone, ServiceShape, SiteShape, ZoneShape
from queue_server.store import journal
from queue_server.usecases.demo_hospital import rooms, service_rows
from tests.queue_server.support import House, wish

LAB = ServiceShape(service_id="lab", names={"vi": "Xét nghiệm", "en": "Laboratory"}, icon="test-tube", series="L")
DOOR = RoomShape(room_id="r9", number="9", names={"vi": "Phòng 9"}, zone_id="a", service_ids=("lab",), floor=2)


async def write(house: House, *requests: Request) -> dict[str, Any]:
    """As an administrator; the last answer."""
    await house.sign_in("boss")
    told: dict[str, Any] = {}
    for request in requests:
        told = (await house.send(request)).json()
    return told


async def as_written(house: House) -> dict[str, Any]:
    return dict((await house.http.get(ChangeSite.path)).json())


def last_told(house: House) -> ServicesChanged:
    with house.core.engine.connect() as connection:
        [line] = journal.newest(connection, "main", "services_changed", house.clock().replace(hour=0), 1)
    assert isinstance(line.frame, ServicesChanged)
    return line.frame


async def test_from_a_new_service_and_room_to_a_ticket(house: House) -> None:
    await write(
        house,
        SaveZone(zone=ZoneShape(zone_id="cellar", names={"vi": "Tầng hầm"})),
        SaveService(service=LAB),
        SaveRoom(room=DOOR.model_copy(update={"zone_id": "cellar"})),
    )
    told = last_told(house)
    assert "lab" in {service.service_id for service in told.services}
    assert next(room for room in told.rooms if room.room_id == "r9").service_ids == ("lab",)
    assert told.zones is not None
    assert "cellar" in {zone.zone_id for zone in told.zones}
    ticket = await house.issue(1, "lab")
    assert (ticket["number"], ticket["room"]["number"]) == ("L001", "9")


async def test_what_was_written_is_read_back_and_can_be_written_again(house: House) -> None:
    await write(house, SaveService(service=LAB), SaveRoom(room=DOOR))
    before = await as_written(house)
    assert next(one for one in before["services"] if one["service_id"] == "lab") == LAB.model_dump(mode="json")
    assert before["rooms"][-1] == DOOR.model_dump(mode="json")
    again: list[Request] = [SaveZone(zone=zone) for zone in before["zones"]]
    again += [SaveService(service=service) for service in before["services"]]
    again += [SaveRoom(room=room) for room in before["rooms"]]
    assert "seq" in await write(house, ChangeSite(site=before["site"]), *again)
    assert await as_written(house) == before


async def test_a_changed_service_keeps_its_people_and_whether_it_is_open(house: House) -> None:
    held = await house.issue(1, "eyes")
    await write(house, ChangeService(service_id="eyes", open=False))
    eyes = ServiceShape(service_id="eyes", names={"vi": "Mắt mới", "en": "New eyes"}, series="E", minutes=5)
    await write(house, SaveService(service=eyes))
    assert not next(one for one in last_told(house).services if one.service_id == "eyes").open
    await write(house, ChangeService(service_id="eyes", open=True))
    assert (await house.issue(1, "eyes"))["number"] == held["number"]
    assert (await house.issue(2, "eyes"))["number"] == "E001"


async def test_the_name_of_the_hospital_reaches_everybody(house: House) -> None:
    await write(house, ChangeSite(site=SiteShape(names={"vi": "Bệnh viện Sông Lam"}, languages=("vi", "en", "lo"))))
    told = last_told(house)
    assert told.site is not None
    assert (told.site.names, told.site.languages) == ({"vi": "Bệnh viện Sông Lam"}, ("vi", "en", "lo"))
    assert (await as_written(house))["site"]["languages"] == ["vi", "en", "lo"]


async def test_who_is_only_sent_there_gets_no_number_at_a_kiosk(house: House) -> None:
    await write(house, SaveService(service=LAB.model_copy(update={"self_service": False})), SaveRoom(room=DOOR))
    told = (await house.send(wish(1, "lab"), "kiosk")).json()
    assert (told["code"], told["detail"]) == ("not_self_service", {"service_id": "lab"})
    assert not next(one for one in last_told(house).services if one.service_id == "lab").self_service


async def test_nobody_who_waits_is_left_without_a_service(house: House) -> None:
    held = await house.issue(1, "eyes")
    room = RoomShape(room_id="r3", number="3", names={"vi": "x"}, zone_id="b", service_ids=("general",))
    told = await write(house, SaveRoom(room=room))
    assert (told["code"], told["detail"]) == ("still_waiting", {"number": held["number"]})
    assert "seq" in await write(house, SaveRoom(room=room.model_copy(update={"service_ids": ("eyes", "general")})))
    told = await write(house, ChangeSite(site=SiteShape(names={"vi": "x"}, time_zone="Asia/Tokyo")))
    assert told["code"] == "still_waiting"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SaveRoom(room=DOOR.model_copy(update={"zone_id": "nowhere"})), "unknown_zone"),
        (SaveRoom(room=DOOR.model_copy(update={"service_ids": ("nothing",)})), "unknown_service"),
        (SaveRoom(room=DOOR.model_copy(update={"number": "3"})), "room_number_taken"),
        (SaveService(service=LAB.model_copy(update={"series": "A"})), "series_taken"),
        (SaveService(service=LAB.model_copy(update={"icon": "no-such-drawing"})), "unknown_icon"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_a_mistake_is_named_and_changes_nothing(house: House, request_: Request, code: str) -> None:
    await write(house, SaveService(service=LAB))
    before = await as_written(house)
    assert (await write(house, request_))["code"] == code
    assert await as_written(house) == before


async def test_letters_that_another_service_has_on_some_days_are_taken(house: House) -> None:
    numbers = {"letters": "E", "by_weekday": {"sat": "L"}}
    told = await write(house, ChangeNumbers(service_id="eyes", numbers=numbers), SaveService(service=LAB))  # type: ignore[arg-type]
    assert told["code"] == "series_taken"


async def test_each_change_is_in_the_journal(house: House) -> None:
    await write(
        house,
        ChangeSite(site=SiteShape(names={"vi": "Một"})),
        SaveZone(zone=ZoneShape(zone_id="a", names={"vi": "Khu A"}, position=3)),
        SaveService(service=LAB),
        SaveRoom(room=DOOR),
    )
    with house.core.engine.connect() as connection:
        frames = [line.frame for line in journal.read(connection, "main", 0, kinds=("site_changed",))]
    told = [frame for frame in frames if isinstance(frame, SiteChanged)]
    assert [frame.site or frame.zone or frame.service or frame.room for frame in told] == [
        SiteShape(names={"vi": "Một"}),
        ZoneShape(zone_id="a", names={"vi": "Khu A"}, position=3),
        LAB,
        DOOR,
    ]


def test_the_hospital_of_the_demonstration_could_have_been_written_so() -> None:
    for row in service_rows():
        ServiceShape.model_validate({name: row[name] for name in ServiceShape.model_fields if name in row})
    for room in rooms():
        RoomShape(**room.model_dump(include=set(RoomShape.model_fields)))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("unknown_time_zone", '{"names": {"vi": "x"}, "time_zone": "Asia/Atlantis"}'),
        ("language_named_twice", '{"names": {"vi": "x"}, "languages": ["vi", "vi"]}'),
        ("too_short", '{"names": {}}'),
        ("string_too_short", '{"names": {"vi": "  "}}'),
        ("string_pattern_mismatch", '{"names": {"Tiếng Việt": "x"}}'),
        ("extra_forbidden", '{"names": {"vi": "x"}, "timezone": "Asia/Tokyo"}'),
    ],
)
def test_a_site_is_written_strictly(kind: str, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SiteShape.model_validate_json(text)
    assert [problem["type"] for problem in caught.value.errors()] == [kind]
