"""What is on the wall, as texts and marks: `look` turns a board into a `WallView`. Pure.

Rows are bilingual, never alternating: each text is a pair of the house's language and the second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from display.board import SLOTS, Board, Call
from locales import t
from protocol.nouns import Names
from theme import tokens

FLASHES_PER_SECOND = 1.5
"""Half of what is allowed: a whole hero changes its ground, and it is meant to be noticed, not to hurt."""
FLASH_STOPS_AFTER_S = float(tokens.TIME_FLASH_STOPS_AFTER_SECONDS)
ROWS = 6
NOTICES = ("display.notice.priority", "display.notice.missed", "display.notice.unwell")

NUMBERS_ON_A_PAGE = 5
"""So many numbers of people who moved are read at a glance."""

Trouble: TypeAlias = Literal["", "refused"]
"""What the feed said last of all: ``refused`` = this device may not listen any more."""


@dataclass(frozen=True)
class Words:
    """One text in the house's language and, below it, in the second language (empty when there is only one)."""

    first: str
    second: str = ""


@dataclass(frozen=True)
class HeroView:
    seq: int
    number: str
    room: str
    label: Words
    service: Words
    room_label: Words
    icon: str
    arrow: str
    filled: bool
    """The newest call is filled, the earlier one outlined."""
    lit: bool = True
    """False in the dark half of a flash."""


@dataclass(frozen=True)
class RowView:
    seq: int
    number: str
    room: str
    icon: str = ""
    mark: Words = field(default_factory=lambda: Words(""))
    calling: bool = False
    """Called, and waiting for a place among the heroes."""


@dataclass(frozen=True)
class Notice:
    icon: str
    words: Words
    page: Words
    warning: bool = False


@dataclass(frozen=True)
class WallView:
    title: str
    subtitle: str
    clock: str
    live: bool
    live_icon: str
    live_words: Words
    heroes: tuple[HeroView, ...]
    """At most two, newest first."""
    empty: Words
    """What an empty place for a call says."""
    called_label: Words
    room_label: Words
    rows: tuple[RowView, ...]
    notice: Notice

    def shown(self) -> frozenset[int]:
        """Numbers of the calls that can be seen."""
        return frozenset(hero.seq for hero in self.heroes) | frozenset(row.seq for row in self.rows)


@dataclass(frozen=True)
class Style:
    """How this wall is set up."""

    languages: tuple[str, ...] = ("vi", "en")
    """The house's language first; a second one is shown below it."""
    rows: int = ROWS
    notices: tuple[Names, ...] = ()
    """The hospital's own notices, instead of the ones that come with the program."""
    arrows: Mapping[str, str] = field(default_factory=dict)
    """Which way to walk from this wall, by number of room: ``left``, ``right``, ``up``, ``down``, ``up-left`` ..."""
    flash: bool = True
    """False where motion is to be reduced."""
    page_s: float = 12.0
    """How long a notice stays before the page turns."""


def look(board: Board, now: float, style: Style, trouble: Trouble = "") -> WallView:
    """What to draw at `now` (monotonic seconds)."""
    live = board.live(now) and not trouble
    title, subtitle = _names(board, style)
    calls = (*reversed(board.waiting), *board.history)[: style.rows]
    waiting = {call.seq for call in board.waiting}
    return WallView(
        title=title,
        subtitle=subtitle,
        clock=_clock(board, now),
        live=live,
        live_icon="radio" if live else "wifi-off",
        live_words=_words("display.live.on" if live else "display.live.off", style),
        heroes=tuple(_hero(call, place, now, style, live) for place, call in enumerate(board.heroes[:SLOTS])),
        empty=_words("display.wall.empty", style),
        called_label=_words("display.wall.called", style),
        room_label=_words("display.wall.room", style),
        rows=tuple(_row(call, call.seq in waiting, style) for call in calls),
        notice=_trouble(board, now, style, trouble) or _notice(board, now, style),
    )


def changes_by_itself(board: Board, now: float) -> bool:
    """Whether a hero is flashing: the wall has to be looked at many times a second, else once a second is enough."""
    return any(call.fresh and now - call.since <= FLASH_STOPS_AFTER_S + 0.5 for call in board.heroes)


