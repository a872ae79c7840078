"""What the voice says, and when: `to_say`, a pure decision.

Rules (DESIGN.md, "The wall and the voice"):

- First in, first out; an announcement that has begun is never cut; one at a time.
- Each call (each ``call_seq``) is said once, and once more after a gap. First calls go before repetitions.
- The patient's language first, then the house's where that is another one.
- A call older than `TOO_OLD_S` is not said; it is acknowledged as expired.
- A snapshot is not said, save for a call younger than that which no speaker said yet.
- A call that was not heard (the speaker failed) is tried once more where it is still young enough.
- A call that was undone before it was said, or whose number was sent on to another room, is not said, and
  acknowledged as expired.
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

TOO_OLD_S = 20.0
REPEAT_GAP_S = 8.0
REPEAT_WITHIN_S = 40.0
"""A repetition that finds no quiet moment until then is left out."""
KNOWN_KEPT = 500
WAITING_KEPT = 100


@dataclass(frozen=True)
class Announcement:
    """A call to say. ``called_at`` and ``due`` are monotonic seconds."""

    call_seq: int
    entry_id: str
    number: str
    room: str
    languages: tuple[str, ...]
    called_at: float
    due: float
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
        spoken = _snapshot(happening, spoken, now)
    elif isinstance(happening, Numbered) and isinstance(happening.frame, ActionUndone):
        mistake = happening.frame.undone_seq
        wishes, spoken = _never(spoken, lambda call: call.call_seq == mistake, "undone")
    elif isinstance(happening, Numbered) and isinstance(happening.frame, TicketTransferred):
        sent_on = happening.frame.entry.entry_id
        wishes, spoken = _never(spoken, lambda call: call.entry_id == sent_on, "transferred")
    elif isinstance(happening, Numbered):
        spoken = _frame(happening, spoken, now)
    elif isinstance(happening, Ended):
        wishes, spoken = _ended(happening, spoken, now)
    expired, spoken = _expire(spoken, now)
    begun, spoken = _begin(spoken, now)
    return (*wishes, *expired, *begun), spoken


def next_due(spoken: Spoken, now: float) -> float | None:
    """Seconds until something may be to do without anything being heard, None = nothing is waiting."""
    if not spoken.waiting or spoken.speaking is not None:
        return None
    return max(0.0, min(announcement.due for announcement in spoken.waiting) - now)


def _snapshot(snapshot: Snapshot, spoken: Spoken, now: float) -> Spoken:
    """Calls that happened while nobody listened: young ones that no speaker said are said; the others are known."""
    calling = {entry.entry_id for entry in snapshot.entries if entry.state == "called"}
    for recent in sorted(snapshot.calls, key=lambda recent: recent.seq):
        if recent.seq in spoken.known:
            continue
        if recent.heard or recent.age_s > TOO_OLD_S or recent.entry.entry_id not in calling:
            spoken = _knowing(spoken, recent.seq)
        else:
            spoken = _take(spoken, recent.seq, recent.entry, recent.room_number, now - max(recent.age_s, 0.0), now)
    return spoken


def _frame(numbered: Numbered, spoken: Spoken, now: float) -> Spoken:
    frame = numbered.frame
    if isinstance(frame, TicketCalled) and numbered.seq not in spoken.known:
        return _take(spoken, numbered.seq, frame.entry, frame.room_number, now, now)
    if isinstance(frame, (TicketFinished, TicketHeld, TicketNotHere)):
        return _without_repetitions(spoken, frame.entry.entry_id)
    return spoken


def _never(spoken: Spoken, wrong: Callable[[Announcement], bool], code: str) -> tuple[tuple[Wish, ...], Spoken]:
    """What is wrong and was not said yet is never said; what is being said is not cut, but not said again."""
    unsaid = [call for call in spoken.waiting if wrong(call) and not call.repeated]
    spoken = replace(spoken, waiting=tuple(call for call in spoken.waiting if not wrong(call)))
    if spoken.speaking is not None and wrong(spoken.speaking):
        spoken = replace(spoken, speaking=replace(spoken.speaking, repeated=True))
    return tuple(Told(call.call_seq, "expired", code) for call in unsaid), spoken


def _take(spoken: Spoken, seq: int, entry: Entry, room: str, called_at: float, now: float) -> Spoken:
    languages = dict.fromkeys((spoken_language(entry.language) or spoken.house_language, spoken.house_language))
    call = Announcement(seq, entry.entry_id, entry.number, room, tuple(languages), called_at, now)
    spoken = _knowing(_without_repetitions(spoken, entry.entry_id), seq)
    return replace(spoken, waiting=(*spoken.waiting, call))


def _knowing(spoken: Spoken, seq: int) -> Spoken:
    return replace(spoken, known=(*spoken.known, seq)[-KNOWN_KEPT:])


def _without_repetitions(spoken: Spoken, entry_id: str) -> Spoken:
    """First calls stay, even of a number that is over: it was called, and the room waits to be heard."""
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
        again = replace(call, repeated=True, heard_before=ended.heard, due=now + REPEAT_GAP_S)
        spoken = replace(spoken, waiting=(*spoken.waiting, again))
    return told, spoken


def _expire(spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    """Calls that are too old are given up. A repetition, or a second try, has told its outcome already."""
    young = tuple(call for call in spoken.waiting if now - call.called_at <= _limit(call))[-WAITING_KEPT:]
    given_up = [call for call in spoken.waiting if call not in young and not call.repeated]
    return tuple(Told(call.call_seq, "expired", "too_old") for call in given_up), replace(spoken, waiting=young)


def _limit(call: Announcement) -> float:
    return REPEAT_WITHIN_S if call.heard_before else TOO_OLD_S


def _begin(spoken: Spoken, now: float) -> tuple[tuple[Wish, ...], Spoken]:
    due = [call for call in spoken.waiting if call.due <= now]
    if spoken.speaking is not None or not due:
        return (), spoken
    first = min(due, key=lambda call: call.repeated)  # stable: first in, first out within each kind
    waiting = tuple(call for call in spoken.waiting if call is not first)
    return (Say(first),), replace(spoken, waiting=waiting, speaking=first)
