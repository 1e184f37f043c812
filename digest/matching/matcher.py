"""What fits many readers: by arrays of all at once, or by compiled loops where numba is installed and it pays."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from digest.matching.choose import Chosen, choose, misses
from digest.matching.gather import EXCLUDED, Part, Profiles, Scored, score
from digest.matching.scores import WHOLE

#: so many readers are served by arrays first. Loops spare some 4 us a reader; to load them takes .5 s, and to compile
#: them, once on a machine, 7 s
ENOUGH = 200_000


class Matcher:
    """Scores papers for readers and chooses among them; keep it for all readers of a run."""

    def __init__(self, *, enough: int = ENOUGH) -> None:
        """After `enough` readers the others are served by loops, if numba is installed."""
        self._left = enough if find_spec("numba") else None

    def match(self, profiles: Profiles, parts: Sequence[Part], fame: NDArray[np.int64]) -> tuple[Scored, Chosen]:
        """What papers earn with readers, and what goes into each letter; `fame` by paper, 0 is the most popular."""
        if self._left is None:
            return by_arrays(profiles, parts, fame)
        self._left -= len(profiles)
        return (by_loops if self._left < 0 else by_arrays)(profiles, parts, fame)


def by_arrays(profiles: Profiles, parts: Sequence[Part], fame: NDArray[np.int64]) -> tuple[Scored, Chosen]:
    """What papers earn with some readers, and what goes into each letter."""
    scored = score(profiles, parts, len(fame))
    return scored, choose(profiles, scored, fame)


def by_loops(profiles: Profiles, parts: Sequence[Part], fame: NDArray[np.int64]) -> tuple[Scored, Chosen]:
    """The same as `score` and `choose`, reader by reader."""
    from digest.matching import kernels  # which imports numba

    cells, begins = _cells(profiles, parts)
    size = cells.shape[1]
    # in one piece, which is then at hand again for the next readers
    columns = np.empty((7, size + 1), np.int64)
    found, (slots, points, picks) = columns[:4], columns[4:]
    is_out, counts = np.empty((2, size), np.bool_)
    ends = np.empty(len(profiles), np.int64)
    kernels.add_up(cells, begins, len(fame), found, is_out, slots, points, counts, ends)
    groups, starts, lines, caps = profiles.groups, profiles.starts, profiles.lines, profiles.caps
    picked = kernels.pick(found, is_out, slots, points, ends, groups, starts, lines, caps, fame, picks)
    reader = np.repeat(np.arange(len(profiles)), np.diff(ends, prepend=0))
    paper, score, residue, first = found[:, : len(reader)]
    last = found[kernels.FIRST, 1 : len(reader) + 1]
    scored = Scored(reader, paper, score, residue, is_out[: len(reader)], first, last, slots, points, counts)
    return scored, Chosen(picks[:picked], misses(profiles, scored, picks[:picked], fame))


def _cells(profiles: Profiles, parts: Sequence[Part]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The papers and reasons of every part and of what is excluded, and where those of each reader begin in each."""
    from digest.matching import kernels

    factors, wishes = WHOLE * profiles.weights * profiles.signs, profiles.starts
    rows = [part.rows[profiles.sought] for part in parts]
    tables = [part.table for part in parts]
    sizes = [(table.starts[row + 1] - table.starts[row]).sum() for table, row in zip(tables, rows, strict=True)]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    excluded = profiles.excluded[np.argsort(profiles.excluded[:, 0], kind="stable")]
    cells = np.empty((2, first[-1] + len(excluded)), np.int64)
    cells[:, first[-1] :] = excluded[:, 1], np.full(len(excluded), EXCLUDED << kernels.SLOT_BITS)
    begins = np.empty((len(first), len(profiles) + 1), np.int64)
    begins[:, 0] = first
    begins[-1] = first[-1] + np.searchsorted(excluded[:, 0], np.arange(len(profiles) + 1))
    for part, table, row, begin in zip(parts, tables, rows, begins[:-1], strict=True):
        shares = table.starts, table.papers, table.shares, table.is_whole
        kernels.collect(*shares, part.papers, row, factors, wishes, cells, begin)
    return cells, begins
