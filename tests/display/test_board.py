"""What is on the wall, and what may never happen to it."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from display.board import HERO_MINIMUM_S, HISTORY_KEPT, SLOTS, WAITING_KEPT, Board, Heard, apply
from protocol.frames import Numbered, ServicesChanged
from protocol.nouns import Service, Site, Zone
from tests.display.feed_words import ZONE, at, beat, called, held, over, recent, sent_on, snapshot, undone


def after(*steps: tuple[float, Heard], board: Board | None = None) -> Board:
    board = board or Board()
    for now, heard in steps:
        board = apply(board, heard, now)
    return board


def numbers(calls: Iterable[object]) -> list[str]:
    return [getattr(call, "number", "") for call in calls]


def test_the_newest_call_is_first_and_the_earlier_one_second() -> None:
    board = after((0, called(1, "A001")), (9, called(2, "A002", "12B")))
    assert numbers(board.heroes) == ["A002", "A001"]
    assert board.heroes[0].room == "12B"
    assert board.history == ()


def test_two_calls_at_once_get_two_places() -> None:
    board = after((0, called(1, "A001")), (0, called(2, "A002")))
    assert numbers(board.heroes) == ["A002", "A001"]


def test_a_third_call_waits_until_the_first_had_its_time() -> None:
    board = after((0, called(1, "A001")), (1, called(2, "A002")), (2, called(3, "A003")))
    assert numbers(board.heroes) == ["A002", "A001"]
    assert numbers(board.waiting) == ["A003"]
    assert numbers(after((HERO_MINIMUM_S - 0.01, None), board=board).heroes) == ["A002", "A001"]
    later = after((HERO_MINIMUM_S, None), board=board)
    assert numbers(later.heroes) == ["A003", "A002"]
    assert numbers(later.history) == ["A001"]
    assert later.heroes[0].since == HERO_MINIMUM_S, "its own time begins when it is shown"


def test_a_call_after_the_minimum_takes_the_place_of_the_oldest_at_once() -> None:
    board = after((0, called(1, "A001")), (1, called(2, "A002")), (30, called(3, "A003")))
    assert numbers(board.heroes) == ["A003", "A002"]
    assert numbers(board.history) == ["A001"]


def test_a_burst_is_shown_in_order_two_at_a_time() -> None:
    board = after(*((0.0, called(seq, f"A{seq:03d}")) for seq in range(1, 8)))
    seen: list[list[str]] = [numbers(board.heroes)]
    for second in range(1, 60):
        board = apply(board, None, float(second))
        if numbers(board.heroes) != seen[-1]:
            seen.append(numbers(board.heroes))
    assert seen == [["A002", "A001"], ["A004", "A003"], ["A006", "A005"], ["A007", "A006"]]
    assert numbers(board.history) == ["A005", "A004", "A003", "A002", "A001"]


def test_a_recall_moves_a_number_from_the_history_to_the_front() -> None:
    board = after((0, called(1, "A001")), (10, called(2, "A002")), (20, called(3, "A003")))
    assert numbers(board.history) == ["A001"]
    board = after((40, called(4, "A001")), board=board)
    assert numbers(board.heroes) == ["A001", "A003"]
    assert numbers(board.history) == ["A002"]
    assert board.heroes[0].fresh


def test_a_recall_of_a_hero_puts_it_first_and_sends_nobody_away() -> None:
    board = after((0, called(1, "A001")), (1, called(2, "A002")), (2, called(3, "A001")))
    assert numbers(board.heroes) == ["A001", "A002"]
    assert board.heroes[0].since == 2
    assert board.waiting == board.history == ()


def test_a_recall_of_a_waiting_call_is_there_once() -> None:
    board = after(*((0.0, called(seq, number)) for seq, number in enumerate(["A1", "A2", "A3", "A4", "A3"], start=1)))
    assert [call.seq for call in board.waiting] == [4, 5]
    assert numbers(board.waiting) == ["A4", "A3"]


def test_a_finished_number_leaves_after_its_minimum_and_not_before() -> None:
    board = after((0, called(1, "A001")), (3, over(2, "A001")))
    assert numbers(board.heroes) == ["A001"]
    board = after((HERO_MINIMUM_S, None), board=board)
    assert board.heroes == ()
    assert numbers(board.history) == ["A001"]


def test_a_number_that_is_not_here_is_marked_and_a_recall_unmarks_it() -> None:
    board = after((0, called(1, "A001")), (20, over(2, "A001", "not_here")))
    assert [(call.number, call.not_here) for call in board.history] == [("A001", True)]
    board = after((30, called(3, "A001")), board=board)
    assert [(call.number, call.not_here, call.ended) for call in board.heroes] == [("A001", False, False)]
    assert board.history == ()


def test_a_waiting_call_that_is_over_needs_no_place() -> None:
    board = after((0, called(1, "A1")), (0, called(2, "A2")), (0, called(3, "A3")), (1, over(4, "A3")))
    assert board.waiting == ()
    assert numbers(board.history) == ["A3"]


def test_the_same_frame_twice_is_one_call() -> None:
    board = after((0, called(1, "A001")), (5, called(1, "A001")))
    assert numbers(board.on_wall()) == ["A001"]
    assert board.heroes[0].since == 0


def test_the_wall_is_live_while_the_feed_is_heard() -> None:
    board = Board()
    assert not board.live(0)
    board = after((100, snapshot()), board=board)
    assert board.live(109.9)
    assert not board.live(110)
    assert after((111, beat(0, 11)), board=board).live(112)


def test_losing_the_feed_keeps_the_last_calls() -> None:
    board = after((0, snapshot()), (1, called(1, "A001")), (500, None))
    assert numbers(board.heroes) == ["A001"]
    assert not board.live(500)


def test_the_clock_is_the_servers() -> None:
    board = after((1000, beat(0, 60)))
    assert board.clock(1030) == at(90)
    assert Board().clock(5) is None


def test_a_snapshot_is_drawn_and_does_not_flash() -> None:
    calls = [recent(seq, f"A{seq:03d}") for seq in range(1, 12)]
    board = after((0, snapshot(*calls, over=frozenset({"A011", "A004"}))))
    assert numbers(board.heroes) == ["A010", "A009"], "A011 is finished: it is not a hero again"
    assert not any(call.fresh for call in board.on_wall())
    assert numbers(board.history) == [f"A{seq:03d}" for seq in (11, 8, 7, 6, 5, 4, 3, 2, 1)]
    assert board.zone == ZONE


def test_an_entry_called_twice_is_in_a_snapshot_once() -> None:
    board = after((0, snapshot(recent(1, "A001"), recent(2, "A002"), recent(3, "A001"))))
    assert [(call.number, call.seq) for call in board.heroes] == [("A001", 3), ("A002", 2)]
    assert board.history == ()


def test_a_snapshot_after_a_gap_brings_what_was_missed_and_keeps_young_heroes() -> None:
    board = after((0, snapshot()), (1, called(1, "A001")), (2, called(2, "A002")))
    missed = snapshot(recent(1, "A001"), recent(2, "A002"), recent(3, "A003"), recent(4, "A004"))
    board = after((5, missed), board=board)
    assert numbers(board.heroes) == ["A002", "A001"], "they have not had their eight seconds"
    assert numbers(board.waiting) == ["A003", "A004"]
    assert numbers(after((20, None), board=board).heroes) == ["A004", "A003"]


def test_what_a_snapshot_no_longer_tells_of_is_gone() -> None:
    board = after((0, snapshot()), (1, called(1, "A001")), (2, snapshot()))
    assert board.on_wall() == ()


def test_a_service_that_is_renamed_is_renamed_on_the_wall() -> None:
    changed = ServicesChanged(services=(Service(service_id="noi", names={"vi": "Nội tổng quát"}),), rooms=())
    board = after((0, called(1, "A1")), (1, Numbered(seq=2, previous=1, at=at(1), frame=changed)))
    assert board.heroes[0].service_names == {"vi": "Nội tổng quát"}


def test_the_wall_takes_the_new_names_of_hospital_and_zone() -> None:
    site = Site(site_id="main", names={"vi": "Bệnh viện Sông Lam"})
    zones = (Zone(zone_id="other", names={"vi": "x"}), Zone(zone_id=ZONE.zone_id, names={"vi": "Khu mới"}))
    changed = ServicesChanged(services=(), rooms=(), site=site, zones=zones)
    board = after((0, snapshot()), (1, Numbered(seq=2, previous=1, at=at(1), frame=changed)))
    assert board.zone is not None
    assert (board.site, board.zone.names) == (site, {"vi": "Khu mới"})
    older = ServicesChanged(services=(), rooms=())
    assert after((2, Numbered(seq=3, previous=2, at=at(2), frame=older)), board=board).site == site


# --- whatever the feed says ----------------------------------------------------------------------------------------

NUMBERS = st.sampled_from([f"A{number:03d}" for number in range(1, 30)])
STEP = st.one_of(
    st.tuples(st.just("call"), NUMBERS),
    st.tuples(st.just("finish"), NUMBERS),
    st.tuples(st.just("not_here"), NUMBERS),
    st.tuples(st.just("time"), st.just("")),
)
DAYS = st.lists(st.tuples(st.floats(0.0, 12.0), STEP), max_size=60)


def day(steps: list[tuple[float, tuple[str, str]]]) -> Iterable[tuple[float, Heard]]:
    now = 0.0
    for seq, (gap, (kind, number)) in enumerate(steps, start=1):
        now += gap
        if kind == "call":
            yield now, called(seq, number)
        elif kind == "time":
            yield now, None
        else:
            yield now, over(seq, number, "finished" if kind == "finish" else "not_here")


@settings(max_examples=200, deadline=None)
@given(DAYS)
def test_no_hero_leaves_before_its_minimum(steps: list[tuple[float, tuple[str, str]]]) -> None:
    board = Board()
    for now, heard in day(steps):
        before, board = board, apply(board, heard, now)
        here = {call.entry_id for call in board.heroes}
        for hero in before.heroes:
            assert hero.entry_id in here or now - hero.since >= HERO_MINIMUM_S


@settings(max_examples=200, deadline=None)
@given(DAYS)
def test_the_wall_stays_bounded_ordered_and_shows_a_number_once(steps: list[tuple[float, tuple[str, str]]]) -> None:
    board = Board()
    for now, heard in day(steps):
        board = apply(board, heard, now)
        entries = [call.entry_id for call in board.on_wall()]
        assert len(entries) == len(set(entries))
        assert len(board.heroes) <= SLOTS
        assert len(board.waiting) <= WAITING_KEPT
        assert len(board.history) <= HISTORY_KEPT
        assert not board.waiting or len(board.heroes) == SLOTS, "nobody waits beside an empty place"
        history = [call.seq for call in board.history]
        assert history == sorted(history, reverse=True)


@settings(max_examples=200, deadline=None)
@given(DAYS)
def test_every_call_is_seen_at_once_and_none_waits_for_ever(
    steps: list[tuple[float, tuple[str, str]]],
) -> None:
    board, now = Board(), 0.0
    for now, heard in day(steps):
        board = apply(board, heard, now)
        if isinstance(heard, Numbered) and heard.frame.type == "ticket_called":
            assert heard.seq in {call.seq for call in board.on_wall()}
    waiting = [call.seq for call in board.waiting]
    became_heroes: list[int] = []
    for _ in range(WAITING_KEPT):
        now += HERO_MINIMUM_S
        board = apply(board, None, now)
        became_heroes += sorted(call.seq for call in board.heroes if call.since == now)
    assert became_heroes[: len(waiting)] == waiting
    assert board.waiting == ()


@settings(max_examples=100, deadline=None)
@given(DAYS, st.lists(NUMBERS, max_size=15, unique=True))
def test_a_snapshot_at_any_moment_leaves_a_whole_wall(
    steps: list[tuple[float, tuple[str, str]]], told: list[str]
) -> None:
    board, now = Board(), 0.0
    for now, heard in day(steps):
        board = apply(board, heard, now)
    board = apply(board, snapshot(*(recent(1000 + index, number) for index, number in enumerate(told))), now + 1)
    entries = [call.number for call in board.on_wall()]
    assert len(entries) == len(set(entries))
    assert set(entries) <= set(told)
    assert len(board.heroes) == min(SLOTS, len(told))


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_a_call_that_was_undone_leaves_the_wall_at_once() -> None:
    board = after((0, called(1, "A001")), (1, called(2, "A002")), (2, called(3, "A003")), (3, undone(4, "A002", 2)))
    assert numbers(board.on_wall()) == ["A003", "A001"]
    assert numbers(board.heroes) == ["A003", "A001"], "who waited takes the free place"


def test_a_mistake_in_the_history_leaves_it_too() -> None:
    board = after((0, called(1, "A001")), (10, called(2, "A002")), (20, called(3, "A003")), (25, undone(4, "A001", 1)))
    assert numbers(board.on_wall()) == ["A003", "A002"]


def test_a_number_that_was_finished_by_mistake_is_not_shown_as_over() -> None:
    board = after((0, called(1, "A001")), (1, over(2, "A001")), (2, undone(3, "A001", 2, "ticket_finished", "called")))
    assert [(call.number, call.ended) for call in board.heroes] == [("A001", False)]
    board = after((60, called(4, "A002")), board=board)
    assert numbers(board.heroes) == ["A002", "A001"], "still called, so still shown"


def test_a_recall_of_somebody_away_that_was_undone_shows_them_as_away() -> None:
    board = after(
        (0, called(1, "A001")),
        (9, over(2, "A001", "not_here")),
        (10, called(3, "A001")),
        (11, undone(4, "A001", 3, "ticket_called", "not_here")),
    )
    assert board.heroes == ()
    assert [(call.number, call.not_here) for call in board.history] == [("A001", True)]


def test_who_is_held_is_no_longer_called() -> None:
    board = after((0, called(1, "A001")), (HERO_MINIMUM_S, held(2, "A001")))
    assert board.heroes == ()
    assert [(call.number, call.ended, call.not_here) for call in board.history] == [("A001", True, False)]


def test_who_is_sent_on_leaves_the_place_of_the_called_at_once() -> None:
    board = after((0, called(1, "A001")), (1, sent_on(2, "A001")))
    assert board.heroes == ()
    assert [(call.number, call.ended) for call in board.history] == [("A001", True)]
