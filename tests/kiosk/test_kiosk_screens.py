"""The real screens in a real window: every journey by touches, every screen in every size, and nothing cut off.

Pictures of all of them are left in ``out/screens/kiosk`` for people to look at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pytest
from kivy.core.window import Window
from kivy.uix.widget import Widget

from hardware.printer.port import PrintOutcome
from hardware.printer.slip import Slip
from hardware.scanner.fake import FakeScanner
from hardware.scanner.port import Preview
from kiosk import events as e
from kiosk import flow, paper
from kiosk.app import KioskApp
from kiosk.effects import Ports
from kiosk.offline import AWAY_SHOWN_AFTER_S, NOWHERE
from kiosk.settings import KioskSettings
from kiosk.shapes import YourNumber
from kiosk.state import SCHEMES, TEXT_SIZES, Comfort, State
from kiosk.widgets.drawings import HoldCard
from kiosk.widgets.preview import Preview as PreviewWidget
from protocol import errors
from protocol.nouns import DeviceHealth, Value, WaitEstimate
from protocol.requests import Done, IssueTicket, RaiseAlert, Request, SwitchRoom
from tests.kiosk.samples import CARD, IDENTITY, offered, snapshot, switched, ticket, with_doctors
from theme import tokens
from theme.kivy.pilot import Pilot
from theme.kivy.widgets import Card, FitLabel

pytestmark = pytest.mark.screen
PICTURES = Path(__file__).parents[2] / "out" / "screens" / "kiosk"


class Hospital:
    """Server and printer in one: answers at once, unless told otherwise."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.slips: list[Slip] = []
        self.away = False
        self.paper = True
        self.held = False
        self.offers = False

    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        self.asked.append(request)
        if self.away:
            raise errors.ServerAway("unreachable")
        if isinstance(request, SwitchRoom):
            return switched()
        if isinstance(request, IssueTicket):
            return offered() if self.offers else ticket(already_held=self.held)
        return Done(seq=1)

    async def follow(self, rooms: tuple[str, ...] = ()) -> AsyncIterator[object]:
        await asyncio.Event().wait()
        yield None

    async def print(self, slip: Slip) -> PrintOutcome:
        self.slips.append(slip)
        return PrintOutcome(outcome="printed") if self.paper else PrintOutcome(outcome="failed", code="paper_out")

    async def health(self) -> DeviceHealth:
        return DeviceHealth(part="printer", state="ok")

    async def close(self) -> None:
        """Nothing to let go of."""


class Kiosk:
    def __init__(self, scanner: FakeScanner, motion: Literal["full", "reduced"]) -> None:
        self.hospital, self.scanner = Hospital(), scanner
        self.seconds = 100.0
        settings = KioskSettings(motion=motion, ticket_address="http://queue.an-binh.vn")
        self.app = KioskApp(settings, Ports(self.hospital, self.scanner, self.hospital), clock=lambda: self.seconds)
        self.pilot = Pilot(self.app)

    async def at(self, screen: str) -> None:
        await self.pilot.until(lambda: self.app.state.screen == screen, what=screen)
        await self.pilot.settle(12)

    async def picture(self, name: str) -> None:
        await self.pilot.picture(PICTURES / f"{name}.png")

    def show(self, state: State, comfort: Comfort) -> None:
        """Put a state on the screen without a journey."""
        self.app.state = replace(state, comfort=comfort, now=self.seconds, touched_at=self.seconds)
        self.app.tell(e.Tick(self.seconds, "09:42"))


