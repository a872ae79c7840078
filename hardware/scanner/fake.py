"""A scanner without a device: shows what it is told to, and misbehaves on request. Used by demos and by tests."""

from __future__ import annotations

import asyncio

from hardware.scanner.mailbox import Mailbox

_GARBAGE = b"\x00\xff\xfe\x1b@\x07"


class FakeScanner(Mailbox):
    """``show`` a code, or ``hold`` it; ``unplug`` and ``replug`` it; let it send ``garbage``; make it ``slow``."""

    def __init__(self, source: str = "fake") -> None:
        super().__init__()
        self._source = source
        self._open = False
        self._plugged = True
        self._delay_s = 0.0
        self._held: bytes | str = b""

    async def open(self) -> None:
        self.attach()
        self._open = True
        self._tell()

    async def close(self) -> None:
        self._open = False
        self.detach()

    # --- what a test or a demo does to it ---

    def show(self, payload: bytes | str) -> None:
        """Holds a code to the reader. Nothing is read while it is unplugged or not open."""
        if self._open and self._plugged:
            data = payload.encode() if isinstance(payload, str) else payload
            asyncio.get_running_loop().call_later(self._delay_s, self.deliver, data, self._source)

    def hold(self, payload: bytes | str) -> None:
        """Keeps it in front of the reader, which is one scan, and one more for every ``read_again``."""
        self._held = payload
        self.show(payload)

    def read_again(self) -> None:
        if self._held:
            self.show(self._held)

    def garbage(self) -> None:
        """Sends bytes that are no text, as a half-plugged cable does."""
        self.show(_GARBAGE)

    def slow(self, seconds: float) -> None:
        """Every code from now on arrives that much later."""
        self._delay_s = seconds

    def unplug(self) -> None:
        self._plugged = False
        self._tell()

    def replug(self) -> None:
        self._plugged = True
        self._tell()

    def _tell(self) -> None:
        if self._plugged:
            self.observe("ok")
        else:
            self.observe("away", "unplugged")
