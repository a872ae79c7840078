"""What the wall shows, as a value; `apply` is what happens to it. Pure.

Rules (design tokens and DESIGN.md, "The wall and the voice"):

- The newest calls are heroes, at most `SLOTS`; each stays at least `HERO_MINIMUM_S`. A call that finds no slot waits
  its turn and is meanwhile the first row of the history, marked as being called, so that it is visible at once.
- A hero leaves when a newer call needs its slot, or when it was finished or not here, and never before its minimum.
- A call that was undone leaves the wall at once, minimum or not: it sends somebody to the wrong place.
- A recall moves a number back to hero. One entry is on the wall once.
- A snapshot is drawn and does not flash; what flashes is a call that was heard as it happened.
- Nothing is forgotten when the feed is lost: the last calls stay, and how old they are is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from display.room_news import RoomNews, after, fresh
from protocol.frames import (
    ActionUndone,
    Heartbeat,
    Numbered,
    RecentCall,
    ServicesChanged,
    Snapshot,
    TicketCalled,
    TicketFinished,
    TicketHeld,
    TicketNotHere,
    TicketTransferred,
)
from protocol.nouns import Entry, Names, Site, Zone
from theme import tokens

SLOTS = 2
HERO_MINIMUM_S = float(tokens.TIME_HERO_MINIMUM_SECONDS)
NOT_LIVE_AFTER_S = float(tokens.TIME_NOT_LIVE_AFTER_SECONDS)
HISTORY_KEPT = 12
WAITING_KEPT = 12
"""Calls waiting for a slot; with more than these, the oldest are shown in the history only."""

Heard: TypeAlias = Snapshot | Numbered | Heartbeat | None
"""What the feed said; None = nothing, only time went by."""


@dataclass(frozen=True)
class Call:
    """A number called to a room. ``seq`` is the number of the frame that called, as it is acknowledged."""

    seq: int
    entry_id: str
    number: str
    room: str
    service_id: str
    service_names: Names
    since: float = 0.0
    """When it became a hero, or came on the wall (monotonic seconds)."""
    ended: bool = False
    not_here: bool = False
    fresh: bool = False
    """Heard as it happened: it may flash."""


@dataclass(frozen=True)
class Board:
    site: Site | None = None
    zone: Zone | None = None
    heroes: tuple[Call, ...] = ()
    """Newest first, at most `SLOTS`."""
    waiting: tuple[Call, ...] = ()
    """Called, and waiting for a slot; oldest first."""
    history: tuple[Call, ...] = ()
    """Newest first, at most `HISTORY_KEPT`."""
    news: RoomNews = field(default_factory=RoomNews)
    """Rooms that pause, and people who are to go to another room."""
    heard_at: float | None = None
    """When the feed was last heard (monotonic seconds), None = never."""
    server_time: datetime | None = None
    """The server's clock at `heard_at`."""

    def live(self, now: float) -> bool:
        return self.heard_at is not None and now - self.heard_at < NOT_LIVE_AFTER_S

    def clock(self, now: float) -> datetime | None:
        """The server's clock now, in its own zone of time: every wall of a hospital shows the same minute."""
        if self.server_time is None or self.heard_at is None:
            return None
        return self.server_time + timedelta(seconds=now - self.heard_at)

    def on_wall(self) -> tuple[Call, ...]:
        """Every call that the wall knows, newest first within each part."""
        return (*self.heroes, *reversed(self.waiting), *self.history)


def apply(board: Board, heard: Heard, now: float) -> Board:
    """The board after `heard`, and after the time that went by. `now` is monotonic seconds."""
    if isinstance(heard, Snapshot):
        board = _redrawn(board, heard, now)
    elif isinstance(heard, Numbered):
        board = replace(_framed(board, heard, now), news=after(board.news, heard.frame, now))
    if heard is not None:
        board = replace(board, heard_at=now, server_time=heard.at)
    return replace(_settled(board, now), news=fresh(board.news, now))