@asynccontextmanager
async def running(
    scanner: FakeScanner | None = None, motion: Literal["full", "reduced"] = "reduced"
) -> AsyncIterator[Kiosk]:
    kiosk = Kiosk(scanner or FakeScanner(), motion)
    task = asyncio.get_running_loop().create_task(kiosk.app.async_run())
    try:
        await kiosk.pilot.until(lambda: kiosk.app.root is not None or task.done(), 20, "the window")
        if task.done():
            task.result()
        kiosk.app.tell(snapshot())
        await kiosk.at("welcome")
        yield kiosk
    finally:
        kiosk.app.stop()
        await task
        for child in tuple(Window.children):
            Window.remove_widget(child)


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_the_whole_journey_by_touches(language: str) -> None:
    async with running() as kiosk:
        pilot, app = kiosk.pilot, kiosk.app
        await pilot.touch(f"language:{language}")
        await kiosk.picture(f"journey-{language}-1-welcome")
        kiosk.scanner.show(CARD)
        await kiosk.at("is_this_you")
        await kiosk.picture(f"journey-{language}-2-is-this-you")
        await pilot.touch("confirm_identity")
        await kiosk.at("what_for")
        await pilot.touch("turn_page")
        await pilot.touch("turn_page")
        await kiosk.picture(f"journey-{language}-3-what-for")
        await pilot.touch("service:noi")
        await kiosk.at("your_number")
        await pilot.until(lambda: app.state.visit is not None and app.state.visit.paper == "printed", what="the paper")
        await kiosk.picture(f"journey-{language}-4-your-number")
        assert isinstance(app.view.body, YourNumber)
        assert app.view.body.number == "A012"
        assert app.view.language == language
        issued = [request for request in kiosk.hospital.asked if isinstance(request, IssueTicket)]
        assert [request.intake.language for request in issued] == [language]
        assert len(kiosk.hospital.slips) == 1
        await pilot.touch("done")
        await kiosk.at("welcome")
        assert (app.state.visit, app.state.comfort.language) == (None, "vi")


async def test_a_doctor_is_asked_for_and_the_quicker_room_is_taken() -> None:
    async with running() as kiosk:
        pilot, app, hospital = kiosk.pilot, kiosk.app, kiosk.hospital
        hospital.offers = True
        app.tell(with_doctors())
        kiosk.scanner.show(CARD)
        await kiosk.at("is_this_you")
        await pilot.touch("confirm_identity")
        await kiosk.at("what_for")
        await pilot.touch("service:tim")
        await kiosk.at("which_doctor")
        await pilot.touch("doctor:r1")
        assert app.state.visit is not None
        assert app.state.visit.pending is None, "the rest of a double tap"
        kiosk.seconds += flow.SETTLE_S + 0.1
        await pilot.touch("doctor:r1")
        await kiosk.at("quicker_room")
        assert hospital.slips == []
        kiosk.seconds += flow.SETTLE_S + 0.1
        await pilot.touch("switch_room")
        await kiosk.at("your_number")
        await pilot.until(lambda: len(hospital.slips) == 1, what="the paper")
        assert isinstance(app.view.body, YourNumber)
        assert app.view.body.room == "Phòng 25"
        assert [request.room_id for request in hospital.asked if isinstance(request, IssueTicket)] == ["r1"]
        assert [request.room_id for request in hospital.asked if isinstance(request, SwitchRoom)] == ["r25"]


async def test_a_double_tap_takes_one_ticket() -> None:
    async with running() as kiosk:
        kiosk.scanner.show(CARD)
        await kiosk.at("is_this_you")
        await kiosk.pilot.touch("confirm_identity")
        await kiosk.at("what_for")
        tile = kiosk.pilot.find("service:tim")
        await asyncio.gather(kiosk.pilot.touch(tile), kiosk.pilot.touch(tile))
        await kiosk.at("your_number")
        assert len([request for request in kiosk.hospital.asked if isinstance(request, IssueTicket)]) == 1


async def test_unwell_calls_staff_from_the_first_screen_within_two_seconds() -> None:
    async with running() as kiosk:
        started = asyncio.get_running_loop().time()
        await kiosk.pilot.touch("unwell")
        await kiosk.pilot.until(lambda: any(isinstance(asked, RaiseAlert) for asked in kiosk.hospital.asked), 2)
        assert asyncio.get_running_loop().time() - started < 2
        await kiosk.pilot.until(lambda: bool(kiosk.app.state.notice and kiosk.app.state.notice.state == "sent"))
        await kiosk.pilot.settle(12)
        await kiosk.picture("notice-unwell")
        await kiosk.pilot.touch("close_notice")
        assert kiosk.app.state.notice is None


async def test_still_here_and_then_nobody() -> None:
    async with running() as kiosk:
        kiosk.scanner.show(CARD)
        await kiosk.at("is_this_you")
        kiosk.seconds += flow.IDLE_S
        await kiosk.pilot.until(lambda: "still_here" in kiosk.pilot.ids(), what="the question")
        await kiosk.pilot.settle(12)
        await kiosk.picture("still-here")
        await kiosk.pilot.touch("still_here")
        assert kiosk.app.state.screen == "is_this_you"
        kiosk.seconds += flow.IDLE_S
        await kiosk.pilot.until(lambda: kiosk.app.state.asking_since is not None)
        kiosk.seconds += flow.STILL_HERE_S
        await kiosk.at("welcome")
        assert kiosk.app.state.visit is None


