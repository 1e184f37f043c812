"""The index of papers, and the counts behind the scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import paper

from digest.matching.history import History
from digest.matching.index import Index, history_of

WORDS = st.lists(st.sampled_from(["graph", "nets", "of", "β-VAE", "tea"]), max_size=5).map(" ".join)
PAPERS = st.lists(st.builds(paper, title=WORDS, abstract=WORDS), max_size=5)


def same(one: Index, other: Index) -> bool:
    """Whether two indexes say the same of the same papers, however they number their terms."""
    return all(
        (
            one.items.tolist() == other.items.tolist(),
            one.revisions.tolist() == other.revisions.tolist(),
            one.starts.tolist() == other.starts.tolist(),
            [one.terms[token] for token in one.tokens] == [other.terms[token] for token in other.tokens],
            sorted(zip(one.joined_at, (one.terms[term] for term in one.joined), strict=True))
            == sorted(zip(other.joined_at, (other.terms[term] for term in other.joined), strict=True)),
        )
    )


@given(PAPERS, PAPERS)
def test_indexes_add_up(some: list, others: list) -> None:
    joined, both = Index.join([Index.of(some), Index.of(others)]), Index.of([*some, *others])
    assert same(joined, both)
    assert History.total([Index.of(some).history, Index.of(others).history]) == joined.history == both.history


@given(PAPERS)
def test_an_index_survives_storage(papers: list) -> None:
    index = Index.of(papers)
    again = Index.from_bytes(index.to_bytes())
    assert same(again, index)
    assert again.history == index.history == history_of(index.to_bytes())


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2), WORDS), max_size=5), st.randoms())
def test_an_index_reads_only_the_texts_that_it_lacks(known: list, random: object) -> None:
    texts = [replace(paper(item, title), revision=revision) for item, revision, title in known]
    texts = list({(text.item, text.revision): text for text in texts}.values())
    index = Index.of(texts[::2])
    random.shuffle(texts)
    assert same(index.updated(texts), Index.of(texts))


def test_no_bytes_are_no_papers() -> None:
    assert same(Index.from_bytes(b""), Index.of([]))
    assert history_of(b"") == History()


def test_the_rarer_word_says_more() -> None:
    history = Index.of(paper(title=title) for title in ("graph nets", "graph tea", "graph")).history
    assert history.idf("unheard") > history.idf("tea") > history.idf("graph") > 0


@pytest.mark.parametrize("titles", [[], ["graph"], ["graph"] * 50])
def test_even_a_tiny_history_gives_sane_numbers(titles: list[str]) -> None:
    history = Index.of(paper(title=title) for title in titles).history
    assert history.idf("graph") > 0


def test_a_title_counts_three_times_in_the_length() -> None:
    history = Index.of([paper(title="graph nets", abstract="all of tea")]).history
    assert history.total_length == 3 * 2 + 1
    assert dict(history.document_counts) == {"graph": 1, "net": 1, "tea": 1}
