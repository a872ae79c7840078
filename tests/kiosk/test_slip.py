from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.printer.layout import encode, render
from hardware.printer.paper import interpret
from hardware.printer.profiles import profile_named
from hardware.printer.slip import Band, Code, Line, Number, Pair, Slip
from kiosk.slip import page_address, place, slip
from locales import languages
from protocol.nouns import Entry, Identity, Names, Priority, Room, Site, Ticket, WaitEstimate

ISSUED = datetime(2025, 7, 15, 2, 42, tzinfo=UTC)  # 09:42 in Vietnam
NOW = datetime(2025, 7, 15, 3, 15, tzinfo=UTC)
SITE = Site(site_id="ab", names={"vi": "Bệnh viện Đa khoa An Bình", "en": "An Binh General Hospital"})
ROOM = Room(room_id="r5", number="5", names={"vi": "Phòng 5", "en": "Room 5"}, zone_id="z", floor=2)
ENTRY = Entry(
    entry_id="e",
    ticket_id="t",
    number="A012",
    service_id="s",
    room_id="r5",
    priority=Priority(),
    state="waiting",
    version=1,
    issued_at=ISSUED,
)
TICKET = Ticket(
    ticket_id="t",
    number="A012",
    address="/t/7hq2m9xk4d",
    business_day="2025-07-15",
    issued_at=ISSUED,
    entry=ENTRY,
    service_names={"vi": "Khám Nội tổng quát", "en": "General internal medicine"},
    room=ROOM,
    people_ahead=7,
    wait=WaitEstimate(low_minutes=25, high_minutes=40),
)


def made(
    ticket: Ticket = TICKET,
    language: str = "vi",
    *,
    site: Site = SITE,
    address_base: str = "http://queue.local",
    copy: bool = False,
    large: bool = False,
    room_unsure: bool = False,
) -> Slip:
    return slip(
        ticket,
        site,
        language,
        device_name="Kiosk 1",
        address_base=address_base,
        now=NOW,
        copy=copy,
        large=large,
        room_unsure=room_unsure,
    )


def words(paper: Slip) -> list[str]:
    """Every text on the paper from the top, with plain spaces."""
    found: list[str] = []
    for block in paper.blocks:
        match block:
            case Line() | Band() | Number():
                found.append(block.text)
            case Pair():
                found += [block.left.label, block.left.value, block.right.label, block.right.value]
            case Code():
                found += [line.text for line in block.beside] + [block.payload]
            case _:
                pass
    return [text.replace("\u00a0", " ") for text in found]


def changed(**changes: object) -> Ticket:
    return TICKET.model_copy(update=changes)


def test_a_ticket_of_a_pool_names_no_room() -> None:
    pooled = changed(entry=ENTRY.model_copy(update={"pooled": True}), zone_names={"vi": "Khu B: Phòng khám"})
    told = words(made(pooled))
    assert told[4:6] == ["Khu B: Phòng khám, tầng 2", "Số phòng sẽ được báo khi gọi."]
    assert "Lỡ lượt: báo nhân viên. Số vẫn được giữ." in told
    assert [text for text in told if "phòng 5" in text.lower()] == []


def test_the_doctor_stands_under_the_room() -> None:
    told = words(made(changed(room=ROOM.model_copy(update={"doctor": "BS. Trần Thị Mẫu"}))))
    assert told[4:6] == ["Phòng 5, tầng 2", "Bác sĩ: BS. Trần Thị Mẫu"]


def test_where_nobody_can_tell_the_room_the_paper_sends_people_to_the_screens() -> None:
    assert "Phòng có thể đổi, xin xem bảng" in words(made(room_unsure=True))
    assert "Phòng có thể đổi, xin xem bảng" not in words(made())


def test_the_ticket_in_vietnamese() -> None:
    assert words(made()) == [
        "BỆNH VIỆN ĐA KHOA AN BÌNH",
        "Khám Nội tổng quát",
        "SỐ THỨ TỰ",
        "A012",
        "Phòng 5, tầng 2",
        "Thường",
        "Phía trước",
        "7 người",
        "Dự kiến chờ",
        "25–40 phút",
        "Quét mã để xem lượt trên điện thoại.",
        "Lỡ lượt: báo phòng 5. Số vẫn được giữ.",
        "http://queue.local/t/7hq2m9xk4d",
        "09:42, Thứ Ba 15/07/2025. Kiosk 1",
        "Kính chúc ông/bà mau khoẻ",
    ]


def test_a_door_named_like_the_service_is_not_printed_twice() -> None:
    room = ROOM.model_copy(update={"names": {"vi": "Khám nội tổng quát"}})
    assert [word.casefold() for word in words(made(changed(room=room)))].count("khám nội tổng quát") == 1


