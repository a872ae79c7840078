"""A real server with the demonstration's hospital, and a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.nouns import Birth, Identity, Intake, Ticket
from protocol.requests import IssueTicket, RaiseAlert, ReportHealth, Request
from queue_server.api.gate import how_to_serve
from queue_server.app import build
from queue_server.auth.passwords import Passwords
from queue_server.core import Core
from queue_server.settings import ServerSettings
from queue_server.usecases import demo_data

PASSWORD = "a password for tests"
CHROMIUM = Path("/usr/bin/chromium")
SCREENS = Path(__file__).parents[3] / "out" / "screens"


class BadLine:
    """In front of the server: lets requests in and breaks off their answers, as often as it is told to."""

    def __init__(self, app: ASGIApp, path: str, times: int) -> None:
        self._app = app
        self.path = path
        self.left = times
        self.bodies: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self.path:
            await self._app(scope, receive, send)
            return
        message = await receive()
        self.bodies.append(message["body"].decode())
        lost, self.left = self.left > 0, self.left - 1

        async def heard() -> Message:
            return message

        async def broken(_message: Message) -> None:
            return None

        await self._app(scope, heard, broken if lost else send)
        if lost:  # fewer bytes than promised: the connection is cut
            headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{"})


def _nine_o_clock() -> datetime:
    return datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).replace(hour=9, minute=0, second=0, microsecond=0)


SHIFT = _nine_o_clock() - datetime.now(UTC)


def in_the_morning() -> datetime:
    """A clock that goes, and shows nine in the morning when the tests begin: at midnight a ticket that is an hour old
    belongs to another day."""
    return datetime.now(UTC) + SHIFT


class RunningServer:
    """A server that can go away and come back at the same address, with the same database."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._settings = ServerSettings(
            database_url=SecretStr(f"sqlite:///{folder / 'server.sqlite3'}"), port=self.port, recall_gap_seconds=0
        )
        self.keys: dict[str, str] = {}
        self.app: FastAPI | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def core(self) -> Core:
        assert self.app is not None
        core = self.app.state.core
        assert isinstance(core, Core)
        return core

    def start(self) -> None:
        passwords = Passwords(weak=True)
        self.app = build(self._settings, passwords=passwords, clock=in_the_morning)
        options = how_to_serve(self._settings) | {"timeout_graceful_shutdown": 1}
        config = uvicorn.Config(self.app, "127.0.0.1", self.port, **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        ready = threading.Event()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            ready.wait(0.02)
        if not self.keys:
            hashed = passwords.hash(PASSWORD)
            made = self.core.writer.submit(
                lambda connection: demo_data.make(connection, "main", hashed, in_the_morning(), {})
            ).result(10)
            self.keys = made.keys

    def break_answers(self, path: str, times: int) -> BadLine:
        """From now on, so many answers of this path are lost after the server has acted."""
        assert self._server is not None
        line = BadLine(self._server.config.loaded_app, path, times)
        self._server.config.loaded_app = line
        return line

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(20)
            self._server = self._thread = None

    # --- what devices do ---

    def post(self, request: Request, device: str = "demo-kiosk-1") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[device]}", "Content-Type": "application/json"}
        answer = httpx.post(f"{self.address}{request.path}", content=request.model_dump_json(), headers=headers)
        assert answer.status_code < 400, answer.text
        return answer

    def issue(self, number: int, *, service: str = "skin", age_minutes: float = 0.0, **identity: object) -> Ticket:
        """A ticket for an invented person. Room 18 is the only one for ``skin``."""
        told = {"full_name": f"Nguyễn Văn Thử {number}", "birth": Birth(value="1988-01-02", precision="day")}
        who = Identity.model_validate(
            {"document": "can_cuoc_new", "personal_id": f"0010880{number:05d}", "gender": "male", **told, **identity}
        )
        wish = IssueTicket(service_id=service, intake=Intake(identity=who), age_s=age_minutes * 60)
        return Ticket.model_validate(self.post(wish).json())

    def alert(self, reason: str = "unwell") -> None:
        self.post(RaiseAlert.model_validate({"reason": reason}))

    def health(self, **health: str) -> None:
        self.post(ReportHealth.model_validate({"health": health}))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path)
    running.start()
    yield running
    running.stop()


ONE_WISH_MS = 1_100
"""After so long the panel takes the same key for a new wish."""
PATIENCE_MS = 30_000
"""How long a machine with much else to do may take for what takes a moment. No test measures time by it."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module, and gone after it: its loop would be in the way of other asynchronous tests."""
    if not CHROMIUM.exists():
        pytest.skip("these tests need chromium at /usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Reader:
    """A person at a browser. `faults` are the console's errors and failed scripts."""

    def __init__(self, context: BrowserContext, server: RunningServer) -> None:
        self.context = context
        self.server = server
        self.faults: list[str] = []
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def go(self, path: str, page: Page | None = None) -> None:
        (page or self.page).goto(f"{self.server.address}{path}")

    def sign_in(self, username: str = "dieuduong") -> None:
        self.go("/staff/sign-in")
        expect(self.page.locator("#sign-in button")).to_be_enabled()
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.server.address}/staff")

    def enter(self, room: str = "room-18", page: Page | None = None) -> Page:
        page = page or self.page
        self.go(f"/staff/rooms/{room}", page)
        page.wait_for_selector('#live[data-state="live"]')
        expect(page.locator("#waiting-title")).not_to_have_text("")
        return page

    def picture(self, name: str, page: Page | None = None) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        (page or self.page).screenshot(path=SCREENS / f"{name}.png", full_page=True)


@pytest.fixture
def reader(chromium: Browser, server: RunningServer) -> Iterator[Callable[..., Reader]]:
    contexts: list[BrowserContext] = []

    def new(width: int = 420, height: int = 900, language: str = "vi") -> Reader:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=language, timezone_id="Asia/Ho_Chi_Minh"
        )
        contexts.append(context)
        return Reader(context, server)

    yield new
    for context in contexts:
        context.close()
