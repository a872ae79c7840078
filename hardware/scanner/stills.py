"""The body of ``denluot-kiosk decode IMAGE...``: one answer for each file, whatever it is."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.decode import Ladder, as_grey

MOST_BYTES = 40_000_000
MOST_PIXELS = 64_000_000
"""Larger than any telephone's camera; a small file can claim to be a picture of gigabytes."""


def decode_images(paths: Iterable[str | Path]) -> Iterator[dict[str, object]]:
    """``file``, ``payload`` (exact text, null when there is none), ``decoder``, ``ms``; ``error`` when the file is
    ``missing``, ``too_large`` or ``not_a_picture``, its code ``not_utf8``, or different codes are in it:
    ``multiple_payloads``."""
    ladder = Ladder()
    try:
        for path in paths:
            started = time.perf_counter()
            answer = _answer(Path(path), ladder)
            ms = round(1000 * (time.perf_counter() - started), 2)
            yield {"file": str(path), "payload": None, "decoder": None, "ms": ms} | answer
    finally:
        ladder.close()


def _answer(path: Path, ladder: Ladder) -> dict[str, object]:
    try:
        if not path.is_file():
            return {"error": "missing"}
        if path.stat().st_size > MOST_BYTES:
            return {"error": "too_large"}
        encoded = path.read_bytes()
    except (OSError, ValueError):  # no permission, a name with a NUL byte
        return {"error": "missing"}
    wrong = _wrong(encoded)
    if wrong:
        return {"error": wrong}
    grey = as_grey(encoded)
    if grey is None:
        return {"error": "not_a_picture"}
    try:
        found = ladder.decode(grey)
    except CardRefused as refused:
        return {"error": refused.refusal.code}
    if found is None:
        return {}
    try:
        return {"payload": found.payload.decode("utf-8", "strict"), "decoder": found.decoder}
    except UnicodeDecodeError:
        return {"decoder": found.decoder, "error": "not_utf8"}


def _wrong(encoded: bytes) -> str | None:
    """Looks at the head of the picture only, before anything unpacks it."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(encoded)) as picture:
                width, height = picture.size
    except Image.DecompressionBombError:
        return "too_large"
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return "not_a_picture"
    return "too_large" if width * height > MOST_PIXELS else None
