"""Kivy's environment must be set before its first import, so it is set here for every test that opens a window.

No example of a property has a time limit: how fast this machine is just now says nothing about the property.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

from theme.kivy.environment import prepare

prepare(Path(tempfile.gettempdir()) / f"denluot-tests-kivy-{os.getpid()}", offscreen=True)

settings.register_profile("denluot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("denluot")
