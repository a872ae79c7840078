"""Play one queue forward, many times, until the asked ticket is called. Pure.

Each run draws when closed rooms open, how long each service, walk and pause lasts, who does not come, and who
arrives later and yet goes first; the policy decides each call.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heapreplace

from queue_server.domain.waits.chance import Draws
from queue_server.domain.waits.flow import SLOT, SLOTS
from queue_server.domain.waits.hours import DayHours, Hours
from queue_server.domain.waits.live import Room, RoomIs
from queue_server.domain.waits.pace import Pace
from queue_server.domain.waits.policy import Memory, Rule, Waiting

WORK, FEWEST, MOST = 1000, 20, 72  # calls to simulate in all; runs
END = 100_000.0  # seconds after midnight: a run that is not over by then stops
FEW = 1e-9

Turns = Iterator[tuple[float, float]]


@dataclass(slots=True)
class Place:
    """A room as the runs see it."""

    room: Room
    means: tuple[float, float]  # seconds of a new visit and of a review
    current: float  # mean seconds of the service that goes on
    turns: Turns
    pause_chance: float
    session: int  # how often it has opened today


@dataclass(slots=True)
class Scene:
    """Everything that the runs for one ticket have in common."""

    now: float
    asked: Waiting
    priority: list[Waiting]
    normal: list[Waiting]
    places: list[Place]
    rule: Rule
    remembers: bool  # the rule looks at the memory
    memory: Memory
    pace: Pace
    hours: Hours
    day: DayHours
    coming_priority: list[float]  # a second, by half hour
    review_share: float  # of those
    coming_normal: list[float]  # those who could go before the asked one
    normal_until: float
    credit: float
    draws: Draws

    def runs(self) -> int:
        return max(FEWEST, min(MOST, WORK // (len(self.priority) + len(self.normal) + 1)))


def call_times(scene: Scene) -> list[float]:
    """Seconds until the asked ticket is called, one for each run, sorted."""
    found = [_run(scene) - scene.now for _ in range(scene.runs())]
    found.sort()
    return found


def lane_times(scene: Scene) -> list[list[float]]:
    """The same for everyone of the asked one's class, from the first to the asked one: all from the same runs."""
    size = len(scene.priority if scene.asked.priority else scene.normal)
    runs: list[list[float]] = []
    for _ in range(scene.runs()):
        told: list[float] = []
        last = _run(scene, told)
        runs.append([at - scene.now for at in told] + [last - scene.now] * (size - len(told)))
    return [sorted(times) for times in zip(*runs, strict=True)]


def _run(scene: Scene, told: list[float] | None = None) -> float:
    """When the asked ticket is called. `told` takes the calls of those of its class who wait already."""
    free = [(_free_at(scene, place), index) for index, place in enumerate(scene.places)]
    heapify(free)
    priority, normal, memory = scene.priority[:], scene.normal[:], scene.memory.copy()
    arrivals = _Arrivals(scene, priority, normal)
    morning = [place.room.morning for place in scene.places]
    sessions = [place.session for place in scene.places]
    places, rule, asked, remembers = scene.places, scene.rule, scene.asked, scene.remembers
    watch = 0.0 if scene.hours.by_clock else scene.day.noon  # before it no room closes
    while True:
        now, index = free[0]
        if now >= END:
            return now
        if now >= arrivals.next:
            arrivals.until(now)
        if now >= watch:
            back = _closes(scene, index, now, (priority, normal), morning, sessions)
            if back:
                heapreplace(free, (back, index))
                continue
        if priority and normal:
            first = priority[0] if rule(now, priority[0], normal[0], memory) else normal[0]
        else:
            first = priority[0] if priority else normal[0]
        if told is not None and first.ticket and first.priority is asked.priority:
            told.append(now)
        if first is asked:
            return now
        del (priority if first.priority else normal)[0]
        if remembers:
            memory.note(first.priority, bool(normal), first.arrived)
        part, beside = next(places[index].turns)
        heapreplace(free, (now + part * places[index].means[first.review] + beside, index))


