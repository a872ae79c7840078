"""Runs effects against server, card reader and printer, and turns their outcomes into events.

Everything runs in the kiosk's one loop. Nothing here decides: what an outcome means is told by `flow`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from hardware.errors import DeviceAway, DeviceError
from hardware.health import news
from hardware.printer.port import Printer
from hardware.printer.slip import Slip
from hardware.scanner.cards import Refusal, read_card
from hardware.scanner.port import Scan, Scanner
from kiosk.events import (
    AlertOutcome,
    Effect,
    Event,
    FeedAway,
    FeedSnapshot,
    Forget,
    Issue,
    Print,
    PrinterOutcome,
    QueueMoved,
    Raise,
    ReaderHealth,
    ReaderHint,
    Scanned,
    ServerAway,
    ServicesNow,
    StartScan,
    StopScan,
    TicketArrived,
    TicketRefused,
    Unreadable,
    WaitsNow,
)
from protocol import client, errors
from protocol.frames import Heartbeat, Numbered, ServicesChanged, Snapshot, TicketCalled, TicketIssued
from protocol.nouns import DeviceHealth, Ticket, Value
from protocol.requests import RaiseAlert, ReportHealth, ReportPrint, Request

log = logging.getLogger(__name__)

PRINTER_ASKED_EVERY_S = 10.0
HINTS_PER_S = 4.0
AGAIN_AFTER_S = 2.0
ALERT_S = 2.0
"""Staff know within two seconds, or the person is told that they do not."""
ALERT_TRIES = 10
REPORT_TRIES = 60
SWEPT_AFTER_S = 0.5
"""Labels draw what they were told some frames later."""


class Server(Protocol):
    """What is needed of `protocol.client.ServerClient`."""

    async def post(self, request: Request, deadline_s: float = 5.0) -> Value:
        """Raises errors.ServerAway or errors.ServerRefused."""

    def follow(self, rooms: tuple[str, ...] = ()) -> AsyncIterator[object]:
        """Snapshot first, then numbered frames, heartbeats and losses; for ever."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Ports:
    server: Server
    scanner: Scanner
    printer: Printer


