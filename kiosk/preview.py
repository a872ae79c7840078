"""A picture of a ticket without a printer and without a queue: the same slip and layout, with a sample around it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from hardware.printer.layout import render
from hardware.printer.profiles import profile_named
from kiosk.slip import slip
from locales import languages
from protocol.nouns import Entry, Priority, Room, Site, Ticket, WaitEstimate

_NUMBER = re.compile(r"[A-Z]{1,3}\d{1,4}\Z", re.ASCII)
_ROOM = re.compile(r"[A-Za-z0-9Đđ][A-Za-z0-9Đđ ./-]{0,11}\Z")

SITE = Site(
    site_id="preview",
    names={"vi": "Bệnh viện Đa khoa An Bình", "en": "An Binh General Hospital"},
    languages=("vi", "en"),
)
ISSUED_AT = datetime(2025, 7, 15, 9, 42, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
DEVICE_NAME = "Kiosk 1"
ADDRESS_BASE = "http://denluot.local"


class PreviewRefused(ValueError):
    """What was asked for cannot be a ticket; the message says what is expected."""


def sample_ticket(number: str, room: str) -> Ticket:
    """A ticket with this number and room in a general clinic, seven people ahead. Raises PreviewRefused."""
    if not _NUMBER.match(number):
        raise PreviewRefused(f"number {number!r}: one to three capital letters and one to four digits, as in A012")
    if not _ROOM.match(room):
        raise PreviewRefused(f"room {room!r}: one to twelve letters, digits, spaces or ./- , as in 5")
    entry = Entry(
        entry_id="preview",
        ticket_id="preview",
        number=number,
        service_id="general",
        room_id="preview",
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=ISSUED_AT,
    )
    return Ticket(
        ticket_id="preview",
        number=number,
        address="/t/7hq2m9xk4d",
        business_day="2025-07-15",
        issued_at=ISSUED_AT,
        entry=entry,
        service_names={"vi": "Khám Nội tổng quát", "en": "General internal medicine"},
        room=Room(room_id="preview", number=room, names={}, zone_id="preview", floor=2),
        people_ahead=7,
        wait=WaitEstimate(low_minutes=25, high_minutes=40),
    )


def ticket_picture(
    number: str, room: str, language: str, large: bool = False, profile: str = "generic-80"
) -> Image.Image:
    """The picture that this profile's printer would print, mode '1'.

    Raises PreviewRefused, or hardware.errors.DeviceFault ``unknown_profile``.
    """
    if language not in languages():
        raise PreviewRefused(f"language {language!r}: one of {', '.join(languages())}")
    sample = sample_ticket(number, room)
    paper = slip(
        sample,
        SITE,
        language,
        device_name=DEVICE_NAME,
        address_base=ADDRESS_BASE,
        now=ISSUED_AT,
        large=large,
    )
    return render(paper, profile_named(profile))


def write_ticket_picture(
    number: str, room: str, language: str, out: Path, large: bool = False, profile: str = "generic-80"
) -> None:
    """Write the picture to `out` as PNG. Raises as `ticket_picture` does, and OSError when `out` cannot be written."""
    ticket_picture(number, room, language, large, profile).save(out, format="PNG")
