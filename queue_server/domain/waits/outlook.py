"""The hospital as it is foreseen: frames of the journal in, a forecast for each room out. Pure."""

from __future__ import annotations

from datetime import datetime

from protocol.frames import AnyFrame
from queue_server.domain.waits.estimator import Estimator
from queue_server.domain.waits.forecast import Forecast
from queue_server.domain.waits.live import Room, RoomIs
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
        """Rooms at which something happened since the caller emptied it."""

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

    def forecast(self, room_id: str, now: datetime) -> Forecast | None:
        """None when nothing is learned yet of the service or of when the room opens, or there is no such room."""
        self.until(now)
        room, queue = self._translation.knows(room_id), self.estimator.queues.get(room_id)
        if room is None or queue is None or len(self.estimator.paces[queue.service].shapes) < LEARNED:
            return None
        now_s = self._translation.now
        if not room.open:
            return Forecast(now, reason="no_open_room")
        room_now = queue.rooms[room_id]
        if room_now.state is RoomIs.OFF and not self._opens_by_habit(queue.service, room_now, now_s):
            return Forecast(now, reason="no_call") if self._in_vain(room_id, now_s) else None
        if self._stands_still(room_id, now_s):
            return Forecast(now, reason="no_call")
        normal, first = (tuple(self.estimator.curve(room_id, kind, now_s)) for kind in (False, True))
        return Forecast(now, normal, first, pauses=room.pause is not None)

    def _opens_by_habit(self, service: str, room: Room, now: float) -> bool:
        """It is known at what time of day this room opens, for the first time or after a rest, and that is not far."""
        times = self._openings(service, room)
        return len(times) >= KNOWN_DAYS and times[0] - now < EXPECTED_WITHIN

    def _openings(self, service: str, room: Room) -> list[float]:
        found = self.estimator.hours[service].openings.get((room.name, room.openings))
        return found.values() if found else []

    def _in_vain(self, room_id: str, now: float) -> bool:
        """Somebody has waited for a while, or went in and came out before, and nobody is called."""
        queue = self.estimator.queues[room_id]
        first = min((entry.arrived for entry in queue.waiting.values()), default=now)
        return queue.rooms[room_id].openings > 0 or now - first > CLOSES_AFTER

    def _stands_still(self, room_id: str, now: float) -> bool:
        queue = self.estimator.queues[room_id]
        room = queue.rooms[room_id]
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
            longest = _usual(pace.sorted_shapes) * pace.mean(room_id, room_id, room.kind, queue.nominal)
        return now - room.since > max(CLOSES_AFTER, MUCH_LONGER * longest)


def _usual(values: list[float]) -> float:
    return values[int(USUAL * (len(values) - 1))]
