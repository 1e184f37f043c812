"""Many phrases at once: what papers have of each, as a share of the most there can be.

Every word of a phrase, and every two neighbours, is a row of postings; the product of two sparse matrices, phrases by
rows and rows by papers, is what papers earn with phrases. Papers that hold too little of a phrase to matter are most
of those that hold any of it, since common words are in many. They are never looked at: only the rows that such papers
lack are multiplied, and what else there is of the phrase is then looked up in the few papers found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.chance import PhraseWords, factors
from digest.matching.papers import MOST, Papers
from digest.matching.phrase import Phrase
from digest.matching.postings import Postings, distinct

PAIR_BONUS = 0.1  #: what neighbours add, as a share of what a word of their rarity earns
_ROUNDING = 1e-5  # sums of parts are not exact


@dataclass(frozen=True, slots=True)
class Earned:
    """What papers have of phrases: a cell for each phrase and paper, phrase by phrase.

    The papers of a phrase stand in no order.
    """

    phrases: NDArray[np.int64]
    papers: NDArray[np.int32]
    shares: NDArray[np.float32]  #: of the most that the phrase can earn, above 0
    covered: NDArray[np.float32]  #: how much of the phrase's weight is in the words that occur, 1 for all of them

    def take(self, cells: NDArray[np.int64] | NDArray[np.bool_]) -> Earned:
        """These cells."""
        return Earned(self.phrases[cells], self.papers[cells], self.shares[cells], self.covered[cells])


@dataclass(frozen=True, slots=True)
class Query:
    """Phrases as weighted rows of postings, word by word; without words, a phrase has one that is nowhere."""

    starts: NDArray[np.int64]  #: the words of phrase p are starts[p]:starts[p + 1] of the next four
    words: NDArray[np.int64]  #: their rows, 0 where no paper has any
    weights: NDArray[np.float64]  #: of words; those of a phrase sum to 1
    pairs: NDArray[np.int64]  #: the rows of each word with the next one, 0 where no paper has any
    bonuses: NDArray[np.float64]  #: the weights of pairs
    factors: NDArray[np.float64]  #: by phrase: what a share of it is worth, measured against chance

    @classmethod
    def of(cls, phrases: Sequence[Phrase], papers: Papers) -> Query:
        """These phrases, to be looked for in these papers."""
        lengths = np.fromiter((len(phrase.terms) for phrase in phrases), np.int64, len(phrases))
        sizes = np.maximum(lengths, 1)
        owner = np.repeat(np.arange(len(phrases)), sizes)
        words = papers.words(chain.from_iterable(phrase.terms or ("",) for phrase in phrases))
        starts = np.concatenate([[0], np.cumsum(sizes)])
        is_pair = (owner[1:] == owner[:-1]) & (words.ids[1:] != words.ids[:-1])
        pairs = np.zeros(len(owner), np.int64)
        pairs[:-1][is_pair] = papers.pair_rows(words.numbers[:-1][is_pair], words.numbers[1:][is_pair])
        papers.adapt(phrases, starts, words.rows, pairs)
        mass = np.bincount(owner, words.idfs, len(phrases))[owner]
        # a pair is at most as common as the rarer of its words, whose idf therefore stands for it
        bonuses = PAIR_BONUS * np.maximum(words.idfs, np.append(words.idfs[1:], 0)) / mass
        counted = np.flatnonzero((lengths > 0)[owner])
        worth = factors(
            PhraseWords(owner[counted], words.idfs[counted], words.rates[counted]), len(phrases), papers.history.papers
        )
        return cls(starts, words.rows, words.idfs / mass, pairs, bonuses, worth)

    def __len__(self) -> int:
        return len(self.factors)

    @property
    def owner(self) -> NDArray[np.int64]:
        """By word: the number of its phrase."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def some(self, first: int, last: int) -> Query:
        """The phrases first:last, counted from 0."""
        words = slice(self.starts[first], self.starts[last])
        return Query(
            self.starts[first : last + 1] - words.start,
            self.words[words],
            self.weights[words],
            self.pairs[words],
            self.bonuses[words],
            self.factors[first:last],
        )

    def decides(self, least: NDArray[np.float64]) -> NDArray[np.bool_]:
        """By word: whether some paper without the heavier words of its phrase covers so much of it by this word.

        A paper that has none of these words covers less.
        """
        owner = self.owner
        order = np.lexsort((self.weights, owner))
        weights = np.cumsum(self.weights[order])
        covered = weights - np.append(0, weights)[self.starts[:-1]][owner]
        decides = np.empty(len(order), bool)
        decides[order] = covered >= least[owner] - _ROUNDING
        return decides


def earned(papers: Papers, query: Query, least: NDArray[np.float64], *, titles_only: bool = False) -> Earned:
    """What every paper that covers at least so much of a phrase has of it; some that cover less are among them."""
    decides = query.decides(least)
    found = _product(papers, query, decides, titles_only=titles_only)
    _add_rest(found, papers, query, np.flatnonzero(~decides & (query.words > 0)), titles_only=titles_only)
    return found


def _product(papers: Papers, query: Query, decides: NDArray[np.bool_], *, titles_only: bool) -> Earned:
    """What papers have of the words that decide, and of all pairs."""
    words, pairs = np.flatnonzero(decides & (query.words > 0)), np.flatnonzero(query.pairs)
    word_rows, word_columns = distinct(query.words[words])
    pair_rows, pair_columns = distinct(query.pairs[pairs])
    of_words, of_pairs = papers.postings(word_rows), papers.postings(pair_rows)
    impacts = papers.impacts(Postings.join([of_words, of_pairs]), titles_only=titles_only)
    # one product for both sums: the real part is what is earned, the imaginary part which words there are
    impacts.data = impacts.data.astype(np.complex64)
    occurs = slice(len(of_words.papers))
    impacts.data.imag[occurs] = impacts.data.real[occurs] > 0
    cells = np.concatenate([query.weights[words], query.bonuses[pairs]]).astype(np.float32)
    owner, columns = query.owner, np.concatenate([word_columns, pair_columns + len(word_rows)])
    weights = sparse.coo_array(
        (cells, (np.concatenate([owner[words], owner[pairs]]), columns)), shape=(len(query), impacts.shape[0])
    )
    sums = weights.tocsr() @ impacts
    phrases = np.repeat(np.arange(len(query)), np.diff(sums.indptr))
    # of a title alone, what only the abstract has earns nothing
    some = np.flatnonzero(sums.data.real)
    return Earned(phrases[some], sums.indices[some], sums.data.real[some] / MOST, sums.data.imag[some])


def _add_rest(found: Earned, papers: Papers, query: Query, rest: NDArray[np.int64], *, titles_only: bool) -> None:
    """Add what the papers found have of the words that do not decide."""
    rows, columns = distinct(query.words[rest])
    impacts = papers.impacts(papers.postings(rows), titles_only=titles_only).toarray()
    sizes = np.bincount(query.owner[rest], minlength=len(query))
    first = np.cumsum(sizes) - sizes
    for nth in range(sizes.max(initial=0)):
        cells = np.flatnonzero(sizes[found.phrases] > nth)
        which = first[found.phrases[cells]] + nth
        weights, earns = query.weights[rest][which].astype(np.float32), impacts[columns[which], found.papers[cells]]
        found.shares[cells] += weights * earns / MOST
        found.covered[cells] += weights * (earns > 0)
