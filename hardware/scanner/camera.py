"""Cameras over OpenCV: a device (``camera:0``), a file that plays as if it were one (``video:FILE``), or a stream
(``http://...``, MJPEG). Pictures are taken and decoded in a thread, never on the event loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hardware.errors import DeviceAway
from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.decode import VideoLadder
from hardware.scanner.picture import FORGET_S, Repeats, advice_on, preview_of
from hardware.scanner.port import Advice, Preview
from hardware.scanner.threaded import ThreadScanner
from hardware.scanner.vision import opencv

if TYPE_CHECKING:
    from hardware.scanner.decode import Picture

_TIME_OUT_MS = 2000
_USUAL_RATE = 25.0
SEVERAL_S = 0.5
"""After a picture with different codes none is read: in the next one they may be there and only one be sharp."""


@dataclass(frozen=True)
class DeviceCamera:
    """A camera of this machine, by its number. ``width`` and ``height`` are asked for; it may give others."""

    index: int
    width: int = 1280
    height: int = 720


@dataclass(frozen=True)
class VideoFile:
    """Played at its own speed, once; then it stays open and shows nothing more. ``loop`` plays it again and again."""

    path: str
    loop: bool = False


@dataclass(frozen=True)
class Stream:
    url: str


class CameraScanner(ThreadScanner):
    def __init__(self, address: str, source: DeviceCamera | VideoFile | Stream) -> None:
        super().__init__(address)
        self._source = source
        self._latest: Picture | None = None
        self._read_at = 0.0
        self._several_at = -SEVERAL_S
        self._repeats = Repeats()

    def preview(self) -> Preview | None:
        latest = self._latest
        return None if latest is None else preview_of(latest)

    def forget(self) -> None:
        super().forget()
        self._latest = None

    def read_again(self) -> None:
        self._repeats = Repeats()  # a whole new one, for the thread may be using the old

    def advice(self) -> Advice | None:
        latest = self._latest
        if latest is not None and time.monotonic() - self._several_at < SEVERAL_S:
            return "multiple_payloads"
        return None if latest is None or time.monotonic() - self._read_at < FORGET_S else advice_on(latest)

    def prepare(self) -> None:
        opencv()

    def session(self) -> None:
        ladder = VideoLadder()
        try:
            self._play(ladder)
        finally:
            self._latest = None
            ladder.close()

    def _play(self, ladder: VideoLadder) -> None:
        repeat = True
        while repeat and not self.stopping.is_set():
            capture = opened(self._source)
            try:
                self._look(capture, ladder)
            finally:
                capture.release()
            repeat = isinstance(self._source, VideoFile) and self._source.loop
        self._latest = None
        self.stopping.wait()  # a file that played once: nothing more to see, and nothing wrong

    def _look(self, capture: Any, ladder: VideoLadder) -> None:
        """Until the file ends or the scanner is closed; raises DeviceAway when a camera gives no more pictures."""
        is_file = isinstance(self._source, VideoFile)
        pace = Pace(capture.get(opencv().CAP_PROP_FPS) or _USUAL_RATE) if is_file else Pace(0.0)
        first = True
        while not self.stopping.is_set():
            wait_s, skip = pace.next(time.monotonic())
            if wait_s > 0:
                self.stopping.wait(wait_s)
            if skip and capture.grab():
                continue
            there, picture = capture.read()
            if not there:
                if is_file and not first:
                    return
                raise DeviceAway("unplugged", self.address)
            if first:
                self.well()
                first = False
            self._decode(picture, ladder)

    def _decode(self, picture: Picture, ladder: VideoLadder) -> None:
        self._latest = picture
        self._repeats.expire(time.monotonic())
        try:
            found = ladder.decode(picture)
        except CardRefused:
            self._several_at = time.monotonic()
            return
        now = time.monotonic()
        if found is None or now - self._several_at < SEVERAL_S:
            return
        self._read_at = now
        if self._repeats.is_new(found.payload, now):
            self.deliver(found.payload, found.decoder)


class Pace:
    """When the next picture of a file is due. Pure: time is an argument. A rate of 0 is a live source: no waiting."""

    def __init__(self, rate: float) -> None:
        self._period = 0.0 if rate <= 0 else 1.0 / min(max(rate, 1.0), 120.0)
        self._due: float | None = None

    def next(self, now: float) -> tuple[float, bool]:
        """Seconds to wait for it, and whether to skip it because decoding fell a whole picture behind."""
        if not self._period:
            return 0.0, False
        due = now if self._due is None else self._due
        self._due = due + self._period
        return max(0.0, due - now), now - due > self._period


def opened(source: DeviceCamera | VideoFile | Stream) -> Any:
    """An open cv2.VideoCapture, or DeviceAway."""
    cv2 = opencv()
    if isinstance(source, DeviceCamera):
        capture = cv2.VideoCapture(source.index)
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, source.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, source.height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not one from before the card was held
    else:
        where = source.path if isinstance(source, VideoFile) else source.url
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIME_OUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIME_OUT_MS]
        capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        capture.release()
        raise DeviceAway("unplugged")
    return capture
