"""What the voice says, and when: `to_say`, a pure decision.

Rules (DESIGN.md, "The wall and the voice"):

- First in, first out; an announcement that has begun is never cut; one at a time.
- Each call (each ``call_seq``) is said once, and once more after a gap. First calls go before repetitions.
- The patient's language first, then the house's where that is another one.
- Where `NO_REPETITION_FROM` calls wait, nothing is repeated; a call with `ONE_LANGUAGE_FROM` waiting behind it is said
  in the patient's language only. So a line of calls is short of words, never of calls.
- A call waits for its turn up to `LIVE_TOO_OLD_S`; one of a snapshot only until it is `SNAPSHOT_TOO_OLD_S` old. Then it
  is not said, and acknowledged as expired.
- A snapshot is not said, save for a call younger than that which no speaker said yet.
- A call that was not heard (the speaker failed) is tried once more where it is still young enough.
- A call that was undone before it was said, whose number was sent on, held or finished, is not said, and acknowledged
  as expired. So is one whose number was called anew: the newer call is said in its place in the line.
- Who was marked as missed before the voice came to them is still called: they may come and be taken back.
- A call whose number was finished, missed or called anew is not repeated.

Nothing here knows a voice or a clock: the app hands in what the feed said and how announcements ended, and carries out
what comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from locales.spoken import spoken_call, spoken_language
from protocol.frames import (
    ActionUndone,
    Heartbeat,
    Numbered,
    Snapshot,
    TicketCalled,
    TicketFinished,
    TicketHeld,
    TicketNotHere,
    TicketTransferred,
)
from protocol.nouns import Entry

SNAPSHOT_TOO_OLD_S = 20.0
LIVE_TOO_OLD_S = 300.0
"""Thirty rooms that call at once are through in less than three minutes; what comes later surprises who hears it."""
REPEAT_GAP_S = 8.0
REPEAT_WITHIN_S = 30.0
"""Seconds after a call was said. A repetition that finds no quiet moment until then is left out."""
NO_REPETITION_FROM = 3
ONE_LANGUAGE_FROM = 4
"""Calls that wait unsaid. Repetitions are given up before languages: who hears their language once can come."""
KNOWN_KEPT = 500
WAITING_KEPT = 100


@dataclass(frozen=True)
class Announcement:
    """A call to say. ``called_at``, ``due`` and ``until`` are monotonic seconds.

    It is begun between ``due`` and ``until``, or never. A call that took the place of an older one of the same number
    has its ``called_at``.
    """

    call_seq: int
    entry_id: str
    number: str
    room: str
    languages: tuple[str, ...]
    called_at: float
    due: float
    until: float
    repeated: bool = False
    heard_before: bool = False

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Language and words, in the order in which they are said. What cannot be said in a language is left out."""
        texts: list[tuple[str, str]] = []
        for language in self.languages:
            try:
                texts.append((language, spoken_call(self.number, self.room, language, repeated=self.heard_before)))
            except ValueError:  # a room of signs only: nothing to say in any language
                continue
        return tuple(texts)


@dataclass(frozen=True)
class Say:
    """Say this now."""

    announcement: Announcement


@dataclass(frozen=True)
class Told:
    """Tell the server how a call ended."""

    call_seq: int
    outcome: Literal["heard", "failed", "expired"]
    code: str = "ok"


@dataclass(frozen=True)
class Ended:
    """What the speaker said to a `Say`."""

    call_seq: int
    heard: bool
    code: str = "ok"


Happening: TypeAlias = Snapshot | Numbered | Heartbeat | Ended | None
"""What the feed said, how an announcement ended, or None: time went by."""
Wish: TypeAlias = Say | Told


@dataclass(frozen=True)
class Spoken:
    """What was said and what is still to say."""

    house_language: str = "vi"
    waiting: tuple[Announcement, ...] = ()
    speaking: Announcement | None = None
    known: tuple[int, ...] = ()
    """Calls that were taken up, newest last, so that each is said once."""