def _framed(board: Board, numbered: Numbered, now: float) -> Board:
    frame = numbered.frame
    if isinstance(frame, TicketCalled):
        call = _call(numbered.seq, frame.entry, frame.room_number, frame.service_names, now)
        return _called(board, replace(call, fresh=True), now)
    if isinstance(frame, (TicketFinished, TicketHeld)):
        return _ended(board, frame.entry, not_here=False)
    if isinstance(frame, TicketNotHere):
        return _ended(board, frame.entry, not_here=True)
    if isinstance(frame, TicketTransferred):
        return _off_hero(_marked(board, frame.entry, ended=True, not_here=False), frame.entry)
    if isinstance(frame, ActionUndone):
        return _undone(board, frame)
    if isinstance(frame, ServicesChanged):
        return _renamed(board, frame)
    return board


def _call(seq: int, entry: Entry, room: str, names: Names, now: float) -> Call:
    return Call(seq, entry.entry_id, entry.number, room, entry.service_id, names, since=now)


def _called(board: Board, call: Call, now: float) -> Board:
    """A call or a recall: first among the heroes where there is a slot, else it waits for one."""
    if any(known.seq >= call.seq and known.entry_id == call.entry_id for known in board.on_wall()):
        return board  # said twice by the feed
    history = tuple(known for known in board.history if known.entry_id != call.entry_id)
    waiting = tuple(known for known in board.waiting if known.entry_id != call.entry_id)
    others = tuple(hero for hero in board.heroes if hero.entry_id != call.entry_id)
    board = replace(board, heroes=others, waiting=waiting, history=history)
    if len(others) < SLOTS:
        return replace(board, heroes=(replace(call, since=now), *others))
    return _bounded(replace(board, waiting=(*waiting, call)))


def _bounded(board: Board) -> Board:
    late = board.waiting[:-WAITING_KEPT]
    return replace(_into_history(board, late), waiting=board.waiting[-WAITING_KEPT:])


def _ended(board: Board, entry: Entry, *, not_here: bool) -> Board:
    """Finished or not here. A hero keeps its slot until its minimum; one that still waits needs no slot any more."""
    board = _marked(board, entry, ended=True, not_here=not_here)
    gone = tuple(call for call in board.waiting if call.ended)
    return replace(_into_history(board, gone), waiting=tuple(call for call in board.waiting if not call.ended))


def _undone(board: Board, frame: ActionUndone) -> Board:
    """A mistaken call leaves; a number that is still called, after all, is not shown as over."""
    entry = frame.entry
    if entry.state == "called":
        return _marked(board, entry, ended=False, not_here=False)
    if entry.state == "not_here":
        return _off_hero(_marked(board, entry, ended=True, not_here=True), entry)
    if entry.state == "waiting" and frame.undone_type == "ticket_called":

        def without(calls: tuple[Call, ...]) -> tuple[Call, ...]:
            return tuple(call for call in calls if call.entry_id != entry.entry_id)

        heroes, waiting, history = without(board.heroes), without(board.waiting), without(board.history)
        return replace(board, heroes=heroes, waiting=waiting, history=history)
    return _off_hero(_marked(board, entry, ended=True, not_here=False), entry)


def _off_hero(board: Board, entry: Entry) -> Board:
    """Out of its slot, into the history."""
    gone = tuple(call for call in (*board.heroes, *board.waiting) if call.entry_id == entry.entry_id)
    heroes = tuple(call for call in board.heroes if call.entry_id != entry.entry_id)
    waiting = tuple(call for call in board.waiting if call.entry_id != entry.entry_id)
    return replace(_into_history(board, gone), heroes=heroes, waiting=waiting)


def _marked(board: Board, entry: Entry, *, ended: bool, not_here: bool) -> Board:
    def marked(calls: tuple[Call, ...]) -> tuple[Call, ...]:
        return tuple(
            replace(call, ended=ended, not_here=not_here) if call.entry_id == entry.entry_id else call for call in calls
        )

    return replace(board, heroes=marked(board.heroes), waiting=marked(board.waiting), history=marked(board.history))


