"""Who is next in a room, and why. Pure. The rules are data: `protocol.policy` says what each one means.

Whoever goes before somebody who came earlier *overtakes*. What a rule says about the room's latest calls is told by
`recent`: for each call, newest first, whether it overtook somebody. Calls of emergencies are left out of it.

Rooms that share a pool (`Entry.pooled`) keep one promise to it: `pools` tells the same of the latest calls of all rooms
of each pool together, and a call may overtake only when the room's own and every such record allow it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Literal, TypeAlias, assert_never

from protocol.nouns import Entry, PriorityClass
from protocol.policy import Ageing, Capped, FirstCome, HeadStart, OneInN, Policy, Strict
from queue_server.domain.numbering import reading_order
from queue_server.domain.priority import known_class

Reason: TypeAlias = Literal[
    "first_come",
    "fair_turn",
    "emergency",
    "child_under_6",
    "pregnant",
    "severe_disability",
    "aged_75",
    "merit",
    "appointment",
]
"""Why an entry is next; the sentence is ``server.next.<reason>``. ``fair_turn``: somebody with priority gave way."""

RECENT = 25
"""So many of the room's latest calls are enough for every rule."""
EACH = timedelta(minutes=5)
"""Between two calls of a room, when the order of the whole line is foreseen and the rule looks at the clock."""
Seniority: TypeAlias = tuple[datetime, tuple[tuple[int, int, str], ...]]
_ORDINARY: PriorityClass = "normal"
_Lane: TypeAlias = PriorityClass | Literal["appointment"]


@dataclass(frozen=True)
class Choice:
    entry: Entry
    reason: Reason
    overtook: bool
    """It goes before somebody who came earlier. Never true of an emergency, which no rule counts."""


def seniority(entry: Entry) -> Seniority:
    """Who came earlier: by the time on the ticket (or the place given instead of it), then by its number."""
    return entry.place or entry.issued_at, reading_order(entry.number)


def class_of(entry: Entry) -> PriorityClass:
    """The class that counts."""
    return known_class(entry.priority)


def may_ask_to_go_first(entry: Entry) -> bool:
    """Whether any policy at all may let this entry go before others."""
    return entry.priority.priority_class != _ORDINARY or entry.appointment is not None


def goes_first(entry: Entry, policy: Policy) -> bool:
    """Whether this policy knows a right of this entry's class to go before others."""
    known = class_of(entry)
    return known == "emergency" or known in classes_of(policy)


def classes_of(policy: Policy) -> tuple[PriorityClass, ...]:
    """The classes that a policy gives anything to, besides the emergency."""
    if isinstance(policy, FirstCome):
        return ()
    if isinstance(policy, Ageing):
        return tuple(policy.rates)
    return tuple(policy.minutes) if isinstance(policy, HeadStart) else policy.classes


def policy_for(service_ids: Sequence[str], known: Mapping[str, Policy], of_site: Policy) -> Policy:
    """The policy of a room's services when all have the same; else the site's, so that one room keeps one promise."""
    wanted = [known.get(service_id, of_site) for service_id in service_ids]
    return wanted[0] if wanted and all(policy == wanted[0] for policy in wanted) else of_site


def choose(
    waiting: Sequence[Entry],
    recent: Sequence[bool],
    policy: Policy,
    now: datetime,
    pools: Sequence[Sequence[bool]] = (),
) -> Choice | None:
    """Who is next; None when nobody waits."""
    lanes = _Lanes(waiting, policy)
    return lanes.next((recent, *pools), now)[1] if lanes else None


def line(
    waiting: Sequence[Entry],
    recent: Sequence[bool],
    policy: Policy,
    now: datetime,
    each: timedelta = EACH,
    pools: Sequence[Sequence[bool]] = (),
) -> list[Choice]:
    """Everyone who waits in one room, in the order in which they will be called if nobody else comes.

    `each` is how long the room takes for one: it matters only to rules that look at the clock.
    """
    lanes = _Lanes(waiting, policy)
    records = [deque(record, maxlen=RECENT) for record in (recent, *pools)]
    choices: list[Choice] = []
    while lanes:
        lane, choice = lanes.next(records, now)
        lanes.take(lane)
        if choice.reason != "emergency":
            for record in records:
                record.appendleft(choice.overtook)
        choices.append(choice)
        now += each
    return choices


def people_ahead(
    entry: Entry,
    waiting: Sequence[Entry],
    recent: Sequence[bool],
    policy: Policy,
    now: datetime,
    each: timedelta = EACH,
) -> int:
    """How many of `waiting` will be called before `entry`, which may itself be among them."""
    everyone = [other for other in waiting if other.entry_id != entry.entry_id] + [entry]
    order = line(everyone, recent, policy, now, each)
    return [choice.entry.entry_id for choice in order].index(entry.entry_id)


def people_before(entry: Entry, waiting: Sequence[Entry]) -> int:
    """How many of `waiting` came earlier: those who are ahead where nobody has a right to go first."""
    came = entry.place or entry.issued_at
    before = 0
    for other in waiting:
        its = other.place or other.issued_at
        if its < came or (its == came and seniority(other) < seniority(entry)):
            before += 1
    return before


