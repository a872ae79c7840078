"""Effects against fakes: what is asked of server, reader and printer, and what comes back as events."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hardware.errors import DeviceFault
from hardware.printer.port import PrintOutcome
from hardware.printer.slip import Line, Slip
from hardware.scanner.fake import FakeScanner
from kiosk import effects as effects_module
from kiosk import events as e
from kiosk import spool as spool_module
from kiosk.effects import Ports, Runner
from kiosk.spool import Spool
from kiosk.state import Hospital
from protocol import errors
from protocol.client import FeedLost
from protocol.frames import AnyFrame, Heartbeat, Numbered, ServicesChanged, Snapshot, TicketCalled, TicketIssued
from protocol.nouns import Device, DeviceHealth, Intake, Value, WaitEstimate
from protocol.requests import (
    Done,
    IssueTicket,
    RaiseAlert,
    ReportHealth,
    ReportPrint,
    Request,
    SwitchRoom,
    UploadOfflineTicket,
)
from tests.kiosk.samples import CARD, IDENTITY, NOW, SITE, lettered, rooms, services, ticket

REQUEST = IssueTicket(request_id="req-1", service_id="noi", intake=Intake(identity=IDENTITY))


class FakeServer:
    """Answers what it was told to, and may be away."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answered: list[Request] = []
        self.away = False
        self.refuse = ""
        self.feed: asyncio.Queue[object] = asyncio.Queue()
        self.closed = False

    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        self.asked.append(request)
        await asyncio.sleep(0)
        if self.away:
            raise errors.ServerAway("unreachable")
        if self.refuse:
            raise errors.ServerRefused(self.refuse, "", 409, {"opens": "07:00, 23/11"})
        self.answered.append(request)
        return ticket() if isinstance(request, (IssueTicket, SwitchRoom)) else Done(seq=1)

    async def follow(self, rooms: tuple[str, ...] = ()) -> AsyncIterator[object]:
        while True:
            yield await self.feed.get()

    async def close(self) -> None:
        self.closed = True


class FakePrinter:
    def __init__(self) -> None:
        self.outcome = PrintOutcome(outcome="printed")
        self.state = DeviceHealth(part="printer", state="ok")
        self.slips: list[Slip] = []
        self.closed = False

    async def print(self, slip: Slip) -> PrintOutcome:
        self.slips.append(slip)
        return self.outcome

    async def health(self) -> DeviceHealth:
        return self.state

    async def close(self) -> None:
        self.closed = True


class Bench:
    """A runner between fakes, and everything that it told."""

    def __init__(self, spool: Spool | None = None) -> None:
        self.server, self.scanner, self.printer = FakeServer(), FakeScanner(), FakePrinter()
        self.told: list[e.Event] = []
        seconds = itertools.count(100.0, 0.5)
        self.runner = Runner(
            Ports(self.server, self.scanner, self.printer, spool),
            tell=self.told.append,
            clock=lambda: next(seconds),
            now=lambda: NOW,
            paper=lambda order: Slip(blocks=(Line(text=order.ticket.number),)),
        )

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not what():  # noqa: ASYNC110 (anything may be waited for)
                await asyncio.sleep(0.005)

    async def told_of(self, kind: type) -> list[e.Event]:
        await self.until(lambda: any(isinstance(event, kind) for event in self.told))
        return [event for event in self.told if isinstance(event, kind)]

    def asked(self, kind: type) -> list[Request]:
        return [request for request in self.server.asked if isinstance(request, kind)]


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(effects_module, "AGAIN_AFTER_S", 0.02)
    monkeypatch.setattr(effects_module, "PRINTER_ASKED_EVERY_S", 0.02)
    bench = Bench()
    await bench.runner.start()
    yield bench
    await bench.runner.close()
    assert bench.server.closed
    assert bench.printer.closed


