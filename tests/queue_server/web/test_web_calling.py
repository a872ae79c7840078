"""Hold, undo, a chosen one, transfer: on the staff panel in a real browser against a real server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.queue_server.web.conftest import ONE_WISH_MS, Reader, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
NewReader = Callable[..., Reader]


def says(page: Page, words: str) -> None:
    expect(page.locator("#last-action-text")).to_contain_text(words)


def begin(server: RunningServer, reader: NewReader, people: int = 3, **more: object) -> tuple[Reader, Page]:
    for one in range(1, people + 1):
        server.issue(one)
    staff = reader(**more)
    staff.sign_in()
    return staff, staff.enter()


def test_hold_and_let_wait_again_by_keyboard(server: RunningServer, reader: NewReader) -> None:
    staff, page = begin(server, reader)
    expect(page.locator("#do-hold")).to_be_disabled()
    page.keyboard.press("Space")
    says(page, "Đã mời H001")
    page.keyboard.press("h")
    expect(page.locator("#ask-heading")).to_have_text("Tạm giữ H001 vì sao?")
    staff.picture("staff-hold-420-vi")
    page.select_option("#ask select", "20")
    page.locator("#ask-choices button").first.focus()
    page.keyboard.press("3")
    says(page, "Đã tạm giữ H001")
    expect(page.locator("#held-title")).to_have_text("Đang tạm giữ: 1")
    expect(page.locator("#held-list li")).to_contain_text("Chờ kết quả, đến ")
    expect(page.locator("#now-number")).to_have_text("Chưa mời ai")
    staff.picture("staff-held-420-vi")
    page.get_by_role("button", name="Cho số H001 chờ tiếp").click()
    says(page, "H001 chờ tiếp")
    expect(page.locator("#held")).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    assert staff.faults == []


def test_escape_holds_nobody(server: RunningServer, reader: NewReader) -> None:
    _, page = begin(server, reader)
    page.keyboard.press("Space")
    says(page, "Đã mời H001")
    page.keyboard.press("h")
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("f")  # keys of the panel mean nothing while a question is open
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#now-number")).to_have_text("H001")


def test_undo_of_a_call_brings_back_who_was_inside(server: RunningServer, reader: NewReader) -> None:
    staff, page = begin(server, reader)
    expect(page.locator("#do-undo")).to_be_disabled()
    page.keyboard.press("u")
    says(page, "Không có việc nào")
    page.keyboard.press("Space")
    says(page, "Đã mời H001")
    page.wait_for_timeout(ONE_WISH_MS)
    page.keyboard.press("Space")
    says(page, "Đã mời H002")
    expect(page.locator("#undo-left")).to_contain_text("giây để hoàn tác")
    staff.picture("staff-undo-420-vi")
    staff.go("/staff/rooms/room-18")  # a reload forgets nothing
    page.wait_for_selector('#live[data-state="live"]')
    expect(page.locator("#do-undo")).to_be_enabled()
    page.keyboard.press("u")
    says(page, "Đã hoàn tác cho H002")
    expect(page.locator("#now-number")).to_have_text("H001")
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 2")
    expect(page.locator("#undo-left")).to_be_empty()
    expect(page.locator("#do-undo")).to_be_disabled()
    assert staff.faults == []


def test_an_undo_that_comes_too_late_says_so(server: RunningServer, reader: NewReader) -> None:
    one, page = begin(server, reader)
    page.keyboard.press("Space")
    says(page, "Đã mời H001")
    other = reader()
    other.sign_in()
    other.enter()
    other.page.keyboard.press("f")
    says(other.page, "H001 khám xong")
    expect(page.locator("#now-number")).to_have_text("Chưa mời ai")
    page.keyboard.press("u")
    expect(page.locator("#last-action")).to_have_attribute("data-kind", "bad")
    expect(page.locator("#do-undo")).to_be_disabled()
    assert [fault for fault in one.faults if "409" not in fault] == []


@pytest.mark.parametrize(
    ("language", "width", "height"), [("vi", 420, 900), ("en", 420, 900), ("vi", 1366, 768), ("en", 1366, 768)]
)
def test_a_chosen_one_is_called_from_the_list(
    server: RunningServer, reader: NewReader, language: str, width: int, height: int
) -> None:
    staff, page = begin(server, reader, width=width, height=height, language=language)
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    page.locator("#waiting button", has_text="H003").click()
    expect(page.locator("#ask-heading")).to_contain_text("H003")
    staff.picture(f"staff-one-{width}-{language}")
    page.keyboard.press("1")
    expect(page.locator("#ask-heading")).to_contain_text("H003 vì sao" if language == "vi" else "Why call H003")
    staff.picture(f"staff-chosen-{width}-{language}")
    page.keyboard.press("2")
    expect(page.locator("#now-number")).to_have_text("H003")
    staff.picture(f"staff-panel-{width}-{language}")
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide
    page.keyboard.press("u")
    expect(page.locator("#now-number")).to_have_text("H001")
    assert staff.faults == []


@pytest.mark.parametrize(("language", "width"), [("vi", 420), ("en", 1366)])
def test_transfer_and_the_ticket_page_follows(
    server: RunningServer, reader: NewReader, language: str, width: int
) -> None:
    for one in range(1, 3):
        ticket = server.issue(one)
    staff = reader(width=width, language=language)
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    page.locator("#waiting button", has_text="H002").click()
    page.keyboard.press("3")
    expect(page.locator("#ask-heading")).to_contain_text("H002")
    page.keyboard.press("1")
    page.locator("#ask-choices button").first.click()
    expect(page.locator("#ask")).to_be_visible()  # nobody is sent to wherever stands first
    service = "Khám Mắt" if language == "vi" else "Eye clinic"
    found = page.locator("#ask select").first.locator("option").all_inner_texts()
    wanted = next((words for words in found if words == service), found[1])
    page.select_option("#ask select >> nth=0", label=wanted)
    page.select_option("#ask select >> nth=1", "end")
    staff.picture(f"staff-transfer-{width}-{language}")
    page.locator("#ask-choices button").first.click()
    says(page, "Đã chuyển H002" if language == "vi" else "H002 transferred")
    expect(page.locator("#nobody")).to_be_visible()
    staff.picture(f"staff-six-keys-{width}-{language}")
    phone = staff.open()
    staff.go(ticket.address, phone)
    expect(phone.locator("#ticket")).to_contain_text("H002")
    expect(phone.locator("#ticket")).not_to_contain_text(re.compile(r"(Phòng|Room) 18"))  # 18 may be the minute
    page.bring_to_front()
    page.keyboard.press("u")
    expect(page.locator("#waiting button")).to_have_text("H002")
    page.keyboard.press("t")
    expect(page.locator("#ask-heading")).to_contain_text("H001")
    assert staff.faults == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_transfer_to_a_doctor_by_name(server: RunningServer, reader: NewReader, language: str) -> None:
    ticket = server.issue(1)
    staff = reader(language=language)
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    page.keyboard.press("t")
    groups = page.locator("#ask select").first.locator("optgroup")
    expect(groups.nth(1)).to_have_attribute("label", "Bác sĩ" if language == "vi" else "Doctor")
    words = "BS. Trần Thị Mẫu, phòng 9" if language == "vi" else "BS. Trần Thị Mẫu, room 9"
    page.select_option("#ask select >> nth=0", label=words)
    staff.picture(f"staff-transfer-doctor-{language}")
    page.locator("#ask-choices button").first.click()
    says(page, "Đã chuyển H001" if language == "vi" else "H001 transferred")
    phone = staff.open()
    staff.go(ticket.address, phone)
    expect(phone.locator("#ticket")).to_contain_text("BS. Trần Thị Mẫu")
    page.bring_to_front()
    page.wait_for_timeout(ONE_WISH_MS)
    page.keyboard.press("u")
    expect(page.locator("#now-number")).to_have_text("H001")
    assert staff.faults == []
