"""The ticket page on a phone, and the sandbox's charts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.queue_server.web.conftest import ONE_WISH_MS, Reader, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
NewReader = Callable[..., Reader]


def test_the_phone_keeps_in_step(server: RunningServer, reader: NewReader) -> None:
    server.issue(1)
    ticket = server.issue(2)
    phone = reader(390, 844)
    phone.go(ticket.address)
    page = phone.page
    expect(page.locator(".number")).to_have_text("H002")
    expect(page.locator(".pair")).to_contain_text("1 người")
    expect(page.locator(".place")).to_contain_text("Phòng\xa018, tầng\xa02")
    phone.picture("ticket-waiting-390-vi")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    html = page.content()
    for personal in ("Nguyễn", "Thử", "001088", "1988"):
        assert personal not in html

    staff = reader()
    staff.sign_in()
    panel = staff.enter()
    panel.keyboard.press("Space")
    expect(page.locator(".pair")).to_contain_text("Sắp đến lượt", timeout=8000)
    panel.wait_for_timeout(ONE_WISH_MS)
    panel.keyboard.press("Space")
    expect(page.locator(".loud")).to_contain_text("Xin vào phòng 18", timeout=8000)
    phone.picture("ticket-called-390-vi")
    panel.keyboard.press("n")
    expect(page.locator(".loud")).to_contain_text("số vẫn được giữ", timeout=8000)
    assert phone.faults == []

    server.stop()
    expect(page.locator("#live-text")).to_contain_text("Mất kết nối", timeout=8000)
    server.start()
    expect(page.locator("#live-text")).to_contain_text("Trực tiếp", timeout=8000)


def test_english_and_back_again(server: RunningServer, reader: NewReader) -> None:
    ticket = server.issue(1, service="general")
    phone = reader(390, 844)
    phone.go(ticket.address)
    phone.page.get_by_role("link", name="English").click()
    expect(phone.page.locator(".pair")).to_contain_text("You are next")
    phone.picture("ticket-waiting-390-en")
    phone.go(ticket.address)
    expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    assert phone.faults == []


def test_the_charts_are_for_administrators(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 4):
        server.issue(one)
    nurse = reader(1366, 768)
    nurse.sign_in()
    nurse.go("/sandbox")
    expect(nurse.page.locator("#trouble")).to_contain_text("tài khoản quản trị")
    admin = reader(1366, 768)
    admin.sign_in("quantri")
    for _ in range(50):
        admin.go("/sandbox")
        if admin.page.locator(".charts tbody tr").count() == 3:
            break
        admin.page.wait_for_timeout(100)
    expect(admin.page.locator(".charts tbody tr")).to_have_count(3)
    expect(admin.page.locator(".charts")).to_contain_text("Nguyễn Văn Thử 1")
    admin.picture("sandbox-1366-vi")
    assert admin.faults == []
