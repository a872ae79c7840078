"""The display without a toolkit: follows the feed, decides what is shown and said, tells the server what came of it.

One asyncio loop. The wall (anything with `Screen`'s one method) and the voice (a `Speaker`) may each be missing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from display.announcer import SNAPSHOT_TOO_OLD_S, Announcement, Ended, Happening, Say, Spoken, to_say
from display.board import Board, apply
from display.view import Style, Trouble, WallView, changes_by_itself, look
from hardware.health import news
from hardware.speaker.port import Heard, Speaker, Utterance
from protocol.client import FeedLost
from protocol.errors import ServerAway, ServerRefused
from protocol.frames import Heartbeat, Numbered, Snapshot, TicketCalled
from protocol.nouns import DeviceHealth, HealthState, Value
from protocol.requests import AcknowledgeCall, ReportHealth, Request

log = logging.getLogger(__name__)
CALM_TICK_S, FLASHING_TICK_S = 0.25, 0.05
HEALTH_EVERY_S = 10.0
NOT_DRAWN_AFTER_S = 3.0
"""So long a call may be on its way to the screen; staff are told of one that was not shown within 3 s."""
REPORT_AGAIN_S = 1.0
REPORT_KEPT_S = 300.0
REPORTS_KEPT = 1000
RESTART_S = 2.0
PASSES = frozenset({"unreachable", "silent", "gap", "not_our_server", "stopping", "too_slow", "busy", "store_away"})
"""Reasons of a lost feed that end by themselves. Any other is a refusal, which a person must end."""


class Server(Protocol):
    """What is needed of `protocol.client.ServerClient`."""

    async def post(self, request: Request) -> Value:
        """Raises ServerAway or ServerRefused."""

    def follow(self, rooms: Sequence[str] = ()) -> AsyncGenerator[object, None]:
        """Snapshot first, then numbered frames, heartbeats and losses; for ever."""

    async def close(self) -> None: ...


class Screen(Protocol):
    def show(self, view: WallView) -> None:
        """Draw it; `Program.drawn` is called when its pixels are on the screen."""


@dataclass(frozen=True)
class Setup:
    style: Style = field(default_factory=Style)
    rooms: tuple[str, ...] = ()


class Program:
    """`run` until cancelled. `clock` is monotonic seconds."""

    def __init__(
        self,
        server: Server,
        *,
        speaker: Speaker | None = None,
        screen: Screen | None = None,
        setup: Setup | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup = setup or Setup()
        self._server, self._speaker, self._screen, self._clock = server, speaker, screen, clock
        self.board = Board()
        self.view: WallView | None = None
        self._spoken = Spoken(house_language=self._setup.style.languages[0])
        self._trouble: Trouble = ""
        self._undrawn: dict[int, float] = {}
        """Calls that are to be acknowledged as shown, and when they came."""
        self._health: dict[str, DeviceHealth] = {}
        self._reports: asyncio.Queue[tuple[float, Request]] = asyncio.Queue(REPORTS_KEPT)
        self._saying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Everything, until cancelled; speaker and server are closed at the end."""
        parts = (self._follow, self._tick, self._send_reports, self._watch_speaker)
        tasks = [asyncio.create_task(self._for_ever(part), name=part.__name__) for part in parts]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in (*tasks, *self._saying):
                task.cancel()
            await asyncio.gather(*tasks, *self._saying, return_exceptions=True)
            if self._speaker is not None:
                await self._speaker.close()
            await self._server.close()

    def drawn(self, view: WallView) -> None:
        """The pixels of `view` are on the screen."""
        shown = [seq for seq in self._undrawn if seq in view.shown()]
        for seq in shown:
            del self._undrawn[seq]
            self._report(AcknowledgeCall(call_seq=seq, outcome="shown"))
        if shown or "screen" not in self._health:
            self._screen_is("ok", "ok")

    # --- the feed ---

    async def _follow(self) -> None:
        async with aclosing(self._server.follow(self._setup.rooms)) as feed:
            async for heard in feed:
                self._hear(heard, self._clock())

    def _hear(self, heard: object, now: float) -> None:
        if isinstance(heard, (Snapshot, Numbered, Heartbeat)):
            self._trouble = ""
            self._note(heard, now)
            self.board = apply(self.board, heard, now)
            self._voice(heard, now)
        elif isinstance(heard, FeedLost):
            log.warning("feed_lost code=%s", heard.code)
            self._trouble = "" if heard.code in PASSES else "refused"
        self._draw(now)

    def _note(self, heard: Snapshot | Numbered | Heartbeat, now: float) -> None:
        """Remember which calls are to be acknowledged as shown: those of this moment, not those of an hour ago."""
        if self._screen is None:
            return
        if isinstance(heard, Numbered) and isinstance(heard.frame, TicketCalled):
            self._undrawn[heard.seq] = now
        elif isinstance(heard, Snapshot):
            known = {call.seq for call in self.board.on_wall()}
            young = (call.seq for call in heard.calls if call.age_s <= SNAPSHOT_TOO_OLD_S and call.seq not in known)
            self._undrawn |= dict.fromkeys(young, now)
            self._tell_health_anew()

    # --- the wall ---

    async def _tick(self) -> None:
        while True:
            now = self._clock()
            self.board = apply(self.board, None, now)
            self._draw(now)
            self._voice(None, now)
            self._give_up_undrawn(now)
            flashing = self._setup.style.flash and changes_by_itself(self.board, now)
            await asyncio.sleep(FLASHING_TICK_S if flashing else CALM_TICK_S)

    def _draw(self, now: float) -> None:
        if self._screen is None:
            return
        view = look(self.board, now, self._setup.style, self._trouble)
        if view != self.view or self._undrawn.keys() & view.shown():
            self.view = view
            self._screen.show(view)

    def _give_up_undrawn(self, now: float) -> None:
        late = [seq for seq, since in self._undrawn.items() if now - since > NOT_DRAWN_AFTER_S]
        for seq in late:
            del self._undrawn[seq]
            self._report(AcknowledgeCall(call_seq=seq, outcome="failed", code="not_drawn"))
        if late:
            self._screen_is("fault", "not_drawn")

    def _screen_is(self, state: HealthState, code: str) -> None:
        self._tell_health(DeviceHealth(part="screen", state=state, code=code))

    # --- the voice ---

    def _voice(self, happening: Happening, now: float) -> None:
        if self._speaker is None:
            return
        wishes, self._spoken = to_say(happening, self._spoken, now)
        for wish in wishes:
            if isinstance(wish, Say):
                task = asyncio.create_task(self._say(self._speaker, wish.announcement))
                self._saying.add(task)
                task.add_done_callback(self._saying.discard)
            else:
                self._report(AcknowledgeCall(call_seq=wish.call_seq, outcome=wish.outcome, code=wish.code))

    async def _say(self, speaker: Speaker, announcement: Announcement) -> None:
        outcomes: list[Heard] = []
        code = "nothing_to_say"
        try:
            for language, text in announcement.texts():
                label = f"{announcement.number}-{announcement.room}"
                outcomes.append(await speaker.say(Utterance(text, language, chime=not outcomes, label=label)))
        except Exception:  # supervised: whatever a speaker does, the queue of calls must go on
            log.exception("speaker_failed call=%s", announcement.call_seq)
            code = "voice_failed"
        heard = any(outcome.ok for outcome in outcomes)
        codes = [outcome.code for outcome in outcomes if not heard or outcome.code != "ok"]
        code = codes[0] if codes else "ok" if heard else code
        log.info("said call=%s heard=%s code=%s", announcement.call_seq, heard, code)
        self._voice(Ended(announcement.call_seq, heard, code), self._clock())

    async def _watch_speaker(self) -> None:
        while self._speaker is not None:
            self._tell_health(await self._speaker.health())
            await asyncio.sleep(HEALTH_EVERY_S)

    # --- telling the server ---

    def _tell_health(self, health: DeviceHealth) -> None:
        """Once for each change; the first is told even when all is well, for the server may remember otherwise."""
        last = self._health.get(health.part)
        if last is None or news(last, health) is not None:
            self._health[health.part] = health
            self._report(ReportHealth(health=health))

    def _tell_health_anew(self) -> None:
        """After joining anew: what is not well is told again, a restarted server may not know it."""
        for health in self._health.values():
            if health.state != "ok":
                self._report(ReportHealth(health=health))

    def _report(self, request: Request) -> None:
        if self._reports.full():
            self._reports.get_nowait()
            log.error("report_dropped")
        self._reports.put_nowait((self._clock(), request))

    async def _send_reports(self) -> None:
        while True:
            happened, request = await self._reports.get()
            while (age_s := max(self._clock() - happened, 0.0)) < REPORT_KEPT_S:
                try:
                    await self._server.post(request.model_copy(update={"age_s": age_s}))
                except ServerAway:
                    await asyncio.sleep(REPORT_AGAIN_S)
                    continue
                except ServerRefused as refused:
                    log.warning("report_refused report=%s code=%s", type(request).__name__, refused.code)
                break

    async def _for_ever(self, part: Callable[[], Awaitable[None]]) -> None:
        name = getattr(part, "__name__", "part").strip("_")
        while True:
            try:
                await part()
            except Exception:  # supervised: one part that fails must not take the others with it
                log.exception("part_failed part=%s", name)
                await asyncio.sleep(RESTART_S)
            else:
                return