def snapshot_frame() -> Snapshot:
    return Snapshot(
        seq=1,
        at=NOW,
        site=SITE,
        listener="kiosk",
        device=Device(device_id="k1", kind="kiosk", name="Sảnh A", series="KA"),
        zones=lettered().zones,
        services=services(),
        rooms=rooms(),
        entries=(),
        calls=(),
    )


async def test_a_ticket_is_asked_for_with_its_age(bench: Bench) -> None:
    bench.runner.run(e.Issue(REQUEST, asked_at=90.0))
    assert await bench.told_of(e.TicketArrived) == [e.TicketArrived("req-1", ticket())]
    [asked] = bench.asked(IssueTicket)
    assert asked.request_id == "req-1"
    assert asked.age_s >= 10


async def test_away_and_refused_are_told_apart(bench: Bench) -> None:
    bench.server.away = True
    bench.runner.run(e.Issue(REQUEST, asked_at=90.0))
    assert await bench.told_of(e.ServerAway) == [e.ServerAway("req-1")]
    bench.server.away, bench.server.refuse = False, "full_today"
    bench.runner.run(e.Issue(REQUEST, asked_at=90.0))
    assert await bench.told_of(e.TicketRefused) == [e.TicketRefused("req-1", "full_today", {"opens": "07:00, 23/11"})]


async def test_another_room_is_asked_for_and_answered_with_the_ticket(bench: Bench) -> None:
    wish = SwitchRoom(request_id="req-2", entry_id="e1", version=1, room_id="r25")
    bench.runner.run(e.Issue(wish, asked_at=90.0))
    assert await bench.told_of(e.TicketArrived) == [e.TicketArrived("req-2", ticket())]
    assert [type(request) for request in bench.server.asked if not isinstance(request, ReportHealth)] == [SwitchRoom]


async def test_a_slip_is_printed_and_reported_until_the_server_has_it(bench: Bench) -> None:
    bench.server.away = True
    bench.runner.run(e.Print(ticket(), "vi", "map-pin"))
    assert await bench.told_of(e.PrinterOutcome) == [e.PrinterOutcome("t1", printed=True)]
    await bench.until(lambda: len(bench.asked(ReportPrint)) >= 2)
    bench.server.away = False
    await bench.until(lambda: len(bench.server.answered) == 1)
    reports = bench.asked(ReportPrint)
    assert len({report.request_id for report in reports}) == 1
    assert reports[-1].age_s > reports[0].age_s


async def test_a_printer_without_paper_is_told_with_its_code(bench: Bench) -> None:
    bench.printer.outcome = PrintOutcome(outcome="failed", code="paper_out")
    bench.runner.run(e.Print(ticket(), "vi", "map-pin"))
    assert await bench.told_of(e.PrinterOutcome) == [e.PrinterOutcome("t1", printed=False, code="paper_out")]


@pytest.mark.parametrize(
    ("code", "printed", "told"), [("cannot_ask", True, "cannot_ask"), ("unplugged", False, "unsure")]
)
async def test_a_printer_that_falls_silent_has_perhaps_not_printed(
    bench: Bench, code: str, printed: bool, told: str
) -> None:
    """Its power was cut during the slip: nobody is sent to the slot for nothing while the number is erased."""
    bench.printer.outcome = PrintOutcome(outcome="unknown", code=code)
    bench.runner.run(e.Print(ticket(), "vi", "map-pin"))
    assert await bench.told_of(e.PrinterOutcome) == [e.PrinterOutcome("t1", printed=printed, code=told)]
    await bench.until(lambda: bool(bench.asked(ReportPrint)))
    [report] = bench.asked(ReportPrint)
    assert isinstance(report, ReportPrint)
    assert (report.outcome, report.code) == ("unknown", code)


async def test_an_alert_is_told_as_failed_at_once_and_as_sent_when_it_arrives(bench: Bench) -> None:
    bench.server.away = True
    bench.runner.run(e.Raise("unwell", "a-1"))
    assert await bench.told_of(e.AlertOutcome) == [e.AlertOutcome("unwell", sent=False)]
    bench.server.away = False
    await bench.until(lambda: e.AlertOutcome("unwell", sent=True) in bench.told)
    assert {request.request_id for request in bench.asked(RaiseAlert)} == {"a-1"}


