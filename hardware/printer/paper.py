"""An independent reader of ESC/POS: turns a printer's bytes back into the picture on its paper.

The paper of the fake printer, for tests and demonstrations. Written from the command reference, not from the driver: it
knows only what a ticket may hold and raises on anything else, so that a byte too many, a wrong length or text sent as
text is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image


class UnknownCommand(Exception):
    """Bytes that a ticket may not hold."""


@dataclass
class Paper:
    """What is on the paper and how it came there. ``fed`` counts empty lines (ESC d), ``cuts`` the rows of each cut."""

    commands: list[str] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    width_bytes: int = 0
    fed: int = 0
    cuts: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    double_byte: bool = True

    def picture(self) -> Image.Image:
        """Black and white, mode '1', as printed: in ESC/POS a set bit is black."""
        data = bytes(byte ^ 0xFF for row in self.rows for byte in row)
        return Image.frombytes("1", (self.width_bytes * 8, len(self.rows)), data)


class Interpreter:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.paper = Paper()

    def run(self) -> Paper:
        while self._at < len(self._data):
            self._command()
        return self.paper

    def _take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise UnknownCommand(f"ends inside a command at byte {self._at}")
        self._at += count
        return piece

    def _command(self) -> None:
        at, head = self._at, self._take(2)
        known = {
            b"\x1b@": self._initialise,
            b"\x1c.": self._leave_double_byte,
            b"\x1ba": self._align,
            b"\x1bd": self._feed,
            b"\x1dv": self._raster,
            b"\x1dV": self._cut,
            b"\x10\x04": self._status,
        }
        if head not in known:
            raise UnknownCommand(f"{head!r} at byte {at}")
        known[head]()

    def _initialise(self) -> None:
        self.paper.commands.append("init")

    def _leave_double_byte(self) -> None:
        self.paper.double_byte = False
        self.paper.commands.append("single byte")

    def _align(self) -> None:
        if self._take(1) not in b"\x00\x01\x02":
            raise UnknownCommand("alignment")
        self.paper.commands.append("align")

    def _feed(self) -> None:
        self.paper.fed += self._take(1)[0]
        self.paper.commands.append("feed")

    def _raster(self) -> None:
        kind, mode, width, height = self._take(1), self._take(1)[0], self._number(), self._number()
        if kind != b"0" or mode != 0:
            raise UnknownCommand(f"raster kind {kind!r} mode {mode}")
        if not width or not height or self.paper.width_bytes not in (0, width):
            raise UnknownCommand(f"raster of {width} bytes by {height} rows")
        self.paper.width_bytes = width
        self.paper.rows += [self._take(width) for _ in range(height)]
        self.paper.commands.append("raster")

    def _cut(self) -> None:
        mode = self._take(1)[0]
        if mode not in (0, 1, 48, 49, 65, 66):
            raise UnknownCommand(f"cut {mode}")
        if mode in (65, 66):
            self._take(1)
        self.paper.cuts.append(len(self.paper.rows))
        self.paper.commands.append("cut")

    def _status(self) -> None:
        self.paper.asked.append(self._take(1)[0])

    def _number(self) -> int:
        low, high = self._take(2)
        return low | high << 8


def interpret(data: bytes) -> Paper:
    """What comes out of a printer that is sent `data`. Raises UnknownCommand."""
    return Interpreter(data).run()
