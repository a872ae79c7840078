"""Who is next in a room, and why. Pure. The rules are data: `protocol.policy` says what each one means.

Whoever goes before somebody who came earlier *overtakes*. What a rule says about the room's latest calls is told by
`recent`: for each call, newest first, whether it overtook somebody. Calls of emergencies are left out of it.

Rooms that share a pool (`Entry.pooled`) keep one promise to it: `pools` tells the same of the latest calls of all rooms
of each pool together, and a call may overtake only when the room's own and every such record allow it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
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
    return lanes.next((recent, *pools), now) if lanes else None


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
        choice = lanes.next(records, now)
        lanes.take(choice.entry)
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
        self._lanes: dict[_Lane, deque[Entry]] = {}
        known = (*classes_of(policy), "emergency")
        for entry in sorted(waiting, key=seniority):
            found: _Lane = class_of(entry)
            if found not in known:
                found = _ORDINARY if entry.appointment is None else "appointment"
            self._lanes.setdefault(found, deque()).append(entry)

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def next(self, records: Sequence[Sequence[bool]], now: datetime) -> Choice:
        if "emergency" in self._lanes:
            return Choice(self._lanes["emergency"][0], "emergency", overtook=False)
        heads = {known: lane[0] for known, lane in self._lanes.items()}
        senior = min(heads, key=lambda known: seniority(heads[known]))
        wanted = min(heads, key=_rank(heads, self._policy, now))
        overtakes = wanted != senior
        if overtakes and wanted != _ORDINARY and all(_may_overtake(record, self._policy) for record in records):
            return Choice(heads[wanted], _reason(wanted), overtook=True)
        return Choice(heads[senior], "fair_turn" if overtakes else "first_come", overtook=False)

    def take(self, entry: Entry) -> None:
        known = next(known for known, lane in self._lanes.items() if lane[0].entry_id == entry.entry_id)
        self._lanes[known].popleft()
        if not self._lanes[known]:
            del self._lanes[known]


def _rank(heads: dict[_Lane, Entry], policy: Policy, now: datetime) -> Callable[[_Lane], tuple[Any, ...]]:
    """The key by which the head of one lane stands before that of another; smaller is earlier.

    An appointment brings its holder no further than the bound of the policy lets anybody overtake.
    """
    rights = classes_of(policy)

    def due(known: _Lane) -> datetime:
        came, appointment = seniority(heads[known])[0], heads[known].appointment
        return came if known != "appointment" or appointment is None else min(came, appointment)

    def credit(known: _Lane, policy: Ageing) -> float:
        waited = max(0.0, (now - seniority(heads[known])[0]).total_seconds())
        if known != "appointment":
            return policy.rates.get(known, 1.0) * waited
        most = max(policy.rates.values(), default=1.0) * waited
        return min(most, (now - due(known)).total_seconds())

    def key(known: _Lane) -> tuple[Any, ...]:
        came = seniority(heads[known])
        level = rights.index(known) if known in rights else len(rights)
        match policy:
            case FirstCome():
                return came
            case Strict():
                return level, due(known) if rights else came[0], came
            case Ageing():
                return -credit(known, policy), came
            case OneInN() | Capped():
                return level == len(rights), due(known), came
            case HeadStart():
                earliest = came[0] - timedelta(minutes=max(policy.minutes.values(), default=0))
                if known == "appointment":
                    return max(earliest, due(known)), came
                return came[0] - timedelta(minutes=policy.minutes.get(known, 0)), came
            case _:
                assert_never(policy)

    return key


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