class Runner:
    """`tell` is called in the loop with every event; `clock` is the monotonic clock of `Tick`; `today` the date at the
    hospital; `paper` makes the slip of a ticket."""

    def __init__(
        self,
        ports: Ports,
        *,
        tell: Callable[[Event], None],
        clock: Callable[[], float],
        today: Callable[[], date],
        paper: Callable[[Print], Slip],
    ) -> None:
        self._ports = ports
        self._tell, self._clock, self._today, self._paper = tell, clock, today, paper
        self._tasks: set[asyncio.Task[None]] = set()
        self._scanning = False
        self._passed_over = False
        self._health: dict[str, DeviceHealth] = {}
        self._untold: dict[str, DeviceHealth] = {}

    async def start(self) -> None:
        """Open the reader and begin to listen. A reader that can never work is told as its health."""
        try:
            await self._ports.scanner.open()
        except DeviceError as error:
            self._scanner_is(DeviceHealth(part="scanner", state="fault", code=error.code))
        for name, work in (
            ("feed", self._follow),
            ("scans", self._read_cards),
            ("scanner-health", self._watch_scanner),
            ("hints", self._watch_hints),
            ("printer-health", self._watch_printer),
        ):
            self._spawn(self._for_ever(name, work), name)

    async def close(self) -> None:
        """Stop everything that was started, and let go of the devices."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ports.scanner.close()
        await self._ports.printer.close()
        await self._ports.server.close()

    def run(self, effect: Effect) -> None:
        """Begin what is to be done; returns at once."""
        match effect:
            case StartScan():
                self._start_scanning()
            case StopScan():
                self._scanning = False
            case Issue():
                self._spawn(self._issue(effect), "issue")
            case Print():
                self._spawn(self._print(effect), "print")
            case Raise():
                self._spawn(self._raise(effect), "alert")
            case Forget():
                self._forget()

    def _forget(self) -> None:
        """Requests end with their own task, and the screens are blanked when they are left. What was only let go of
        may lie in circles of references for hours on a quiet day, so it is swept out as soon as the screens rest."""
        self._ports.scanner.forget()
        asyncio.get_running_loop().call_later(SWEPT_AFTER_S, gc.collect)

    # --- the server ---

    async def _issue(self, effect: Issue) -> None:
        request = effect.request.model_copy(update={"age_s": max(self._clock() - effect.asked_at, 0.0)})
        try:
            answer = await self._ports.server.post(request)
        except errors.ServerAway:
            self._tell(ServerAway(request.request_id))
        except errors.ServerRefused as refused:
            log.warning("ticket_refused id=%s code=%s", request.request_id, refused.code)
            self._tell(TicketRefused(request.request_id, refused.code, refused.detail))
        else:
            if isinstance(answer, Ticket):
                self._tell(TicketArrived(request.request_id, answer))

    async def _raise(self, effect: Raise) -> None:
        """Told as failed after the first try, and as sent if a later one succeeds: nobody waits for a call that is
        not coming, and no call is given up for one lost packet."""
        begun = self._clock()
        for _ in range(ALERT_TRIES):
            request = RaiseAlert(request_id=effect.request_id, reason=effect.reason, age_s=self._clock() - begun)
            try:
                await self._ports.server.post(request, ALERT_S)
            except errors.ServerAway:
                self._tell(AlertOutcome(effect.reason, sent=False))
                await asyncio.sleep(AGAIN_AFTER_S)
            except errors.ServerRefused as refused:
                log.error("alert_refused code=%s", refused.code)
                self._tell(AlertOutcome(effect.reason, sent=False))
                return
            else:
                self._tell(AlertOutcome(effect.reason, sent=True))
                return

    async def _report(self, request: Request) -> None:
        """A report is sent until the server has it; its age says when it happened."""
        begun = self._clock()
        for _ in range(REPORT_TRIES):
            aged = request.model_copy(update={"age_s": max(self._clock() - begun, 0.0)})
            try:
                await self._ports.server.post(aged)
            except errors.ServerAway:
                await asyncio.sleep(AGAIN_AFTER_S)
            except errors.ServerRefused as refused:
                log.warning("report_refused path=%s code=%s", request.path, refused.code)
                return
            else:
                return

    async def _follow(self) -> None:
        async for heard in self._ports.server.follow():
            match heard:
                case Snapshot():
                    name = heard.device.name if heard.device else ""
                    self._tell(FeedSnapshot(heard.site, name, heard.services, heard.rooms))
                    self._tell_health()
                case Numbered():
                    self._tell_frame(heard)
                case Heartbeat(waits=waits, room_waits=room_waits) if waits:
                    self._tell(WaitsNow(waits, room_waits))
                case client.FeedLost(code=code):
                    log.warning("feed_lost code=%s", code)
                    self._tell(FeedAway())

    def _tell_frame(self, numbered: Numbered) -> None:
        match numbered.frame:
            case ServicesChanged(services=services, rooms=rooms, site=site):
                self._tell(ServicesNow(services, rooms, site))
            case TicketIssued(entry=entry):
                self._tell(QueueMoved(entry.service_id, 1))
            case TicketCalled(entry=entry) if entry.calls == 1:
                self._tell(QueueMoved(entry.service_id, -1))

    # --- the card reader ---

    def _start_scanning(self) -> None:
        """Whoever held the card up too early, while another's number was shown, need not take it away first."""
        self._scanning = True
        read_again: Callable[[], None] | None = getattr(self._ports.scanner, "read_again", None)
        if self._passed_over and read_again is not None:
            read_again()
        self._passed_over = False

    async def _read_cards(self) -> None:
        while True:
            try:
                self._card_seen(await self._ports.scanner.next_scan())
            except DeviceAway:
                return

    def _card_seen(self, scan: Scan) -> None:
        """A call of its own: in the loop above, names would hold the card until the next one."""
        if not self._scanning:
            self._passed_over = True
            return
        read = read_card(scan.payload, "scan", self._today())
        self._tell(Unreadable(read.code) if isinstance(read, Refusal) else Scanned(read))

    async def _watch_scanner(self) -> None:
        while True:
            try:
                self._scanner_is(await self._ports.scanner.next_health())
            except DeviceAway:
                return

    def _scanner_is(self, health: DeviceHealth) -> None:
        self._tell(ReaderHealth("ok" if health.state in ("ok", "warning") else health.code))
        self._note_health(health)

    async def _watch_hints(self) -> None:
        """Readers with a camera say why they see no code; others never do."""
        advice: Callable[[], str | None] | None = getattr(self._ports.scanner, "advice", None)
        told = ""
        while advice is not None:
            hint = (advice() or "") if self._scanning else ""
            if hint != told:
                told = hint
                self._tell(ReaderHint(hint))
            await asyncio.sleep(1 / HINTS_PER_S)

    # --- the printer ---

    async def _print(self, effect: Print) -> None:
        outcome = await self._ports.printer.print(self._paper(effect))
        ticket_id = effect.ticket.ticket_id
        # A printer that cannot be asked has most likely printed. One that can and fell silent has perhaps not.
        printed = outcome.outcome == "printed" or outcome.code == "cannot_ask"
        unsure = outcome.outcome == "unknown" and not printed
        self._tell(PrinterOutcome(ticket_id, printed, "unsure" if unsure else outcome.code))
        await self._report(ReportPrint(ticket_id=ticket_id, outcome=outcome.outcome, code=outcome.code))

    async def _watch_printer(self) -> None:
        while True:
            self._note_health(await self._ports.printer.health())
            await asyncio.sleep(PRINTER_ASKED_EVERY_S)

    # --- health: away once, back once ---

    def _note_health(self, seen: DeviceHealth) -> None:
        last = self._health.get(seen.part)
        if last is not None and news(last, seen) is None:
            return
        # The first is told even when all is well: the server may remember otherwise from before a restart.
        self._health[seen.part] = seen
        level = logging.INFO if last is None and seen.state == "ok" else logging.WARNING
        log.log(level, "device_health part=%s state=%s code=%s", seen.part, seen.state, seen.code)
        self._untold[seen.part] = seen
        self._tell_health()

    def _tell_health(self) -> None:
        """Send what the server does not know yet: only the newest of each part matters."""
        for part, health in tuple(self._untold.items()):
            self._spawn(self._send_health(part, health), "health")

    async def _send_health(self, part: str, health: DeviceHealth) -> None:
        try:
            await self._ports.server.post(ReportHealth(health=health))
        except errors.ServerAway:
            return  # sent again with the next snapshot
        except errors.ServerRefused as refused:
            log.warning("health_refused part=%s code=%s", part, refused.code)
        if self._untold.get(part) == health:
            del self._untold[part]

    # --- tasks ---

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"kiosk-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task_failed name=%s", task.get_name(), exc_info=task.exception())

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A kiosk never gives up: what fails unexpectedly is logged and begun again. Ends when `work` itself ends."""
        while True:
            try:
                await work()
            except Exception:  # a long-lived task is supervised here
                log.exception("begun_again name=%s", name)
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                return
