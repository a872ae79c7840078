"""The staff panel in a real browser against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from protocol.requests import AcknowledgeCall
from queue_server.store import journal
from tests.queue_server.web.conftest import ONE_WISH_MS, PASSWORD, Reader, RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
NewReader = Callable[..., Reader]
TOO_SMALL_OR_NAMELESS = """[...document.querySelectorAll('button, a')]
    .filter((one) => one.offsetParent && (one.offsetHeight < 40 || !(one.innerText.trim() || one.ariaLabel)))
    .map((one) => one.outerHTML)"""


def number(page: Page) -> str:
    return page.locator("#now-number").inner_text()


def says(page: Page, words: str) -> None:
    expect(page.locator("#last-action-text")).to_contain_text(words)


def test_a_morning_at_the_panel(server: RunningServer, reader: NewReader) -> None:
    """Sign in, choose the room, and do the whole round by keyboard."""
    for one in range(1, 4):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.page
    page.fill("#search", "da lieu")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/rooms/room-18")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 3")
    expect(page.locator("#next-number")).to_have_text("H001")
    expect(page.locator("#next-why")).to_contain_text("đến sớm nhất")
    expect(page.locator("#do-recall")).to_be_disabled()

    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    expect(page.locator("#now-name")).to_have_text("Nguyễn V. T. 1.")
    expect(page.locator("#now-born")).to_have_text("1988")
    expect(page.locator("#now-since")).to_contain_text("giây trước")
    says(page, "Đã mời H001")
    page.keyboard.press("r")
    says(page, "Đã gọi lại H001")
    page.keyboard.press("n")
    says(page, "H001 vắng mặt")
    expect(page.locator("#now-number")).to_have_text("Chưa mời ai")
    expect(page.locator("#absent-title")).to_have_text("Vắng mặt: 1")
    page.get_by_role("button", name="Gọi lại số H001").click()
    expect(page.locator("#now-number")).to_have_text("H001")
    page.keyboard.press("f")
    says(page, "H001 khám xong")
    expect(page.locator("#figures")).to_have_text("Hôm nay đã khám xong: 1")
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H002")
    assert staff.faults == []

    staff.go("/staff")
    expect(page.locator("#last-text")).to_have_text("Vào lại phòng 18")
    page.locator("#last a").click()
    expect(page.locator("#now-number")).to_have_text("H002")


def test_a_key_held_down_is_one_press(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 6):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    for _ in range(8):  # without "up" in between: Chromium marks all but the first as repeats
        page.keyboard.down("Space")
        page.wait_for_timeout(40)
    page.keyboard.up("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    page.wait_for_timeout(300)
    assert number(page) == "H001"
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 4")


@pytest.mark.parametrize("gap_ms", [80, 400])
@pytest.mark.parametrize("way", ["key", "button"])
def test_a_double_press_is_one_wish_and_a_later_press_the_next(
    server: RunningServer, reader: NewReader, way: str, gap_ms: int
) -> None:
    """Else the first patient, whom nobody has seen, would be finished by the second press."""
    for one in range(1, 5):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()

    def press() -> None:
        if way == "key":
            page.keyboard.press("Space")
        else:
            page.locator("#do-next").click()

    press()
    page.wait_for_timeout(gap_ms)
    press()
    says(page, "Đã mời H001")
    page.wait_for_timeout(1500)
    assert number(page) == "H001"
    press()
    says(page, "Đã mời H002")
    with server.core.engine.connect() as connection:
        kinds = [line.kind for line in journal.read(connection, "main", 0) if line.kind.startswith("ticket_")]
    assert kinds == ["ticket_issued"] * 4 + ["ticket_called", "ticket_finished", "ticket_called"]
    assert staff.faults == []


def test_two_people_pressing_at_once_get_two_patients(server: RunningServer, reader: NewReader) -> None:
    for person in range(1, 9):
        server.issue(person)
    one, other = reader(), reader()
    for each in (one, other):
        each.sign_in()
        each.enter()
    called: list[str] = []

    def answered(answer: Response) -> None:
        if answer.url.endswith("/api/calls"):
            called.append(answer.json()["entry"]["number"])

    for staff in (one, other):
        staff.page.on("response", answered)
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', code: 'Space', bubbles: true}))"
    for _turn in range(3):
        before = len(called)
        for staff in (one, other):
            staff.page.evaluate(f"setTimeout(() => {press}, 50)")
        for staff in (one, other):
            expect(staff.page.locator("#last-action-text")).to_contain_text("Đã mời")
        for staff in (one, other):
            staff.page.wait_for_timeout(ONE_WISH_MS)
        assert len(called) == before + 2
    assert len(set(called)) == 6, called
    assert (one.faults, other.faults) == ([], [])


def test_keys_pressed_quickly_one_after_another_all_count(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 4):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    page.keyboard.press("n")
    expect(page.locator("#absent-title")).to_have_text("Vắng mặt: 1")
    page.keyboard.press("Space")
    page.keyboard.press("f")
    says(page, "H002 khám xong")
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 1")


def test_the_mouse_does_not_change_what_space_means(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 4):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    says(page, "Đã mời")
    page.locator("#do-recall").click()
    says(page, "Đã gọi lại H001")
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H002")
    # With the keyboard it is otherwise: what has the focus is what is meant.
    says(page, "Đã mời")
    page.locator("#do-recall").focus()
    page.keyboard.press("Space")
    says(page, "Đã gọi lại H002")


def test_a_server_that_goes_away_is_told_of_at_once_and_comes_back(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 4):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    says(page, "Đã mời")
    server.stop()
    expect(page.locator("#gone")).to_be_visible(timeout=2000)
    expect(page.locator("#live")).to_have_text("Mất kết nối")
    for key in ("next", "recall", "not-here", "finish"):
        expect(page.locator(f"#do-{key}")).to_be_disabled()
    page.keyboard.press("Space")
    says(page, "Đang mất kết nối")
    assert number(page) == "H001"  # what is known stays
    staff.picture("staff-room-gone-420-vi")
    server.start()
    expect(page.locator("#gone")).to_be_hidden(timeout=15_000)
    says(page, "Đã kết nối lại")
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H002")


def test_an_action_whose_answer_is_lost_is_done_once(server: RunningServer, reader: NewReader) -> None:
    """The server acts, and three times its answer does not arrive."""
    for one in range(1, 5):
        server.issue(one)
    line = server.break_answers("/api/calls", times=3)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#last-action-text")).to_contain_text("Đã mời H001", timeout=15_000)
    expect(page.locator("#gone-text")).to_contain_text("chỉ thực hiện một lần")  # it was said meanwhile
    expect(page.locator("#gone")).to_be_hidden()
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 3")
    assert len(line.bodies) == 4
    assert len({json.loads(body)["request_id"] for body in line.bodies}) == 1


def test_an_action_outlives_a_reload(server: RunningServer, reader: NewReader) -> None:
    for one in range(1, 5):
        server.issue(one)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.route("**/api/calls", lambda route: route.abort("connectionreset"))
    page.keyboard.press("Space")
    expect(page.locator("#gone")).to_be_visible()
    page.unroute("**/api/calls")
    page.reload()
    expect(page.locator("#now-number")).to_have_text("H001")
    expect(page.locator("#waiting-title")).to_have_text("Đang chờ: 3")


def test_a_refusal_is_told_in_words(server: RunningServer, reader: NewReader) -> None:
    """Someone else finished the patient in between: the server refuses, and the page says why and shows the truth."""
    server.issue(1)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    says(page, "Đã mời")
    page.route("**/api/rooms/**", lambda route: route.abort("connectionreset"))  # this page sees nothing new
    other = staff.enter(page=staff.open())
    other.keyboard.press("f")
    says(other, "khám xong")
    page.keyboard.press("r")
    says(page, "vừa được người khác thay đổi")
    page.unroute("**/api/rooms/**")


def test_alerts_and_devices_in_trouble(server: RunningServer, reader: NewReader) -> None:
    server.health(part="printer", state="fault", code="paper_out")
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    expect(page.locator("#troubles")).to_contain_text("Kiosk 1: máy in hết giấy")  # from before the page was opened
    server.alert("unwell")
    expect(page.locator("#alerts .danger")).to_contain_text("Có người rất mệt ở Kiosk 1")
    server.alert("help")
    expect(page.locator("#alerts .warning")).to_contain_text("Có người cần giúp ở Kiosk 1")
    page.locator("#alerts .danger button").click()
    expect(page.locator("#alerts .danger")).to_have_count(0)
    page.reload()
    expect(page.locator("#alerts .warning")).to_be_visible()
    expect(page.locator("#alerts .danger")).to_have_count(0)
    server.health(part="printer", state="ok")
    expect(page.locator("#troubles .alert")).to_have_count(0)
    assert staff.faults == []


def test_a_call_that_no_wall_shows_is_told_of(server: RunningServer, reader: NewReader) -> None:
    server.issue(1)
    server.issue(2)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    page.keyboard.press("Space")
    expect(page.locator("#now-heard")).to_contain_text("Màn hình chưa hiện số này", timeout=5000)
    with page.expect_response("**/api/calls") as call:
        page.keyboard.press("Space")
    server.post(AcknowledgeCall(call_seq=call.value.json()["seq"], outcome="shown"), device="demo-display-b")
    expect(page.locator("#now-heard")).to_have_text("Màn hình đã hiện")
    assert "bad" not in (page.locator("#now-heard").get_attribute("class") or "")


def test_a_wrong_password_is_told_in_words_and_nothing_is_in_the_address(
    server: RunningServer, reader: NewReader
) -> None:
    staff = reader(language="en")
    staff.go("/staff/rooms/room-18")
    page = staff.page
    page.wait_for_url("**/staff/sign-in?next=/staff/rooms/room-18")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#trouble")).to_contain_text("Please enter both")
    page.get_by_label("User name").fill("dieuduong")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).not_to_contain_text("Please enter both")
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_value("")  # the server has answered
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/rooms/room-18")
    expect(page.locator("#live")).to_have_text("Connected")
    page.locator("#sign-out").click()
    page.wait_for_url("**/staff/sign-in")
    staff.go("/staff")
    page.wait_for_url("**/staff/sign-in?next=/staff")


def test_a_browser_without_scripts_sends_no_password(server: RunningServer, chromium: Browser) -> None:
    """Before the script is there, the form would be sent by the browser itself, with the password in the address."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}/staff/sign-in")
    page.fill("#username", "dieuduong")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in button")).to_be_disabled()
    expect(page.locator("noscript p")).to_be_visible()
    assert page.url == f"{server.address}/staff/sign-in"
    context.close()