async def test_what_lies_under_a_question_cannot_be_touched() -> None:
    async with running() as kiosk:
        await kiosk.pilot.touch("help")
        await kiosk.pilot.until(lambda: "close_notice" in kiosk.pilot.ids())
        await kiosk.pilot.settle(12)
        await kiosk.pilot.touch(kiosk.pilot.find("no_card"))
        assert kiosk.app.state.screen == "welcome"


async def test_no_paper_shows_a_large_code_that_a_telephone_reads(tmp_path: Path) -> None:
    import cv2
    import zxingcpp

    async with running() as kiosk:
        kiosk.hospital.paper = False
        kiosk.scanner.show(CARD)
        await kiosk.at("is_this_you")
        await kiosk.pilot.touch("confirm_identity")
        await kiosk.pilot.touch("service:noi")
        await kiosk.pilot.until(lambda: kiosk.app.state.visit is not None and kiosk.app.state.visit.paper == "failed")
        await kiosk.pilot.settle(12)
        await kiosk.picture("number-without-paper")
        found = zxingcpp.read_barcodes(cv2.imread(str(PICTURES / "number-without-paper.png")))
        assert [code.text for code in found] == ["http://queue.an-binh.vn/t/7hq2m9xk4d"]
        del found


async def test_a_kiosk_without_server_says_so_and_comes_back() -> None:
    async with running() as kiosk:
        kiosk.app.tell(e.FeedAway())
        kiosk.seconds += AWAY_SHOWN_AFTER_S
        await kiosk.at("trouble")
        await kiosk.picture("away")
        kiosk.app.tell(snapshot())
        await kiosk.at("welcome")


# --- every screen in every size ------------------------------------------------------------------------------------


def all_states() -> dict[str, State]:
    start, _ = flow.start(KioskSettings(ticket_address="http://queue.an-binh.vn").place, 100.0)

    def after(*events: e.Event) -> State:
        state = start
        for event in (snapshot(), e.Tick(100.0, "09:42"), *events):
            state, _ = flow.step(state, event)
        return state

    def touch(intent: str) -> e.Touched:
        return e.Touched(intent, "req-1")

    chosen = (e.Scanned(IDENTITY), touch("confirm_identity"), touch("service:noi"))
    number = (*chosen, e.TicketArrived("req-1", ticket()))
    held = (*chosen, e.TicketArrived("req-1", ticket(already_held=True)))
    doctors = (*chosen[:2], with_doctors(), touch("service:tim"))
    for_one = (*doctors, e.Tick(101.0, "09:42"), touch("doctor:r1"))
    offer = (*for_one, e.TicketArrived("req-1", offered()), e.Tick(102.0, "09:42"))
    switching = (*offer, e.Touched("switch_room", "req-2"))
    own = ticket("KA001", pooled=True).model_copy(update={"offline": True, "wait": WaitEstimate()})
    nowhere = own.model_copy(update={"zone_names": {}, "room": NOWHERE})
    by_itself = (e.ServerAway("req-1"), e.TicketArrived("req-1", own), e.PrinterOutcome("t1", printed=True))
    lost = (e.TicketArrived("req-1", nowhere), e.PrinterOutcome("t1", printed=False, code="paper_out"))
    return {
        "welcome-offline": by_letters(after()),
        "what-for-offline": by_letters(after(*chosen[:2])),
        "which-doctor-offline": by_letters(after(*doctors)),
        "number-offline": after(*chosen, *by_itself),
        "number-offline-nowhere": after(*chosen, *lost),
        "welcome": after(),
        "scan": after(e.Unreadable("opaque_code")),
        "scan-anew": after(touch("no_card"), touch("try_again")),
        "is-this-you": after(e.Scanned(IDENTITY)),
        "what-for": after(*chosen[:2]),
        "issuing": after(*chosen),
        "which-doctor": after(*doctors),
        "which-doctor-asking": after(*for_one),
        "quicker-room": after(*offer),
        "quicker-room-switching": after(*switching),
        "not-switched": after(*switching, e.TicketRefused("req-2", "stale_version")),
        "number-doctor": after(*offer, touch("keep_room"), e.PrinterOutcome("t1", printed=True)),
        "number-room-unsure": after(*switching, e.Tick(130.0, "09:42"), e.PrinterOutcome("t1", printed=True)),
        "number": after(*number, e.PrinterOutcome("t1", printed=True)),
        "number-printing": after(*number),
        "number-no-paper": after(*number, e.PrinterOutcome("t1", printed=False, code="paper_out")),
        "number-unsure": after(*number, e.PrinterOutcome("t1", printed=False, code="unsure")),
        "number-printer-open": after(*number, e.PrinterOutcome("t1", printed=False, code="cover_open")),
        "number-held": after(*held),
        "no-card": after(touch("no_card")),
        "no-card-no-reader": after(e.ReaderHealth("unplugged"), touch("no_card")),
        "welcome-no-reader": after(e.ReaderHealth("unplugged")),
        "server-away": after(*chosen, e.ServerAway("req-1")),
        **{
            f"refused-{code}": after(*chosen, e.TicketRefused("req-1", code, told))
            for code, told in {
                "service_closed": {},
                "full_for_class": {"opens": "07:00, 23/11"},
                "wanted_room_closed": {},
                "appointment_early": {"at": "10:30", "opens": "09:30"},
                "appointment_other_day": {"at": "09:00, 23/11", "opens": "09:00, 23/11"},
                "appointment_elsewhere": {"at": "09:00", "place": "Cơ sở 2, 15 Phố Thử Nghiệm"},
                "bad_identity": {},
                "device_revoked": {},
                "internal": {},
            }.items()
        },
        "notice": after(touch("unwell")),
    }


