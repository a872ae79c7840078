"""The journal's frames as the events that the estimator learns from. Pure: the same frames give the same events.

An entry says where it stands after each frame: waiting at a room, inside it, or neither. What the estimator hears is
the step from where it stood before; the kind of frame only says how somebody left a room. Each room is a queue of its
own; rooms that give the same services learn together. Nobody writes down when the called one comes in: the time inside
counts from the call.

A room pauses and closes when staff say so. It is at work from its first call of the day on, whenever it was opened,
and as not everybody says so, it also pauses when nobody is called although somebody waits, and has closed when that
goes on. Such an event is told at the moment when it is due and carries the time at which it began, so that a journal
read later gives the same events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Any, Literal, TypeAlias

from protocol import frames
from protocol.nouns import Entry, Room
from protocol.policy import Policy
from queue_server.domain.calendar import business_day, day_start
from queue_server.domain.order import policy_for
from queue_server.domain.waits.standing import Standing, discipline, standing

Event: TypeAlias = dict[str, Any]
PAUSES_AFTER = 180.0
"""Seconds without a call, although somebody waits and nobody is inside, after which a room pauses."""
CLOSES_AFTER = 1200.0
"""The same, after which it has closed: nobody knows when it goes on, unless it does so at this time every day."""
_HOURS = {"am": 25200, "noon": 41400, "overrun": 0, "pm": 46800, "end": 61200}
"""When rooms open and rest, until the hospital's own days have shown it."""
KINDS = (
    "ticket_issued", "ticket_called", "ticket_not_here", "ticket_returned", "ticket_finished", "ticket_held",
    "ticket_transferred", "action_undone", "priority_confirmed", "policy_changed", "room_changed",
    "services_changed",
)  # fmt: skip
"""The kinds of frames that teach anything."""


@dataclass(frozen=True)
class Hospital:
    """What the journal does not tell from its beginning."""

    rooms: tuple[Room, ...]
    minutes: Mapping[str, int]
    """Of one patient, by service."""
    policies: Mapping[str, Policy]
    """Those that were set, by service; the site's stands under ``""``."""
    default: Policy
    """Where none is set."""
    time_zone: str

    def policy(self, room: Room) -> Policy:
        return policy_for(room.service_ids, self.policies, self.policies.get("", self.default))

    def queue(self, room: Room) -> Event:
        """The room as the estimator is told of a queue."""
        minutes = [self.minutes[service_id] for service_id in room.service_ids if service_id in self.minutes]
        named, param = discipline(self.policy(room))
        return {
            "service": group(room),
            "rooms": [room.room_id],
            "nominal_min": sum(minutes) / len(minutes) if minutes else 10.0,
            "discipline": named,
            "param": param,
        }


def group(room: Room) -> str:
    """Rooms that give the same services learn together. Not only the id: `exam` means something to the estimator."""
    return "services " + "+".join(sorted(room.service_ids))


Away: TypeAlias = Literal["pause", "close"]


@dataclass(slots=True)
class _Line:
    """What is known of one room today."""

    room: Room
    waiting: dict[str, tuple[Entry, Standing]] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    worked: bool = False
    """It has called somebody today."""
    opened: bool = False
    """It is at work, or away for a while."""
    away: Away | None = None
    quiet_since: float | None = None

    @property
    def quiet(self) -> bool:
        """It could call somebody, and does not."""
        return self.opened and self.room.pause is None and bool(self.waiting) and not self.inside

    def due(self) -> float:
        """When the next thing is known that nobody tells."""
        if self.quiet_since is None or self.away == "close":
            return inf
        return self.quiet_since + (PAUSES_AFTER if self.away is None else CLOSES_AFTER)


