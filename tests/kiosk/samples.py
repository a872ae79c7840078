"""An invented hospital and an invented person, for the kiosk's tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from kiosk.events import FeedSnapshot
from kiosk.state import Place
from protocol.nouns import Birth, Entry, Identity, Priority, Room, RoomOffer, Service, Site, Ticket, WaitEstimate, Zone

NOW = datetime(2026, 6, 15, 9, 42, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SITE = Site(site_id="main", names={"vi": "Bệnh viện Đa khoa An Bình", "en": "An Binh General Hospital"})
PLACE = Place(address_base="http://queue.an-binh.vn", arrows=(("r5", "arrow-up-right"), ("floor:2", "arrow-up")))
CARD = (
    "001090000017|012000001|Nguyễn Văn Thử|17051990|Nam|"
    "Số 12 Ngõ 3 Phố Thử Nghiệm, Phường Mẫu, Quận Giả Định, Hà Nội|20042021"
)
IDENTITY = Identity(
    document="cccd_old",
    personal_id="001090000017",
    old_cmnd="012000001",
    full_name="Nguyễn Văn Thử",
    birth=Birth(value="1990-05-17", precision="day"),
    gender="male",
    address="Số 12 Ngõ 3 Phố Thử Nghiệm, Phường Mẫu, Quận Giả Định, Hà Nội",
    issue_date="2021-04-20",
)
PERSONAL = ("001090000017", "012000001", "Nguyễn Văn Thử", "1990-05-17", "Phố Thử Nghiệm", "2021-04-20")
"""What must be nowhere once the person is forgotten."""

_SERVICES = (
    ("noi", "Khám Nội tổng quát", "General internal medicine", "stethoscope", (25, 40)),
    ("tim", "Tim mạch", "Cardiology", "heart-pulse", (30, 45)),
    ("tmh", "Tai Mũi Họng", "Ear, nose and throat", "ear", (15, 25)),
    ("mat", "Mắt", "Eyes", "eye", (10, 20)),
    ("xn", "Xét nghiệm", "Laboratory tests", "test-tube", (5, 15)),
    ("xk", "Xương khớp", "Bones and joints", "bone", (35, 50)),
    ("nhi", "Khám Nhi", "Paediatrics", "baby", None),
    ("san", "Sản phụ khoa", "Obstetrics and gynaecology", "flower-2", None),
    ("rhm", "Răng Hàm Mặt", "Dentistry", "smile", (20, 30)),
    ("vp", "Thu viện phí", "Cashier", "banknote", (0, 5)),
    ("dl", "Da liễu", "Skin", "hand", None),
    ("yhct", "Y học cổ truyền", "Traditional medicine", "sun", None),
)
CLOSED = {"dl": {"vi": "Bác sĩ nghỉ trưa. Mở lại lúc 13:30", "en": "Doctor at lunch. Opens again at 13:30"}, "yhct": {}}


def services() -> tuple[Service, ...]:
    return tuple(
        Service(
            service_id=service_id,
            names={"vi": vi, "en": en},
            icon=icon,
            open=service_id not in CLOSED,
            closed_reason=CLOSED.get(service_id, {}),
            waiting=number,
            wait=WaitEstimate(low_minutes=wait[0], high_minutes=wait[1]) if wait else None,
        )
        for number, (service_id, vi, en, icon, wait) in enumerate(_SERVICES)
    )


def rooms() -> tuple[Room, ...]:
    found = [
        Room(
            room_id=f"r{number}",
            number=str(number),
            names={},
            zone_id="z1",
            floor=1 + number % 3,
            service_ids=(_SERVICES[number][0],),
        )
        for number in range(12)
    ]
    found.append(ROOM)
    return tuple(found)


ROOM = Room(
    room_id="r5",
    number="5",
    names={},
    zone_id="z1",
    floor=2,
    directions={"vi": "Đi thang máy bên phải, rồi rẽ trái", "en": "Take the lift on the right, then turn left"},
    service_ids=("noi",),
)


DOCTORS = (
    ("r1", "1", "BS. Trần Thị Mẫu", (60, 75)),
    ("r21", "21", "ThS.BS. Phạm Ngọc Quỳnh Hương", (25, 40)),
    ("r22", "22", "BSCKII. Nguyễn Hữu Thử Nghiệm", None),
    ("r23", "23", "PGS.TS. Đoàn Văn Giả", (90, 120)),
    ("r24", "24", "BS. Lê Tưởng Tượng", (30, 45)),
)
"""Of cardiology: room id, number on the door, name, wait."""


def with_doctors() -> FeedSnapshot:
    """The hospital with named doctors in cardiology, beside a room without one."""
    named = tuple(
        Room(room_id=room_id, number=number, names={}, zone_id="z1", floor=2, service_ids=("tim",), doctor=doctor)
        for room_id, number, doctor, _ in DOCTORS
    )
    waits = {
        room_id: WaitEstimate(low_minutes=wait[0], high_minutes=wait[1]) if wait else WaitEstimate(reason="no_call")
        for room_id, _, _, wait in DOCTORS
    }
    others = tuple(room for room in rooms() if room.room_id != "r1")
    nobody = Room(room_id="r25", number="25", names={}, zone_id="z1", floor=2, service_ids=("tim",))
    told = tuple(
        service.model_copy(update={"room_waits": waits}) if service.service_id == "tim" else service
        for service in services()
    )
    return FeedSnapshot(SITE, "Sảnh A, tầng 1", told, (*others, *named, nobody))


def offered() -> Ticket:
    """For a doctor with a long line, with the offer of a quicker room."""
    asked_for, quicker = with_doctors().rooms[-6], with_doctors().rooms[-1]
    entry = ticket().entry.model_copy(update={"service_id": "tim", "room_id": asked_for.room_id})
    there = RoomOffer(room=quicker, people_ahead=1, wait=WaitEstimate(low_minutes=10, high_minutes=20))
    wait = WaitEstimate(low_minutes=60, high_minutes=75)
    names = {"vi": "Tim mạch", "en": "Cardiology"}
    more = {"entry": entry, "service_names": names, "room": asked_for, "wait": wait, "offer": there}
    return ticket().model_copy(update=more)


def switched() -> Ticket:
    """The same, once the offer was taken."""
    room = with_doctors().rooms[-1]
    entry = offered().entry.model_copy(update={"room_id": room.room_id, "version": 2})
    return offered().model_copy(update={"entry": entry, "room": room, "offer": None})


def ticket(number: str = "A012", *, already_held: bool = False, people_ahead: int = 7, pooled: bool = False) -> Ticket:
    entry = Entry(
        entry_id="e1",
        ticket_id="t1",
        number=number,
        service_id="noi",
        room_id="r5",
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=NOW,
        pooled=pooled,
    )
    return Ticket(
        ticket_id="t1",
        number=number,
        address="/t/7hq2m9xk4d",
        business_day="2026-06-15",
        issued_at=NOW,
        entry=entry,
        service_names={"vi": "Khám Nội tổng quát", "en": "General internal medicine"},
        room=ROOM,
        people_ahead=people_ahead,
        wait=WaitEstimate(low_minutes=25, high_minutes=40),
        already_held=already_held,
        zone_names={"vi": "Khu khám Nội", "en": "Internal medicine"} if pooled else {},
    )


def snapshot() -> FeedSnapshot:
    return FeedSnapshot(SITE, "Sảnh A, tầng 1", services(), rooms())


def lettered() -> FeedSnapshot:
    """The same, told to a kiosk that has letters of its own."""
    zones = (Zone(zone_id="z1", names={"vi": "Khu khám Nội", "en": "Internal medicine"}),)
    return replace(snapshot(), zones=zones, series="KA")