def _free_at(scene: Scene, place: Place) -> float:
    """A draw of when the room can call."""
    room, now, draw = place.room, scene.now, scene.draws.uniforms
    elapsed = now - room.since
    if room.state is RoomIs.SERVING:
        ends = now + scene.pace.left_of_service(place.current, elapsed, next(draw))
        return ends + (scene.pace.left_of_pause(0.0, next(draw)) if next(draw) < place.pause_chance else 0.0)
    if room.state is RoomIs.CALLING:
        part, beside = next(place.turns)
        return max(now + 5, room.since + part * place.current + beside)
    if room.state is RoomIs.PAUSED and room.until > now:
        return room.until
    if room.state is RoomIs.PAUSED:
        return now + scene.pace.left_of_pause(elapsed, next(draw))
    if room.state is RoomIs.IDLE:
        return now
    opens = scene.hours.opens(room.name, room.openings, now, scene.day, (next(draw), next(draw)))
    if room.closed is not None and not scene.hours.by_clock and room.closed + scene.hours.rest() > scene.day.afternoon:
        return max(now + 30, scene.hours.reopens(room.closed, scene.day, next(draw)))
    return opens


def _closes(
    scene: Scene,
    index: int,
    now: float,
    waiting: tuple[list[Waiting], list[Waiting]],
    morning: list[bool],
    sessions: list[int],
) -> float:
    """When the room is back, if it closes at `now` instead of calling; else 0."""
    place = scene.places[index]
    if scene.hours.by_clock:
        session = max(sessions[index], 1) - 1
        if now < scene.hours.closes(place.room.name, session):
            return 0.0
        sessions[index] = session + 2
        draw = (next(scene.draws.uniforms), next(scene.draws.uniforms))
        back = scene.hours.opens(place.room.name, session + 1, now, scene.day, draw)
        return back if back < END else 0.0
    day = scene.day
    if now < day.noon or not (morning[index] or (now < day.afternoon - 600 and place.room.openings == 0)):
        return 0.0
    if now < day.noon + day.overrun and any(entry.arrived < day.noon for part in waiting for entry in part):
        return 0.0
    morning[index] = False
    return scene.hours.reopens(now, day, next(scene.draws.uniforms))


class _Arrivals:
    """Those who come later and could go before the asked one, drawn as time goes on."""

    __slots__ = ("_normal", "_normal_at", "_priority", "_priority_at", "_scene", "next")

    def __init__(self, scene: Scene, priority: list[Waiting], normal: list[Waiting]) -> None:
        self._scene, self._priority, self._normal = scene, priority, normal
        self._priority_at = self._after(scene.now, scene.coming_priority)
        self._normal_at = self._after(scene.now, scene.coming_normal)
        self.next = min(self._priority_at, self._normal_at)

    def _after(self, now: float, rates: list[float]) -> float:
        """The next arrival of a stream whose rate changes each half hour."""
        need = next(self._scene.draws.exponentials)
        slot = int(now // SLOT)
        while slot < SLOTS:
            rate, ends = rates[slot], (slot + 1) * SLOT
            if rate > FEW:
                if now + need / rate <= ends:
                    return now + need / rate
                need -= (ends - now) * rate
            now, slot = ends, slot + 1
        return 2 * END

    def until(self, now: float) -> None:
        scene = self._scene
        while self._priority_at <= now:
            at = self._priority_at
            review = next(scene.draws.uniforms) < scene.review_share
            self._insert(self._priority, Waiting("", at, at - scene.credit * review, True, review))
            self._priority_at = self._after(at, scene.coming_priority)
        while self._normal_at <= now:
            at = self._normal_at
            review = not scene.asked.priority
            self._insert(self._normal, Waiting("", at, at - scene.credit * review, False, review))
            self._normal_at = self._after(at, scene.coming_normal)
            if self._normal_at > scene.normal_until:
                self._normal_at = 2 * END
        self.next = min(self._priority_at, self._normal_at)

    def _insert(self, line: list[Waiting], entry: Waiting) -> None:
        """Behind the asked one in the same class means: never before it."""
        asked = self._scene.asked
        if entry.priority is asked.priority and entry.credited >= asked.credited:
            return
        insort(line, entry, key=lambda other: other.credited)
