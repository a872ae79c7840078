"""A visit of several steps: sent on from the staff panel by key, and shown whole on the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.queue_server.web.conftest import Reader, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
NewReader = Callable[..., Reader]
SIZES = [(360, 780, "vi"), (1366, 768, "vi"), (360, 780, "en"), (1366, 768, "en")]


def says(page: Page, words: str) -> None:
    expect(page.locator("#last-action-text")).to_contain_text(words)


def fits(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_tests_are_ordered_by_key_and_the_phone_shows_the_way(server: RunningServer, reader: NewReader) -> None:
    ticket = server.issue(1, service="general")
    staff = reader()
    staff.sign_in()
    page = staff.enter("room-1")
    expect(page.locator("#do-send-on")).to_be_hidden()
    page.keyboard.press("Space")
    says(page, "Đã mời A001")
    expect(page.locator("#now-then-text")).to_have_text("Bước tiếp: Thu ngân và bảo hiểm")
    page.keyboard.press("s")
    expect(page.locator("#ask-heading")).to_have_text("A001 đi đâu tiếp?")
    expect(page.locator("#ask-picks [aria-pressed=true]")).to_contain_text("Thu ngân")
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator("#ask-picks [aria-pressed=true]")).to_have_count(2)
    expect(page.locator("#ask-choices .primary")).to_contain_text("2 nơi")
    page.fill("#ask-fields input", "Nhịn ăn từ tối qua, 12 giờ")
    page.locator("#ask-choices .primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sent-on-text")).to_have_text("A001 đi tiếp: Lấy máu xét nghiệm, phòng 26.")
    expect(page.locator("#now-number")).to_have_text("Chưa mời ai")

    phone = reader(360, 780)
    phone.go(ticket.address)
    expect(phone.page.locator(".way [data-standing=done]")).to_contain_text("Khám nội tổng quát")
    expect(phone.page.locator(".way [data-standing=now]")).to_contain_text("Phòng 26")
    expect(phone.page.locator(".way [data-standing=next]")).to_have_count(3)
    assert fits(phone.page, 360)
    phone.picture("ticket-journey-360-vi")

    lab = reader()
    lab.sign_in()
    taken = lab.enter("room-26")
    taken.keyboard.press("Space")
    expect(taken.locator("#now-note-text")).to_have_text("Nhịn ăn từ tối qua, 12 giờ")
    lab.picture("staff-note-420-vi")
    taken.keyboard.press("f")
    expect(taken.locator("#sent-on-text")).to_contain_text("Siêu âm và X-quang")
    taken.keyboard.press("u")
    says(taken, "Đã hoàn tác cho A001")
    expect(taken.locator("#now-number")).to_have_text("A001")
    assert staff.faults == lab.faults == phone.faults == []


def test_the_visit_ends_here_by_key(server: RunningServer, reader: NewReader) -> None:
    server.issue(1, service="general")
    staff = reader()
    staff.sign_in()
    page = staff.enter("room-1")
    page.keyboard.press("Space")
    says(page, "Đã mời A001")
    page.keyboard.press("s")
    page.keyboard.press("0")
    says(page, "Đã kết thúc lượt khám của A001")
    expect(page.locator("#sent-on")).to_be_hidden()
    assert staff.faults == []


def test_a_number_on_no_journey_has_no_next_step(server: RunningServer, reader: NewReader) -> None:
    server.issue(1)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    says(page, "Đã mời H001")
    expect(page.locator("#do-send-on")).to_be_hidden()
    page.keyboard.press("s")
    says(page, "không có lộ trình")
    assert staff.faults == []


@pytest.mark.parametrize(("width", "height", "language"), SIZES)
def test_how_it_looks(server: RunningServer, reader: NewReader, width: int, height: int, language: str) -> None:
    ticket = server.issue(1, service="general")
    staff = reader(width, height, language)
    staff.sign_in()
    page = staff.enter("room-1")
    page.keyboard.press("Space")
    expect(page.locator("#do-send-on")).to_be_visible()
    staff.picture(f"staff-journey-{width}-{language}")
    assert fits(page, width)
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(page.locator("#ask")).to_be_visible()
    staff.picture(f"staff-send-on-{width}-{language}")
    page.keyboard.press("Enter")
    expect(page.locator("#sent-on")).to_be_visible()
    staff.picture(f"staff-sent-on-{width}-{language}")
    staff.go(f"{ticket.address}?lang={language}")
    expect(page.locator(".way li")).to_have_count(4)
    staff.picture(f"ticket-journey-{width}-{language}")
    assert fits(page, width)
    assert staff.faults == []
