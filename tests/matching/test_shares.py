"""Shares of many phrases at once: the same as one by one, whatever the texts are and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest
import slow
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shelf import announced, evidence_of, one, paper

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import analyse
from digest.matching.chance import MOST
from digest.matching.grammar import canonical
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.papers import Papers
from digest.matching.phrase import wanted
from digest.matching.query import PAIR_BONUS, Earned, Query, earned
from digest.matching.scores import LEAST_SHARE, EditionScores
from digest.model import Interest, ItemText, Sign

unhurried = settings(deadline=None)  # an edition is built anew each time
EVERYTHING = 0.0
PAST = [
    paper(-1, "Large language models (LLMs) at work", "A large language model (LLM) is a language model."),
    paper(-2, "Birds", "We ask large language models (LLMs) about birds. GPT-4 is one."),
    paper(-3, "Over-smoothing", "Large language models (LLM) smooth over data sets."),
    *(paper(-number, f"Data about birds, part {number}") for number in range(4, 20)),
]
_WORDS = """
    rough path paths birds data set dataset data-sets over smoothing over-smoothing oversmoothing LLM LLMs large
    language models GPT-4 GPT4 gpt 4 in-context in context k-means of the C++ β-VAE 神经网络 . (LLMs) (
"""
WORDS = st.sampled_from(_WORDS.split())
TEXTS = st.lists(WORDS, max_size=14).map(" ".join)
PAPERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=5).map(
    lambda texts: [paper(item, title, abstract) for item, (title, abstract) in enumerate(texts, 1)]
)
PHRASES = st.lists(WORDS.filter(lambda word: word not in {"(", "(LLMs)"}), min_size=1, max_size=5).map(" ".join)
INTERESTS = st.lists(PHRASES.filter(wanted).map(lambda phrase: Interest(phrase=phrase)), max_size=6)


def edition(papers: list[ItemText], *, least_share: float = EVERYTHING) -> EditionScores:
    return EditionScores([announced(text) for text in papers], past(papers), least_share=least_share)


def past(papers: list[ItemText]) -> History:
    return Index.of([*PAST, *papers]).history


def shares(scores: EditionScores, interest: Interest) -> dict[int, float]:
    """{item: share} of a row."""
    [row] = scores.rows([interest])
    start, end = scores.table.starts[row : row + 2]
    items = scores.items[scores.table.papers[start:end]].tolist()
    return dict(zip(items, scores.table.shares[start:end].tolist(), strict=True))


@unhurried
@given(PAPERS, INTERESTS)
def test_the_arrays_say_what_the_page_says(papers: list[ItemText], interests: list[Interest]) -> None:
    scores = edition(papers)
    scores.rows(interests)
    known = set(Index.of(papers).terms)
    for interest in interests:
        expected = {text.item: slow.share(canonical(interest).phrase, text, past(papers), known) for text in papers}
        assert shares(scores, interest) == pytest.approx({item: share for item, share in expected.items() if share})


@unhurried
@given(PAPERS, INTERESTS)
def test_a_reason_has_the_share_of_the_table(papers: list[ItemText], interests: list[Interest]) -> None:
    scores = edition(papers, least_share=LEAST_SHARE)
    for interest in interests:
        evidence = evidence_of(scores, interest)
        assert {item: found.share for item, found in evidence.items()} == shares(scores, interest)
        assert all(found.found and found.share >= np.float32(LEAST_SHARE) for found in evidence.values())


@unhurried
@given(PAPERS, INTERESTS)
def test_what_keeps_a_paper_out_is_whole_in_its_evidence(papers: list[ItemText], interests: list[Interest]) -> None:
    scores = edition(papers)
    for interest in interests:
        never = Interest(phrase=interest.phrase, sign=Sign.NEVER)
        whole = {item for item, found in evidence_of(scores, interest).items() if found.is_whole}
        assert set(evidence_of(scores, never)) == whole


@unhurried
@given(PAPERS, INTERESTS, st.floats(0, 1), st.booleans())
def test_papers_that_cover_enough_are_found_with_all_they_have(
    papers: list[ItemText], interests: list[Interest], least: float, titles_only: bool
) -> None:
    history = past(papers)
    some = Papers(Index.of(papers), history, Acronyms.of(history), lambda at: analyse(papers[at]))
    query = Query.of([canonical(each).phrase for each in interests], some, titles_only=titles_only)
    every, found = (_cells(earned(query, np.full(len(interests), at))) for at in (0.0, least))
    assert {cell: part for cell, part in every.items() if part[1] >= least}.keys() <= found.keys() <= every.keys()
    assert all(found[cell] == pytest.approx(every[cell]) for cell in found)


def _cells(blocks: Iterable[Earned]) -> dict[tuple[int, int], tuple[float, float]]:
    """{(phrase, paper): (share, covered)}."""
    cells = {}
    for found in blocks:
        columns = (each.tolist() for each in (found.phrases, found.papers, found.shares, found.covered))
        cells.update({(phrase, paper): (share, part) for phrase, paper, share, part in zip(*columns, strict=True)})
    return cells


@unhurried
@given(PAPERS, INTERESTS)
def test_a_row_keeps_what_reaches_the_least_share(papers: list[ItemText], interests: list[Interest]) -> None:
    every, some = edition(papers), edition(papers, least_share=LEAST_SHARE)
    for interest in interests:
        kept = {item: share for item, share in shares(every, interest).items() if share >= LEAST_SHARE + 1e-6}
        assert kept.keys() <= shares(some, interest).keys()


@unhurried
@given(PAPERS, INTERESTS, st.randoms())
def test_no_order_matters(papers: list[ItemText], interests: list[Interest], order: random.Random) -> None:
    one_way, other_way = edition(papers), edition(order.sample(papers, len(papers)))
    one_way.rows(interests)
    for interest in order.sample(interests, len(interests)):
        assert shares(one_way, interest) == pytest.approx(shares(other_way, interest))


@unhurried
@given(st.lists(st.tuples(st.text(), st.text()), max_size=3), st.text())
def test_any_text_is_a_paper_and_any_words_a_phrase(texts: list[tuple[str, str]], phrase: str) -> None:
    papers = [paper(item, title, abstract) for item, (title, abstract) in enumerate(texts, 1)]
    interest = Interest(phrase=phrase)
    assume(wanted(phrase))
    scores = edition([*papers, paper(9, phrase)])
    assert 0 < shares(scores, interest)[9] < (1 + PAIR_BONUS) * MOST
    assert evidence_of(scores, interest)[9].found


@unhurried
@given(TEXTS, st.sampled_from(["rough paths birds", "large language models", "GPT-4 data"]), st.data())
def test_one_more_word_of_a_phrase_in_place_of_another_word_never_hurts(
    title: str, phrase: str, data: st.DataObject
) -> None:
    """In a title of equal length, against the same history."""
    words = data.draw(st.sampled_from(phrase.split()))
    before, after = paper(1, f"{title} . chrysanthemum"), paper(1, f"{title} . {words}")
    history = past([])
    rows = [
        shares(EditionScores([announced(text)], history, least_share=EVERYTHING), Interest(phrase=phrase))
        for text in (before, after)
    ]
    assert rows[1].get(1, 0) >= rows[0].get(1, 0) - 1e-6


@pytest.mark.parametrize("title", ["Networks of birds", "Networks, networks, networks", "Neural networks"])
def test_the_common_words_of_a_phrase_alone_are_not_the_phrase(title: str) -> None:
    history = History(papers=1000, total_length=120_000, document_counts={"graph": 40, "neural": 300, "network": 350})
    scores = EditionScores([announced(paper(title=title)), announced(paper(2, "Graph networks"))], history)
    assert list(shares(scores, one("graph neural networks"))) == [2]


def test_rows_that_come_later_leave_the_others_as_they_are() -> None:
    papers = [paper(1, "Rough paths"), paper(2, "Birds on paths", authors=("Ada Byron",), categories=("cs.CL",))]
    scores = edition(papers, least_share=LEAST_SHARE)
    first = shares(scores, one("rough paths"))
    scores.rows(
        [one(line) for line in ("birds", '"on paths"', "author: Byron", "category: cs", "!birds", "title: birds")]
    )
    assert shares(scores, one("rough paths")) == first
    assert shares(scores, one("author: Byron")) == {2: 1.0}
    assert set(shares(scores, one('"on paths"'))) == {2}
