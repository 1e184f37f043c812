"""The counts behind the scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import paper

from digest.matching.analysis import analyse
from digest.matching.history import History

WORDS = st.lists(st.sampled_from(["graph", "nets", "of", "β-VAE", "tea"]), max_size=5).map(" ".join)
PAPERS = st.lists(st.builds(paper, title=WORDS, abstract=WORDS), max_size=5)


@given(PAPERS, PAPERS)
def test_histories_add_up(some: list, others: list) -> None:
    apart = History.of(map(analyse, some)) + History.of(map(analyse, others))
    assert apart == History.of(map(analyse, [*some, *others]))


@given(PAPERS)
def test_a_history_survives_storage(papers: list) -> None:
    history = History.of(map(analyse, papers))
    assert History.from_bytes(history.to_bytes()) == history


def test_equal_histories_are_stored_as_equal_bytes() -> None:
    one, other = analyse(paper(title="graph nets")), analyse(paper(title="tea"))
    assert History.of([one, other]).to_bytes() == History.of([other, one]).to_bytes()


def test_the_rarer_word_says_more() -> None:
    history = History.of(analyse(paper(title=title)) for title in ("graph nets", "graph tea", "graph"))
    assert history.idf("unheard") > history.idf("tea") > history.idf("graph") > 0


@pytest.mark.parametrize("titles", [[], ["graph"], ["graph"] * 50])
def test_even_a_tiny_history_gives_sane_numbers(titles: list[str]) -> None:
    history = History.of(analyse(paper(title=title)) for title in titles)
    assert history.idf("graph") > 0
    assert history.relative_length(2) == 1


def test_a_title_counts_twice_in_the_length() -> None:
    history = History.of([analyse(paper(title="graph nets", abstract="all of tea"))])
    assert history.total_length == 2 * 2 + 1
    assert dict(history.document_counts) == {"graph": 1, "net": 1, "tea": 1}
