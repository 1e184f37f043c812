"""When a letter that was put off is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.retry import FIRST_WAIT, LONGEST_WAIT, next_try

NOW = datetime(2026, 8, 17, 5, tzinfo=UTC)


class Loaded(Random):
    """Says these figures, one after another."""

    def __init__(self, figures: list[float]) -> None:
        super().__init__()
        self.figures = iter(figures)

    def random(self) -> float:
        return next(self.figures)


CHANCE = st.floats(0, 1, exclude_max=True)


@given(st.lists(CHANCE, min_size=12, max_size=12))
def test_waits_never_shrink_and_stay_in_bounds(figures: list[float]) -> None:
    random = Loaded(figures)
    waits = [next_try(attempts, NOW, random) - NOW for attempts in range(1, 13)]
    assert all(one <= other for one, other in pairwise(waits))
    assert FIRST_WAIT <= waits[0] <= 2 * FIRST_WAIT
    assert waits[-1] == LONGEST_WAIT


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 240), (900, 240)])
def test_without_jitter_waits_double_up_to_four_hours(attempts: int, minutes: int) -> None:
    assert next_try(attempts, NOW, Loaded([0.0] * 900)) == NOW + timedelta(minutes=minutes)


def test_letters_put_off_together_do_not_come_back_together() -> None:
    random = Random(1)
    assert len({next_try(1, NOW, random) for _ in range(50)}) > 40