class _Lanes:
    """Those who wait, by class, each class in order of arrival: only the heads can be next.

    Whoever came on time for an appointment, and has no other right, stands in a lane of its own. Its head is ranked as
    if it had come at that time, and going before somebody who came earlier counts as overtaking like any other.
    """

    def __init__(self, waiting: Sequence[Entry], policy: Policy) -> None:
        self._policy = policy
        self._rights = classes_of(policy)
        self._lanes: dict[_Lane, deque[_Head]] = {}
        known = {*self._rights, "emergency"}
        for entry in sorted(waiting, key=seniority):
            lane: _Lane = class_of(entry)
            if lane not in known:
                lane = _ORDINARY if entry.appointment is None else "appointment"
            self._lanes.setdefault(lane, deque()).append(_Head(entry, seniority(entry), lane, self._rights))

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def next(self, records: Sequence[Sequence[bool]], now: datetime) -> tuple[_Lane, Choice]:
        """Which lane's head is next, and why."""
        heads = [lane[0] for lane in self._lanes.values()]
        if "emergency" in self._lanes:
            return "emergency", Choice(self._lanes["emergency"][0].entry, "emergency", overtook=False)
        senior = min(heads, key=_came)
        wanted = min(heads, key=lambda head: head.rank(self._policy, now)) if len(heads) > 1 else senior
        overtakes = wanted is not senior
        if overtakes and wanted.lane != _ORDINARY and all(_may_overtake(record, self._policy) for record in records):
            return wanted.lane, Choice(wanted.entry, _reason(wanted.lane), overtook=True)
        return senior.lane, Choice(senior.entry, "fair_turn" if overtakes else "first_come", overtook=False)

    def take(self, lane: _Lane) -> None:
        self._lanes[lane].popleft()
        if not self._lanes[lane]:
            del self._lanes[lane]


class _Head:
    """One of a lane, with what its rank among the heads of the others is made of."""

    __slots__ = ("came", "due", "entry", "lane", "level", "ordinary")

    def __init__(self, entry: Entry, came: Seniority, lane: _Lane, rights: tuple[PriorityClass, ...]) -> None:
        self.entry = entry
        self.came = came
        self.lane = lane
        self.level = rights.index(lane) if lane in rights else len(rights)
        self.ordinary = self.level == len(rights)
        appointment = entry.appointment if lane == "appointment" else None
        self.due = came[0] if appointment is None else min(came[0], appointment)

    def rank(self, policy: Policy, now: datetime) -> tuple[Any, ...]:
        """The key by which it stands before the heads of other lanes; smaller is earlier.

        An appointment brings its holder no further than the bound of the policy lets anybody overtake.
        """
        match policy:
            case FirstCome():
                return self.came
            case Strict():
                return self.level, self.due if policy.classes else self.came[0], self.came
            case Ageing():
                return -self._credit(policy, now), self.came
            case OneInN() | Capped():
                return self.ordinary, self.due, self.came
            case HeadStart():
                if self.lane == "appointment":
                    earliest = self.came[0] - timedelta(minutes=max(policy.minutes.values(), default=0))
                    return max(earliest, self.due), self.came
                return self.came[0] - timedelta(minutes=_start(policy, self.lane)), self.came
            case _:
                assert_never(policy)

    def _credit(self, policy: Ageing, now: datetime) -> float:
        waited = max(0.0, (now - self.came[0]).total_seconds())
        if self.lane != "appointment":
            return policy.rates.get(self.lane, 1.0) * waited
        most = max(policy.rates.values(), default=1.0) * waited
        return min(most, (now - self.due).total_seconds())


def _came(head: _Head) -> Seniority:
    return head.came


def _start(policy: HeadStart, lane: _Lane) -> int:
    return policy.minutes.get(lane, 0) if lane != "appointment" else 0


def _may_overtake(recent: Sequence[bool], policy: Policy) -> bool:
    if isinstance(policy, Capped):
        return sum(1 for _ in takewhile(bool, recent)) < policy.overtakes
    if isinstance(policy, OneInN):
        return not any(list(recent)[: policy.n - 1])
    return True


def _reason(known: _Lane) -> Reason:
    assert known != "normal", "nobody overtakes without a class"
    return known


# --- bounds --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """How often somebody can be overtaken. ``kind`` names the sentence ``order.bound.<kind>``, `number` fills it.

    in_a_row: at most so many calls in a row overtake; one_in_n: at most one of so many; minutes: only people who came
    at most so many minutes later overtake; share: only people who waited at least one part in `number` of one's wait.
    """

    kind: Literal["never", "in_a_row", "one_in_n", "minutes", "share", "none"]
    number: float = 0


def bound(policy: Policy) -> Bound:
    """The promise that a policy keeps to everyone, emergencies apart. A property test proves each."""
    match policy:
        case FirstCome():
            return Bound("never")
        case Strict():
            return Bound("none") if policy.classes else Bound("never")
        case Ageing():
            return Bound("share", max(policy.rates.values(), default=1.0))
        case OneInN():
            return Bound("one_in_n", policy.n)
        case Capped():
            return Bound("in_a_row", policy.overtakes) if policy.overtakes else Bound("never")
        case HeadStart():
            return Bound("minutes", max(policy.minutes.values(), default=0))
        case _:
            assert_never(policy)


def most_overtaken(policy: Policy, before: int) -> int | None:
    """How often somebody with `before` people before them in time is overtaken at most; None when it is not counted."""
    match policy:
        case FirstCome():
            return 0
        case Capped():
            return policy.overtakes * (before + 1)
        case OneInN():
            return 1 + before // (policy.n - 1)
        case _:
            return None
