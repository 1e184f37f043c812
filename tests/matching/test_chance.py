"""What shares of common and of rare phrases are worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import paper

from digest.matching.chance import MOST, USUAL, PhraseWords, by_chance, factors
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.phrase import wanted

Phrase = list[tuple[float, float]]  # (mass, rate) of each word

MASSES = st.floats(0.01, 20)
RATES = st.floats(0, 1)
PHRASES: st.SearchStrategy[Phrase] = st.lists(st.tuples(MASSES, RATES), min_size=1, max_size=12)


def words_of(*phrases: Phrase) -> PhraseWords:
    owners = [which for which, phrase in enumerate(phrases) for _ in phrase]
    pairs = [pair for phrase in phrases for pair in phrase]
    masses, rates = np.array(pairs, np.float64).reshape(-1, 2).T
    return PhraseWords(np.array(owners, np.int64), masses, rates)


def factor(phrase: Phrase, papers: int = 5000) -> float:
    return float(factors(words_of(phrase), 1, papers)[0])


def measured(phrase: str, history: History) -> float:
    """The factor of a phrase that has no word twice, with the counts of a history."""
    terms = [word.term for word in wanted(phrase)]
    rates = [history.document_counts.get(term, 0) / history.papers for term in terms]
    return factor([(history.mass(term), rate) for term, rate in zip(terms, rates, strict=True)], history.papers)


def test_by_chance_is_the_mean_and_three_deviations() -> None:
    # masses 3 and 1: a paper holds .75 x .1 + .25 x .5 of the phrase on average
    mean = 0.75 * 0.1 + 0.25 * 0.5
    deviation = (0.75**2 * 0.1 * 0.9 + 0.25**2 * 0.5 * 0.5) ** 0.5
    [chance] = by_chance(words_of([(3.0, 0.1), (1.0, 0.5)]), 1)
    assert chance == pytest.approx(mean + 3 * deviation)


def test_a_usual_phrase_counts_as_it_is() -> None:
    rate = (9.8 - (9.8**2 - 4 * 10 * 0.16) ** 0.5) / 20  # solves rate + 3 sqrt(rate (1 - rate)) = .4
    assert by_chance(words_of([(5.0, rate)]), 1)[0] == pytest.approx(USUAL)
    assert factor([(5.0, rate)]) == pytest.approx(1)


@given(PHRASES)
def test_without_a_history_shares_count_as_they_are(phrase: Phrase) -> None:
    assert factor(phrase, papers=0) == 1


def test_a_phrase_without_words_counts_as_it_is() -> None:
    assert factors(words_of([], [(5.0, 0.001)], []), 3, 5000)[[0, 2]].tolist() == [1, 1]
    assert factors(words_of(), 0, 5000).tolist() == []


@given(PHRASES, st.integers(0, 100_000))
def test_a_factor_is_bounded_and_the_more_so_the_shorter_the_phrase(phrase: Phrase, papers: int) -> None:
    assert 0.5 < factor(phrase, papers) <= min(MOST, 1 + len(phrase) / 4)


def test_a_long_phrase_of_unheard_words_reaches_the_bound() -> None:
    assert factor([(8.0, 0.0)] * 12) == MOST


@given(PHRASES, st.data())
def test_commoner_words_are_never_worth_more(phrase: Phrase, data: st.DataObject) -> None:
    rarer = [(mass, rate / 2) for mass, rate in phrase]
    commoner = [(mass, data.draw(st.floats(rate, 0.5))) for mass, rate in rarer]
    assert factor(commoner) <= factor(rarer) * (1 + 1e-9)


@given(PHRASES, st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_longer_history_is_trusted_more(phrase: Phrase, papers: int, more: int) -> None:
    little, much = factor(phrase, papers), factor(phrase, papers + more)
    assert abs(much - 1) >= abs(little - 1) - 1e-9
    assert (much - 1) * (little - 1) >= 0


@given(PHRASES)
def test_a_handful_of_papers_says_next_to_nothing(phrase: Phrase) -> None:
    assert abs(factor(phrase, papers=1) - 1) < 0.1


@given(st.lists(PHRASES | st.just([]), max_size=6), st.integers(0, 5000))
def test_a_phrase_is_worth_the_same_in_any_company(phrases: list[Phrase], papers: int) -> None:
    together = factors(words_of(*phrases), len(phrases), papers)
    apart = [factors(words_of(phrase), 1, papers)[0] for phrase in phrases]
    assert together == pytest.approx(apart)


@given(PHRASES, st.floats(0.1, 10))
def test_only_the_proportions_of_the_masses_count(phrase: Phrase, scale: float) -> None:
    assert factor([(mass * scale, rate) for mass, rate in phrase]) == pytest.approx(factor(phrase))


def test_a_common_phrase_is_worth_less_than_a_rare_one() -> None:
    titles = [f"Language models for task {number}" for number in range(150)]
    titles += [f"Birds of island {number}" for number in range(145)]
    titles += [f"Neutrino masses of flavour {number}" for number in range(5)]
    history = Index.of(paper(title=title) for title in titles).history
    common, rare = measured("language models", history), measured("neutrino masses", history)
    assert common < 0.8 < 1 < rare
