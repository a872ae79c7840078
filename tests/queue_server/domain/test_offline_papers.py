"""What is decided about paper that a kiosk gave while the server was away: letters, room, flags, wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import frames
from protocol.nouns import Entry, Priority, Room, Service
from protocol.policy import FirstCome
from queue_server.domain.admission import would_refuse
from queue_server.domain.assignment import RoomFlag, RoomLoad, room_of_paper
from queue_server.domain.numbering import SERIES, free_series, number, split
from queue_server.domain.opening import Status
from queue_server.domain.recorded_day import Told, UnusableDay, read_day
from queue_server.domain.rerun import rerun

EIGHT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LETTERS = st.from_regex(SERIES, fullmatch=True)


def entry(number: str, came: float) -> Entry:
    return Entry(
        entry_id=number,
        ticket_id=number,
        number=number,
        service_id="general",
        room_id="r1",
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=EIGHT + timedelta(minutes=came),
    )


@given(st.lists(LETTERS, max_size=30), st.integers(1, 40))
def test_every_kiosk_gets_letters_that_nobody_has(taken: list[str], kiosks: int) -> None:
    known = set(taken)
    for _ in range(kiosks):
        found = free_series(known)
        assert SERIES.fullmatch(found)
        assert found not in known
        known.add(found)


def test_letters_end_one_day() -> None:
    given_out: set[str] = set()
    for _ in range(23 * 23 + 1):
        given_out.add(free_series(given_out))
    assert len(given_out) == 530
    assert {len(series) for series in given_out} == {2, 3}


@given(LETTERS, st.integers(1, 999_999))
def test_what_a_kiosk_prints_is_read_again(series: str, ordinal: int) -> None:
    assert split(number(series, ordinal)) == (series, ordinal)


@given(st.text(max_size=12))
def test_only_what_a_kiosk_prints_is_read(text: str) -> None:
    parts = split(text)
    assert parts is None or number(*parts) == text


def room(number: str, is_open: bool = True) -> RoomLoad:
    found = Room(room_id=f"r{number}", number=number, names={}, zone_id="a", service_ids=("general",), open=is_open)
    return RoomLoad(found, float(number))


@pytest.mark.parametrize(
    ("printed", "closed", "expected"),
    [
        ("r2", (), ("r2", None)),
        (None, (), ("r1", None)),
        ("r2", ("2",), ("r1", "room_closed")),
        ("gone", (), ("r1", "room_closed")),
        ("r2", ("1", "2"), ("r2", "no_open_room")),
        (None, ("1", "2"), ("r1", "no_open_room")),
        ("gone", ("1", "2"), ("r1", "no_open_room")),
    ],
)
def test_the_room_on_the_paper_wins_while_it_is_open(
    printed: str | None, closed: tuple[str, ...], expected: tuple[str, RoomFlag | None]
) -> None:
    loads = [room(name, name not in closed) for name in ("1", "2")]
    found = room_of_paper("general", printed, loads)
    assert found is not None
    assert (found[0].room_id, found[1]) == expected


def test_a_service_without_any_room_has_no_place() -> None:
    assert room_of_paper("eyes", None, [room("1")]) is None
    assert room_of_paper("eyes", "gone", [room("1")]) is None


def test_flags_are_the_codes_of_refusals() -> None:
    general = Service(service_id="general", names={})
    assert would_refuse(general, [], Status()) == ()
    held = [entry("A001", 0)]
    assert would_refuse(general, held, Status("full_today")) == ("already_held", "full_today")
    sent_only = general.model_copy(update={"self_service": False})
    assert would_refuse(sent_only, [], Status()) == ("not_self_service",)
    assert would_refuse(general, [held[0].model_copy(update={"state": "finished"})], Status()) == ()


# --- a recorded day ------------------------------------------------------------------------------------------------


def told(*steps: tuple[float, frames.AnyFrame]) -> list[Told]:
    return [Told(seq, EIGHT + timedelta(minutes=minute), frame) for seq, (minute, frame) in enumerate(steps, start=1)]


def issued(one: Entry, offline: bool = False) -> frames.TicketIssued:
    return frames.TicketIssued(entry=one, offline=offline)


def called(one: Entry) -> frames.TicketCalled:
    return frames.TicketCalled(entry=one, room_number="1", service_names={})


def test_a_day_played_again_calls_nobody_before_the_server_knew_of_them() -> None:
    """KA001 was given at 2, told after B at 20 was called, and called at 30: it waited for 28 minutes."""
    a, b, late = entry("A001", 10), entry("B001", 12), entry("KA001", 2)
    day = read_day(
        told(
            (10, issued(a)), (11, called(a)), (12, issued(b)), (19, frames.TicketFinished(entry=a)), (20, called(b)),
            (2, issued(late, offline=True)), (29, frames.TicketFinished(entry=b)), (30, called(late)),
            (35, frames.TicketFinished(entry=late)),
        )
    )  # fmt: skip
    waits = {wait.entry.number: wait for wait in day.waits}
    assert waits["KA001"].waited == timedelta(minutes=28)
    assert waits["KA001"].joined > EIGHT + timedelta(minutes=20)
    assert waits["B001"].waited == timedelta(minutes=8)
    again = rerun(day, FirstCome())
    assert [wait.entry.number for wait in again] == ["A001", "B001", "KA001"]
    assert {wait.entry.number: wait.waited for wait in again} == {number: wait.waited for number, wait in waits.items()}


def test_paper_of_another_day_is_no_part_of_this_one() -> None:
    a, old = entry("A001", 0), entry("KA001", -3 * 24 * 60)
    steps = ((0.0, issued(a)), (-3 * 24 * 60.0, issued(old, offline=True)), (5.0, called(a)))
    day = read_day(told(*steps))
    assert [wait.entry.number for wait in day.waits] == ["A001"]
    assert day.never_called == 0
    with pytest.raises(UnusableDay):
        read_day(told(steps[0], (-3 * 24 * 60.0, issued(old)), steps[2]))


def test_who_was_kept_overnight_waits_from_the_change_of_day_on() -> None:
    """In a record of today alone; in one that holds the evening too, the wait goes on."""
    a, b = entry("A001", -10), entry("B001", 1)
    kept = frames.TicketCarriedOver(entry=a, business_day="2026-11-20")
    today = read_day(told((0, kept), (1, issued(b)), (5, called(a)), (9, called(b))))
    assert [(wait.entry.number, wait.waited.seconds // 60) for wait in today.waits] == [("A001", 5), ("B001", 8)]
    whole = read_day(told((-10, issued(a)), (0, kept), (5, called(a))))
    assert [wait.waited.seconds // 60 for wait in whole.waits] == [15]
