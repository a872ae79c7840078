"""Whose keys were found good a moment ago, so that a busy kiosk does not cost a look into the database each time."""

from __future__ import annotations

from collections import OrderedDict

from protocol.nouns import Device

BELIEVED_S = 1.0
"""So much longer, at most, does a revoked key open doors: as long as the feed goes on listening to one."""
MOST = 1000


class KnownDevices:
    """By the fingerprint of the key. The time is any that only grows, in seconds."""

    def __init__(self, believed_s: float = BELIEVED_S, most: int = MOST) -> None:
        self._believed_s = believed_s
        self._most = most
        self._known: OrderedDict[str, tuple[float, Device]] = OrderedDict()

    def get(self, fingerprint: str, now: float) -> Device | None:
        """The device, if its key was looked up less than a moment ago."""
        looked_up, found = self._known.get(fingerprint, (0.0, None))
        return found if found is not None and now - looked_up < self._believed_s else None

    def put(self, fingerprint: str, device: Device, now: float) -> None:
        self._known[fingerprint] = now, device
        self._known.move_to_end(fingerprint)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
