"""Finds papers in the archive: those that a reader who names these interests would be sent, each with its marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from threading import Lock

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from digest.matching.choose import order, rank
from digest.matching.compose import Reader, batches
from digest.matching.grammar import Understood
from digest.matching.history import History
from digest.matching.index import Index, history_of
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import LetterPick, Profile, Strictness
from digest.pipeline.preview import last_days
from digest.pipeline.shelf import understood
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.schema import edition

#: a search that names no day looks at so many, up to the newest edition's
DAYS = 30
#: interests that one search may have; more of the text is not looked at
MOST = 10

#: so many spans of days are kept as they were read, a month's papers in some 60 MB
_SPANS = 6
#: what was found of so many different interests is kept; then a span is read anew
_MANY = 2_000

#: whoever looks for something wants to see all that is near: the widest line there is
_SEEKER = Profile(strictness=Strictness.BROAD, max_items=1, trending=0)


@dataclass(frozen=True, slots=True)
class Findings:
    """Some of what a search found."""

    total: int  #: of all that fits
    papers: tuple[LetterPick, ...] = ()  #: those that were asked for
    days: tuple[date, ...] = ()  #: by paper: the day of its last announcement


@dataclass(frozen=True, slots=True)
class _Span:
    """The papers of some days."""

    window: Window
    day_of: Mapping[int, date]  #: {edition: its day}

    def find(self, said: Understood, start: int, count: int) -> Findings:
        """What fits, the newest day first, and of a day the best first; `count` of it from `start` on."""
        reader = Reader(profile=_SEEKER, interests=said.interests[:MOST])
        [batch] = batches([reader], self.window)
        fits = rank(batch.scored, np.flatnonzero(batch.scored.fits(batch.profiles)), self.window.fame)
        fits = fits[order(-self._days(batch.scored.paper[fits]))]
        some = fits[start : start + count]
        papers = [self.window.papers[number] for number in batch.scored.paper[some].tolist()]
        return Findings(
            total=len(fits),
            papers=tuple(
                LetterPick(pick=pick, text=paper.text, popularity=paper.popularity)
                for pick, paper in zip(batch.rows(some).picks(), papers, strict=True)
            ),
            days=tuple(self.day_of[paper.edition] for paper in papers),
        )

    def _days(self, papers: NDArray[np.int64]) -> NDArray[np.int64]:
        numbers = [self.day_of[self.window.papers[paper].edition].toordinal() for paper in papers.tolist()]
        return np.array(numbers, np.int64)


class Finder:
    """Answers any number of searches, of several threads, one at a time; make one for a process.

    All days are measured by one history, that of the last thirty: how rare a word is hardly changes, and what is found
    on a day then does not hang on how many papers it has.
    """

    def __init__(self, database: Database, *, hidden_sources: Collection[str] = ()) -> None:
        """`hidden_sources` are left out, as `Shelf` leaves them out."""
        self._database = database
        self._items = Items(database)
        self._hidden = frozenset(hidden_sources)
        self._lock = Lock()
        self._newest = 0
        self._history = History()
        self._spans: dict[tuple[date, date], _Span] = {}

    def find(self, text: str, first: date, last: date, *, start: int, count: int) -> Findings:
        """What fits the interests of a text in the days between two, both included; `count` of it from `start` on.

        Raises:
            StoreError: the store cannot be read.
        """
        said = understood(text)
        if not said.interests:
            return Findings(0)
        with self._lock, self._database.read() as connection:
            self._look_around(connection)
            span = self._spans.pop((first, last), None)
            if span is None or len(span.window.wishes.interests) > _MANY:
                span = self._read(connection, first, last)
            self._spans[first, last] = span  # the last one asked for stands last
            if len(self._spans) > _SPANS:
                del self._spans[next(iter(self._spans))]
            return span.find(said, start, count)

    def _look_around(self, connection: sa.Connection) -> None:
        """Forget what was read before the newest edition."""
        newest = self._items.newest_edition(connection)
        if newest != self._newest:
            self._newest, self._spans, self._history = newest, {}, _history(connection)

    def _read(self, connection: sa.Connection, first: date, last: date) -> _Span:
        query = sa.select(edition.c.number, edition.c.archive_date).where(edition.c.archive_date.between(first, last))
        day_of = {row.number: row.archive_date for row in connection.execute(query.order_by(edition.c.number))}
        announced = chain.from_iterable(self._items.announced(connection, number) for number in day_of)
        index = Index.join([Index.from_bytes(self._items.words(connection, number)) for number in day_of])
        shown = [each for each in announced if each.source not in self._hidden]
        return _Span(Window([EditionScores(shown, self._history, index=index)]), day_of)


def _history(connection: sa.Connection) -> History:
    """The words of the last days."""
    span = last_days(connection, DAYS)
    if span is None:
        return History()
    words = sa.select(edition.c.history).where(edition.c.archive_date.between(*span))
    return History.total(map(history_of, connection.execute(words).scalars()))
