"""The editions that letters are composed from, each scored once and shared by every reader of a run."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import sqlalchemy as sa

from digest.matching.grammar import understand
from digest.matching.history import History
from digest.matching.index import Index, history_of
from digest.matching.learned import Lessons
from digest.matching.scores import EditionScores
from digest.store.items import Items


class Shelf:
    """Editions by number, with the word statistics that stood behind each when it was made."""

    def __init__(self, items: Items, *, hidden_sources: Collection[str] = ()) -> None:
        """`hidden_sources` are left out: the sample is never mailed to anybody."""
        self._items = items
        self._hidden = frozenset(hidden_sources)
        self._scores: dict[int, EditionScores] = {}

    def window(self, connection: sa.Connection, after: int, to: int) -> list[EditionScores]:
        """The editions with a number in (after, to], oldest first."""
        return [self._edition(connection, number) for number in range(after + 1, to + 1)]

    def lessons(self, connection: sa.Connection, number: int) -> Lessons:
        """What the phrases of an edition learn from: everything announced in the 90 days before its week."""
        return _lessons(tuple(self._items.words_before_week(connection, number)))

    def _edition(self, connection: sa.Connection, number: int) -> EditionScores:
        if number not in self._scores:
            announced = [one for one in self._items.announced(connection, number) if one.source not in self._hidden]
            self._scores[number] = EditionScores(
                announced,
                History.total(map(_history, self._items.histories(connection, number))),
                index=Index.from_bytes(self._items.words(connection, number)),
                lessons=self.lessons(connection, number),
            )
        return self._scores[number]


#: readers share texts of interests more often than one would think: the starter's, an institute's
understood = lru_cache(maxsize=10_000)(understand)

#: the editions of 90 days stand behind every one of a window
_history = lru_cache(maxsize=128)(history_of)


@lru_cache(maxsize=2)  # this week's and the last one's, for all runs of a process
def _lessons(words: tuple[bytes, ...]) -> Lessons:
    return Lessons(Index.join([Index.from_bytes(some) for some in words]))
