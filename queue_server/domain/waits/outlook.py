"""The hospital as it is foreseen: frames of the journal in, a forecast for each room out. Pure."""

from __future__ import annotations

from datetime import datetime

from protocol.frames import AnyFrame
from protocol.nouns import Room
from queue_server.domain.waits import live
from queue_server.domain.waits.estimator import Estimator
from queue_server.domain.waits.forecast import Forecast
from queue_server.domain.waits.live import Queue, RoomIs
from queue_server.domain.waits.translation import CLOSES_AFTER, Event, Hospital, Translation

LEARNED = 30
"""Visits of a service of which the time inside is known before anything is foreseen for it."""
KNOWN_DAYS = 2
"""Days that a room has opened at this time of day before it is trusted to do so again."""
EXPECTED_WITHIN = 7200.0
"""Seconds: whoever left a room at nine is not said to come back after lunch."""
LATER_THAN_EVER = 900.0
"""Seconds after the latest time at which a room ever opened, until which it is still expected."""
USUAL, MUCH_LONGER = 0.95, 2.0
"""Nobody was called for much longer than foreseen: twice what all but one visit in twenty take."""


class Outlook:
    def __init__(self, hospital: Hospital) -> None:
        self.estimator = Estimator()
        self._translation = Translation(hospital)
        self.changed: set[str] = set()
        """Queues in which something happened since the caller emptied it."""

    @property
    def hospital(self) -> Hospital:
        return self._translation.hospital

    def take(self, at: datetime, frame: AnyFrame) -> None:
        """One entry of the journal, in order."""
        for event in self._translation.take(at, frame):
            self._feed(event)

    def until(self, now: datetime) -> None:
        """Nothing else happened until `now`."""
        for event in self._translation.until(now):
            self._feed(event)

    def look_around(self, hospital: Hospital) -> None:
        """Rooms and usual minutes as they are now, whoever changed them. Policies are told by the journal."""
        for event in self._translation.look_around(hospital):
            self._feed(event)

    def _feed(self, event: Event) -> None:
        self.estimator.feed(event)
        if event["ev"] == "day":
            self.changed = set(event["queues"])
        else:
            self.changed.add(event["queue"])

    @property
    def queues(self) -> list[str]:
        """Each is a room, or the rooms that call from one pool."""
        return self._translation.queues

    def rooms(self, queue: str) -> tuple[Room, ...]:
        return self._translation.rooms(queue)

    def forecast(self, name: str, now: datetime) -> Forecast | None:
        """For all rooms of a queue, which has the name of its first room.

        None when nothing is learned yet of the service or of when its rooms open, or there is no such queue.
        """
        self.until(now)
        rooms, queue = self.rooms(name), self.estimator.queues.get(name)
        if not rooms or queue is None or len(self.estimator.paces[queue.service].shapes) < LEARNED:
            return None
        takes = [room for room in rooms if room.open]
        flows = {room.room_id: self._flows(queue, queue.rooms[room.room_id]) for room in takes}
        calls = [room_id for room_id, flow in flows.items() if flow]
        pooled = len(rooms) > 1
        if not takes:
            return Forecast(now, reason="no_open_room", pooled=pooled)
        if not calls:
            return None if None in flows.values() else Forecast(now, reason="no_call", pooled=pooled)
        normal, first = (
            tuple(self.estimator.curve(name, kind, self._translation.now, calls)) for kind in (False, True)
        )
        pauses = all(room.pause is not None for room in takes)
        coming = tuple(self.estimator.coming(name, self._translation.now))
        return Forecast(now, normal, first, pauses=pauses, pooled=pooled, coming=coming)

    def _flows(self, queue: Queue, room: live.Room) -> bool | None:
        """Whether a room calls, or is known to do so soon; None when nothing is known of it."""
        now = self._translation.now
        if room.state is RoomIs.OFF and not self._opens_by_habit(queue.service, room, now):
            return False if self._in_vain(queue, room, now) else None
        return not self._stands_still(queue, room, now)

    def _opens_by_habit(self, service: str, room: live.Room, now: float) -> bool:
        """It is known at what time of day this room opens, for the first time or after a rest, and that is not far."""
        times = self._openings(service, room)
        return len(times) >= KNOWN_DAYS and times[0] - now < EXPECTED_WITHIN

    def _openings(self, service: str, room: live.Room) -> list[float]:
        found = self.estimator.hours[service].openings.get((room.name, room.openings))
        return found.values() if found else []

    def _in_vain(self, queue: Queue, room: live.Room, now: float) -> bool:
        """Somebody has waited for a while, or went in and came out before, and nobody is called."""
        first = min((entry.arrived for entry in queue.waiting.values()), default=now)
        return room.openings > 0 or now - first > CLOSES_AFTER

    def _stands_still(self, queue: Queue, room: live.Room, now: float) -> bool:
        pace = self.estimator.paces[queue.service]
        if room.state is RoomIs.OFF:
            return now > self._openings(queue.service, room)[-1] + LATER_THAN_EVER
        if room.state is RoomIs.IDLE:
            return False
        if room.state is RoomIs.PAUSED and room.until > now:
            return False
        if room.state is RoomIs.PAUSED:
            longest = _usual(pace.sorted_pauses)
        else:
            longest = _usual(pace.sorted_shapes) * pace.mean(queue.name, room.name, room.kind, queue.nominal)
        return now - room.since > max(CLOSES_AFTER, MUCH_LONGER * longest)


def _usual(values: list[float]) -> float:
    return values[int(USUAL * (len(values) - 1))]
