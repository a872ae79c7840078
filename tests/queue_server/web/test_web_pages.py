"""The pages without a browser: who may see them, what they hold, and what the files name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

import theme
from locales import load_catalogues
from protocol.requests import SignIn
from queue_server.auth.deps import Guard
from queue_server.errors import NotFound
from queue_server.usecases.once import look
from queue_server.usecases.surroundings import surroundings
from queue_server.web import looks, pages
from queue_server.web.guards import own_page
from tests.queue_server.web.conftest import PASSWORD, RunningServer

WEB = Path(pages.__file__).parent
FILES = sorted([*WEB.glob("templates/*.html"), *WEB.glob("static/*.js"), *WEB.glob("static/*.css")])
PAGES = ("/staff", "/staff/rooms/room-18", "/staff/rooms/room-18/surroundings", "/sandbox")


@contextmanager
def signed_in(server: RunningServer, username: str = "dieuduong") -> Iterator[httpx.Client]:
    wish = SignIn(username=username, password=PASSWORD)
    with httpx.Client(base_url=server.address) as client:
        answer = client.post(wish.path, content=wish.model_dump_json(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        yield client


def test_pages_lead_a_stranger_to_the_sign_in_page(server: RunningServer) -> None:
    with httpx.Client(base_url=server.address) as stranger:
        for path in PAGES:
            answer = stranger.get(path)
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/staff/sign-in")
        assert stranger.get("/").headers["location"] == "/staff"


def test_pages_hold_no_script_and_no_style_of_their_own_and_ask_nobody_else(server: RunningServer) -> None:
    ticket = server.issue(1)
    with signed_in(server, "quantri") as admin:
        for path in (*PAGES, ticket.address, "/t/unknown", "/staff/sign-in"):
            answer = admin.get(path)
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            html = answer.text
            scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
            assert all("application/json" in attributes for attributes in scripts), path
            assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html), path
            assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html), path


def test_every_file_a_page_names_is_served(server: RunningServer) -> None:
    named: set[str] = set()
    for file in FILES:
        named |= set(re.findall(r"/static/[\w./-]+\.\w+", file.read_text(encoding="utf-8")))
    fonts = (Path(theme.__file__).parent / "web" / "fonts.css").read_text(encoding="utf-8")
    named |= {f"/static/theme/{name}" for name in re.findall(r"url\(([^)]+)\)", fonts)}
    assert len(named) > 40
    with httpx.Client(base_url=server.address) as client:
        missing = [path for path in sorted(named) if client.get(path).status_code != 200]
    assert missing == []


def test_every_icon_that_is_drawn_has_a_rule() -> None:
    rules = set(re.findall(r"\.icon-([\w-]+) \{", (WEB / "static" / "base.css").read_text(encoding="utf-8")))
    used: set[str] = set()
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bicon-([a-z][\w-]*)", text))
        used |= set(re.findall(r"\bicon\(['\"]([\w-]+)['\"]\)", text))
    assert used - rules == set()


def test_every_text_that_a_page_names_exists() -> None:
    keys = set(load_catalogues().texts["vi"])
    for file in WEB.glob("templates/*.html"):
        for key in re.findall(r"\b(?:t|plural)\(\"([\w.]+)\"[,)]", file.read_text(encoding="utf-8")):
            assert key in keys, f"{file.name}: {key}"
    for script, prefix in (("room", "staff.room."), ("room_view", "staff.room."), ("room_state", "staff.room."),
                           ("rooms", "staff.rooms."), ("sign_in", "staff.sign_in.")):  # fmt: skip
        text = (WEB / "static" / f"{script}.js").read_text(encoding="utf-8")
        for key in re.findall(r"(?:text\(|key: |return )'([a-z_.]+)'", text):
            assert prefix + key in keys, f"{script}.js: {prefix}{key}"


def test_no_text_is_left_that_no_page_uses() -> None:
    everything = "".join(file.read_text(encoding="utf-8") for file in FILES)
    made = re.compile(
        r"staff\.room\.(wait|class|alert|trouble|part|done|do|gone|state|moves)\."
        r"|web\.(charts\.(column|figure)|ticket\.moved|ticket\.way)\."
    )
    unused = []
    for key in load_catalogues().texts["vi"]:
        if key.startswith(("staff.", "web.")) and not made.match(key):
            short = re.sub(r"^staff\.(room|rooms|sign_in)\.", "", key)
            # The texts of the reasons and places are named by the reason itself: hold.papers, transfer.place.front.
            chosen = re.match(r"(?:hold|chosen|transfer|transfer\.place|pause)\.(\w+)$", short)
            names = (key, f"'{short}'", *([f"'{chosen[1]}'"] if chosen else []))
            if not any(name in everything for name in names):
                unused.append(key)
    assert unused == []


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/staff/rooms/room-18", "/staff/rooms/room-18"),
        ("/sandbox", "/sandbox"),
        ("https://evil.test/staff", "/staff"),
        ("//evil.test/staff", "/staff"),
        ("/staff/../../x?y", "/staff"),
        ("/api/sign-out", "/staff"),
        ("/staff\\@evil.test", "/staff"),
        (None, "/staff"),
    ],
)
def test_after_signing_in_one_stays_here(wanted: str | None, page: str) -> None:
    assert own_page(wanted) == page


def test_the_language_is_the_readers_choice_and_is_remembered(server: RunningServer) -> None:
    with httpx.Client(base_url=server.address) as client:
        assert 'lang="vi"' in client.get("/staff/sign-in").text
        assert 'lang="en"' in client.get("/staff/sign-in", headers={"Accept-Language": "en-GB,fr"}).text
        chosen = client.get("/staff/sign-in?lang=en")
        assert "samesite=lax" in chosen.headers["set-cookie"].lower()
        assert 'lang="en"' in client.get("/staff/sign-in").text
        assert 'lang="vi"' in client.get("/staff/sign-in?lang=vi").text
        assert 'lang="vi"' in client.get("/staff/sign-in?lang=xx").text


def test_data_in_a_page_cannot_end_its_block() -> None:
    block = str(looks.data_block("about", {"name": "</script><b>&"}))
    assert block.count("<") == 2
    assert "\\u003c/script>" in block


def test_a_ticket_page_for_nobody_says_so(server: RunningServer) -> None:
    with httpx.Client(base_url=server.address) as client:
        answer = client.get("/t/0123456789")
        assert answer.status_code == 404
        assert "Không tìm thấy số này" in answer.text
        assert client.get("/t/" + "x" * 65).status_code == 422


def test_an_unknown_room_leads_back_to_the_list(server: RunningServer) -> None:
    with signed_in(server) as staff:
        assert staff.get("/staff/rooms/none").headers["location"] == "/staff"
        assert staff.get("/staff/rooms/none/surroundings").status_code == 404
        assert staff.get("/sandbox").headers["location"].endswith("next=/sandbox&why=wrong_role")


def test_every_page_has_a_guard() -> None:
    for route in pages.router.routes:
        assert isinstance(route, Route)
        calls = [dependency.call for dependency in route.dependant.dependencies]  # type: ignore[attr-defined]
        assert any(isinstance(call, Guard) for call in calls), route.path


def test_surroundings_tell_what_the_feed_does_not_repeat(server: RunningServer) -> None:
    server.alert("help")
    server.health(part="printer", state="fault", code="paper_out")
    server.health(part="scanner", state="away", code="unplugged")
    server.health(part="scanner", state="ok")
    near_speaker = look(server.core, lambda reading: surroundings(reading, "room-1"))
    assert (near_speaker.shows_calls, near_speaker.says_calls) == (True, True)
    assert [alert.reason for alert in near_speaker.alerts] == ["help"]
    assert [(one.device.name, one.health.code) for one in near_speaker.troubles] == [("Kiosk 1", "paper_out")]
    without = look(server.core, lambda reading: surroundings(reading, "room-18"))
    assert (without.shows_calls, without.says_calls) == (True, False)
    with pytest.raises(NotFound, match="unknown_room"):
        look(server.core, lambda reading: surroundings(reading, "none"))
