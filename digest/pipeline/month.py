"""The papers of the last thirty days in memory, scored as one; and the newest of these days as letters see them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from digest.matching.analysis import fold
from digest.matching.index import Index
from digest.matching.learned import Lessons
from digest.matching.phrase import exact_texts, wanted
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Announced, Field, Interest, Sign
from digest.pipeline.spelling import Spelling

#: what was found of so many different interests is kept; then a month is to be made anew, which takes some seconds
_MANY = 4_000

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Told:
    """What an edition has announced."""

    number: int
    day: date  #: its archive date
    announced: Sequence[Announced]
    index: Index  #: of these papers
    spelled: Counter[str]  #: {word as papers spell it: how often}


@dataclass(frozen=True, slots=True)
class Day:
    """The editions of one archive date, scored as for the letters of that day."""

    day: date
    window: Window


class Month:
    """Thirty days of papers; not for two threads at a time."""

    def __init__(self, editions: Sequence[Told], days: Sequence[Day], lessons: Lessons | None = None) -> None:
        """`days` are the last of these editions' days, oldest first.

        All thirty days are measured by one history, their own, and one set of lessons: for counts this serves as well
        as each edition's own, in a thirtieth of the calls.
        """
        self.days = days
        index = Index.join([each.index for each in editions])
        announced = list(chain.from_iterable(each.announced for each in editions))
        self.scores = EditionScores(announced, index.history, index=index, lessons=lessons)
        self._texts = [each.text for each in self.scores.announced.values()]
        shown = [day.window.items for day in days]
        #: by position in `scores.items`: whether one of `days` announces it
        self.is_week: NDArray[np.bool_] = np.isin(self.scores.items, list(frozenset().union(*shown)))
        self.spelling = Spelling(_total(each.spelled for each in editions), index.history.document_counts)

    def fitting(self, interests: Sequence[Interest]) -> list[NDArray[np.int32]]:
        """By interest: the papers that it fits, as positions in `scores.items`."""
        sought = [_sought(each) for each in interests]
        rows = iter(self.scores.rows([each for each in sought if each]).tolist())
        found = [self._row(next(rows)) if each else np.arange(len(self._texts), dtype=np.int32) for each in sought]
        return [
            self._in_a_row(*both) if _is_quoted(both[0]) else both[1] for both in zip(interests, found, strict=True)
        ]

    def _row(self, row: int) -> NDArray[np.int32]:
        starts = self.scores.table.starts
        return self.scores.table.papers[starts[row] : starts[row + 1]]

    @property
    def is_full(self) -> bool:
        """Whether so much was asked that what was found takes too much memory."""
        return any(len(day.window.wishes.interests) > _MANY for day in self.days)

    def _in_a_row(self, interest: Interest, papers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Those of some papers that have a quoted phrase word for word."""
        words = f" {' '.join(filter(None, exact_texts(interest.phrase)))} "
        has = [
            words in _folded(self._texts[at].title)
            or (interest.field is None and words in _folded(self._texts[at].abstract))
            for at in papers.tolist()
        ]
        return papers[np.array(has, np.bool_)]


def _is_quoted(interest: Interest) -> bool:
    """Whether it looks for words as they stand."""
    return interest.exact and interest.field in (None, Field.TITLE)


def _sought(interest: Interest) -> Interest | None:
    """What the scores are asked for: of a quoted phrase what has its words near together; None asks for every paper.

    To look for the phrase itself they would analyse every paper with these words: a letter can wait for that, a page
    cannot.
    """
    if not _is_quoted(interest):
        return interest
    return replace(interest, exact=False, sign=Sign.NEVER) if wanted(interest.phrase) else None


def _folded(text: str) -> str:
    """A text as folded words, a space around each; where sentences end does not show."""
    return f" {' '.join(map(fold, _WORD.findall(text)))} "


def _total(several: Iterable[Counter[str]]) -> Counter[str]:
    total = Counter[str]()
    for counts in several:
        total.update(counts)
    return total
