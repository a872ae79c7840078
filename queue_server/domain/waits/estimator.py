"""The door of this package: events in, answers out. Pure; the time is in the events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, pairwise
from typing import Any

from queue_server.domain.waits.chance import Draws, Tables
from queue_server.domain.waits.correction import Correction, Seen
from queue_server.domain.waits.flow import SLOT, SLOTS, Flow, named
from queue_server.domain.waits.forward import Place, Scene, Turns, call_times, lane_times
from queue_server.domain.waits.hours import UNTIL_QUEUE_ENDS, DayHours, Hours
from queue_server.domain.waits.live import Queue, Room, RoomIs
from queue_server.domain.waits.pace import Pace
from queue_server.domain.waits.policy import Policy, Waiting

BEYOND = 4  # people more than wait now, for whom a curve still tells the wait
LEARNED_FROM = 3  # of so many arrivals that nobody asks about, one is simulated so that the correction learns


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from now until the call: the middle, and an interval that holds it 80 times in 100.

    `reason` says why nothing can be said; the seconds are then the best guess for machines, not for people.
    """

    ticket: str
    eta: float
    low: float
    high: float
    reason: str | None = None


class Estimator:
    """Learns from the events of one hospital and answers for its waiting tickets."""

    def __init__(self) -> None:
        self.paces: dict[str, Pace] = {}
        self.hours: dict[str, Hours] = {}
        self.flows: dict[str, Flow] = {}
        self.queues: dict[str, Queue] = {}
        self.policies: dict[tuple[str, float], Policy] = {}
        self.day = DayHours()
        self.credit = 0.0
        self.correction = Correction()
        self._turns: dict[str, Turns] = {}
        self._asked: dict[str, Seen] = {}
        self._place_of: dict[str, str] = {}
        self._tables = Tables(11)
        self._draws = self._tables.draws()
        self._room_tables: dict[str, list[tuple[float, float]]] = {}
        self._arrivals = 0

    def feed(self, event: Mapping[str, Any]) -> None:
        """Learn from one event (see docs/waits.md for the format). Unknown queues and kinds of event are ignored."""
        kind = event["ev"]
        if kind == "day":
            self._new_day(event)
            return
        if kind == "queue":
            self._queue(event["queue"], event)
            return
        queue = self.queues.get(event.get("queue", ""))
        if queue is None:
            return
        if kind in _QUEUES:
            _QUEUES[kind](self, queue, event)
            return
        now = float(event["t"])
        room = queue.rooms.setdefault(event["room"], Room(event["room"]))
        if kind in _STEPS:
            _STEPS[kind](self, queue, room, event.get("ticket", ""), now)
        room.until = float(event.get("until", 0.0))

    def ask(self, ticket: str, now: float) -> Answer:
        """Seconds from `now` until `ticket` is called. An unknown or called ticket waits 0 s."""
        queue = self.queues.get(self._place_of.get(ticket, ""))
        asked = queue.waiting.get(ticket) if queue else None
        if queue is None or asked is None:
            return Answer(ticket, 0.0, 0.0, 0.0, "not_waiting")
        if self._free(queue) and len(queue.waiting) == 1:
            return Answer(ticket, 0.0, 0.0, 0.0)
        seen = self._asked.get(ticket)
        if seen is None or seen.asked_at != now:
            seen = self._look(queue, asked, now)
            if now == asked.arrived:
                self._asked[ticket] = seen
        eta, low, high = self.correction.say(seen)
        return Answer(ticket, eta, low, high, None if any(room.working for room in queue.rooms.values()) else "closed")

    def curve(
        self, name: str, priority: bool, now: float, rooms: Collection[str] = ()
    ) -> list[tuple[float, float, float]]:
        """(low, middle, high): seconds for whoever has 0, 1, 2 ... of the class before them in the queue.

        `BEYOND` more than wait now; `rooms` are those that call, all when none are named. Looking changes no later
        answer: nothing is learned and no draw is used up.
        """
        queue = self.queues[name]
        lines = {kind: queue.ordered(kind) for kind in (True, False)}
        lines[priority] += [Waiting("new", now, now, priority, review=False) for _ in range(BEYOND)]
        asked = lines[priority][-1]
        turns = {room: cycle(self._room_tables[room]) for room in rooms or queue.rooms}
        scene = self._scene(queue, asked, now, lines, turns, self._tables.draws())
        points: list[tuple[float, float, float]] = []
        last = (0.0, 0.0, 0.0)
        for times in lane_times(scene):
            middle, low, high = self.correction.say(Seen(queue.service, now, times))
            last = (max(low, last[0]), max(middle, last[1]), max(high, last[2]))
            points.append(last)
        return points

    def coming(self, name: str, now: float) -> list[float]:
        """How many without priority come to a queue each second, by half hour from `now` on to the day's end.

        Not counted are those who come before the time of their appointment: they stand behind who is there by then.
        """
        flow = self.flows[self.queues[name].service]
        rates = [rate * flow.busier(now) for rate in flow.per_second(name, "normal")]
        slot, part = int(now // SLOT), now % SLOT / SLOT
        return [(1 - part) * rate + part * after for rate, after in pairwise([*rates[slot:], 0.0])]

    def _free(self, queue: Queue) -> bool:
        return any(room.state is RoomIs.IDLE for room in queue.rooms.values())

    def _look(self, queue: Queue, asked: Waiting, now: float) -> Seen:
        lines = {kind: queue.ordered(kind) for kind in (True, False)}
        mine = lines[asked.priority]
        del mine[mine.index(asked) + 1 :]
        for room in queue.rooms:
            if room not in self._turns:
                self._turns[room] = cycle(self._turn_table(queue, room, len(self._turns) + 17))
        return Seen(queue.service, now, call_times(self._scene(queue, asked, now, lines, self._turns, self._draws)))

    def _turn_table(self, queue: Queue, room: str, seed: int) -> list[tuple[float, float]]:
        pace = self.paces[queue.service]
        return pace.turns(pace.pause_chance(room), seed)

    def _scene(
        self,
        queue: Queue,
        asked: Waiting,
        now: float,
        lines: dict[bool, list[Waiting]],
        turns: Mapping[str, Turns],
        draws: Draws,
    ) -> Scene:
        pace, flow = self.paces[queue.service], self.flows[queue.service]
        busier = flow.busier(now)
        rates = {kind: flow.per_second(queue.name, kind) for kind in ("priority", "priority_review")}
        reviews = flow.per_second(queue.name, "normal_review")
        if asked.priority:
            others = flow.per_second(queue.name, "normal")
            reviews = [others[slot] + reviews[slot] for slot in range(SLOTS)]
        both = [(rates["priority"][slot] + rates["priority_review"][slot]) * busier for slot in range(SLOTS)]
        total = sum(both) or 1.0
        return Scene(
            now=now,
            asked=asked,
            priority=lines[True],
            normal=lines[False],
            places=[
                self._place(queue, room, pace, turns[room.name], now)
                for room in queue.rooms.values()
                if room.name in turns
            ],
            rule=queue.policy.rule,
            remembers=queue.policy.remembers,
            memory=queue.memory,
            pace=pace,
            hours=self.hours[queue.service],
            day=self.day,
            coming_priority=both,
            review_share=sum(rates["priority_review"]) * busier / total,
            coming_normal=[rate * busier for rate in reviews],
            normal_until=now + 14400 if asked.priority else asked.credited + self.credit,
            credit=self.credit,
            draws=draws,
        )

    def _place(self, queue: Queue, room: Room, pace: Pace, turns: Turns, now: float) -> Place:
        base = queue.nominal * pace.room_factor(queue.name, room.name)
        means = (base * pace.kind_factor("new"), base * pace.kind_factor("review"))
        current = means[room.kind == "review"]
        return Place(room, means, current, turns, pace.pause_chance(room.name), self._session(queue, room, now))

    def _session(self, queue: Queue, room: Room, now: float) -> int:
        return self.hours[queue.service].session(room.name, room.openings, now) if room.working else room.openings

    def _arrive(self, queue: Queue, event: Mapping[str, Any]) -> None:
        now = float(event["t"])
        review = event.get("kind") == "review"
        place = float(event.get("place", now - self.credit * review))
        entry = Waiting(event["ticket"], now, place, bool(event.get("prio")), review)
        before = queue.waiting.get(entry.ticket)
        if before is not None:  # nobody new: the same person has another place or class now
            queue.waiting[entry.ticket] = replace(before, credited=place, priority=entry.priority)
            return
        queue.waiting[entry.ticket] = entry
        self._place_of[entry.ticket] = queue.name
        self.flows[queue.service].arrived(queue.name, named(entry.priority, review, place > now), now)
        free = self._free(queue)
        self.correction.at_once(queue.service, free)
        self._arrivals += 1
        if not free and self._arrivals % LEARNED_FROM == 0:
            self._asked[entry.ticket] = self._look(queue, entry, now)

    def _leave(self, queue: Queue, event: Mapping[str, Any]) -> None:
        """Out of the queue, or of the `room`, in a way that teaches nothing: held, sent on, a call undone."""
        ticket = event.get("ticket", "")
        queue.waiting.pop(ticket, None)
        self._asked.pop(ticket, None)
        room = queue.rooms.get(event.get("room", ""))
        if room is not None:
            room.now_is(RoomIs.IDLE, float(event["t"]))

    def _new_policy(self, queue: Queue, event: Mapping[str, Any]) -> None:
        queue.policy = self._policy(event)

    def _call(self, queue: Queue, room: Room, ticket: str, now: float) -> None:
        pace = self.paces[queue.service]
        if room.finished is not None:
            pace.after_finish(room.name, False)
            room.finished = None
        self._learn_policy(queue, ticket, now)
        gone = queue.leaves(ticket)
        room.now_is(RoomIs.CALLING, now)
        self._place_of.pop(ticket, None)
        if gone is None:
            return
        room.kind = "review" if gone.review else "new"
        seen = self._asked.pop(ticket, None)
        if seen is not None:
            self.correction.learn(seen, now - seen.asked_at)

    def _learn_policy(self, queue: Queue, ticket: str, now: float) -> None:
        gone = queue.waiting.get(ticket)
        if gone is None or len(queue.waiting) < 2:
            return
        priority, normal = queue.ordered(True), queue.ordered(False)
        if priority and normal:
            queue.policy.learn(now, priority[0], normal[0], queue.memory, gone.priority)

    def _start(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        if room.state is RoomIs.CALLING:
            self.paces[queue.service].walk.add(now - room.since)
        self.paces[queue.service].absent.add(0.0)
        room.now_is(RoomIs.SERVING, now)

    def _finish(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        if room.state is RoomIs.SERVING:
            self.paces[queue.service].served(queue.name, room.name, room.kind, queue.nominal, now - room.since)
        room.now_is(RoomIs.IDLE, now)
        room.finished = now

    def _no_show(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        if room.state is RoomIs.CALLING:
            self.paces[queue.service].no_show_lasts.add(now - room.since)
        self.paces[queue.service].absent.add(1.0)
        room.now_is(RoomIs.IDLE, now)

    def _open(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        self.hours[queue.service].opened(room.name, now, room.openings, room.closed, self.day)
        room.morning, room.openings = now < self.day.noon, room.openings + 1
        room.now_is(RoomIs.IDLE, now)

    def _pause(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        if room.finished is not None:
            self.paces[queue.service].after_finish(room.name, True)
            room.finished = None
        room.now_is(RoomIs.PAUSED, now)

    def _resume(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        if room.state is RoomIs.PAUSED:
            self.paces[queue.service].paused(now - room.since)
        room.now_is(RoomIs.IDLE, now)

    def _close(self, queue: Queue, room: Room, _ticket: str, now: float) -> None:
        room.openings = self._session(queue, room, now)
        self.hours[queue.service].closed(room.name, now, max(room.openings, 1) - 1)
        room.now_is(RoomIs.OFF, now)
        room.closed, room.finished, room.morning = now, None, False

    def _new_day(self, event: Mapping[str, Any]) -> None:
        self._end_day()
        hours = event.get("hours") or {}
        self.day = DayHours(*(float(hours.get(key, default)) for key, default in _HOURS))
        self.credit = float(event.get("review_credit_s", 0.0))
        self._asked.clear()
        self._place_of.clear()
        self._turns.clear()
        self._room_tables.clear()
        self.queues = {}
        for name, told in event["queues"].items():
            self._queue(name, {**event, **told})
        self.policies = {queue.policy.named: queue.policy for queue in self.queues.values()}

    def _policy(self, told: Mapping[str, Any]) -> Policy:
        """Queues with the same rule learn together how it is read."""
        named = (str(told.get("discipline", "fifo")), float(told.get("param") or 0.0))
        return self.policies.setdefault(named, Policy(*named))

    def _queue(self, name: str, told: Mapping[str, Any]) -> None:
        service = str(told["service"])
        self.paces.setdefault(service, Pace())
        self.flows.setdefault(service, Flow())
        self.hours.setdefault(service, Hours(by_clock=service != UNTIL_QUEUE_ENDS))
        known = self.queues.get(name)
        if known is not None:  # whoever waits there goes on waiting
            known.service, known.nominal, known.policy = service, float(told["nominal_min"]) * 60, self._policy(told)
            return
        rooms = {room: Room(room) for room in told["rooms"]}
        queue = Queue(name, service, float(told["nominal_min"]) * 60, rooms, self._policy(told))
        self.queues[name] = queue
        for room in rooms:  # now, so that it does not matter when a curve is first asked for
            self._room_tables[room] = self._turn_table(queue, room, len(self._room_tables) + 17)

    def _end_day(self) -> None:
        for queue in self.queues.values():
            for room in queue.rooms.values():
                if not self.hours[queue.service].by_clock and room.openings < 2:
                    self.hours[queue.service].stayed_away()
        for pace in self.paces.values():
            pace.new_day()
        for flow in self.flows.values():
            flow.new_day()


_HOURS = (("am", 28800.0), ("noon", 43200.0), ("overrun", 3600.0), ("pm", 48600.0), ("end", 61200.0))
_QUEUES = {"arrive": Estimator._arrive, "leave": Estimator._leave, "policy": Estimator._new_policy}
_STEPS = {
    "call": Estimator._call,
    "start": Estimator._start,
    "finish": Estimator._finish,
    "no_show": Estimator._no_show,
    "open": Estimator._open,
    "pause": Estimator._pause,
    "resume": Estimator._resume,
    "close": Estimator._close,
}
