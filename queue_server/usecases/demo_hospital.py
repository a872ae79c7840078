"""The hospital of the demonstration, as data: invented, in the shape of a provincial general hospital."""

from __future__ import annotations

from protocol.journey import Journey, Step
from protocol.nouns import Device, Names, Room, Zone

SITE_NAMES: Names = {"vi": "Bệnh viện Đa khoa An Bình", "en": "An Binh General Hospital"}

ZONES: tuple[Zone, ...] = (
    Zone(zone_id="zone-a", names={"vi": "Khu A: Sảnh chính", "en": "Zone A: Main hall"}),
    Zone(zone_id="zone-b", names={"vi": "Khu B: Phòng khám", "en": "Zone B: Clinics"}),
    Zone(zone_id="zone-c", names={"vi": "Khu C: Nhi và Sản", "en": "Zone C: Children and maternity"}),
    Zone(zone_id="zone-d", names={"vi": "Khu D: Cận lâm sàng", "en": "Zone D: Tests and imaging"}),
)

# service id, series, icon, minutes for one patient, Vietnamese, English
_SERVICES: tuple[tuple[str, str, str, int, str, str], ...] = (
    ("general", "A", "stethoscope", 8, "Khám nội tổng quát", "General medicine"),
    ("heart", "B", "heart-pulse", 12, "Tim mạch", "Cardiology"),
    ("paediatrics", "C", "baby", 10, "Khám nhi", "Paediatrics"),
    ("maternity", "D", "flower-2", 12, "Sản phụ khoa", "Obstetrics and gynaecology"),
    ("ear-nose-throat", "E", "ear", 8, "Tai Mũi Họng", "Ear, nose and throat"),
    ("eyes", "F", "eye", 8, "Mắt", "Ophthalmology"),
    ("teeth", "G", "smile", 15, "Răng Hàm Mặt", "Dentistry"),
    ("skin", "H", "hand", 8, "Da liễu", "Dermatology"),
    ("bones", "K", "bone", 10, "Cơ xương khớp", "Bones and joints"),
    ("blood-test", "L", "test-tube", 4, "Lấy máu xét nghiệm", "Blood test"),
    ("imaging", "M", "scan", 12, "Siêu âm và X-quang", "Ultrasound and X-ray"),
    ("cashier", "N", "banknote", 3, "Thu ngân và bảo hiểm", "Cashier and insurance"),
)

# service id, zone, floor, the numbers painted on the doors, the way there
_ROOMS: tuple[tuple[str, str, int, tuple[int, ...], str, str], ...] = (
    ("general", "zone-a", 1, (1, 2, 3, 4, 5), "Qua sảnh, dãy bên trái", "Across the hall, on the left"),
    ("cashier", "zone-a", 1, (6, 7, 8), "Đối diện cửa chính", "Opposite the main entrance"),
    ("heart", "zone-b", 2, (9, 10, 11), "Lên tầng 2, rẽ phải", "Up to floor 2, turn right"),
    ("ear-nose-throat", "zone-b", 2, (12, 13), "Lên tầng 2, rẽ trái", "Up to floor 2, turn left"),
    ("eyes", "zone-b", 2, (14, 15), "Lên tầng 2, rẽ trái, cuối dãy", "Up to floor 2, turn left, far end"),
    ("teeth", "zone-b", 2, (16, 17), "Lên tầng 2, rẽ phải, cuối dãy", "Up to floor 2, turn right, far end"),
    ("skin", "zone-b", 2, (18,), "Lên tầng 2, đi thẳng", "Up to floor 2, straight ahead"),
    ("bones", "zone-b", 2, (19, 20), "Lên tầng 2, đi thẳng", "Up to floor 2, straight ahead"),
    ("paediatrics", "zone-c", 1, (21, 22, 23), "Theo vạch vàng dưới sàn", "Follow the yellow line on the floor"),
    ("maternity", "zone-c", 1, (24, 25), "Theo vạch hồng dưới sàn", "Follow the pink line on the floor"),
    ("blood-test", "zone-d", 1, (26, 27), "Theo vạch đỏ dưới sàn", "Follow the red line on the floor"),
    ("imaging", "zone-d", 1, (28, 29, 30), "Theo vạch xanh dưới sàn", "Follow the blue line on the floor"),
)


_DOCTORS = {9: "BS. Trần Thị Mẫu", 10: "ThS.BS. Lê Văn Thử", 11: "BSCKII. Phạm Ngọc Minh Họa"}
"""By the number on the door, in cardiology: invented. People may ask for one at the kiosk."""

JOURNEYS: dict[str, Journey] = {
    "general": Journey(
        any_order=True,
        steps=(
            Step(step="doctor", service_id="general", any_of=("blood", "imaging"), next=("cashier",)),
            Step(step="blood", service_id="blood-test", next=("results",)),
            Step(step="imaging", service_id="imaging", next=("results",)),
            Step(step="results", return_to="doctor", next=("cashier",), any_of=("blood", "imaging")),
            Step(step="cashier", service_id="cashier"),
        ),
    )
}
"""By first service: the doctor orders tests or not, looks at what they found, and the visit ends at the cashier."""


def service_rows() -> list[dict[str, object]]:
    """The services as rows of their table, without the site."""
    return [
        {
            "service_id": service_id,
            "names": {"vi": vi, "en": en},
            "icon": icon,
            "series": series,
            "open": True,
            "closed_reason": {},
            "minutes": minutes,
            "position": position,
        }
        for position, (service_id, series, icon, minutes, vi, en) in enumerate(_SERVICES, start=1)
    ]


def rooms() -> list[Room]:
    names = {service_id: {"vi": vi, "en": en} for service_id, _, _, _, vi, en in _SERVICES}
    return [
        Room(
            room_id=f"room-{number}",
            number=str(number),
            names=names[service_id],
            zone_id=zone_id,
            floor=floor,
            directions={"vi": vi, "en": en},
            service_ids=(service_id,),
            doctor=_DOCTORS.get(number, ""),
        )
        for service_id, zone_id, floor, numbers, vi, en in _ROOMS
        for number in numbers
    ]


DEVICES: tuple[Device, ...] = (
    Device(device_id="demo-kiosk-1", kind="kiosk", name="Kiosk 1"),
    Device(device_id="demo-display-a", kind="display", name="Màn hình A", zone_id="zone-a"),
    Device(device_id="demo-display-b", kind="display", name="Màn hình B", zone_id="zone-b"),
    Device(device_id="demo-display-c", kind="display", name="Màn hình C", zone_id="zone-c"),
    Device(device_id="demo-display-d", kind="display", name="Màn hình D", zone_id="zone-d"),
    Device(device_id="demo-speaker-a", kind="speaker", name="Loa A", zone_id="zone-a"),
)

STAFF: tuple[tuple[str, str, str], ...] = (
    ("dieuduong", "Điều dưỡng", "staff"),
    ("quantri", "Quản trị", "admin"),
)
"""User name, name shown, role."""