def test_a_session_that_ends_leads_to_signing_in(server: RunningServer, reader: NewReader) -> None:
    server.issue(1)
    staff = reader()
    staff.sign_in()
    page = staff.enter()
    staff.context.clear_cookies()
    page.keyboard.press("Space")
    page.wait_for_url("**/staff/sign-in?next=**")


@pytest.mark.parametrize("width", [420, 1366])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_pictures_for_people_to_look_at(server: RunningServer, reader: NewReader, width: int, language: str) -> None:
    """Also: nothing is wider than the window, and everything that can be pressed has a name and a size."""
    server.issue(1, age_minutes=50)
    server.issue(2, age_minutes=33)
    server.issue(3, age_minutes=21, full_name="Lê Thị Lan Anh", birth={"value": "1948", "precision": "year"})
    for one in range(4, 8):
        server.issue(one, age_minutes=8 - one)
    server.health(part="printer", state="fault", code="paper_out")
    staff = reader(width, 900 if width == 420 else 768, language)
    staff.go("/staff/sign-in")
    staff.picture(f"staff-sign-in-{width}-{language}")
    staff.sign_in()
    staff.picture(f"staff-rooms-{width}-{language}")
    page = staff.enter()
    staff.picture(f"staff-room-quiet-{width}-{language}")
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H003")
    page.keyboard.press("n")
    expect(page.locator("#absent")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#now-number")).to_have_text("H001")
    server.alert()
    expect(page.locator("#alerts .danger")).to_be_visible()
    staff.picture(f"staff-room-{width}-{language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TOO_SMALL_OR_NAMELESS) == []
    assert staff.faults == []
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
