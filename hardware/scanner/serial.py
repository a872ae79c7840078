"""Scanners on a serial port (USB-CDC): the mode that keeps Vietnamese letters, which keyboard emulation loses.

No line end is waited for: some scanners send Enter in the middle of a long code and some send none at all. A code is
whole after 120 ms of silence; line ends inside it are the scanner's and are taken out.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from hardware.errors import DeviceAway, DeviceFault
from hardware.scanner.threaded import ThreadScanner

log = logging.getLogger(__name__)

SILENCE_S = 0.12
"""Between 80 and 150 ms: longer than any pause inside a code, shorter than between two people."""
LONGEST_BURST_S = 3.0
MOST_BYTES = 4096
_POLL_S = 0.04
_LINE_ENDS = b"\r\n"


class Burst:
    """What came since the last silence. Pure: time is an argument."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._first = self._last = 0.0
        self._spoilt = False

    def add(self, data: bytes, now: float) -> None:
        """A burst that is too long in bytes or in time is no code: it is dropped, up to the next silence."""
        if not self._data and not self._spoilt:
            self._first = now
        self._last = now
        self._data += data
        if len(self._data) > MOST_BYTES or now - self._first > LONGEST_BURST_S:
            self._spoilt = True
            self._data.clear()

    def take(self, now: float) -> bytes | None:
        """The whole code once it has been silent long enough, without the scanner's line ends."""
        if (not self._data and not self._spoilt) or now - self._last < SILENCE_S:
            return None
        spoilt, self._spoilt = self._spoilt, False
        code = bytes(self._data).translate(None, _LINE_ENDS)
        self._data.clear()
        if spoilt:
            log.warning("scanner.burst_dropped")
            return None
        return code or None


class SerialScanner(ThreadScanner):
    """``path`` of the port, ``baud`` its speed (meaningless for USB-CDC, needed for RS-232)."""

    def __init__(self, path: str, baud: int = 115200) -> None:
        super().__init__(f"serial:{path}")
        self._path = path
        self._baud = baud
        self._api: Any = None

    def prepare(self) -> None:
        try:
            import serial
        except ImportError as missing:
            raise DeviceFault("pyserial_missing", str(missing)) from missing
        self._api = serial

    def session(self) -> None:
        try:
            with self._api.Serial(self._path, self._baud, timeout=_POLL_S, exclusive=True) as port:
                port.reset_input_buffer()  # half a code from before we listened
                self.well()
                self._listen(port)
        except OSError as error:  # pyserial's own error is one: gone, refused, in use
            raise DeviceAway("unplugged", self._path) from error

    def _listen(self, port: Any) -> None:
        burst = Burst()
        while not self.stopping.is_set():
            data: bytes = port.read(min(port.in_waiting or 1, MOST_BYTES))
            now = time.monotonic()
            if data:
                burst.add(data, now)
            code = burst.take(now)
            if code:
                self.deliver(code, "serial")
