"""OpenCV, set up once: imported when the first picture is looked at, quiet on stderr."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from hardware.errors import DeviceFault


@cache
def opencv() -> Any:
    """The cv2 module (it ships no types). Unset, it prints a warning for every code that declares a set."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # silent: a stream that is away is told as health
    try:
        import cv2
    except ImportError as missing:
        raise DeviceFault("opencv_missing", str(missing)) from missing
    return cv2
