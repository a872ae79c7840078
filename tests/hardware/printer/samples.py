"""Slips to print in tests."""

from __future__ import annotations

from hardware.printer.profiles import Profile, profile_named
from hardware.printer.slip import Band, Code, Labelled, Line, Number, Pair, Rule, Slip

ADDRESS = "http://denluot.local/t/7hq2m9xk4d"

SMALL = Slip(blocks=(Number(text="A012"), Band(text="Phòng 5, tầng 2", icon="arrow-up-right")))

WHOLE = Slip(
    blocks=(
        Line(text="BỆNH VIỆN ĐA KHOA AN BÌNH", size="label", weight="bold"),
        Line(text="Khám Nội tổng quát"),
        Rule(),
        Line(text="SỐ THỨ TỰ", size="label", weight="bold"),
        Number(text="A012"),
        Band(text="Phòng 5, tầng 2", icon="arrow-up-right"),
        Line(text="Thường", weight="bold"),
        Rule(),
        Pair(
            left=Labelled(label="Phía trước", value="7 người"), right=Labelled(label="Dự kiến chờ", value="25–40 phút")
        ),
        Rule(),
        Code(payload=ADDRESS, beside=(Line(text="Quét mã để xem lượt trên điện thoại."),)),
        Rule(),
        Line(text="09:42, Thứ Ba 15/07/2025. Kiosk 1", size="small"),
    )
)


def quick(name: str = "generic-80", **changes: object) -> Profile:
    """A profile whose paper is so fast that a test need not wait for it."""
    return profile_named(name).model_copy(update={"speed_mm_s": 100_000.0, **changes})