class Translation:
    """`take` each frame in the order of the journal; `until` says how late it is when nothing happens."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.now = 0.0
        """Seconds after midnight."""
        self._day = ""
        self._midnight: datetime | None = None
        self._lines: dict[str, _Line] = {}
        self._where: dict[str, str] = {}

    def take(self, at: datetime, frame: frames.AnyFrame) -> Iterator[Event]:
        """The events of one frame. What is told late happens, for the estimator, when it is told.

        What is told on a later day stands in no line of that day.
        """
        yield from self.until(at)
        if self._midnight is None or at < self._midnight:
            return
        match frame:
            case frames.PolicyChanged():
                yield from self._policy_changed(frame)
            case frames.RoomChanged():
                yield from self._room_is(frame.room)
            case frames.ServicesChanged():
                for room in frame.rooms:
                    yield from self._room_is(room)
            case _:
                entry: Entry | None = getattr(frame, "entry", None)
                if entry is not None:
                    yield from self._moved(entry, frame)

    def until(self, at: datetime) -> Iterator[Event]:
        """What is known at `at` without anybody telling: another day, rooms that do not call."""
        day = business_day(at, self.hospital.time_zone)
        if day > self._day:
            yield self._begin(day)
        assert self._midnight is not None, "a day has begun"
        self.now = max(self.now, (at - self._midnight).total_seconds())
        for room_id, line in self._lines.items():
            while line.quiet_since is not None and line.due() <= self.now:
                line.away = "pause" if line.away is None else "close"
                yield self._room_event(line.away, room_id, line.quiet_since)

    def knows(self, room_id: str) -> Room | None:
        line = self._lines.get(room_id)
        return line.room if line else None

    def waits(self, room_id: str) -> bool:
        """Somebody waits at the room."""
        return room_id in self._lines and bool(self._lines[room_id].waiting)

    def look_around(self, hospital: Hospital) -> Iterator[Event]:
        """Rooms and minutes as they are now, whoever changed them."""
        known = {room.room_id: room for room in self.hospital.rooms}
        anew = hospital.minutes != self.hospital.minutes
        self.hospital = replace(self.hospital, minutes=hospital.minutes)
        for room in hospital.rooms:
            if anew or known.get(room.room_id) != room:
                yield from self._room_is(room)

    def _room_is(self, room: Room) -> Iterator[Event]:
        """A room as somebody told of it: a new one, or one that opened, paused, went on or closed."""
        known = tuple(room if other.room_id == room.room_id else other for other in self.hospital.rooms)
        if room.room_id not in self._lines:
            known = (*known, room)
            self._lines[room.room_id] = _Line(room)
        self.hospital = replace(self.hospital, rooms=known)
        line = self._lines[room.room_id]
        was, line.room = line.room, room
        yield {"ev": "queue", "queue": room.room_id, **self.hospital.queue(room)}
        if not room.open and line.opened:
            if line.away != "close":
                yield self._room_event("close", room.room_id, self.now)
            line.opened, line.away = False, None
        elif room.open and not was.open and line.worked:  # once more today
            line.opened = True
            yield self._room_event("open", room.room_id, self.now)
        elif was.pause is not None and room.pause is None and line.away == "pause":
            line.away = None
            yield self._room_event("resume", room.room_id, self.now)
        yield from self._listen(line)

    def _begin(self, day: str) -> Event:
        self._day, self.now = day, 0.0
        self._midnight = day_start(day, self.hospital.time_zone)
        self._lines = {room.room_id: _Line(room) for room in self.hospital.rooms}
        self._where.clear()
        queues = {room.room_id: self.hospital.queue(room) for room in self.hospital.rooms}
        return {"ev": "day", "hours": _HOURS, "queues": queues}

    def _policy_changed(self, frame: frames.PolicyChanged) -> Iterator[Event]:
        policies = dict(self.hospital.policies)
        if frame.policy is not None:
            policies[frame.service_id or ""] = frame.policy
        else:
            policies.pop(frame.service_id or "", None)
        self.hospital = replace(self.hospital, policies=policies)
        for room_id, line in self._lines.items():
            named, param = discipline(self.hospital.policy(line.room))
            yield {"ev": "policy", "queue": room_id, "discipline": named, "param": param}
            for entry, _ in list(line.waiting.values()):
                yield from self._waits(line, entry)

    # --- one entry -------------------------------------------------------------------------------------------------

    def _moved(self, entry: Entry, frame: frames.AnyFrame) -> Iterator[Event]:
        stood = self._lines.get(self._where.get(entry.entry_id, ""))
        stands = self._lines.get(entry.room_id) if entry.state in ("waiting", "called") else None
        if stood is not None and (stood is not stands or (entry.entry_id in stood.inside and entry.state == "waiting")):
            yield from self._left(stood, entry, frame)
        if stands is not None and entry.state == "waiting":
            yield from self._waits(stands, entry)
        elif stands is not None and entry.entry_id not in stands.inside:
            yield from self._called(stands, entry, again=isinstance(frame, frames.ActionUndone))
        for line in (stood, stands):
            if line is not None:
                yield from self._listen(line)

    def _waits(self, line: _Line, entry: Entry) -> Iterator[Event]:
        new = standing(entry, self.hospital.policy(line.room))
        before = line.waiting.get(entry.entry_id)
        line.waiting[entry.entry_id] = entry, new
        self._where[entry.entry_id] = line.room.room_id
        if before is None or before[1] != new:
            assert self._midnight is not None, "a day has begun"
            place = (new.place - self._midnight).total_seconds()
            yield self._event("arrive", line, entry, prio=int(new.first), place=place)

    def _called(self, line: _Line, entry: Entry, again: bool) -> Iterator[Event]:
        """`again`: a finish was a mistake. How long that visit lasts in all is not known then, and not learned."""
        room_id = line.room.room_id
        if not line.opened or line.away == "close":
            yield self._room_event("open", room_id, self.now)
        elif line.away == "pause":
            yield self._room_event("resume", room_id, self.now)
        line.worked, line.opened, line.away = True, True, None
        line.waiting.pop(entry.entry_id, None)
        line.inside.add(entry.entry_id)
        self._where[entry.entry_id] = room_id
        yield self._event("call", line, entry)
        if not again:
            yield self._event("start", line, entry)

    def _left(self, line: _Line, entry: Entry, frame: frames.AnyFrame) -> Iterator[Event]:
        self._where.pop(entry.entry_id, None)
        if line.waiting.pop(entry.entry_id, None) is not None:
            yield self._event("leave", line, entry, room="")
            return
        line.inside.discard(entry.entry_id)
        if isinstance(frame, frames.TicketNotHere):
            yield self._event("no_show", line, entry)
        elif isinstance(frame, frames.TicketFinished | frames.TicketTransferred):
            yield self._event("finish", line, entry)
        else:
            yield self._event("leave", line, entry, room="" if line.inside else line.room.room_id)

    def _listen(self, line: _Line) -> Iterator[Event]:
        """After something happened at a room: a pause begins when nobody is inside; since when does it not call?"""
        pause = line.room.pause
        if pause is not None and line.opened and not line.inside and line.away is None:
            assert self._midnight is not None, "a day has begun"
            line.away = "pause"
            until = (pause.until - self._midnight).total_seconds()
            yield self._room_event("pause", line.room.room_id, self.now) | {"until": until}
        if not line.quiet:
            line.quiet_since = None
        elif line.quiet_since is None:
            line.quiet_since = self.now

    def _event(self, kind: str, line: _Line, entry: Entry, **more: object) -> Event:
        room_id = line.room.room_id
        about = {"ev": kind, "t": self.now, "queue": room_id, "room": room_id, "ticket": entry.entry_id}
        return about | more

    def _room_event(self, kind: str, room_id: str, t: float) -> Event:
        return {"ev": kind, "t": t, "queue": room_id, "room": room_id}
