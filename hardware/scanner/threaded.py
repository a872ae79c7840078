"""A device that is read in a thread of its own and reopened for ever: what camera and serial drivers share."""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod

from hardware.errors import DeviceAway, DeviceError
from hardware.scanner.mailbox import Mailbox

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_JOIN_WITHIN_S = 15.0
"""Longer than any library's own time-out (OpenCV's Video4Linux select waits 10 s)."""


class ThreadScanner(Mailbox, ABC):
    """``session`` runs in the thread until ``stopping`` is set; DeviceAway ends it, and it is tried again after a pause
    that grows to 5 s and is short again once the device was well."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pause_s = _FIRST_PAUSE_S

    async def open(self) -> None:
        self.attach()
        self.prepare()
        self._thread = threading.Thread(target=self._run, name=f"scanner {self.address}", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        self.stopping.set()
        for _ in range(int(_JOIN_WITHIN_S / 0.01)):
            if self._thread is None or not self._thread.is_alive():
                break
            await asyncio.sleep(0.01)
        else:
            log.error("scanner.thread_stuck %s", self.address)
        self.detach()

    def prepare(self) -> None:
        """Before the thread starts: raises DeviceFault when the driver can never work here."""

    @abstractmethod
    def session(self) -> None:
        """Opens, reads until ``stopping``, closes. Calls ``well`` when the device answers."""

    def well(self) -> None:
        self._pause_s = _FIRST_PAUSE_S
        self.observe("ok")

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.session()
            except DeviceError as error:
                self.observe("away" if isinstance(error, DeviceAway) else "fault", error.code, error.detail)
            except Exception:  # supervised: one bad picture must not end the scanner for the day
                log.exception("scanner.driver_error %s", self.address)
                self.observe("fault", "driver_error")
            self.stopping.wait(self._pause_s)
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
