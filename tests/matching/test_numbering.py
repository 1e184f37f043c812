"""Numbers for things that are met again and again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.matching.numbering import Numbers

THINGS = st.lists(st.sampled_from("abcdef"))


@given(THINGS, THINGS)
def test_a_thing_has_one_number_and_new_ones_come_last(first: list[str], later: list[str]) -> None:
    numbers = Numbers[str]()
    known = numbers.of(first).tolist()
    size = len(numbers)
    again = numbers.of(later).tolist()
    assert known == numbers.of(first).tolist() == [sorted(set(first), key=first.index).index(each) for each in first]
    assert numbers.since(size) == sorted(set(later) - set(first), key=later.index)
    assert [numbers.since(0)[number] for number in again] == later
