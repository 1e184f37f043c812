"""Rows of counts: which papers have a thing, and how often in title and abstract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_TITLE = 1 << 20  # title and abstract are counted in one number, the title's above this


@dataclass(frozen=True, slots=True)
class Postings:
    """Row r lies in starts[r]:starts[r + 1] of the others, as in scipy's CSR."""

    starts: NDArray[np.int64]
    papers: NDArray[np.int32]  #: positions, growing within a row
    titles: NDArray[np.int32]  #: how often in the title
    abstracts: NDArray[np.int32]

    @classmethod
    def of(
        cls, rows: NDArray[np.int32], papers: NDArray[np.int32], in_title: NDArray[np.bool_], shape: tuple[int, int]
    ) -> Postings:
        """The counts of single places: (row, paper, whether in the title) each; shape is rows and papers in all."""
        ones = np.where(in_title, _TITLE, 1).astype(np.int64)
        counts = sparse.coo_array((ones, (rows, papers)), shape=shape).tocsr()
        counts.sort_indices()
        titles, abstracts = np.divmod(counts.data, _TITLE)
        return cls(
            counts.indptr.astype(np.int64),
            counts.indices.astype(np.int32),
            titles.astype(np.int32),
            abstracts.astype(np.int32),
        )

    @classmethod
    def join(cls, several: Sequence[Postings]) -> Postings:
        """The rows of several, one after the other."""
        before = accumulate((len(each.papers) for each in several), initial=0)
        starts = [np.zeros(1, np.int64), *(each.starts[1:] + at for each, at in zip(several, before, strict=False))]
        return cls(
            np.concatenate(starts),
            np.concatenate([each.papers for each in several]),
            np.concatenate([each.titles for each in several]),
            np.concatenate([each.abstracts for each in several]),
        )

    @property
    def sizes(self) -> NDArray[np.int64]:
        """By row: how many papers have it."""
        return np.diff(self.starts)

    def take(self, rows: NDArray[np.int64]) -> Postings:
        """These rows, in this order."""
        sizes = self.sizes[rows]
        ends = np.cumsum(sizes)
        cells = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[rows] - ends + sizes, sizes)
        starts = np.concatenate([np.zeros(1, np.int64), ends])
        return Postings(starts, self.papers[cells], self.titles[cells], self.abstracts[cells])


def distinct(numbers: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The distinct ones of small numbers, growing, and the place of each among them: `np.unique` without a sort."""
    occurs = np.zeros(numbers.max(initial=0) + 1, bool)
    occurs[numbers] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs, dtype=np.int32) - 1)[numbers]
