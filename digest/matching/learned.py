"""Words that belong to a phrase, learned from the papers of the past that fit it best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from threading import RLock

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import Analysed, read
from digest.matching.index import Index
from digest.matching.numbering import Numbers
from digest.matching.papers import Papers
from digest.matching.phrase import Phrase
from digest.matching.query import Earned, Query, earned

#: below so many papers the best five are there by chance
LEAST_PAPERS = 500
#: related words never count for more than a reader's own
STRENGTH = 0.8

_TEACHERS = 5  #: papers to learn from
_NEAREST = 0.5  #: a paper teaches if it has at least so large a part of what the best one has
_COVERED = 1.5  #: and has words for so much of the phrase's weight, divided by how many words the phrase has
_SHARPNESS = 3  #: the best fit is the one to trust
_WORDS = 50
_OWN = 0.5  #: what the phrase's own words count among them, since they are looked for anyway
_LEAST_LETTERS, _LEAST_HOLDERS, _MOST_HOLDERS = 3, 3, 0.2  #: of a word that can be learned, the last of all papers
#: a word is named if so many papers that have it, and so large a part of them, have so much of the phrase
_TOGETHER, _MOSTLY, _FITTING = 3, 0.5, 0.8
_BLOCK = 1 << 20  # phrases times papers at a time
#: the words to name of so many phrases are kept at a time
_MANY = 1 << 16


#: the texts of the past are gone; what only a text can tell, an exact row of words, teaches nothing
_UNREAD = Analysed(read(""), read(""))


class Lessons:
    """The papers to learn from, and what has been learned from them."""

    def __init__(self, index: Index) -> None:
        """Learn from these papers, of the days before the week in which it is applied."""
        self._papers = Papers(index, index.history, Acronyms.of(index.history), lambda _: _UNREAD)
        self._taught = sparse.csr_array((0, len(index.terms)), dtype=np.float32)
        self._rows = Numbers[Phrase]()
        self._related: dict[Phrase, list[str]] = {}
        self._one_at_a_time = RLock()  # pages and letters of a process share what was learned

    @property
    def terms(self) -> tuple[str, ...]:
        """By number."""
        return self._papers.index.terms

    @property
    def number(self) -> Mapping[str, int]:
        """{term: its number}."""
        return self._papers.number

    def rows(self, phrases: Sequence[Phrase]) -> NDArray[np.int64]:
        """The number of each phrase; what was not asked for before is learned now, all at once."""
        with self._one_at_a_time:
            rows = self._rows.of(phrases)
            if new := self._rows.since(self._taught.shape[0]):
                self._taught = sparse.vstack([self._taught, *self._blocks(new)], format="csr")
            return rows

    def taught(self, rows: NDArray[np.int64]) -> sparse.csr_array:
        """Phrases by terms: the weights of what was learned; those of a phrase sum to 1.

        Best first, but for the phrase's own words, which count half.

        Nothing is learned for phrases in quotes, and for none before there are enough papers.
        """
        return self._taught[rows]

    def related(self, phrases: Sequence[Phrase]) -> list[list[str]]:
        """By phrase: the learned terms that may be shown, best first; what is new is found all at once."""
        with self._one_at_a_time:
            if len(self._related) > _MANY:
                self._related.clear()
            new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._related]
            for first in range(0, len(new), self._block_size):
                some = new[first : first + self._block_size]
                self._related.update(zip(some, self._convincing(some), strict=True))
            return [self._related[phrase] for phrase in phrases]

    @property
    def _block_size(self) -> int:
        """How many phrases are looked for at a time."""
        return max(_BLOCK // max(len(self._papers.index.items), 1), 1)

    def _blocks(self, phrases: Sequence[Phrase]) -> Iterator[sparse.csr_array]:
        if len(self._papers.index.items) < LEAST_PAPERS:
            yield sparse.csr_array((len(phrases), len(self.terms)), dtype=np.float32)
            return
        query = Query.of(phrases, self._papers)
        # where the past has nothing of a subject, nothing is learned
        least = _COVERED / np.maximum(query.lengths, 3)
        for found in earned(query, least):
            yield self._learn(self._teachers(found, least), _own(query, found.sought))

    def _learn(self, teachers: sparse.csr_array, own: NDArray[np.int32]) -> sparse.csr_array:
        taught = teachers @ self._weighted
        # so many words of a single teacher earn so much, and what all earn together is no less
        enough = np.zeros(teachers.shape[0], np.float32)
        has = np.flatnonzero(np.diff(teachers.indptr))
        enough[has] = np.maximum.reduceat(teachers.data * self._enough[teachers.indices], teachers.indptr[has])
        good = np.flatnonzero(taught.data >= np.repeat(enough, np.diff(taught.indptr)))
        starts = np.searchsorted(good, taught.indptr)
        rows, words, weights = strongest(starts, taught.indices[good], taught.data[good], _WORDS)
        weights[(words[:, None] == own[rows]).any(axis=1)] *= _OWN
        parts = (weights / np.bincount(rows, weights)[rows]).astype(np.float32)
        return _table(rows, words, parts, taught.shape)

    def _teachers(self, found: Earned, least: NDArray[np.float64]) -> sparse.csr_array:
        """For each phrase the few papers that fit it best, by how far they are to be trusted: 1 for the best."""
        cells = np.flatnonzero(found.covered >= least[found.phrases])
        phrases, papers, shares = found.phrases[cells] - found.sought.start, found.papers[cells], found.shares[cells]
        starts = np.flatnonzero(np.diff(phrases, prepend=-1))
        best = np.zeros(len(found.sought), np.float32)
        best[phrases[starts]] = np.maximum.reduceat(shares, starts) if len(starts) else 0
        trust = shares / best[phrases]
        near = np.flatnonzero(trust >= _NEAREST)
        starts = np.searchsorted(phrases[near], np.arange(len(found.sought) + 1))
        phrases, papers, trust = strongest(starts, papers[near], trust[near], _TEACHERS)
        shape = len(found.sought), len(self._papers.index.items)
        teachers = _table(phrases, papers, trust**_SHARPNESS, shape)
        teachers.sort_indices()
        return teachers

    @cached_property
    def _weighted(self) -> sparse.csr_array:
        """Papers by the words that can be learned: what each word earns its paper."""
        index = self._papers.index
        postings = index.postings
        sizes = postings.sizes
        can_be = (sizes >= _LEAST_HOLDERS) & (sizes <= _MOST_HOLDERS * len(index.items))
        can_be &= np.array([len(term) >= _LEAST_LETTERS and term.isalpha() for term in index.terms])
        masses = np.array([index.history.mass(term) for term in index.terms]) * can_be
        earns = self._papers.impacts(postings)
        earns.data *= np.repeat(masses.astype(np.float32), postings.sizes)
        weighted = earns.T.tocsr()
        weighted.eliminate_zeros()
        return weighted

    @cached_property
    def _enough(self) -> NDArray[np.float32]:
        """By paper: what the last of its best words earns it, 0 where it has too few."""
        weighted = self._weighted
        papers, _, values = strongest(weighted.indptr, weighted.indices, weighted.data, _WORDS)
        enough = np.zeros(weighted.shape[0], np.float32)
        has = np.flatnonzero(np.bincount(papers) == _WORDS)
        enough[has] = values[np.searchsorted(papers, has, side="right") - 1]
        return enough

    def _convincing(self, phrases: Sequence[Phrase]) -> list[list[str]]:
        """By phrase: the words of its lesson of which most papers that have them fit it.

        A reader then sees why they count.
        """
        lessons = self.taught(self.rows(phrases))
        found: list[list[str]] = [[] for _ in phrases]
        if lessons.nnz:
            owner = np.repeat(np.arange(len(phrases)), np.diff(lessons.indptr))
            words = lessons.indices.astype(np.int64)
            convinces = self._are_mostly_among(words, owner, self._fitting(phrases))
            for which, word in zip(owner[convinces].tolist(), words[convinces].tolist(), strict=True):
                if self.terms[word] not in phrases[which].terms:
                    found[which].append(self.terms[word])
        return found

    def _fitting(self, phrases: Sequence[Phrase]) -> NDArray[np.bool_]:
        """Phrases by papers: whether a paper has so much of a phrase that it fits it."""
        fitting = np.zeros((len(phrases), len(self._papers.index.items)), bool)
        for found in earned(Query.of(phrases, self._papers), np.full(len(phrases), _FITTING)):
            fits = np.flatnonzero(found.covered >= _FITTING)
            fitting[found.phrases[fits], found.papers[fits]] = True
        return fitting

    def _are_mostly_among(
        self, words: NDArray[np.int64], owner: NDArray[np.int64], fitting: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """The places of the words of which most papers that have them fit the phrase that owns the word."""
        postings = self._papers.index.postings
        needed = np.maximum(_TOGETHER, _MOSTLY * postings.sizes)
        # most words are in more papers than there are to fit
        likely = np.flatnonzero(np.count_nonzero(fitting, axis=1)[owner] >= needed[words])
        holders = postings.take(words[likely])
        fit = fitting[np.repeat(owner[likely], holders.sizes), holders.papers]
        together = np.bincount(np.repeat(np.arange(len(likely)), holders.sizes)[fit], minlength=len(likely))
        convinces: NDArray[np.int64] = likely[together >= needed[words[likely]]]
        return convinces


def _table(
    rows: NDArray[np.int64], columns: NDArray[np.int32], values: NDArray[np.float32], shape: tuple[int, int]
) -> sparse.csr_array:
    """A sparse table of cells that stand row by row."""
    starts = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(np.int32)
    return sparse.csr_array((values, columns, starts), shape=shape)


def _own(query: Query, sought: range) -> NDArray[np.int32]:
    """The numbers of the terms of some phrases, a row for each, with 0 behind the shorter ones."""
    lengths = query.lengths[sought.start : sought.stop]
    own = np.zeros((len(sought), lengths.max()), np.int32)
    first, last = np.searchsorted(query.owner, [sought.start, sought.stop])
    own[np.arange(own.shape[1]) < lengths[:, None]] = query.numbers[first:last]
    return own


def strongest(
    starts: NDArray[np.int64], numbers: NDArray[np.int32], values: NDArray[np.float32], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """(row, number, value) of the largest values of each row, largest first, of equals the lowest number first.

    Row r is starts[r]:starts[r + 1]. Rows of about one length are sorted together as a table, which is several times
    as fast as sorting all cells at once.
    """
    keys = np.append(_LARGEST - values.view(np.int32).astype(np.int64) << 32 | numbers, _NOTHING)
    sizes = np.diff(starts)
    best = np.full((len(sizes), most), _NOTHING)
    width = 1
    while width < 2 * sizes.max(initial=0):
        rows = np.flatnonzero((sizes > width // 2) & (sizes <= width))
        cells = np.arange(width)
        table = keys[np.where(cells < sizes[rows, None], starts[rows, None] + cells, -1)]
        table.sort(axis=1)
        best[rows, :width] = table[:, :most]
        width *= 2
    rows, places = np.nonzero(best != _NOTHING)
    found = best[rows, places]
    return rows, (found & 0xFFFFFFFF).astype(np.int32), (_LARGEST - (found >> 32)).astype(np.int32).view(np.float32)


_LARGEST = (1 << 31) - 1  # floats above 0 grow as their bits do, read as a whole number
_NOTHING = np.iinfo(np.int64).max
