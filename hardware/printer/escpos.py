"""The driver: a slip is rendered, sent by one connection, and the printer is asked before and after on that connection.

A connection lives for one slip or one question. So the printer may be switched off, unplugged or shared between
programs at any time, and every call finds it again by itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from hardware.errors import DeviceAway, DeviceError
from hardware.printer.layout import encode, render
from hardware.printer.port import PrintOutcome
from hardware.printer.profiles import Profile
from hardware.printer.slip import Slip
from hardware.printer.status import (
    CODES,
    ERROR_CAUSE,
    FENCE,
    OFFLINE_CAUSE,
    PAPER,
    PRINTER,
    can_print,
    error_to_ask,
    is_answer,
    is_fence_answer,
    named,
    question,
)
from hardware.printer.wire import CONNECT_S, Dial, Wire
from protocol.nouns import DeviceHealth

log = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for an answer, for bytes to be taken, and for paper beyond its own time."""

    answer_s: float = 1.0
    send_s: float = 15.0
    paper_s: float = 3.0

    def whole_print(self, send_s: float, print_s: float) -> float:
        """A limit for everything: connecting, nine questions at most, sending, printing, and some slack."""
        return CONNECT_S + 9 * self.answer_s + send_s + print_s + self.paper_s + 5.0


class EscposPrinter:
    """A `Printer`. ``dial`` opens a connection; ``bytes_per_s`` is given for a line slower than the paper (serial)."""

    def __init__(
        self,
        dial: Dial,
        profile: Profile,
        *,
        patience: Patience | None = None,
        bytes_per_s: float | None = None,
        look: Callable[[], None] | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._dial = dial
        self._profile = profile
        self._patience = patience or Patience()
        self._bytes_per_s = bytes_per_s
        self._look = look
        self._on_close = on_close
        self._turn = asyncio.Lock()
        self._alone = threading.Lock()
        self._closed = False

    # --- the port ---

    async def print(self, slip: Slip) -> PrintOutcome:
        picture = await asyncio.to_thread(render, slip, self._profile)
        data = await asyncio.to_thread(encode, picture, self._profile)
        print_s = self._profile.print_seconds(picture.height)
        send_s = self._patience.send_s + (len(data) / self._bytes_per_s if self._bytes_per_s else 0.0)
        limit = self._patience.whole_print(send_s, print_s)
        try:
            outcome = await self._in_thread(lambda: self._print(data, send_s, print_s), limit)
        except TimeoutError:
            outcome = PrintOutcome(outcome="unknown", code="no_answer")
        except DeviceError as error:
            outcome = PrintOutcome(outcome="failed", code=error.code)
        log.info("slip outcome=%s code=%s", outcome.outcome, outcome.code)
        return outcome

    async def health(self) -> DeviceHealth:
        try:
            code, detail = await self._in_thread(self._how_it_is, CONNECT_S + 6 * self._patience.answer_s), ""
        except TimeoutError:
            code, detail = "no_answer", ""
        except DeviceError as error:
            code, detail = error.code, error.detail
        return DeviceHealth(part="printer", state=CODES.get(code, "fault"), code=code, detail=detail)

    async def close(self) -> None:
        self._closed = True
        async with self._turn:
            if self._on_close is not None:
                await asyncio.to_thread(self._on_close)
                self._on_close = None

    async def _in_thread(self, work: Callable[[], Result], limit_s: float) -> Result:
        """Run `work` in a thread, alone with the printer. Raises TimeoutError; what then still runs ends by its own
        limits, and nothing else is started before it has."""

        def alone() -> Result:
            if not self._alone.acquire(timeout=limit_s):
                raise DeviceAway("no_answer", "the printer is still busy")
            try:
                return work()
            finally:
                self._alone.release()

        async with self._turn:
            if self._closed:
                raise DeviceAway("closed")
            return await asyncio.wait_for(asyncio.to_thread(alone), limit_s)

    # --- in the thread ---

    @contextmanager
    def _connected(self) -> Iterator[Wire]:
        wire = self._dial()
        try:
            yield wire
        finally:
            wire.close()

    def _asks(self, wire: Wire) -> bool:
        return self._profile.status and wire.can_ask

    def _how_it_is(self) -> str:
        if self._look is not None:
            self._look()
            return "cannot_ask"
        with self._connected() as wire:
            return self._ask(wire) if self._asks(wire) else "cannot_ask"

    def _print(self, data: bytes, send_s: float, print_s: float) -> PrintOutcome:
        """Raises DeviceError for what went wrong while the last byte was not sent: then no whole slip is there."""
        with self._connected() as wire:
            if self._asks(wire):
                before = self._ask(wire)
                if not can_print(before):
                    return PrintOutcome(outcome="failed", code=before)
            wire.send(data, send_s)
            if not self._asks(wire):
                if wire.can_ask:
                    time.sleep(print_s)  # a printer may drop what it has not printed when the connection ends
                return PrintOutcome(outcome="unknown", code="cannot_ask")
            try:
                after = self._afterwards(wire, print_s)
            except DeviceError as error:
                return PrintOutcome(outcome="unknown", code=error.code)
        return PrintOutcome(outcome="printed" if can_print(after) else "failed", code=after)

    def _afterwards(self, wire: Wire, print_s: float) -> str:
        """How the printer is when the paper should be out. Raises DeviceAway when it does not say."""
        if not self._profile.fence:
            time.sleep(print_s)  # the time the paper takes; DLE EOT answers at once, whatever is still to be printed
            return self._ask(wire)
        wire.send(FENCE, self._patience.answer_s)
        passed = self._await_byte(wire, is_fence_answer, print_s + self._patience.paper_s)
        code = self._ask(wire)
        if passed is None and can_print(code):
            raise DeviceAway("no_answer", "the slip was not finished in time")
        return code

    def _ask(self, wire: Wire) -> str:
        """The printer's state as a code. Raises DeviceAway ``no_answer``."""
        answers = {n: self._answer(wire, n) for n in (PRINTER, OFFLINE_CAUSE, PAPER)}
        if error_to_ask(answers):
            answers[ERROR_CAUSE] = self._answer(wire, ERROR_CAUSE)
        return named(answers)

    def _answer(self, wire: Wire, n: int) -> int:
        wire.send(question(n), self._patience.answer_s)
        answer = self._await_byte(wire, is_answer, self._patience.answer_s)
        if answer is None:
            raise DeviceAway("no_answer", f"no answer to question {n}")
        return answer

    def _await_byte(self, wire: Wire, wanted: Callable[[int], bool], limit_s: float) -> int | None:
        """The first wanted byte within `limit_s`; what else comes is dropped."""
        until = time.monotonic() + limit_s
        while (left := until - time.monotonic()) > 0:
            for byte in wire.read(left):
                if wanted(byte):
                    return byte
        return None
