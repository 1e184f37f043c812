"""How fast letters leave, by a clock that moves only while somebody sleeps or works."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.pace import Pace


class Stopwatch:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def read(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def departures(rate: float, work: list[float]) -> list[float]:
    """When letters leave that take so long to send, each."""
    watch = Stopwatch()
    pace = Pace(rate, sleep=watch.pass_by, clock=watch.read)
    left = []
    for seconds in work:
        pace.wait()
        left.append(watch.now)
        watch.now += seconds
    return left


@given(st.floats(0.1, 1_000), st.lists(st.floats(0, 30), min_size=2, max_size=40))
def test_two_letters_never_leave_closer_than_the_rate_allows(rate: float, work: list[float]) -> None:
    left = departures(rate, work)
    assert all(other - one >= (1 / rate) * (1 - 1e-6) for one, other in pairwise(left))


@given(st.integers(1, 50), st.lists(st.sampled_from([0.0, 0.001, 0.5, 3.0]), min_size=1, max_size=120))
def test_no_second_sees_more_letters_than_the_rate(rate: int, work: list[float]) -> None:
    left = departures(rate, work)
    for begin in left:
        assert sum(begin <= moment < begin + 1 - 1e-6 for moment in left) <= rate


def test_a_rest_is_not_saved_up_for_a_burst() -> None:
    assert departures(2, [10.0, 0.0, 0.0, 0.0]) == [1_000.0, 1_010.0, 1_010.5, 1_011.0]


@pytest.mark.parametrize(("rate", "work"), [(20, 0.1), (1, 1.5)])
def test_slow_work_is_not_slowed_down_further(rate: float, work: float) -> None:
    left = departures(rate, [work] * 10)
    assert left[-1] == pytest.approx(left[0] + 9 * work)
