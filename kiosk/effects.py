"""Runs effects against server, card reader and printer, and turns their outcomes into events.

Everything runs in the kiosk's one loop. Nothing here decides: what an outcome means is told by `flow`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
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
    Give,
    Issue,
    NotGiven,
    Print,
    PrinterOutcome,
    QueueMoved,
    Raise,
    ReaderHealth,
    ReaderHint,
    Remember,
    Remembered,
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
from kiosk.offline import room_promised, ticket_of
from kiosk.sender import Sender
from kiosk.spool import Spool, SpoolFault
from kiosk.state import Hospital
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
    spool: Spool | None = None
    """None: the disk does not take one, and no numbers are given while the server is away."""


class Runner:
    """`tell` is called in the loop with every event; `clock` is the monotonic clock of `Tick`; `now` the time at the
    hospital; `paper` makes the slip of a ticket."""

    def __init__(
        self,
        ports: Ports,
        *,
        tell: Callable[[Event], None],
        clock: Callable[[], float],
        now: Callable[[], datetime],
        paper: Callable[[Print], Slip],
    ) -> None:
        self._ports = ports
        self._tell, self._clock, self._now, self._paper = tell, clock, now, paper
        self._sender = Sender(ports.spool, ports.server) if ports.spool is not None else None
        self._tasks: set[asyncio.Task[None]] = set()
        self._scanning = False
        self._passed_over = False
        self._health: dict[str, DeviceHealth] = {}
        self._remembering = asyncio.Lock()
        self._untold: dict[str, DeviceHealth] = {}

    async def start(self) -> None:
        """Open the reader and begin to listen. A reader that can never work is told as its health."""
        await self._recall()
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
        if self._sender is not None:
            self._spawn(self._for_ever("sender", self._sender.run), "sender")

    async def close(self) -> None:
        """Stop everything that was started, and let go of the devices."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ports.scanner.close()
        await self._ports.printer.close()
        await self._ports.server.close()
        if self._ports.spool is not None:
            self._ports.spool.close()

    def run(self, effect: Effect) -> None:
        """Begin what is to be done; returns at once."""
        match effect:
            case StartScan():
                self._start_scanning()
            case StopScan():
                self._scanning = False
            case Issue():
                self._spawn(self._issue(effect), "issue")
            case Give():
                self._spawn(self._give(effect), "give")
            case Print():
                self._spawn(self._print(effect), "print")
            case Raise():
                self._spawn(self._raise(effect), "alert")
            case Remember(hospital=hospital):
                self._spawn(self._remember(hospital), "remember")
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
            answer = await self._ports.server.post(request, effect.deadline_s)
        except errors.ServerAway:
            self._tell(ServerAway(request.request_id))
        except errors.ServerRefused as refused:
            log.warning("ticket_refused id=%s code=%s", request.request_id, refused.code)
            self._tell(TicketRefused(request.request_id, refused.code, refused.detail))
        else:
            if isinstance(answer, Ticket):
                self._tell(TicketArrived(request.request_id, answer))

    async def _give(self, effect: Give) -> None:
        """On disk first: what is printed can be told, whatever happens to this kiosk."""
        asked, hospital = effect.request, effect.hospital
        assert self._ports.spool is not None
        assert self._sender is not None
        assert hospital.site is not None, "asked for only where all three are there"
        room, zone = room_promised(hospital, asked), hospital.site.time_zone
        try:
            given = await asyncio.to_thread(
                self._ports.spool.give, hospital.series, zone, asked, room.room_id if room else None
            )
        except SpoolFault as fault:
            log.warning("no_offline_ticket id=%s code=%s", asked.request_id, fault.code)
            self._tell(NotGiven(asked.request_id, fault.code))
            return
        log.info("offline_ticket number=%s", given.number)
        self._tell(TicketArrived(asked.request_id, ticket_of(hospital, asked, given, self._now())))
        self._sender.wake()

    async def _remember(self, hospital: Hospital) -> None:
        """For a kiosk that is switched on without the server: the newest is written last."""
        if self._ports.spool is None:
            return
        async with self._remembering:
            with suppress(SpoolFault):  # told by the spool
                await asyncio.to_thread(self._ports.spool.remember, hospital)

    async def _recall(self) -> None:
        if self._ports.spool is None:
            return
        with suppress(SpoolFault):  # told by the spool
            hospital = await asyncio.to_thread(self._ports.spool.remembered)
            if hospital is not None:
                self._tell(Remembered(hospital))

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
                    series = heard.device.series if heard.device and self._sender is not None else ""
                    self._tell(FeedSnapshot(heard.site, name, heard.services, heard.rooms, heard.zones, series))
                    self._tell_health()
                    if self._sender is not None:
                        self._sender.wake()
                case Numbered():
                    self._tell_frame(heard)
                case Heartbeat(waits=waits, room_waits=room_waits) if waits:
                    self._tell(WaitsNow(waits, room_waits))
                case client.FeedLost(code=code):
                    log.warning("feed_lost code=%s", code)
                    self._tell(FeedAway())

    def _tell_frame(self, numbered: Numbered) -> None:
        match numbered.frame:
            case ServicesChanged(services=services, rooms=rooms, site=site, zones=zones):
                self._tell(ServicesNow(services, rooms, site, zones))
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
        read = read_card(scan.payload, "scan", self._now().date())
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
        if effect.ticket.offline:
            return  # the server knows it by another id
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
