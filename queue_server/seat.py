"""One listener's place at the hub, and the words that are made once for many listeners."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from websockets.frames import Frame, Opcode

from protocol.nouns import Value
from queue_server.usecases.listening import Ear


class Wire(Protocol):
    """What carries bytes to one listener, at once or not at all. Used from the event loop only."""

    on_room: Callable[[], None] | None
    """Called when the wire was full and is not any more."""

    @property
    def full(self) -> bool:
        """The listener takes less than it is sent: nothing more should be written."""

    def write(self, framed: bytes) -> None:
        """Send one whole WebSocket frame. Does nothing when the listener has left."""


def framed(text: str) -> bytes:
    """A WebSocket text frame as a server sends it without compression: not masked (RFC 6455, 5.2)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class Words:
    """Messages on their way to many: made, and framed for the wire, once for all whose last number is the same.

    `messages` gives what follows a number.
    """

    def __init__(self, messages: Callable[[int], Iterable[Value]]) -> None:
        self._messages = messages
        self._framed: dict[int, bytes] = {}

    def after(self, previous: int) -> bytes:
        """For listeners who were sent the number `previous` last."""
        known = self._framed.get(previous)
        if known is None:
            known = b"".join(framed(message.model_dump_json()) for message in self._messages(previous))
            self._framed[previous] = known
        return known


class Seat:
    """What one listener was sent, what it is still to be sent, and why it must go, when it must.

    What comes while its wire is full, or before its snapshot is sent, is held; no more than `size` times.
    """

    def __init__(self, ear: Ear, wire: Wire, size: int) -> None:
        self.ear = ear
        self.dropped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._wire = wire
        self._size = size
        self._held: deque[tuple[int, Words]] = deque()
        self._last: int | None = None
        """The last number it was sent; None until it has its snapshot."""
        wire.on_room = self._go_on

    def begin(self, first: int) -> None:
        """Its snapshot, which holds everything up to number `first`, is sent: what came since then follows."""
        self._last = first
        while self._held and self._held[0][0] <= first:
            self._held.popleft()
        self._go_on()

    def tell(self, seq: int, words: Words) -> None:
        """News up to number `seq` of the journal, all of which it may hear. Sent at once, unless it has to wait."""
        if self._last is None or self._held or self._wire.full:
            self._hold(seq, words)
        elif seq > self._last:
            self._wire.write(words.after(self._last))
            self._last = seq

    def beat(self, words: Words) -> None:
        """A sign of life, for who has nothing else to hear."""
        if self._last is not None and not self._held and not self._wire.full:
            self._wire.write(words.after(self._last))

    def drop(self, code: str) -> None:
        if not self.dropped.done():
            self.dropped.set_result(code)
        self._held.clear()

    def _hold(self, seq: int, words: Words) -> None:
        if len(self._held) < self._size:
            self._held.append((seq, words))
        else:
            self.drop("too_slow")

    def _go_on(self) -> None:
        while self._last is not None and self._held and not self._wire.full:
            seq, words = self._held.popleft()
            self._wire.write(words.after(self._last))
            self._last = seq
