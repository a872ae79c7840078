from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from queue_server.emr.port import Outcome
from queue_server.emr.retry import CIRCUIT_AFTER, Destination, after, backoff_s, counts_as_attempt, due_again

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
BUSY = Outcome("transient", "server_busy")
GOOD = Outcome("delivered", "ok")
TOO_MANY = Outcome("pause", "too_many_requests")


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_back_off_is_anywhere_up_to_a_limit_that_doubles(attempts: int, chance: float) -> None:
    assert 0 <= backoff_s(attempts, chance) < min(300, 2 ** min(max(attempts - 1, 0), 20))


def test_the_limits_are_one_second_and_five_minutes() -> None:
    nearly = 1 - 1e-12
    assert [round(backoff_s(attempts, nearly)) for attempts in (0, 1, 2, 3, 9, 10, 10_000)] == [
        1,
        1,
        2,
        4,
        256,
        300,
        300,
    ]


def test_five_failures_in_a_row_open_the_circuit_and_one_good_answer_closes_it() -> None:
    state = Destination()
    for _ in range(CIRCUIT_AFTER):
        assert state.may_send(NOW)
        assert counts_as_attempt(state, BUSY)
        state = after(state, BUSY, NOW)
    assert state.circuit_open
    assert not state.may_send(NOW + timedelta(seconds=29))
    assert state.may_send(NOW + timedelta(seconds=30))
    assert not counts_as_attempt(state, BUSY)  # a probe says nothing about the message
    later = after(state, BUSY, NOW + timedelta(seconds=30))
    assert not later.may_send(NOW + timedelta(seconds=59))
    assert after(later, GOOD, NOW) == Destination()


def test_a_refusal_proves_that_the_destination_is_there() -> None:
    state = after(Destination(failures=4), Outcome("dead", "refused"), NOW)
    assert state.failures == 0


def test_pauses_double_when_the_server_does_not_say_how_long() -> None:
    state, lengths = Destination(), []
    for _ in range(7):
        state = after(state, TOO_MANY, NOW)
        assert state.closed_until is not None
        lengths.append((state.closed_until - NOW).total_seconds())
    assert lengths == [30, 60, 120, 240, 480, 900, 900]
    told = after(Destination(), Outcome("pause", "too_many_requests", retry_after_s=7), NOW)
    assert told.closed_until == NOW + timedelta(seconds=7)


def test_a_pause_is_not_held_against_the_message() -> None:
    assert not counts_as_attempt(Destination(), TOO_MANY)
    assert due_again(TOO_MANY, 9, NOW, 0.5) == NOW
    assert due_again(BUSY, 3, NOW, 0.5) == NOW + timedelta(seconds=2)
