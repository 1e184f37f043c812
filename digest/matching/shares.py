"""The shares of phrases in the papers of an edition: what papers have of them, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.grammar import Sought
from digest.matching.learned import STRENGTH, Lessons
from digest.matching.papers import MOST, Papers
from digest.matching.postings import distinct
from digest.matching.query import Query, earned
from digest.model import Field

#: phrases of so many words are meant as one thing; of a longer text some words may be missing
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Cells:
    """Some rows of shares: which papers have something of which interest."""

    sizes: NDArray[np.int64]  #: by row
    papers: NDArray[np.int32]  #: positions, growing within a row
    shares: NDArray[np.float32]
    is_whole: NDArray[np.bool_]

    @classmethod
    def of(cls, papers: Sequence[Sequence[int] | NDArray[np.int64]], share: float, *, is_whole: bool) -> Cells:
        """Rows whose papers all have one share."""
        sizes = np.array([len(some) for some in papers], np.int64)
        flat = np.concatenate([np.empty(0, np.int32), *papers]).astype(np.int32)
        return cls(sizes, flat, np.full(len(flat), share, np.float32), np.full(len(flat), is_whole))

    @classmethod
    def join(cls, several: Sequence[Cells]) -> Cells:
        """The rows of several, one after the other."""
        if len(several) == 1:
            return several[0]
        nothing = cls.of([], 0, is_whole=False)
        columns = ([getattr(each, name) for each in (nothing, *several)] for name in cls.__slots__)
        return cls(*map(np.concatenate, columns))


@dataclass(frozen=True, slots=True)
class _Near:
    """Papers that have enough of phrases, or may with related words: a cell for each phrase and paper."""

    phrases: NDArray[np.int32]
    papers: NDArray[np.int32]
    earned: NDArray[np.float32]  #: the part of the most that the phrase can earn
    shares: NDArray[np.float32]  #: what that is worth


class Shares:
    """Looks for phrases in the papers of an edition."""

    def __init__(self, papers: Papers, lessons: Lessons | None, least: float) -> None:
        """Keep the papers that have a share of `least`; related words come from the lessons."""
        self._papers = papers
        self._lessons = lessons
        self._least = least

    def of(self, sought: Sequence[Sought]) -> Cells:
        """The rows of phrases that are all looked for in titles alone, or all everywhere."""
        titles_only = sought[0].field is Field.TITLE
        query = Query.of([each.phrase for each in sought], self._papers, titles_only=titles_only)
        near = list(self._near(query))
        # what is looked for in titles alone is meant to the letter
        if self._lessons is not None and not titles_only:
            shares = self._with_related(sought, near, self._lessons)
        else:
            shares = [block.shares for block in near]
        return self._cells(near, np.concatenate(shares), len(sought))

    def _near(self, query: Query) -> Iterator[_Near]:
        """What papers have of phrases, some phrases at a time."""
        power = _as_one_thing(query.lengths)
        # a paper has less of a phrase than it covers of it, and related words at most double that
        least = (self._least / 2 / query.factors) ** (1 / (1 + power))
        for found in earned(query, least):
            worth = np.minimum(found.covered, 1) ** power[found.phrases] * query.factors[found.phrases]
            shares = found.shares * worth.astype(np.float32)
            near = np.flatnonzero(2 * shares >= self._least)
            phrases = found.phrases[near].astype(np.int32)
            yield _Near(phrases, found.papers[near], found.shares[near], shares[near])

    def _with_related(
        self, sought: Sequence[Sought], near: Sequence[_Near], lessons: Lessons
    ) -> list[NDArray[np.float32]]:
        """By block and cell: the share with what related words add. Only phrases that some paper is near need any."""
        phrases = np.flatnonzero(np.bincount(np.concatenate([block.phrases for block in near])))
        rows = np.zeros(len(sought), np.int64)
        rows[phrases] = lessons.rows([sought[at].phrase for at in phrases.tolist()])
        shares = []
        for block in near:
            phrases, place = distinct(block.phrases)
            taught = self._taught([sought[at] for at in phrases.tolist()], lessons, rows[phrases])
            learned = (taught @ self._impacts).toarray()[place, block.papers]
            # the promise: related words never count for more than a reader's own
            shares.append(block.shares * (1 + np.minimum(STRENGTH * learned / block.earned, 1)))
        return shares

    def _cells(self, near: Sequence[_Near], shares: NDArray[np.float32], size: int) -> Cells:
        """So many rows of the papers that have enough."""
        phrases, papers = (
            np.concatenate(each) for each in zip(*((one.phrases, one.papers) for one in near), strict=True)
        )
        fits = np.flatnonzero(shares >= self._least)
        fits = fits[np.lexsort((papers[fits], phrases[fits]))]
        sizes = np.bincount(phrases[fits], minlength=size)
        return Cells(sizes, papers[fits], shares[fits], np.zeros(len(fits), bool))

    def _taught(self, sought: Sequence[Sought], lessons: Lessons, rows: NDArray[np.int64]) -> sparse.csr_array:
        """Phrases by terms of the index: what a related word counts for, nothing where a reader has struck it out."""
        taught = lessons.taught(rows)
        for at, each in enumerate(sought):
            if each.unrelated:
                words = slice(*taught.indptr[at : at + 2])
                struck = [lessons.number.get(term, 0) for term in each.unrelated]
                taught.data[words] *= ~np.isin(taught.indices[words], struck)
        weights, terms = taught.data / np.float32(MOST), self._renumbered[taught.indices]
        return sparse.csr_array((weights, terms, taught.indptr), shape=(len(sought), len(self._papers.index.terms)))

    @cached_property
    def _renumbered(self) -> NDArray[np.int32]:
        """By number of a term in the lessons: its number in the index, 0 where no paper has it."""
        terms = self._lessons.terms if self._lessons else ()
        return np.array([self._papers.number.get(term, 0) for term in terms], np.int32)

    @cached_property
    def _impacts(self) -> sparse.csr_array:
        return self._papers.impacts(self._papers.index.postings)


def _as_one_thing(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """By phrase of so many words: to which power the part that a paper covers counts as a factor of its share.

    A short phrase counts as far as the paper covers it: neural networks alone are no graph neural networks. This is
    the coordination factor of early search engines; long texts do not need it.
    """
    return np.minimum(1, (_SHORT / lengths) ** 3)
