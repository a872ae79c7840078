"""The inside of a fake printer: bytes in, answers out, paper kept. Pure; `hardware.printer.fake` gives it a socket.

Like a real one it obeys DLE EOT wherever it meets it, raster data included, prints what it does not know as text,
and keeps what it could not print.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, TypeAlias, get_args

Fault: TypeAlias = Literal[
    "none",
    "paper_out",
    "paper_low",
    "cover_open",
    "cutter_jam",
    "offline",
    "runs_out",  # well when asked before, out of paper in the middle of the slip
    "no_answer",  # takes everything, prints nothing, answers nothing
    "swallow",  # answers before the slip, then hangs
    "power_cut",  # the connection breaks in the middle of the slip
    "refuse",  # nobody listens at the port
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
KEPT = 50
"""Slips that are remembered."""
CUT_AFTER = 4096
"""Bytes of a slip after which the power goes."""

_ANSWERS: dict[str, dict[int, int]] = {
    "paper_out": {1: 0x1A, 2: 0x32, 4: 0x72},
    "paper_low": {4: 0x1E},
    "cover_open": {1: 0x1A, 2: 0x16, 4: 0x72},
    "cutter_jam": {1: 0x1A, 2: 0x52, 3: 0x1A},
    "offline": {1: 0x1A},
}
_LENGTHS = {b"\x1b@": 2, b"\x1c.": 2, b"\x1bd": 3, b"\x1bJ": 3, b"\x1ba": 3, b"\x1dr": 3, b"\x1dV": 3}


class PowerCut(Exception):
    """The printer is gone in the middle of a slip."""


class FakeHead:
    """Paper and sensors. ``slips``: the bytes of each slip that came out whole; ``torn``: of each that did not."""

    def __init__(self, fault: Fault = "none") -> None:
        self.fault: Fault = fault
        self.slips: deque[bytes] = deque(maxlen=KEPT)
        self.torn: deque[bytes] = deque(maxlen=KEPT)
        self._job = bytearray()
        self._waiting = bytearray()
        self._read = 0
        self._has_raster = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes, give the answers to send back. Raises PowerCut."""
        answers = bytearray()
        for byte in data:
            self._waiting.append(byte)
            if self._waiting[:2] == b"\x10\x04" and len(self._waiting) == 3:
                answers += self._status(byte)
                self._waiting.clear()
            elif not b"\x10\x04".startswith(bytes(self._waiting[:2])):
                kept = -1 if byte == 0x10 else len(self._waiting)
                self._job += self._waiting[:kept]
                del self._waiting[:kept]
        answers += self._work()
        if self.fault == "power_cut" and len(self._job) > CUT_AFTER:
            raise PowerCut
        return bytes(answers)

    def hang_up(self) -> None:
        """The connection ended: what came without a cut is on paper if it is whole, else torn."""
        job, whole = bytes(self._job), self._read == len(self._job)
        if b"\x1dv0" in job:
            (self.slips if whole and self._prints() else self.torn).append(job)
        self._start_anew()

    def _prints(self) -> bool:
        return self.fault in ("none", "paper_low")

    def _silent(self) -> bool:
        return self.fault == "no_answer" or (self.fault == "swallow" and self._has_raster)

    def _status(self, n: int) -> bytes:
        if self._silent():
            return b""
        fault = "paper_out" if self.fault == "runs_out" and self._has_raster else self.fault
        return bytes((_ANSWERS.get(fault, {}).get(n, 0x12),))

    def _work(self) -> bytes:
        """Walk over the whole commands that are there."""
        answers = bytearray()
        while (length := self._length()) and self._read + length <= len(self._job):
            command = bytes(self._job[self._read : self._read + length])
            self._read += length
            if command.startswith(b"\x1dr"):
                del self._job[self._read - length : self._read]
                self._read -= length
                answers += b"\x00" if self._prints() else b""
            elif command.startswith(b"\x1dv0"):
                self._has_raster = True
            elif command.startswith(b"\x1dV"):
                self._cut()
        return bytes(answers)

    def _cut(self) -> None:
        if self._has_raster and self._prints():
            self.slips.append(bytes(self._job[: self._read]))
            self._start_anew(self._job[self._read :])

    def _start_anew(self, rest: bytes | bytearray = b"") -> None:
        self._job, self._read, self._has_raster = bytearray(rest), 0, False

    def _length(self) -> int:
        """Length of the command at the reading place; 0 when more bytes are needed to know."""
        head = bytes(self._job[self._read : self._read + 8])
        if head[:2] == b"\x1dv":
            return 8 + (head[4] | head[5] << 8) * (head[6] | head[7] << 8) if len(head) == 8 else 0
        if head[:2] == b"\x1dV" and len(head) > 2:
            return 4 if head[2] in (65, 66) else 3
        if len(head) < 2:
            return 0
        return _LENGTHS.get(head[:2], 1)
