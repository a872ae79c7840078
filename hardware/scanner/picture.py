"""What a camera driver needs to know of its pictures besides the code: repeats, a small preview, advice."""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING

from hardware.scanner.port import Advice, Preview
from hardware.scanner.vision import opencv

if TYPE_CHECKING:
    from hardware.scanner.decode import Picture

FORGET_S = 2.0
PREVIEW_WIDTH = 480
_MOST_REMEMBERED = 16
_KEY = secrets.token_bytes(32)
_THUMBNAIL = (160, 120)
_DARK, _BRIGHT, _BRIGHT_SHARE = 40, 250, 0.25
_LITTLE_CONTRAST, _FEW_EDGES = 20.0, 12.0


class Repeats:
    """A code held still is one scan, until it has been out of the picture for two seconds.

    Remembers no code, only a mark of it under a key that nobody knows and that ends with the process: the few numbers
    that can stand on a card could otherwise all be tried.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, float] = {}

    def is_new(self, payload: bytes, now: float) -> bool:
        self.expire(now)
        mark = blake2b(payload, key=_KEY, digest_size=16).digest()
        last = self._seen.pop(mark, None)
        self._seen[mark] = now
        while len(self._seen) > _MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return last is None

    def expire(self, now: float) -> None:
        """Forget what has been out of the picture for long enough; the oldest come first."""
        while self._seen and now - next(iter(self._seen.values())) >= FORGET_S:
            del self._seen[next(iter(self._seen))]


def preview_of(picture: Picture) -> Preview:
    """Reduced to at most 480 pixels in width, as the screen wants it."""
    cv2 = opencv()
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    height, width = picture.shape[:2]
    if width > PREVIEW_WIDTH:
        size = (PREVIEW_WIDTH, max(1, round(height * PREVIEW_WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    height, width = picture.shape[:2]
    return Preview(width, height, picture.tobytes())


def advice_on(picture: Picture) -> Advice | None:
    """From the brightness and the edges of the whole picture, in about a millisecond.

    Blurred is said only of a picture with contrast: an empty wall has few edges too.
    """
    cv2 = opencv()
    small = cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 else small
    if float(grey.mean()) < _DARK:
        return "too_dark"
    if float((grey >= _BRIGHT).mean()) > _BRIGHT_SHARE:
        return "too_bright"
    if float(grey.std()) > _LITTLE_CONTRAST and float(cv2.Laplacian(grey, cv2.CV_64F).std()) < _FEW_EDGES:
        return "blurred"
    return None
