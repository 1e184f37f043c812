"""Composed letters as the ledger keeps them, without an object for each pick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from digest.matching.letters import Letters, Rows
from digest.matching.window import Window
from digest.store.columns import Columns, pack_all
from digest.store.picks import Packed, packed_pick, piece

#: so many different reasons are kept at a time; some 100 MB
_MANY = 1 << 19


class Packer:
    """Packs the letters of one window. What a reason says is written down once for all readers who share it."""

    def __init__(self, window: Window, *, since: date | None, unread: Sequence[str]) -> None:
        """`since` and `unread` are those of every letter."""
        self.window = window
        self._since = since
        self._unread = unread
        self._items = np.array([paper.text.item for paper in window.papers], np.int64)
        self._revisions = np.array([paper.text.revision for paper in window.papers], np.int64)
        self._trends = [packed_pick(pick, {}) for pick in window.trends]
        self._wishes = window.wishes
        self._pieces: dict[int, str] = {}

    def pack(self, letters: Letters) -> Iterator[Packed]:
        """Each letter."""
        items = self._items[letters.rows.papers].tolist()
        papers = self.window.papers
        columns = pairwise(letters.starts), letters.trending, letters.considered, pack_all(self._columns(letters))
        for (first, last), trending, considered, data in zip(*columns, strict=True):
            named = items[first:last]
            if trending:
                named += [papers[paper].text.item for paper in trending]
            yield Packed(named, data, considered)

    def _columns(self, letters: Letters) -> Columns:
        rows, wishes = letters.rows, self.window.wishes
        return Columns(
            starts=np.array(letters.starts),
            items=self._items[rows.papers],
            revisions=self._revisions[rows.papers],
            scores=rows.scores,
            topics=np.maximum(wishes.groups(rows.strongest), -1),
            reasons=rows.starts,
            phrases=wishes.phrases(rows.wishes),
            pieces=self._pieces_of(rows),
            are_misses=letters.are_misses,
            trending=[[self._trends[paper] for paper in some] for some in letters.trending],
            considered=letters.considered,
            lines=letters.lines,
            texts=wishes.texts,
            unread=self._unread,
            since=self._since,
        )

    def _pieces_of(self, rows: Rows) -> list[str]:
        """What each reason of some rows says."""
        self._forget()
        papers = len(self.window.papers)
        keys = (rows.wishes * papers + np.repeat(rows.papers, np.diff(rows.starts))).tolist()
        new = list(set(keys).difference(self._pieces))
        reasons = self.window.reasons([key // papers for key in new], [key % papers for key in new])
        self._pieces.update(zip(new, map(piece, reasons), strict=True))
        return [self._pieces[key] for key in keys]

    def _forget(self) -> None:
        """Let go of the reasons where they are too many to keep, or wishes have other numbers now."""
        if len(self._pieces) > _MANY or self._wishes is not self.window.wishes:
            self._wishes = self.window.wishes
            self._pieces.clear()
