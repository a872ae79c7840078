"""Errors of the hardware, one small tree:

DeviceError
    DeviceAway     it will come back: unplugged, switched off, cover open, not answering; try again
    DeviceFault    it will not come back by itself: call staff
"""

from __future__ import annotations


class DeviceError(Exception):
    """``code`` is stable and names a text in the catalogue; ``detail`` is for logs and holds no personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class DeviceAway(DeviceError):
    """Will come back: keep trying, tell people what to do meanwhile."""


class DeviceFault(DeviceError):
    """Will not come back by itself: a person has to act."""
