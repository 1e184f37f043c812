"""Words that belong to a phrase, learned from the papers of the past that fit it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import Analysed, read
from digest.matching.index import Index
from digest.matching.papers import Papers
from digest.matching.phrase import Phrase

#: below so many papers the best five are there by chance
LEAST_PAPERS = 500
#: related words never count for more than a reader's own
STRENGTH = 0.8

_TEACHERS = 5  #: papers to learn from
_NEAREST = 0.5  #: a paper teaches if it has at least so large a part of what the best one has
_COVERED = 1.5  #: and has words for so much of the phrase's weight, divided by how many words the phrase has
_SHARPNESS = 3  #: the best fit is the one to trust
_WORDS = 50
_LEAST_LETTERS, _LEAST_HOLDERS, _MOST_HOLDERS = 3, 3, 0.2  #: of a word that can be learned, the last of all papers
#: a word is named if so many papers that have it, and so large a part of them, have so much of the phrase
_TOGETHER, _MOSTLY, _FITTING = 3, 0.5, 0.8
_BLOCK = 1 << 21  # phrases times papers at a time


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned for a phrase, best first."""

    words: NDArray[np.int32]  #: numbers of terms in `Lessons.terms`
    weights: NDArray[np.float32]  #: they sum to 1

    def without(self, struck: set[int]) -> Lesson:
        """The same lesson less some words."""
        if not struck or not len(self.words):
            return self
        stays = ~np.isin(self.words, list(struck))
        return Lesson(self.words[stays], self.weights[stays])


#: the texts of the past are gone; what only a text can tell, an exact row of words, teaches nothing
_UNREAD = Analysed(read(""), read(""))

NOTHING = Lesson(np.empty(0, np.int32), np.empty(0, np.float32))


class Lessons:
    """The papers to learn from, and what has been learned from them."""

    def __init__(self, index: Index) -> None:
        """Learn from these papers, of the days before the week in which it is applied."""
        self._papers = Papers(index, index.history, Acronyms.of(index.history), lambda _: _UNREAD)
        self._known: dict[Phrase, Lesson] = {}
        self._related: dict[Phrase, list[str]] = {}

    @property
    def terms(self) -> tuple[str, ...]:
        """By number."""
        return self._papers.index.terms

    @property
    def number(self) -> Mapping[str, int]:
        """{term: its number}."""
        return self._papers.number

    def of(self, phrases: Sequence[Phrase]) -> list[Lesson]:
        """The lesson of each phrase; an empty one for those in quotes, and for all before there are enough papers."""
        if len(self._papers.index.items) < LEAST_PAPERS:
            return [NOTHING] * len(phrases)
        new = [each for each in dict.fromkeys(phrases) if each not in self._known]
        size = max(_BLOCK // len(self._papers.index.items), 1)
        for start in range(0, len(new), size):
            some = new[start : start + size]
            self._known.update(zip(some, self._learn(some), strict=True))
        return [self._known[phrase] for phrase in phrases]

    def related(self, phrase: Phrase) -> list[str]:
        """The learned terms that may be shown, best first."""
        if phrase not in self._related:
            [lesson] = self.of([phrase])
            earned = self._papers.earned([phrase])
            fitting = earned.papers[earned.covered >= _FITTING]
            words = (int(word) for word in lesson.words)
            self._related[phrase] = [self.terms[word] for word in words if self._convinces(word, phrase, fitting)]
        return self._related[phrase]

    def _learn(self, phrases: Sequence[Phrase]) -> list[Lesson]:
        taught = self._teachers(phrases) @ self._weighted
        rows = np.repeat(np.arange(len(phrases)), np.diff(taught.indptr))
        # by phrase, and there the largest first: fractions keep them apart
        order = np.argsort(rows + 1 / (1 + taught.data.astype(np.float64)), kind="stable")
        best = order[_rank(rows, len(phrases)) < _WORDS]
        words, weights, rows = taught.indices[best].astype(np.int32), taught.data[best], rows[best]
        weights = (weights / np.bincount(rows, weights, len(phrases))[rows]).astype(np.float32)
        ends = np.searchsorted(rows, np.arange(1, len(phrases)))
        return [Lesson(*both) for both in zip(np.split(words, ends), np.split(weights, ends), strict=True)]

    def _teachers(self, phrases: Sequence[Phrase]) -> sparse.csr_array:
        """For each phrase the few papers that fit it best, by how far they are to be trusted: 1 for the best."""
        earned = self._papers.earned(phrases)
        best = np.zeros(len(phrases), np.float32)
        found, starts = np.unique(earned.phrases, return_index=True)
        best[found] = np.maximum.reduceat(earned.shares, starts) if len(found) else 0
        trust = earned.shares / best[earned.phrases]
        # where the past has nothing of a subject, nothing is learned
        least = np.array([_COVERED / max(len(phrase.terms), 3) for phrase in phrases])
        near = np.flatnonzero((trust >= _NEAREST) & (earned.covered >= least[earned.phrases]))
        order = near[np.argsort(earned.phrases[near] - trust[near].astype(np.float64) / 2, kind="stable")]
        some = order[_rank(earned.phrases[order], len(phrases)) < _TEACHERS]
        shape = len(phrases), len(self._papers.index.items)
        return sparse.csr_array((trust[some] ** _SHARPNESS, (earned.phrases[some], earned.papers[some])), shape=shape)

    @cached_property
    def _weighted(self) -> sparse.csr_array:
        """Papers by the words that can be learned: what each word earns its paper."""
        index = self._papers.index
        postings = index.postings
        sizes = postings.sizes
        can_be = (sizes >= _LEAST_HOLDERS) & (sizes <= _MOST_HOLDERS * len(index.items))
        can_be &= np.array([len(term) >= _LEAST_LETTERS and term.isalpha() for term in index.terms])
        idfs = np.array([index.history.idf(term) for term in index.terms]) * can_be
        weighted = (sparse.diags_array(idfs) @ self._papers.impacts(postings)).T.tocsr()
        weighted.eliminate_zeros()
        return weighted

    def _convinces(self, word: int, phrase: Phrase, fitting: NDArray[np.int32]) -> bool:
        """Whether most papers that have a word fit the phrase: then a reader sees why it counts."""
        postings = self._papers.index.postings
        holders = postings.papers[postings.starts[word] : postings.starts[word + 1]]
        together = np.count_nonzero(np.isin(holders, fitting))
        convinces = together >= max(_TOGETHER, _MOSTLY * len(holders)) and self.terms[word] not in phrase.terms
        return bool(convinces)


def _rank(rows: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many of the same row stand before each; rows stand together, growing, and there are so many of them."""
    return np.arange(len(rows)) - np.searchsorted(rows, np.arange(size))[rows]
