"""Kivy's environment must be set before its first import, so it is set here for every test that opens a window."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from theme.kivy.environment import prepare

prepare(Path(tempfile.gettempdir()) / f"denluot-tests-kivy-{os.getpid()}", offscreen=True)