def to_say(happening: Happening, spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    """What to do now, and the state after it. At most one `Say`, and none while one is being said."""
    wishes: tuple[Wish, ...] = ()
    if isinstance(happening, Snapshot):
        wishes, spoken = _snapshot(happening, spoken, now)
    elif isinstance(happening, Numbered) and isinstance(happening.frame, ActionUndone):
        mistake = happening.frame.undone_seq
        wishes, spoken = _never(spoken, lambda call: call.call_seq == mistake, "undone")
    elif isinstance(happening, Numbered) and isinstance(happening.frame, TicketTransferred):
        sent_on = happening.frame.entry.entry_id
        wishes, spoken = _never(spoken, lambda call: call.entry_id == sent_on, "transferred")
    elif isinstance(happening, Numbered) and isinstance(happening.frame, (TicketFinished, TicketHeld)):
        gone = happening.frame.entry.entry_id
        wishes, spoken = _never(spoken, lambda call: call.entry_id == gone, "over")
    elif isinstance(happening, Numbered):
        wishes, spoken = _frame(happening, spoken, now)
    elif isinstance(happening, Ended):
        wishes, spoken = _ended(happening, spoken, now)
    expired, spoken = _expire(_without_luxury(spoken), now)
    begun, spoken = _begin(spoken, now)
    return (*wishes, *expired, *begun), spoken


def next_due(spoken: Spoken, now: float) -> float | None:
    """Seconds until something may be to do without anything being heard, None = nothing is waiting."""
    if not spoken.waiting or spoken.speaking is not None:
        return None
    return max(0.0, min(announcement.due for announcement in spoken.waiting) - now)


def _snapshot(snapshot: Snapshot, spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    """Calls that happened while nobody listened: young ones that no speaker said are said; the others are known.

    What waits to be said and is over by now (its frame was missed) is not said.
    """
    calling = {entry.entry_id for entry in snapshot.entries if entry.state == "called"}
    missed = {entry.entry_id for entry in snapshot.entries if entry.state == "not_here"}
    wishes, spoken = _never(spoken, lambda call: call.entry_id not in calling | missed, "over")
    for recent in sorted(snapshot.calls, key=lambda recent: recent.seq):
        if recent.seq in spoken.known:
            continue
        if recent.heard or recent.age_s > SNAPSHOT_TOO_OLD_S or recent.entry.entry_id not in calling:
            spoken = _knowing(spoken, recent.seq)
        else:
            called_at = now - max(recent.age_s, 0.0)
            call = _announcement(spoken, recent.seq, recent.entry, recent.room_number, called_at, now)
            told, spoken = _take(spoken, replace(call, until=called_at + SNAPSHOT_TOO_OLD_S))
            wishes += told
    return wishes, spoken


def _frame(numbered: Numbered, spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    frame = numbered.frame
    if isinstance(frame, TicketCalled) and numbered.seq not in spoken.known:
        return _take(spoken, _announcement(spoken, numbered.seq, frame.entry, frame.room_number, now, now))
    if isinstance(frame, TicketNotHere):
        return (), _without_repetitions(spoken, frame.entry.entry_id)
    return (), spoken


def _never(spoken: Spoken, wrong: Callable[[Announcement], bool], code: str) -> tuple[tuple[Wish, ...], Spoken]:
    """What is wrong and was not said yet is never said; what is being said is not cut, but not said again."""
    unsaid = [call for call in spoken.waiting if wrong(call) and not call.repeated]
    spoken = replace(spoken, waiting=tuple(call for call in spoken.waiting if not wrong(call)))
    if spoken.speaking is not None and wrong(spoken.speaking):
        spoken = replace(spoken, speaking=replace(spoken.speaking, repeated=True))
    return tuple(Told(call.call_seq, "expired", code) for call in unsaid), spoken


def _announcement(spoken: Spoken, seq: int, entry: Entry, room: str, called_at: float, now: float) -> Announcement:
    languages = dict.fromkeys((spoken_language(entry.language) or spoken.house_language, spoken.house_language))
    until = called_at + LIVE_TOO_OLD_S
    return Announcement(seq, entry.entry_id, entry.number, room, tuple(languages), called_at, now, until)


def _take(spoken: Spoken, call: Announcement) -> tuple[tuple[Wish, ...], Spoken]:
    """A new call goes to the end of the line, or to the place of an unsaid one of the same number."""
    spoken = _knowing(_without_repetitions(spoken, call.entry_id), call.call_seq)
    for place, older in enumerate(spoken.waiting):
        if older.entry_id == call.entry_id:
            newer = replace(call, called_at=older.called_at)
            waiting = (*spoken.waiting[:place], newer, *spoken.waiting[place + 1 :])
            return (Told(older.call_seq, "expired", "recalled"),), replace(spoken, waiting=waiting)
    return (), replace(spoken, waiting=(*spoken.waiting, call))


def _knowing(spoken: Spoken, seq: int) -> Spoken:
    return replace(spoken, known=(*spoken.known, seq)[-KNOWN_KEPT:])


def _without_repetitions(spoken: Spoken, entry_id: str) -> Spoken:
    """First calls stay: nobody heard them yet."""
    waiting = tuple(call for call in spoken.waiting if not (call.repeated and call.entry_id == entry_id))
    speaking = spoken.speaking
    if speaking is not None and speaking.entry_id == entry_id:
        speaking = replace(speaking, repeated=True)  # once said, it is not said again
    return replace(spoken, waiting=waiting, speaking=speaking)


def _ended(ended: Ended, spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    call = spoken.speaking
    if call is None or call.call_seq != ended.call_seq:
        return (), spoken
    spoken = replace(spoken, speaking=None)
    told: tuple[Wish, ...] = ()
    if not call.heard_before:
        told = (Told(call.call_seq, "heard" if ended.heard else "failed", ended.code),)
    if not call.repeated:
        until = now + REPEAT_WITHIN_S if ended.heard else call.until
        again = replace(call, repeated=True, heard_before=ended.heard, due=now + REPEAT_GAP_S, until=until)
        spoken = replace(spoken, waiting=(*spoken.waiting, again))
    return told, spoken


def _expire(spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    """Calls that are too old are given up. A repetition, or a second try, has told its outcome already."""
    young = tuple(call for call in spoken.waiting if now <= call.until)[-WAITING_KEPT:]
    given_up = [call for call in spoken.waiting if call not in young and not call.repeated]
    return tuple(Told(call.call_seq, "expired", "too_old") for call in given_up), replace(spoken, waiting=young)


def _unsaid(spoken: Spoken) -> int:
    return sum(not call.repeated for call in spoken.waiting)


def _without_luxury(spoken: Spoken) -> Spoken:
    """Where a line waits, nothing is repeated. What was not heard is not a repetition."""
    if _unsaid(spoken) < NO_REPETITION_FROM:
        return spoken
    return replace(spoken, waiting=tuple(call for call in spoken.waiting if not call.heard_before))


def _begin(spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    due = [call for call in spoken.waiting if call.due <= now]
    if spoken.speaking is not None or not due:
        return (), spoken
    first = min(due, key=lambda call: call.repeated)  # stable: first in, first out within each kind
    waiting = tuple(call for call in spoken.waiting if call is not first)
    spoken = replace(spoken, waiting=waiting)
    if _unsaid(spoken) >= ONE_LANGUAGE_FROM:
        first = replace(first, languages=first.languages[:1])
    return (Say(first),), replace(spoken, speaking=first)
