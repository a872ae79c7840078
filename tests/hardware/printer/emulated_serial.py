"""A printer at the other end of a pseudo terminal: the fake's inside, fed by a thread."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from hardware.printer.fake_head import FakeHead


@contextmanager
def serial_printer(head: FakeHead) -> Iterator[str]:
    """The path of a serial port with `head` behind it."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    stop_read, stop_write = os.pipe()

    def serve() -> None:
        while True:
            ready, _, _ = select.select([ours, stop_read], [], [])
            if ours in ready:
                if answers := head.feed(os.read(ours, 4096)):
                    os.write(ours, answers)
            elif stop_read in ready:
                return

    thread = threading.Thread(target=serve, name="serial-printer")
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.write(stop_write, b".")
        thread.join()
        for end in (ours, theirs, stop_read, stop_write):
            os.close(end)
