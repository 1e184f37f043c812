"""The index of papers, and the counts behind the scores."""

from __future__ import annotations

import json
import zlib
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
    assert history.mass("unheard") > history.mass("tea") > history.mass("graph") > 0


def test_of_equally_rare_words_the_one_that_papers_come_back_to_says_more() -> None:
    texts = [
        paper(abstract="Tea, tea and more tea, described by birds"),
        paper(abstract="Stones"),
        paper(title="Birds"),
    ]
    history = Index.of(texts).history
    assert history.occurrences["tea"] == 3
    assert history.mass("tea") > history.mass("describ") > 0
    # a place in the title is worth three
    assert history.occurrences["bird"] == 1 + 3


@given(st.integers(0, 50), st.integers(0, 500), st.integers(1, 500))
def test_every_further_place_adds_to_what_a_word_says(papers: int, places: int, more: int) -> None:
    few, many = (
        History(50, 5000, {"tea": papers}, occurrences={"tea": papers + some}) for some in (places, places + more)
    )
    assert 0 < few.mass("tea") < many.mass("tea")


def test_an_edition_kept_before_places_were_counted_is_still_read() -> None:
    data = Index.of([paper(title="Graph nets", abstract="Tea and tea")]).to_bytes()
    width = 4
    end = width + int.from_bytes(data[:width])
    sizes, length, terms, counts, _, definitions = json.loads(zlib.decompress(data[width:end]))
    head = zlib.compress(json.dumps([sizes, length, terms, counts, definitions]).encode())
    old = len(head).to_bytes(width) + head + data[end:]
    assert history_of(old).occurrences == history_of(data).document_counts
    assert Index.from_bytes(old).terms == Index.from_bytes(data).terms


def test_where_places_are_not_counted_rarity_alone_tells() -> None:
    counts = {"tea": 3}
    assert History(50, 5000, counts).mass("tea") == History(50, 5000, counts, occurrences=counts).mass("tea")


@pytest.mark.parametrize("titles", [[], ["graph"], ["graph"] * 50])
def test_even_a_tiny_history_gives_sane_numbers(titles: list[str]) -> None:
    history = Index.of(paper(title=title) for title in titles).history
    assert history.mass("graph") > 0


def test_a_title_counts_three_times_in_lengths_and_occurrences() -> None:
    history = Index.of([paper(title="graph nets", abstract="all of tea")]).history
    assert history.total_length == 3 * 2 + 1
    assert dict(history.document_counts) == {"graph": 1, "net": 1, "tea": 1}
    assert dict(history.occurrences) == {"graph": 3, "net": 3, "tea": 1}