def by_letters(state: State) -> State:
    """The server has been away for a while, and the kiosk gives numbers of its own."""
    return replace(state, away_since=90.0, hospital=replace(state.hospital, series="KA"))


@pytest.mark.parametrize(("language", "size"), [("vi", 0), ("en", 0), ("vi", 2), ("vi", 3), ("en", 3)])
async def test_every_screen_is_whole_in_every_size(language: str, size: int) -> None:
    """Nothing shortened, nothing outside the window, every target large enough and apart from its neighbours."""
    async with running() as kiosk:
        for name, state in all_states().items():
            pages = paper.number_pages(Comfort(language, size)) if name.startswith("number") else 1
            for page in range(pages):
                kiosk.show(replace(state, page=page), Comfort(language, size))
                await kiosk.pilot.settle(13)
                suffix = f"-{page + 1}" if pages > 1 else ""
                await kiosk.picture(f"{name}{suffix}-{language}-{int(TEXT_SIZES[size] * 100)}")
                check(kiosk.pilot, f"{name} {language} {TEXT_SIZES[size]} page {page}", size)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
async def test_every_screen_in_the_other_schemes(scheme: str) -> None:
    async with running() as kiosk:
        for name in (
            "welcome",
            "scan",
            "is-this-you",
            "what-for",
            "which-doctor",
            "quicker-room",
            "number",
            "number-no-paper",
            "server-away",
            "notice",
        ):
            kiosk.show(all_states()[name], Comfort("vi", 0, scheme))  # type: ignore[arg-type]
            await kiosk.pilot.settle(10)
            await kiosk.picture(f"{name}-vi-{scheme}")
            check(kiosk.pilot, f"{name} {scheme}", 0)


def check(pilot: Pilot, where: str, size: int) -> None:
    for widget in pilot.widgets():
        if isinstance(widget, FitLabel) and widget.text:
            assert not widget.shorten, f"{where}: {widget.text!r} is cut off"
            assert widget.font_size >= 20, f"{where}: {widget.text!r} is only {widget.font_size} px"
            assert inside(box(widget)), f"{where}: {widget.text!r} is outside at {box(widget)}"
            assert in_its_card(widget), f"{where}: {widget.text!r} is outside its card"
            # What is read closely really grows: two and a half thirds of what was asked for, at least.
            if widget.largest <= tokens.TYPE_KIOSK_PX_TEXT * TEXT_SIZES[size] and not in_frame(widget):
                assert widget.font_size >= 0.6 * widget.largest, f"{where}: {widget.text!r} has shrunk"
    targets = [widget for widget in pilot.widgets() if getattr(widget, "intent", "")]
    assert targets
    for widget in targets:
        left, bottom, right, top = box(widget)
        assert min(right - left, top - bottom) >= tokens.TARGET_KIOSK_MINIMUM_PX, f"{where}: {widget.intent} is small"
        assert inside(box(widget)), f"{where}: {widget.intent} is outside"
    sheet = {widget for widget in targets if widget.intent in ("close_notice", "still_here")}
    for one, other in combinations([widget for widget in targets if widget not in sheet], 2):
        assert gap(box(one), box(other)) >= tokens.TARGET_KIOSK_GAP_PX, f"{where}: {one.intent} touches {other.intent}"


