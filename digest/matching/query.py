"""Many phrases at once: what papers have of each, as a share of the most there can be.

Every word of a phrase, and every two neighbours, is a row of postings; the product of two sparse matrices, phrases by
rows and rows by papers, is what papers earn with phrases. Papers that hold too little of a phrase to matter are most
of those that hold any of it, since common words are in many. They are never looked at: only the rows that such papers
lack are multiplied, and what else there is of the phrase is then looked up in the few papers found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_BLOCK = 1 << 21  # phrases times papers at a time


@dataclass(frozen=True, slots=True)
class Earned:
    """What papers have of some phrases: a cell for each phrase and paper, phrase by phrase.

    The papers of a phrase stand in no order.
    """

    sought: range  #: the phrases that were looked for
    phrases: NDArray[np.int64]
    papers: NDArray[np.int32]
    shares: NDArray[np.float32]  #: of the most that the phrase can earn, above 0
    covered: NDArray[np.float32]  #: how much of the phrase's weight is in the words that occur, 1 for all of them


@dataclass(frozen=True, slots=True)
class Query:
    """Phrases as weighted rows of postings, word by word; without words, a phrase has one that is nowhere."""

    owner: NDArray[np.int64]  #: by word: the number of its phrase; words stand phrase by phrase
    numbers: NDArray[np.int64]  #: by word: of its term in the index, 0 where no paper has it
    weights: NDArray[np.float64]  #: of words; those of a phrase sum to 1
    bonuses: NDArray[np.float64]  #: of each word with the next one
    lengths: NDArray[np.int64]  #: by phrase: how many words it has, 1 at least
    factors: NDArray[np.float64]  #: by phrase: what a share of it is worth, measured against chance
    words: NDArray[np.int32]  #: by word: its row in `both`, 0 where no paper has any
    pairs: NDArray[np.int32]  #: the row of each word with the next one, 0 where no paper has any
    impacts: sparse.csr_array  #: rows by papers: what each row earns a paper
    both: sparse.csr_array  #: the same, with 1 as the imaginary part where a word is in a paper: one sum for both

    @classmethod
    def of(cls, phrases: Sequence[Phrase], papers: Papers, *, titles_only: bool = False) -> Query:
        """These phrases, to be looked for in these papers, or in their titles alone."""
        terms = [phrase.terms for phrase in phrases]
        lengths = np.fromiter(map(len, terms), np.int64, len(phrases))
        sizes = np.maximum(lengths, 1)
        owner = np.repeat(np.arange(len(phrases)), sizes)
        words = papers.words(chain.from_iterable(some or ("",) for some in terms))
        is_pair = (owner[1:] == owner[:-1]) & (words.ids[1:] != words.ids[:-1])
        pairs = np.zeros(len(owner), np.int64)
        pairs[:-1][is_pair] = papers.pair_rows(words.numbers[:-1][is_pair], words.numbers[1:][is_pair])
        papers.adapt(phrases, np.cumsum(sizes) - sizes, words.rows, pairs)
        mass = np.bincount(owner, words.masses, len(phrases))[owner]
        # a pair is at most as common as the rarer of its words, so the larger mass stands for it
        bonuses = PAIR_BONUS * np.maximum(words.masses, np.append(words.masses[1:], 0)) / mass
        counted = np.flatnonzero((lengths > 0)[owner])
        worth = factors(
            PhraseWords(owner[counted], words.masses[counted], words.rates[counted]),
            len(phrases),
            papers.history.papers,
        )
        return cls(
            owner,
            words.numbers,
            words.masses / mass,
            bonuses,
            sizes,
            worth,
            *_rows(papers, words.rows, pairs, titles_only=titles_only),
        )

    def __len__(self) -> int:
        return len(self.factors)

    def decides(self, least: NDArray[np.float64]) -> NDArray[np.bool_]:
        """By word: whether some paper without the heavier words of its phrase covers so much of it by this word.

        A paper that has none of these words covers less.
        """
        order = np.lexsort((self.weights, self.owner))
        weights = np.cumsum(self.weights[order])
        starts = np.cumsum(self.lengths) - self.lengths
        covered = weights - np.append(0, weights)[starts][self.owner]
        decides = np.empty(len(order), bool)
        decides[order] = covered >= least[self.owner] - _ROUNDING
        return decides


def earned(query: Query, least: NDArray[np.float64]) -> Iterator[Earned]:
    """What every paper that covers at least so much of a phrase has of it; some that cover less are among them.

    Some phrases at a time, in order.
    """
    decides = query.decides(least)
    weights = _weights(query, decides)
    rest = _Rest.of(query, ~decides)
    size = max(_BLOCK // max(query.both.shape[1], 1), 1)
    for first in range(0, len(query), size):
        sought = range(first, min(first + size, len(query)))
        sums = weights[sought.start : sought.stop] @ query.both
        phrases = np.repeat(np.arange(sought.start, sought.stop), np.diff(sums.indptr))
        found = Earned(sought, phrases, sums.indices, sums.data.real / MOST, sums.data.imag.copy())
        rest.add_to(found)
        yield found


def _rows(
    papers: Papers, words: NDArray[np.int64], pairs: NDArray[np.int64], *, titles_only: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32], sparse.csr_array, sparse.csr_array]:
    """The last four of a query. Its rows: an empty one, those that it needs of words, those that it needs of pairs."""
    word_rows, word_places = distinct(np.append(words, 0))
    pair_rows, pair_places = distinct(np.append(pairs, 0))
    postings = Postings.join([papers.postings(word_rows), papers.postings(pair_rows[1:])])
    impacts = papers.impacts(postings, titles_only=titles_only)
    both = sparse.csr_array((impacts.data.astype(np.complex64), impacts.indices, impacts.indptr), shape=impacts.shape)
    both.data.imag[: impacts.indptr[len(word_rows)]] = 1
    moved = np.where(pair_places > 0, pair_places + np.int32(len(word_rows) - 1), 0)
    return word_places[:-1], moved[:-1], impacts, both


def _weights(query: Query, decides: NDArray[np.bool_]) -> sparse.csr_array:
    """Phrases by rows: the weights of the words that decide, and of all pairs."""
    words, pairs = np.flatnonzero(decides & (query.words > 0)), np.flatnonzero(query.pairs)
    cells = np.concatenate([query.weights[words], query.bonuses[pairs]]).astype(np.float32)
    rows = np.concatenate([query.words[words], query.pairs[pairs]])
    owner = np.concatenate([query.owner[words], query.owner[pairs]])
    shape = len(query), query.both.shape[0]
    return sparse.coo_array((cells, (owner.astype(np.int32), rows)), shape=shape).tocsr()


@dataclass(frozen=True, slots=True)
class _Rest:
    """The words that do not decide, to be looked up where others were found."""

    sizes: NDArray[np.int64]  #: by phrase: how many it has
    ends: NDArray[np.int64]  #: by phrase: where its words end in the next two
    words: NDArray[np.int32]
    weights: NDArray[np.float32]
    impacts: sparse.csr_array

    @classmethod
    def of(cls, query: Query, is_rest: NDArray[np.bool_]) -> _Rest:
        """These words of a query, without those that are nowhere."""
        rest = np.flatnonzero(is_rest & (query.words > 0))
        sizes = np.bincount(query.owner[rest], minlength=len(query))
        return cls(sizes, np.cumsum(sizes), query.words[rest], query.weights[rest].astype(np.float32), query.impacts)

    def add_to(self, found: Earned) -> None:
        """Add what the papers found have of these words."""
        first = int(self.ends[found.sought.start] - self.sizes[found.sought.start])
        rows, columns = distinct(self.words[first : self.ends[found.sought.stop - 1]])
        impacts = self.impacts[rows].toarray().ravel()
        columns = columns * np.int64(self.impacts.shape[1])
        left = self.sizes.take(found.phrases)
        cells = np.flatnonzero(left)
        while len(cells):
            which = self.ends.take(found.phrases.take(cells)) - left.take(cells)
            weights = self.weights.take(which)
            earns = impacts.take(columns.take(which - first) + found.papers.take(cells))
            found.shares[cells] += weights * earns / MOST
            found.covered[cells] += weights * (earns > 0)
            left[cells] -= 1
            cells = cells[left.take(cells) > 0]
