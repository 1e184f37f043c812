"""The scores of one edition: each distinct interest is looked for once, whoever has it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digest.matching.analysis import analyse
from digest.matching.evidence import Evidence
from digest.matching.grammar import canonical
from digest.matching.history import History
from digest.matching.names import find_author, find_category
from digest.matching.papers import Papers
from digest.matching.phrase import typed_words
from digest.matching.search import find_exact, find_phrase
from digest.model import Announced, Field, Interest, Match, Sign

#: points of a paper that is made of nothing but a phrase of weight 1
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Table:
    """Which papers have something of which interest: row by row, as in scipy's CSR; papers by their position."""

    starts: NDArray[np.int64]  #: row r lies in starts[r]:starts[r + 1] of the others
    papers: NDArray[np.int32]  #: positions in `EditionScores.items`, growing within a row
    shares: NDArray[np.float32]  #: what counts for or against a paper; 0 where it only keeps one out
    is_whole: NDArray[np.bool_]  #: whether an interest with "!" keeps this paper out


class EditionScores:
    """The papers of one edition, and one row of shares for each distinct interest that was asked for."""

    def __init__(self, announced: Sequence[Announced], history: History) -> None:
        """Keep what an edition announces, and the counts of the days up to it.

        A work that several sources announce counts once, in its best-known form.
        """
        self.announced: Mapping[int, Announced] = {each.text.item: each for each in sorted(announced, key=precedence)}
        self.items: NDArray[np.int64] = np.array(list(self.announced), dtype=np.int64)
        self._history = history
        self._columns: dict[Hashable, Mapping[int, Evidence]] = {}
        self._rows: dict[Hashable, int] = {}
        self._table: Table | None = None

    def column(self, interest: Interest) -> Mapping[int, Evidence]:
        """{item: evidence} of the papers that have something of this interest."""
        key = canonical(interest)
        if key not in self._columns:
            self._columns[key] = self._find(interest)
        return self._columns[key]

    def rows(self, interests: Sequence[Interest]) -> NDArray[np.int32]:
        """The row of each interest in `table`; interests not asked for before are looked for now, all at once."""
        keys = [canonical(interest) for interest in interests]
        for key, interest in zip(keys, interests, strict=True):
            if key not in self._rows:
                self._rows[key] = len(self._rows)
                self.column(interest)
                self._table = None
        return np.array([self._rows[key] for key in keys], dtype=np.int32)

    @property
    def table(self) -> Table:
        """The rows of every interest that was asked for so far."""
        if self._table is None:
            position = {item: at for at, item in enumerate(self.announced)}
            starts, papers, shares, whole = [0], [], [], []
            for key in self._rows:
                column = self._columns[key]
                for item in sorted(column, key=position.__getitem__):
                    papers.append(position[item])
                    shares.append(column[item].share if column[item].fits else 0.0)
                    whole.append(column[item].is_whole)
                starts.append(len(papers))
            self._table = Table(
                np.array(starts, np.int64), np.array(papers, np.int32), np.array(shares, np.float32), np.array(whole)
            )
        return self._table

    def evidence(self, interest: Interest, item: int) -> Evidence:
        """What was found of an interest in a paper that its row names: for the reason and the mark of a pick."""
        return self.column(interest)[item]

    @cached_property
    def _papers(self) -> Papers:
        return Papers({item: analyse(each.text) for item, each in self.announced.items()}, self._history)

    def _find(self, interest: Interest) -> Mapping[int, Evidence]:
        if interest.field is Field.AUTHOR:
            return find_author(interest.phrase, self._papers.analysed)
        if interest.field is Field.CATEGORY:
            return find_category(interest.phrase, self._papers.analysed)
        fields = (interest.field,) if interest.field else (Field.TITLE, Field.ABSTRACT)
        find = find_exact if interest.exact else find_phrase
        return find(interest.phrase, fields, self._papers)


def precedence(announced: Announced) -> tuple[int, int, int, int, str]:
    """Which of two announcements of one work stands: the greater, that is the newer."""
    popularity = announced.popularity
    return announced.edition, announced.text.revision, popularity.upvotes, popularity.comments, announced.source


def match(interest: Interest, evidence: Evidence) -> Match:
    """What this evidence earns a paper with a reader who has this interest; below 0 for less-of."""
    points = round(WHOLE * interest.weight * evidence.share)
    return Match(
        interest=interest.phrase,
        field=evidence.field,
        points=-points if interest.sign is Sign.LESS else points,
        words=_words(interest, evidence),
        mark=evidence.mark,
    )


def _words(interest: Interest, evidence: Evidence) -> tuple[str, ...]:
    if evidence.field in (Field.AUTHOR, Field.CATEGORY):
        return (interest.phrase,)
    return typed_words(interest.phrase, is_exact=interest.exact, found=evidence.found)