def in_its_card(widget: FitLabel) -> bool:
    """The letters, that is: a line is taller than what is drawn of it, by about a third of the letters' size."""
    air = 0.3 * widget.font_size
    card = next((parent for parent in parents(widget) if isinstance(parent, Card)), None)
    if card is None:
        return True
    (_, bottom, _, top), (_, lowest, _, highest) = box(widget), box(card)
    if not widget.wrap:  # one line, in the middle of a box that a wide number does not fill
        spare = max(top - bottom - 1.6 * widget.font_size, 0.0) / 2
        bottom, top = bottom + spare, top - spare
    return bool(bottom >= lowest - air and top <= highest + air)


def in_frame(widget: Widget) -> bool:
    """In the strip or the bar, whose heights never change."""
    names = {type(parent).__name__ for parent in parents(widget)}
    return bool(names & {"TopStrip", "BottomBar"})


def parents(widget: Any) -> Iterator[Any]:
    while widget.parent is not None and widget.parent is not widget:
        widget = widget.parent
        yield widget


def box(widget: Widget) -> tuple[float, float, float, float]:
    left, bottom = widget.to_window(widget.x, widget.y)
    return left, bottom, left + widget.width, bottom + widget.height


def inside(edges: tuple[float, float, float, float]) -> bool:
    left, bottom, right, top = edges
    return left >= -1 and bottom >= -1 and right <= Window.width + 1 and top <= Window.height + 1


def gap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    across = max(other[0] - one[2], one[0] - other[2])
    upright = max(other[1] - one[3], one[1] - other[3])
    return max(across, upright)


# --- what moves ----------------------------------------------------------------------------------------------------


class SeeingScanner(FakeScanner):
    """A reader with a camera that sees one grey picture."""

    def preview(self) -> Preview | None:
        return Preview(width=4, height=3, bgr=bytes(range(36)))

    def advice(self) -> str | None:
        return "too_bright"


async def test_the_card_moves_and_the_camera_is_shown_where_somebody_can_see_it() -> None:
    async with running(SeeingScanner(), motion="full") as kiosk:
        [drawing] = [widget for widget in kiosk.pilot.widgets() if isinstance(widget, HoldCard)]
        places = set()
        for _ in range(20):
            places.add(drawing.lifted)
            await kiosk.pilot.settle(6)
        assert len(places) > 3
        [seen] = [widget for widget in kiosk.pilot.widgets() if isinstance(widget, PreviewWidget)]
        await kiosk.pilot.until(lambda: seen.size_seen == (4, 3), what="the camera's picture")
        kiosk.seconds += flow.HINT_AFTER_S
        await kiosk.pilot.until(lambda: "nghiêng thẻ" in str(kiosk.app.view.body), what="the hint")
        await kiosk.picture("welcome-camera")


async def test_nothing_moves_when_motion_is_reduced() -> None:
    async with running() as kiosk:
        [drawing] = [widget for widget in kiosk.pilot.widgets() if isinstance(widget, HoldCard)]
        before = drawing.lifted
        await kiosk.pilot.settle(20)
        assert drawing.lifted == before


async def test_a_small_window_shows_the_same_picture_and_takes_the_same_touches() -> None:
    async with running() as kiosk:
        root = kiosk.app.root
        root.size_hint = (None, None)
        root.size = (540, 960)
        await kiosk.pilot.settle(12)
        left, bottom = kiosk.pilot.find("unwell").to_window(*kiosk.pilot.find("unwell").pos)
        assert (round(left), bottom < 480) == (28, True)
        await kiosk.pilot.touch("no_card")
        await kiosk.at("trouble")
