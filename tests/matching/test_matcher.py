"""Loops and arrays: two ways to one result."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gather import LAW, PAPERS, PHRASES, SEEDS, profiles, table

from digest.matching import kernels
from digest.matching.gather import Part, Scored
from digest.matching.matcher import Matcher, by_arrays, by_loops


def parts(chance: np.random.Generator, count: int) -> list[Part]:
    """Some editions of a window, in each of which other papers stand for some."""
    window = chance.integers(0, count, PAPERS)
    rows = np.arange(PHRASES, dtype=np.int32)
    return [Part(table(chance), rows, np.where(window == edition, np.arange(PAPERS), -1)) for edition in range(count)]


def said(scored: Scored) -> dict[tuple[int, int], tuple[int, int, bool, list[int]]]:
    """{(reader, paper): (score, residue, is it out, slots that count)}."""
    starts, slots = scored.reasons(np.arange(len(scored.reader)))
    reasons = [slots[first:last].tolist() for first, last in pairwise(starts)]
    columns = scored.reader, scored.paper, scored.score, scored.residue, scored.is_out
    rows = zip(*(column.tolist() for column in columns), reasons, strict=True)
    return {(reader, paper): tuple(rest) for reader, paper, *rest in rows}


def named(scored: Scored, which: np.ndarray) -> list[tuple[int, int]]:
    return list(zip(scored.reader[which].tolist(), scored.paper[which].tolist(), strict=True))


@LAW
@given(SEEDS, st.integers(1, 5), st.integers(1, 3))
def test_loops_say_what_arrays_say(seed: int, readers: int, editions: int) -> None:
    chance = np.random.default_rng(seed)
    wanted, window, fame = profiles(chance, readers), parts(chance, editions), chance.integers(0, 3, PAPERS)
    (scored, chosen), (again, also) = by_arrays(wanted, window, fame), by_loops(wanted, window, fame)
    assert said(again) == said(scored)
    assert named(again, also.picks) == named(scored, chosen.picks)
    assert named(again, also.misses) == named(scored, chosen.misses)
    strongest = scored.strongest(chosen.picks, wanted)
    assert again.strongest(also.picks, wanted).tolist() == strongest.tolist()


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
def test_what_is_compiled_says_what_arrays_say_to_many_readers() -> None:
    chance = np.random.default_rng(11)
    wanted, window, fame = profiles(chance, 500), parts(chance, 2), chance.integers(0, 3, PAPERS)
    matcher = Matcher(enough=500)
    (scored, chosen), (again, also) = (matcher.match(wanted, window, fame) for _ in range(2))
    assert hasattr(kernels.add_up, "signatures")
    assert said(again) == said(scored)
    assert named(again, also.picks) == named(scored, chosen.picks)


def test_the_first_readers_wait_for_nothing_to_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(12)
    wanted, window, fame = profiles(chance, 3), parts(chance, 1), np.zeros(PAPERS, np.int64)
    monkeypatch.setitem(sys.modules, "digest.matching.kernels", None)  # importing it would fail
    scored, _ = Matcher().match(wanted, window, fame)
    assert said(scored) == said(by_arrays(wanted, window, fame)[0])