def _renamed(board: Board, frame: ServicesChanged) -> Board:
    names = {service.service_id: service.names for service in frame.services}
    zone = board.zone
    if zone is not None and frame.zones is not None:
        zone = next((known for known in frame.zones if known.zone_id == zone.zone_id), zone)

    def renamed(calls: tuple[Call, ...]) -> tuple[Call, ...]:
        return tuple(replace(call, service_names=names.get(call.service_id, call.service_names)) for call in calls)

    board = replace(board, site=frame.site or board.site, zone=zone)
    return replace(board, heroes=renamed(board.heroes), waiting=renamed(board.waiting), history=renamed(board.history))


def _settled(board: Board, now: float) -> Board:
    """Heroes that are over leave, and waiting calls take the slots that are free or can be freed."""
    over = tuple(hero for hero in board.heroes if hero.ended and now - hero.since >= HERO_MINIMUM_S)
    board = replace(_into_history(board, over), heroes=tuple(hero for hero in board.heroes if hero not in over))
    while board.waiting:
        if len(board.heroes) >= SLOTS:
            oldest = min(board.heroes, key=lambda hero: (hero.since, hero.seq))
            if now - oldest.since < HERO_MINIMUM_S:
                break
            heroes = tuple(hero for hero in board.heroes if hero is not oldest)
            board = replace(_into_history(board, (oldest,)), heroes=heroes)
        first, *rest = board.waiting
        board = replace(board, heroes=(replace(first, since=now), *board.heroes), waiting=tuple(rest))
    return board


def _into_history(board: Board, calls: tuple[Call, ...]) -> Board:
    """`calls` become rows; the history stays in the order in which they were called, newest first."""
    if not calls:
        return board
    ids = {call.entry_id for call in calls}
    rows = [replace(call, fresh=False) for call in calls]
    rows += [call for call in board.history if call.entry_id not in ids]
    rows.sort(key=lambda call: -call.seq)
    return replace(board, history=tuple(rows[:HISTORY_KEPT]))


def _redrawn(board: Board, snapshot: Snapshot, now: float) -> Board:
    """The wall as the server knows it. Heroes of this moment that the server still tells of keep their minimum."""
    zone_id = snapshot.device.zone_id if snapshot.device else None
    zone = next((zone for zone in snapshot.zones if zone.zone_id == zone_id), None)
    calls = _latest(snapshot, now)
    newest = {call.entry_id: call for call in calls}
    pinned = tuple(
        replace(hero, ended=newest[hero.entry_id].ended, not_here=newest[hero.entry_id].not_here)
        for hero in board.heroes
        if hero.entry_id in newest
        and newest[hero.entry_id].seq == hero.seq
        and (now - hero.since < HERO_MINIMUM_S or not newest[hero.entry_id].ended)
    )
    kept = {hero.entry_id for hero in pinned}
    wanted = [call for call in calls if not call.ended][:SLOTS]
    coming = [call for call in wanted if call.entry_id not in kept]
    free = coming[: SLOTS - len(pinned)]
    waiting = tuple(reversed(coming[len(free) :]))
    heroes = tuple(sorted((*free, *pinned), key=lambda call: -call.seq))
    shown = {call.entry_id for call in (*heroes, *waiting)}
    history = tuple(call for call in calls if call.entry_id not in shown)[:HISTORY_KEPT]
    board = replace(board, site=snapshot.site, zone=zone, heroes=heroes, waiting=waiting, history=history)
    return replace(board, news=replace(board.news, rooms=snapshot.rooms))


def _latest(snapshot: Snapshot, now: float) -> list[Call]:
    """The newest call of each entry, newest first. An entry that is not told of any more is finished."""
    states = {entry.entry_id: entry.state for entry in snapshot.entries}
    calls: dict[str, Call] = {}
    for recent in sorted(snapshot.calls, key=lambda recent: -recent.seq):
        if recent.entry.entry_id not in calls:
            calls[recent.entry.entry_id] = _remembered(recent, states.get(recent.entry.entry_id), now)
    return list(calls.values())


def _remembered(recent: RecentCall, state: str | None, now: float) -> Call:
    call = _call(recent.seq, recent.entry, recent.room_number, recent.service_names, now)
    return replace(call, ended=state != "called", not_here=state == "not_here")
