"""Intervals that come to hold their share, and a middle that comes to be the middle."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_server.domain.waits.correction import Correction, Seen, median


def seen(chance: Random, spread: float, mean: float = 2400.0) -> Seen:
    return Seen("exam", 0.0, sorted(mean * math.exp(chance.gauss(0, spread)) for _ in range(60)))


@pytest.mark.parametrize(("simulated", "true", "slow"), [(0.3, 0.3, 1.0), (0.1, 0.3, 1.0), (0.3, 0.15, 1.2)])
def test_intervals_come_to_hold_four_of_five(simulated: float, true: float, slow: float) -> None:
    chance, correction = Random(4), Correction()
    held = 0
    for step in range(6000):
        asked = seen(chance, simulated)
        waited = slow * 2400 * math.exp(chance.gauss(0, true))
        _, low, high = correction.say(asked)
        held += step >= 2000 and low <= waited <= high
        correction.learn(asked, waited)
    assert held / 4000 == pytest.approx(0.815, abs=0.02)
    assert correction.say(seen(chance, 0.01))[0] == pytest.approx(slow * 2400, rel=0.1)


def test_tickets_called_at_once_count_as_held() -> None:
    chance, correction = Random(5), Correction()
    for _ in range(5000):
        correction.at_once("exam", chance.random() < 0.5)
    held = 0
    for _ in range(5000):
        asked, waited = seen(chance, 0.3), 2400 * math.exp(chance.gauss(0, 0.3))
        _, low, high = correction.say(asked)
        held += low <= waited <= high
        correction.learn(asked, waited)
    assert held / 5000 == pytest.approx(0.74, abs=0.02)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=90), st.lists(st.floats(0, 1e5), max_size=30))
def test_what_is_said_is_in_order_and_never_negative(times: list[float], waits: list[float]) -> None:
    correction, asked = Correction(), Seen("exam", 0.0, sorted(times))
    for waited in waits:
        correction.learn(asked, waited)
    middle, low, high = correction.say(asked)
    assert 0 <= low <= middle <= high


def test_the_middle_of_few_runs_is_a_mean() -> None:
    assert median([5.0]) == 5.0
    assert median([float(value) for value in range(21)]) == 10.0
