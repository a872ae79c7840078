"""What Kivy reads from the environment, to be set before its first import.

Kivy otherwise eats the command line, writes logs and settings into the home folder, keeps patients' text in a
clipboard process, and smooths edges at half the speed (measured: 8 against 14-18 frames a second without a GPU).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def prepare(
    home: Path, *, offscreen: bool | None = None, width: int = 1080, height: int = 1920, fullscreen: bool = False
) -> bool:
    """Set Kivy's environment; returns whether it will draw offscreen.

    `home` is created and belongs to this program alone. `offscreen` None = decide: offscreen when there is no display.
    Must be called before Kivy is imported; raises RuntimeError when it is too late.
    """
    if "kivy" in sys.modules:
        raise RuntimeError("Kivy is already imported")
    home.mkdir(parents=True, exist_ok=True)
    if offscreen is None:
        offscreen = not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    os.environ.update(
        KIVY_NO_ARGS="1",
        KIVY_HOME=str(home),
        KIVY_NO_FILELOG="1",
        KIVY_LOG_MODE="PYTHON",
        KIVY_CLIPBOARD="dummy",
        KIVY_NO_ENV_CONFIG="1",
        KIVY_NO_CONFIG="1",
    )
    if offscreen:
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
        os.environ.pop("DISPLAY", None)
    _settings(width, height, offscreen, fullscreen)
    return offscreen


def _settings(width: int, height: int, offscreen: bool, fullscreen: bool) -> None:
    from kivy.config import Config

    Config.set("graphics", "multisamples", 0)
    Config.set("graphics", "width", width)
    Config.set("graphics", "height", height)
    if fullscreen and not offscreen:
        Config.set("graphics", "fullscreen", "auto")
    Config.set("graphics", "resizable", 0 if offscreen else 1)
    Config.set("kivy", "exit_on_escape", 0)
    Config.set("kivy", "log_level", "warning")
    # No on-screen dots and no emulated second finger: a patient must not find a menu by touching with two.
    Config.set("input", "mouse", "mouse,disable_multitouch")