async def test_cards_are_read_only_while_they_are_wanted(bench: Bench) -> None:
    bench.scanner.show(CARD)
    await asyncio.sleep(0.05)
    assert not [event for event in bench.told if isinstance(event, (e.Scanned, e.Unreadable))]
    bench.runner.run(e.StartScan())
    bench.scanner.show(CARD)
    [scanned] = await bench.told_of(e.Scanned)
    assert isinstance(scanned, e.Scanned)
    assert scanned.identity == IDENTITY
    bench.scanner.garbage()
    assert await bench.told_of(e.Unreadable)


async def test_a_card_held_up_too_early_is_read_as_soon_as_it_is_wanted(bench: Bench) -> None:
    """The next in the row holds the card while another's number is on the screen."""
    bench.scanner.hold(CARD)
    await asyncio.sleep(0.05)
    assert not [event for event in bench.told if isinstance(event, e.Scanned)]
    bench.runner.run(e.StartScan())
    assert len(await bench.told_of(e.Scanned)) == 1


async def test_a_card_left_lying_after_it_was_read_is_not_read_again(bench: Bench) -> None:
    bench.runner.run(e.StartScan())
    bench.scanner.hold(CARD)
    await bench.told_of(e.Scanned)
    bench.runner.run(e.StopScan())
    bench.runner.run(e.StartScan())
    await asyncio.sleep(0.05)
    assert len(await bench.told_of(e.Scanned)) == 1


async def test_what_the_feed_says_becomes_events(bench: Bench) -> None:
    entry = ticket().entry
    called = entry.model_copy(update={"calls": 1, "state": "called"})
    again = entry.model_copy(update={"calls": 2, "state": "called"})
    frames: tuple[AnyFrame, ...] = (
        TicketIssued(entry=entry),
        TicketCalled(entry=called, room_number="5", service_names={}),
        TicketCalled(entry=again, room_number="5", service_names={}),
        ServicesChanged(services=services()[:1], rooms=()),
    )
    for seq, frame in enumerate(frames):
        bench.server.feed.put_nowait(Numbered(seq=seq + 1, previous=seq, at=NOW, frame=frame))
    waits = {"noi": WaitEstimate(low_minutes=5, high_minutes=15)}
    bench.server.feed.put_nowait(Heartbeat(seq=4, at=NOW))
    bench.server.feed.put_nowait(Heartbeat(seq=4, at=NOW, waits=waits, room_waits={"noi": waits}))
    bench.server.feed.put_nowait(FeedLost(code="unreachable"))
    bench.server.feed.put_nowait(snapshot_frame())
    [live] = await bench.told_of(e.FeedSnapshot)
    assert isinstance(live, e.FeedSnapshot)
    assert (live.device_name, len(live.services)) == ("Sảnh A", 12)
    assert live.series == "", "without a spool it has no use for letters"
    kinds = (e.QueueMoved, e.ServicesNow, e.WaitsNow, e.FeedAway)
    assert [event for event in bench.told if isinstance(event, kinds)] == [
        e.QueueMoved("noi", 1),
        e.QueueMoved("noi", -1),
        e.ServicesNow(services()[:1], ()),
        e.WaitsNow(waits, {"noi": waits}),
        e.FeedAway(),
    ]


async def test_health_is_told_away_once_and_back_once(bench: Bench) -> None:
    """The first is told even when all is well: after a restart the server would else keep the fault of before."""
    await bench.until(lambda: len(_of("printer", bench)) == 1)
    bench.printer.state = DeviceHealth(part="printer", state="fault", code="paper_out")
    await bench.until(lambda: len(_of("printer", bench)) == 2)
    await asyncio.sleep(0.1)
    bench.printer.state = DeviceHealth(part="printer", state="ok")
    await bench.until(lambda: len(_of("printer", bench)) == 3)
    assert [health.code for health in _of("printer", bench)] == ["ok", "paper_out", "ok"]


