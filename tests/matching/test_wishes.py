"""Interests by number: a text gives the same ones, however much of it is known from other readers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readers import LINES_OF_TEXT, TOPICS

from digest.matching.grammar import canonical, understand
from digest.matching.wishes import Wishes

OTHER_LINES = st.sampled_from(
    ["", "# tea", "-related: milk", '"tea', "tea, milk", "\ufefftea", "category: cs", "tea ^0.3"]
)
ENDS = st.sampled_from(["\n", "\r\n", ""])


def fresh() -> Wishes:
    sought: dict[object, int] = {}
    return Wishes(lambda interest: sought.setdefault(canonical(interest), len(sought)))


TEXTS = st.tuples(st.lists(LINES_OF_TEXT | TOPICS | OTHER_LINES, max_size=5).map("\n".join), ENDS).map("".join)


@given(st.lists(TEXTS, max_size=8))
def test_a_text_means_the_same_whoever_was_read_before(texts: list[str]) -> None:
    wishes = fresh()
    for text in [*texts, *texts]:
        assert wishes.read(text) == wishes.of(understand(text).interests)


@pytest.mark.parametrize("second", ["Food:\ntea\nmilk\n", "tea\nmilk\n-related: oat\n", "tea, milk"])
def test_a_known_line_is_read_again_where_another_line_speaks_of_it(second: str) -> None:
    wishes = fresh()
    plain = wishes.read("tea\nmilk\n")
    assert wishes.read("milk\ntea\n") == plain
    other = wishes.read(second)
    assert other == wishes.of(understand(second).interests)
    assert (other == plain) == ("," in second)
