"""Each policy's rule, the memory it needs, and how the reading a hospital follows is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_server.domain.waits.policy import READINGS, Memory, Policy, Waiting


def waiting(arrived: float, priority: bool = False, review: bool = False, **passed: int) -> Waiting:
    return Waiting(f"T{arrived}", arrived, arrived - 900 * review, priority, review, **passed)


def goes(discipline: str, param: float, now: float, p: Waiting, n: Waiting, memory: Memory | None = None) -> bool:
    return READINGS[discipline](param)[0](now, p, n, memory or Memory())


def test_first_come_counts_a_reviews_credit() -> None:
    assert not goes("fifo", 0, 2000, waiting(1000, True), waiting(900))
    assert goes("fifo", 0, 2000, waiting(1000, True, review=True), waiting(900))


def test_strict_always_takes_priority() -> None:
    assert goes("strict", 0, 9000, waiting(8999, True), waiting(0))


def test_a_head_start_is_minutes() -> None:
    assert goes("headstart", 20, 2000, waiting(1199, True), waiting(0))
    assert not goes("headstart", 20, 2000, waiting(1201, True), waiting(0))


def test_accumulating_priority_grows_faster() -> None:
    assert goes("apq", 3, 3000, waiting(2000, True), waiting(0))
    assert not goes("apq", 3, 3000, waiting(2001, True), waiting(0))


def test_ageing_lets_the_patient_who_waited_long_enough_go() -> None:
    assert goes("aging", 30, 1800, waiting(1799, True), waiting(0))
    assert not goes("aging", 30, 1801, waiting(1799, True), waiting(0))


def test_a_run_of_priority_calls_ends() -> None:
    memory = Memory()
    outcomes = []
    for _ in range(6):
        priority = goes("wrr", 2, 0, waiting(0, True), waiting(0), memory)
        memory.note(priority, others_wait=True)
        outcomes.append(priority)
    assert outcomes == [True, True, False, True, True, False]


def test_one_call_in_r_goes_to_priority() -> None:
    memory = Memory()
    outcomes = []
    for _ in range(7):
        priority = goes("ratio", 3, 0, waiting(0, True), waiting(0), memory)
        memory.note(priority, others_wait=True)
        outcomes.append(priority)
    assert outcomes == [True, False, False, True, False, False, True]


def test_capped_stops_at_the_cap_whoever_counted() -> None:
    assert goes("capped", 2, 9000, waiting(7000, True), waiting(5000, passed_by_later=1))
    assert not goes("capped", 2, 9000, waiting(7000, True), waiting(5000, passed_by_later=2))
    simulated = Memory()
    for arrived in (6000.0, 6500.0):
        simulated.note(True, True, arrived)
    assert not goes("capped", 2, 9000, waiting(7000, True), waiting(5000), simulated)


def test_a_copied_memory_begins_its_own_run() -> None:
    memory = Memory()
    memory.note(True, True, 5.0)
    copy = memory.copy()
    assert (copy.run, copy.contended, copy.gap, copy.called) == (1, 1, 0, [])
    copy.note(False, True)
    assert (memory.run, copy.run, copy.gap) == (1, 0, 1)


@pytest.mark.parametrize("discipline", sorted(READINGS))
@given(now=st.floats(0, 86400), p=st.floats(0, 1), n=st.floats(0, 1), param=st.integers(1, 60), review=st.booleans())
def test_every_reading_decides_every_pair(
    discipline: str, now: float, p: float, n: float, param: int, review: bool
) -> None:
    for reading in READINGS[discipline](param):
        outcome = reading(now, waiting(now * p, True, review), waiting(now * n), Memory())
        assert outcome in (True, False)


@pytest.mark.parametrize(("discipline", "param"), [("apq", 2.0), ("ratio", 3.0), ("aging", 30.0)])
def test_the_reading_that_foretells_the_calls_is_taken(discipline: str, param: float) -> None:
    policy = Policy(discipline, param)
    followed = policy.readings[1]
    for step in range(400):
        p, n = (
            waiting(9000 - 37.0 * (step % 90), True, review=step % 3 == 0),
            waiting(9000 - 31.0 * (step % 70), review=step % 2 == 0),
        )
        memory = Memory(gap=step % 4)
        policy.learn(10000, p, n, memory, followed(10000, p, n, memory))
    assert policy.rule is followed


def test_an_unknown_discipline_is_first_come() -> None:
    assert Policy("roulette", 1).rule(10, waiting(1, True), waiting(2), Memory())
    assert not Policy("roulette", 1).rule(10, waiting(3, True), waiting(2), Memory())