async def test_health_that_could_not_be_told_is_told_with_the_next_snapshot(bench: Bench) -> None:
    await bench.until(lambda: len(_of("printer", bench)) == 1)
    bench.server.away = True
    bench.printer.state = DeviceHealth(part="printer", state="fault", code="cover_open")
    await bench.until(lambda: len(_of("printer", bench)) == 2)
    bench.server.away = False
    bench.server.feed.put_nowait(snapshot_frame())
    await bench.until(lambda: len(_of("printer", bench)) == 3)
    assert [health.code for health in _of("printer", bench)] == ["ok", "cover_open", "cover_open"]


async def test_an_unplugged_reader_is_told_to_the_screen(bench: Bench) -> None:
    await bench.until(lambda: e.ReaderHealth("ok") in bench.told)
    bench.scanner.unplug()
    await bench.until(lambda: e.ReaderHealth("unplugged") in bench.told)
    bench.scanner.replug()
    await bench.until(lambda: bench.told.count(e.ReaderHealth("ok")) >= 2)


async def test_a_reader_that_can_never_work_does_not_stop_the_kiosk() -> None:
    class Broken(FakeScanner):
        async def open(self) -> None:
            raise DeviceFault("opencv_missing")

    bench = Bench()
    bench.runner = Runner(
        Ports(bench.server, Broken(), bench.printer),
        tell=bench.told.append,
        clock=lambda: 0.0,
        now=lambda: NOW,
        paper=lambda order: Slip(blocks=()),
    )
    await bench.runner.start()
    assert e.ReaderHealth("opencv_missing") in bench.told
    await bench.runner.close()


# --- while the server is away --------------------------------------------------------------------------------------


@pytest.fixture
async def spooled(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(Spool(tmp_path / "spool.sqlite3", tmp_path / "spool-key", lambda: NOW))
    await bench.runner.start()
    yield bench
    await bench.runner.close()


HOSPITAL = Hospital(SITE, "Sảnh A", services(), rooms(), lettered().zones, "KA")


async def test_a_number_of_its_own_is_on_disk_printed_and_told_when_the_server_is_back(spooled: Bench) -> None:
    spooled.server.away = True
    spooled.runner.run(e.Give(REQUEST, HOSPITAL))
    [arrived] = await spooled.told_of(e.TicketArrived)
    assert isinstance(arrived, e.TicketArrived)
    assert (arrived.request_id, arrived.ticket.number, arrived.ticket.offline) == ("req-1", "KA001", True)
    spooled.runner.run(e.Print(arrived.ticket, "vi", "map-pin"))
    await spooled.told_of(e.PrinterOutcome)
    spooled.server.away = False
    spooled.server.feed.put_nowait(snapshot_frame())
    await spooled.until(lambda: any(isinstance(request, UploadOfflineTicket) for request in spooled.server.answered))
    [live] = await spooled.told_of(e.FeedSnapshot)
    assert isinstance(live, e.FeedSnapshot)
    assert (live.series, live.zones) == ("KA", lettered().zones)
    [told] = {request for request in spooled.server.answered if isinstance(request, UploadOfflineTicket)}
    assert (told.number, told.intake, f"/t/{told.address}") == ("KA001", REQUEST.intake, arrived.ticket.address)
    assert not spooled.asked(ReportPrint), "the server knows the ticket by another id"


async def test_a_number_that_cannot_be_kept_is_not_given(spooled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "LARGEST_SPOOL", 0)
    spooled.runner.run(e.Give(REQUEST, HOSPITAL))
    assert await spooled.told_of(e.NotGiven) == [e.NotGiven("req-1", "full")]


def _of(part: str, bench: Bench) -> list[DeviceHealth]:
    reports = [request for request in bench.server.asked if isinstance(request, ReportHealth)]
    return [report.health for report in reports if report.health.part == part]
