"""A room pauses, closes and opens again: on the staff panel in a real browser against a real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection

from protocol.requests import ChangeAssignment
from queue_server.usecases import once, service_settings
from tests.queue_server.web.conftest import Reader, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
NewReader = Callable[..., Reader]
SIZES = [("vi", 360, 740), ("en", 1366, 768)]


def says(page: Page, words: str) -> None:
    expect(page.locator("#last-action-text")).to_contain_text(words)


def fits(page: Page) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def begin(server: RunningServer, reader: NewReader, service: str, room: str, **more: object) -> tuple[Reader, Page]:
    for one in range(1, 8):
        server.issue(one, service=service)
    staff = reader(**more)
    staff.sign_in()
    return staff, staff.enter(room)


@pytest.mark.parametrize(("language", "width", "height"), SIZES)
def test_close_with_its_people_and_take_it_back_by_keyboard(
    server: RunningServer, reader: NewReader, language: str, width: int, height: int
) -> None:
    staff, page = begin(server, reader, "heart", "room-9", language=language, width=width, height=height)
    first = server.issue(1, service="heart")
    expect(page.locator("#room-state-text")).to_have_text("Phòng đang mở" if language == "vi" else "The room is open")
    expect(page.locator("#do-open")).to_be_hidden()
    staff.picture(f"staff-room-open-{width}-{language}")
    page.keyboard.press("c")
    expect(page.locator("#ask-heading")).to_have_text("Đóng phòng 9?" if language == "vi" else "Close room 9?")
    rows = page.locator(".moves li")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("B001")
    expect(rows.first).to_contain_text("Phòng 10" if language == "vi" else "Room 10")
    staff.picture(f"staff-room-close-{width}-{language}")
    assert fits(page)
    page.keyboard.press("1")
    says(page, "Đã chuyển 3 người" if language == "vi" else "Sent to other rooms: 3")
    expect(page.locator("#room-state")).to_have_attribute("data-state", "closed")
    expect(page.locator("#nobody")).to_be_visible()
    expect(page.locator("#do-pause")).to_be_hidden()
    staff.picture(f"staff-room-closed-{width}-{language}")
    phone = staff.open()
    staff.go(first.address, phone)
    expect(phone.locator("#ticket")).to_contain_text("Phòng 9 đã đóng")
    staff.picture(f"ticket-moved-{width}-{language}", phone)
    page.bring_to_front()
    page.keyboard.press("u")
    says(page, "Đã đưa 3 người về lại" if language == "vi" else "Brought back: 3")
    expect(page.locator("#waiting tr")).to_have_count(3)
    expect(page.locator("#room-state")).to_have_attribute("data-state", "open")
    assert staff.faults == []


@pytest.mark.parametrize(("language", "width", "height"), SIZES)
def test_pause_with_a_reason_and_the_next_call_ends_it(
    server: RunningServer, reader: NewReader, language: str, width: int, height: int
) -> None:
    staff, page = begin(server, reader, "heart", "room-9", language=language, width=width, height=height)
    page.keyboard.press("p")
    expect(page.locator("#ask select")).to_have_count(2)
    expect(page.locator(".moves li")).to_have_count(0)
    page.select_option("#ask select >> nth=0", "30")
    page.select_option("#ask select >> nth=1", "move")
    expect(page.locator(".moves li")).to_have_count(3)
    staff.picture(f"staff-room-pause-{width}-{language}")
    assert fits(page)
    page.select_option("#ask select >> nth=1", "")
    page.locator("#ask-choices button").nth(2).click()
    expect(page.locator("#room-state")).to_have_attribute("data-state", "paused")
    expect(page.locator("#room-state-text")).to_contain_text("Họp" if language == "vi" else "Meeting")
    expect(page.locator("#waiting tr")).to_have_count(3)
    staff.picture(f"staff-room-paused-{width}-{language}")
    phone = staff.open()
    staff.go(server.issue(1, service="heart").address, phone)
    expect(phone.locator("#ticket")).to_contain_text("tạm nghỉ đến")
    staff.picture(f"ticket-paused-{width}-{language}", phone)
    page.bring_to_front()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("B001")
    expect(page.locator("#room-state")).to_have_attribute("data-state", "open")
    page.keyboard.press("o")
    says(page, "Phòng đang mở" if language == "vi" else "The room is open")
    assert staff.faults == []


def test_a_pool_on_the_panel_and_on_the_phone(server: RunningServer, reader: NewReader) -> None:
    change = ChangeAssignment(service_id="heart", assignment="at_call")

    def make(connection: Connection) -> None:
        service_settings.change_assignment(once.change(server.core, connection, "staff:x"), change)

    server.core.writer.submit(make).result(10)
    staff, page = begin(server, reader, "heart", "room-9", width=360, height=740)
    expect(page.locator("#waiting tr")).to_have_count(7)
    staff.picture("staff-pool-360-vi")
    assert fits(page)
    phone = staff.open()
    staff.go(server.issue(3, service="heart").address, phone)
    expect(phone.locator(".place")).to_contain_text("Xin chờ ở Khu B: Phòng khám")
    staff.picture("ticket-pool-360-vi", phone)
    other = staff.enter("room-10", staff.open())
    other.keyboard.press("Space")
    expect(other.locator("#now-number")).to_have_text("B001")
    expect(page.locator("#waiting tr")).to_have_count(6)
    page.bring_to_front()
    page.locator("#waiting button", has_text="B003").click()
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator("#now-number")).to_have_text("B003")
    expect(phone.locator(".loud")).to_contain_text("Xin vào phòng 9", timeout=8000)
    assert staff.faults == []


def test_where_no_other_room_is_open_the_dialog_says_who_stays(server: RunningServer, reader: NewReader) -> None:
    staff, page = begin(server, reader, "skin", "room-18")
    page.keyboard.press("p")
    expect(page.locator("#ask select")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).to_be_hidden()
    page.keyboard.press("c")
    expect(page.locator("#ask-details .note")).to_contain_text("H001, H002, H003")
    staff.picture("staff-room-close-stay-420-vi")
    page.keyboard.press("1")
    says(page, "Ở lại chỗ cũ: 7 người")
    page.keyboard.press("c")
    says(page, "Bấm O để mở lại")
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    page.keyboard.press("o")
    expect(page.locator("#room-state")).to_have_attribute("data-state", "open")
    assert staff.faults == []