def _hero(call: Call, place: int, now: float, style: Style, live: bool) -> HeroView:
    """A wall that is not live claims of no call that it is the newest."""
    newest = place == 0 and live
    label = "display.hero.newest" if newest else "display.hero.earlier" if live else "display.wall.called"
    return HeroView(
        seq=call.seq,
        number=call.number,
        room=call.room,
        label=_words(label, style),
        service=_in(call.service_names, style),
        room_label=_words("display.wall.room", style),
        icon="bell-ring" if newest else "megaphone" if live else "history",
        arrow=f"arrow-{style.arrows.get(call.room, 'right')}",
        filled=newest,
        lit=_lit(call, now) or not style.flash,
    )


def _lit(call: Call, now: float) -> bool:
    age = now - call.since
    if not call.fresh or age >= FLASH_STOPS_AFTER_S:
        return True
    return int(age * 2 * FLASHES_PER_SECOND) % 2 == 0


def _row(call: Call, waiting: bool, style: Style) -> RowView:
    if waiting:
        return RowView(call.seq, call.number, call.room, "megaphone", _words("display.row.calling", style), True)
    if call.not_here:
        return RowView(call.seq, call.number, call.room, "user-x", _words("display.row.not_here", style))
    return RowView(call.seq, call.number, call.room)


def _names(board: Board, style: Style) -> tuple[str, str]:
    """The zone, and below it the zone in the second language and the hospital; without a zone the hospital alone."""
    if board.site is None:
        return t("common.product", style.languages[0]), ""
    site = _in(board.site.names, style)
    if board.zone is None:
        return site.first, site.second if site.second != site.first else ""
    zone = _in(board.zone.names, style)
    parts = [part for part in (zone.second, site.first) if part and part != zone.first]
    return zone.first, " · ".join(parts)


def _clock(board: Board, now: float) -> str:
    at = board.clock(now)
    if at is None or board.site is None:
        return ""
    return f"{at.astimezone(ZoneInfo(board.site.time_zone)):%H:%M}"


def _trouble(board: Board, now: float, style: Style, trouble: Trouble) -> Notice | None:
    """The notice that says in words that this wall is not live; nothing else is announced meanwhile."""
    if trouble == "refused":
        words = _words("display.notice.refused", style)
    elif board.heard_at is None or board.site is None:
        words = _words("display.notice.connecting", style)
    elif not board.live(now):
        words = _words("display.notice.not_live", style, time=_clock(board, board.heard_at))
    else:
        return None
    return Notice("triangle-alert", words, Words(""), warning=True)


def _notice(board: Board, now: float, style: Style) -> Notice:
    """What became of rooms first, then the usual notices, page by page."""
    news = [*_moved(board, style), *_pauses(board, style)]
    usual = [_in(names, style) for names in style.notices] or [_words(key, style) for key in NOTICES]
    pages = [*news, *usual]
    index = int(now / style.page_s) % len(pages)
    page = _words("display.wall.page", style, page=index + 1, pages=len(pages)) if len(pages) > 1 else Words("")
    return Notice("door-open" if index < len(news) else "info", pages[index], page)


def _moved(board: Board, style: Style) -> list[Words]:
    """Who is to go to another room, a few numbers on a page."""
    numbers: dict[str, list[str]] = {}
    for one in board.news.moved:
        numbers.setdefault(one.room, []).append(one.number)
    return [
        _words("display.notice.moved", style, numbers=", ".join(those[at : at + NUMBERS_ON_A_PAGE]), room=room)
        for room, those in numbers.items()
        for at in range(0, len(those), NUMBERS_ON_A_PAGE)
    ]


def _pauses(board: Board, style: Style) -> list[Words]:
    """Rooms of this wall's zone that call nobody for a while."""
    if board.site is None:
        return []
    zone = ZoneInfo(board.site.time_zone)
    return [
        _words("display.notice.paused", style, room=room.number, time=f"{room.pause.until.astimezone(zone):%H:%M}")
        for room in board.news.rooms
        if room.pause and (board.zone is None or room.zone_id == board.zone.zone_id)
    ]


def _words(key: str, style: Style, **values: object) -> Words:
    first, *others = (t(key, language, **values) for language in style.languages[:2])
    return Words(first, others[0] if others else "")


def _in(names: Names, style: Style) -> Words:
    """A name in the wall's languages; one that has no second language is not written twice."""
    first = names.get(style.languages[0]) or next(iter(names.values()), "")
    second = names.get(style.languages[1], "") if len(style.languages) > 1 else ""
    return Words(first, second)