def test_the_ticket_in_english() -> None:
    assert words(made(language="en")) == [
        "AN BINH GENERAL HOSPITAL",
        "General internal medicine",
        "YOUR NUMBER",
        "A012",
        "Room 5, floor 2",
        "Regular",
        "Ahead of you",
        "7 people",
        "Expected wait",
        "25–40 min",
        "Scan to follow your turn on your phone.",
        "Missed your turn? Tell room 5. Your number is kept.",
        "http://queue.local/t/7hq2m9xk4d",
        "09:42, Tuesday 15 July 2025. Kiosk 1",
        "We wish you a quick recovery",
    ]


def test_the_order_is_number_place_waiting_and_what_if_missed() -> None:
    kinds = [type(block) for block in made().blocks]
    assert kinds.index(Number) < kinds.index(Band) < kinds.index(Pair) < kinds.index(Code)


def test_the_place_stands_in_the_black_band_with_an_arrow() -> None:
    (band,) = [block for block in made().blocks if isinstance(block, Band)]
    assert (band.filled, band.icon) == (True, "arrow-up-right")


@pytest.mark.parametrize(
    ("number", "floor", "text"),
    [("5", 2, "Phòng 5, tầng 2"), ("B2.305", 0, "Phòng B2.305, tầng trệt"), ("X 1", -1, "Phòng X 1, tầng hầm 1")],
)
def test_rooms_and_floors(number: str, floor: int, text: str) -> None:
    room = ROOM.model_copy(update={"number": number, "floor": floor})
    assert place(room, "vi").replace("\u00a0", " ") == text
    assert " " not in place(room, "vi").replace(", ", "")


def test_a_room_with_a_name_of_its_own_and_a_way_to_it_says_both() -> None:
    room = ROOM.model_copy(
        update={"names": {"vi": "Phòng khám Tim mạch 1"}, "directions": {"vi": "Lên cầu thang, rẽ trái"}}
    )
    texts = words(made(changed(room=room)))
    assert texts[texts.index("Phòng 5, tầng 2") :][:3] == [
        "Phòng 5, tầng 2",
        "Phòng khám Tim mạch 1",
        "Lên cầu thang, rẽ trái",
    ]
    assert "Phòng khám Tim mạch 1" in words(made(changed(room=room), "en"))


@pytest.mark.parametrize(
    ("wait", "value"),
    [
        (WaitEstimate(low_minutes=25, high_minutes=40), "25–40 phút"),
        (WaitEstimate(low_minutes=10, high_minutes=10), "10 phút"),
        (WaitEstimate(low_minutes=0, high_minutes=5), "Dưới 5 phút"),
        (WaitEstimate(high_minutes=15), "Dưới 15 phút"),
        (WaitEstimate(low_minutes=30), "Từ 30 phút"),
        (WaitEstimate(), "Chưa rõ"),
    ],
)
def test_waits_are_intervals(wait: WaitEstimate, value: str) -> None:
    assert value in words(made(changed(wait=wait)))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("no_data", "Chưa đủ số liệu để ước tính thời gian chờ."),
        ("no_open_room", "Phòng chưa mở nên chưa biết thời gian chờ."),
        ("meteor", "Chưa ước tính được thời gian chờ."),
        (None, "Chưa ước tính được thời gian chờ."),
    ],
)
def test_a_wait_that_cannot_be_told_says_why(reason: str | None, text: str) -> None:
    assert text in words(made(changed(wait=WaitEstimate(reason=reason))))


@pytest.mark.parametrize(("count", "vi", "en"), [(0, "Không có ai", "Nobody"), (1, "1 người", "1 person")])
def test_people_ahead(count: int, vi: str, en: str) -> None:
    assert vi in words(made(changed(people_ahead=count)))
    assert en in words(made(changed(people_ahead=count), "en"))


@pytest.mark.parametrize(
    ("priority", "texts"),
    [
        (Priority(), ["Thường"]),
        (Priority(priority_class="child_under_6"), ["Ưu tiên: trẻ dưới 6 tuổi"]),
        (Priority(priority_class="aged_75", status="proven"), ["Ưu tiên: từ 75 tuổi trở lên"]),
        (
            Priority(priority_class="aged_75", status="declared"),
            ["Ưu tiên: từ 75 tuổi trở lên", "Nhân viên sẽ xác nhận diện ưu tiên."],
        ),
    ],
)
def test_the_priority_class_is_told(priority: Priority, texts: list[str]) -> None:
    ticket = changed(entry=ENTRY.model_copy(update={"priority": priority}))
    found = words(made(ticket))
    after = found[found.index("Phòng 5, tầng 2") + 1 : found.index("Phía trước")]
    assert after == texts


