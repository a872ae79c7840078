"""From a picture to the exact bytes of the code in it.

A ladder of attempts, cheapest first. Measured on 500 degraded pictures of 1280x720: zxing-cpp alone reads 78 % in 5 ms,
the whole ladder 85 %; ZBar alone 46 % in 82 ms. Stills climb the whole ladder; of a video every picture gets the first
rung and every second one more in turn, for the next picture is worth more than a longer look at this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hardware.errors import DeviceFault
from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.vision import opencv
from hardware.scanner.zbar import ZBar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture: TypeAlias = NDArray[np.uint8]
    """Grey of shape (height, width), or blue-green-red(-alpha) of shape (height, width, channels)."""

_MOST_TO_DOUBLE = 2_500_000
"""Pixels. A larger picture has small codes large enough, and doubling it would take long."""
_EVERY = 2

Look: TypeAlias = "Callable[[Picture], bytes | None]"


@dataclass(frozen=True)
class Decoded:
    payload: bytes
    decoder: str
    """The rung that read it: zxing, zxing_double, zxing_sharp, zxing_soft, zbar."""
    ms: float
    """From the picture to the answer, all rungs tried included."""


class Ladder:
    """All rungs, for stills. Holds a ZBar scanner: one thread at a time, and close it."""

    def __init__(self) -> None:
        self._zbar = ZBar()
        self._zxing = Zxing()
        self.rungs: dict[str, Look] = {
            "zxing": lambda grey: the_only(self._zxing.read(grey)),
            "zxing_double": lambda grey: the_only(self._zxing.read(doubled(grey))),
            "zxing_sharp": lambda grey: the_only(self._zxing.read(sharpened(grey))),
            "zxing_soft": lambda grey: the_only(self._zxing.read(softened(grey))),
        }
        if self._zbar.available:
            self.rungs["zbar"] = lambda grey: the_only(self._zbar.read(grey))

    def decode(self, picture: Picture | bytes) -> Decoded | None:
        """``bytes`` are an encoded picture (JPEG, PNG ...); what is none of them holds no code. Raises CardRefused
        ``multiple_payloads``."""
        return self._climb(picture, tuple(self.rungs))

    def close(self) -> None:
        self._zbar.close()

    def _climb(self, picture: Picture | bytes, names: tuple[str, ...]) -> Decoded | None:
        started = time.perf_counter()
        grey = as_grey(picture)
        if grey is None:
            return None
        for name in names:
            payload = self.rungs[name](grey)
            if payload:
                return Decoded(payload, name, round(1000 * (time.perf_counter() - started), 2))
        return None


class VideoLadder(Ladder):
    """For pictures that keep coming: the first rung on each, the others in turn on every second."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0

    def decode(self, picture: Picture | bytes) -> Decoded | None:
        first, *others = self.rungs
        turn, extra = divmod(self._seen, _EVERY)
        self._seen += 1
        return self._climb(picture, (first,) if extra else (first, others[turn % len(others)]))


class Zxing:
    """zxing-cpp for QR and Code 128. Its results become bytes at once: kept objects are reported as leaks at exit."""

    def __init__(self) -> None:
        try:
            import zxingcpp
        except ImportError as missing:
            raise DeviceFault("zxing_missing", str(missing)) from missing
        self._api: Any = zxingcpp
        self._formats = zxingcpp.barcode_formats_from_str("QRCode,Code128")

    def read(self, grey: Picture) -> set[bytes]:
        """The bytes of each code; never its text: a code that declares no character set makes it a guess."""
        return {bytes(code.bytes) for code in self._api.read_barcodes(grey, formats=self._formats)} - {b""}


def the_only(payloads: set[bytes]) -> bytes | None:
    """The same code twice is one. Of two different ones nobody knows which is meant: raises CardRefused
    ``multiple_payloads``."""
    if len(payloads) > 1:
        raise CardRefused("multiple_payloads")
    return next(iter(payloads), None)


def as_grey(picture: Picture | bytes) -> Picture | None:
    """None when it is no picture or an empty one."""
    cv2 = opencv()
    if isinstance(picture, bytes):
        return _decoded(picture)
    if picture.size == 0 or picture.ndim not in (2, 3):
        return None
    if picture.ndim == 3:
        conversions = {1: None, 3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
        if picture.shape[2] not in conversions:
            return None
        conversion = conversions[picture.shape[2]]
        grey: Picture = picture[:, :, 0] if conversion is None else cv2.cvtColor(picture, conversion)
        return grey
    return picture


def _decoded(encoded: bytes) -> Picture | None:
    import numpy as np

    cv2 = opencv()
    try:
        grey: Picture | None = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # empty, or far too many pixels
        return None
    return grey


def doubled(grey: Picture) -> Picture:
    """Twice as large: modules of two or three pixels are found, moire is broken up."""
    if grey.size > _MOST_TO_DOUBLE:
        return grey
    cv2 = opencv()
    large: Picture = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return large


def sharpened(grey: Picture) -> Picture:
    """Unsharp mask, against blur."""
    cv2 = opencv()
    soft = cv2.GaussianBlur(grey, (0, 0), 3)
    sharp: Picture = cv2.addWeighted(grey, 2.5, soft, -1.5, 0)
    return sharp


def softened(grey: Picture) -> Picture:
    """A little blur, against noise and screen patterns."""
    soft: Picture = opencv().GaussianBlur(grey, (0, 0), 1.5)
    return soft
