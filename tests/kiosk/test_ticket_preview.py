from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from hardware.errors import DeviceFault
from kiosk.preview import PreviewRefused, sample_ticket, ticket_picture, write_ticket_picture


def test_a_picture_is_written(tmp_path: Path) -> None:
    out = tmp_path / "ticket.png"
    write_ticket_picture("A012", "5", "vi", out)
    with Image.open(out) as picture:
        assert (picture.format, picture.mode, picture.width) == ("PNG", "1", 576)
        codes = [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))]
    assert codes == ["http://denluot.local/t/7hq2m9xk4d"]


def test_the_same_command_gives_the_same_picture() -> None:
    assert ticket_picture("A012", "5", "vi").tobytes() == ticket_picture("A012", "5", "vi").tobytes()


def test_number_room_language_size_and_paper_are_heeded() -> None:
    plain = ticket_picture("A012", "5", "vi")
    others = [
        ticket_picture("A013", "5", "vi"),
        ticket_picture("A012", "6", "vi"),
        ticket_picture("A012", "5", "en"),
        ticket_picture("A012", "5", "vi", large=True),
        ticket_picture("A012", "5", "vi", profile="generic-58"),
    ]
    assert len({picture.tobytes() for picture in [plain, *others]}) == 6
    assert others[4].width == 384
    assert others[3].height > plain.height


@pytest.mark.parametrize("number", ["A1", "ABC1234", "K007"])
@pytest.mark.parametrize("room", ["5", "B2.305", "12A", "Khu C-1"])
def test_numbers_and_rooms_as_hospitals_have_them(number: str, room: str) -> None:
    ticket = sample_ticket(number, room)
    assert (ticket.number, ticket.entry.number, ticket.room.number) == (number, number, room)


@pytest.mark.parametrize("number", ["", "012", "a012", "A", "ABCD1", "A12345", "A012\n", "A٠١٢", "Ă012", "A 12"])
def test_other_numbers_are_refused(number: str) -> None:
    with pytest.raises(PreviewRefused, match="as in A012"):
        sample_ticket(number, "5")


@pytest.mark.parametrize("room", ["", " 5", "5\n", "5\x1b@", "x" * 13, "5;6", "phòng năm"])
def test_other_rooms_are_refused(room: str) -> None:
    with pytest.raises(PreviewRefused, match="as in 5"):
        sample_ticket("A012", room)


def test_unknown_languages_and_printers_are_refused_with_the_known_ones() -> None:
    with pytest.raises(PreviewRefused, match="vi"):
        ticket_picture("A012", "5", "fr")
    with pytest.raises(DeviceFault, match="generic-80"):
        ticket_picture("A012", "5", "vi", profile="toaster")