def test_a_copy_says_so_and_when() -> None:
    assert "BẢN SAO, IN LÚC 10:15" in words(made(copy=True))
    assert "COPY, PRINTED AT 10:15" in words(made(language="en", copy=True))
    assert not any("BẢN SAO" in text for text in words(made()))
    assert "09:42, Thứ Ba 15/07/2025. Kiosk 1" in words(made(copy=True))


def test_an_offline_ticket_says_so_and_claims_nothing() -> None:
    """The kiosk did not see the queue: what it would say of people ahead and of the wait would be invented."""
    texts = words(made(changed(offline=True, number="K3A007")))
    assert "Máy mất kết nối khi cấp số này. Số vẫn có giá trị." in texts
    assert texts.count("Chưa rõ") == 2
    assert "7 người" not in texts
    assert "25–40 phút" not in texts
    assert "K3A007" in texts


def test_large_print_has_the_same_words() -> None:
    assert words(made(large=True)) == words(made())
    assert made(large=True).large


@pytest.mark.parametrize(
    ("base", "address", "whole"),
    [
        ("http://q.local", "/t/x", "http://q.local/t/x"),
        ("http://q.local/", "t/x", "http://q.local/t/x"),
        ("", "/t/x", None),
        ("http://q.local", "", None),
    ],
)
def test_the_address_of_the_page(base: str, address: str, whole: str | None) -> None:
    ticket = changed(address=address)
    assert page_address(ticket, base) == whole
    paper = made(ticket, address_base=base)
    assert any(isinstance(block, Code) for block in paper.blocks) == (whole is not None)
    assert "Lỡ lượt: báo phòng 5. Số vẫn được giữ." in words(paper)


def test_times_are_those_of_the_site() -> None:
    late = SITE.model_copy(update={"time_zone": "Pacific/Auckland"})
    assert "14:42, Thứ Ba 15/07/2025. Kiosk 1" in words(made(site=late))


def test_a_language_without_names_or_calendar_falls_back() -> None:
    texts = words(made(language="xx-unknown"))
    assert "BỆNH VIỆN ĐA KHOA AN BÌNH" in texts
    assert "09:42, Thứ Ba 15/07/2025. Kiosk 1" in texts


def test_a_site_without_a_name_still_gets_its_tickets() -> None:
    paper = made(changed(service_names={}), site=SITE.model_copy(update={"names": {}}))
    assert words(paper)[0] == "SỐ THỨ TỰ"


def test_nothing_of_the_person_is_on_the_paper() -> None:
    """A slip is made from a `Ticket`, which has no place for a person at all."""
    personal = {"full_name", "personal_id", "birth", "address_text", "card_no", "identity", "intake"}
    assert not personal & set(Ticket.model_fields) & set(Identity.model_fields)
    fields = set(Ticket.model_fields) | set(Entry.model_fields) | set(Priority.model_fields)
    assert not fields & (set(Identity.model_fields) - {"address"})


hostile = st.text(
    alphabet=st.one_of(st.sampled_from("\x1b\x1d\x10\x1c@V\x00\x04\u202e\u2028Ệ "), st.characters()), max_size=300
)


@given(name=hostile, service=hostile, way=hostile, device=hostile, language=st.sampled_from(languages()))
@settings(max_examples=40, deadline=None)
def test_hostile_names_put_no_command_on_the_wire(
    name: str, service: str, way: str, device: str, language: str
) -> None:
    """Names come from the server's configuration; whatever is in them, the printer gets only pictures."""
    names: Names = {language: service + "a"}
    room = ROOM.model_copy(update={"names": {language: name}, "directions": {language: way}})
    site = Site(site_id="x", names={language: name + "b"})
    ticket = changed(service_names=names, room=room)
    paper = slip(ticket, site, language, device_name=device, address_base="http://q.local", now=NOW)
    profile = profile_named("generic-58")
    picture = render(paper, profile)
    printed = interpret(encode(picture, profile))
    assert printed.picture().tobytes() == picture.tobytes()
    assert set(printed.commands) == {"init", "single byte", "raster", "feed"}


@pytest.mark.parametrize(
    "number", ["5", "B2.305-Khu C", "Cấp cứu tầng trệt khu nhà mới phía sau cổng số 2 đường Hai Bà Trưng"]
)
@pytest.mark.parametrize("profile", ["generic-80", "generic-58"])
def test_the_longest_names_are_printed(number: str, profile: str) -> None:
    room = ROOM.model_copy(update={"number": number, "names": {"vi": "Phòng khám " * 40}})
    site = SITE.model_copy(update={"names": {"vi": "Bệnh viện Đa khoa khu vực " * 20}})
    picture = render(made(changed(room=room), site=site), profile_named(profile))
    assert picture.height < profile_named(profile).dots(600)
