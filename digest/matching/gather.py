"""Scores of many readers at once, in arrays: what each paper earns with each reader, and by which interests.

Every (reader, paper, interest) that has something is one number, a cell, whose bits are, from the highest: the reader,
the paper, the strength the wrong way round, the slot of the interest. One sort brings the cells of a paper together,
the strongest first; sums over these runs are the scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.matching.scores import WHOLE, Table

#: how many interests may raise a score: a paper that grazes many is no better than one that meets a few
STRONGEST = 3
#: parts of a point by which equal scores are told apart
FINE = 1000

_CELLS, _PAIRS = 1 << 16, 1 << 20  # a run of readers that stays near the processor's caches
RESIDUE_BITS = 10  # what rounding to points has taken or given, at most half of FINE
_STRENGTH_BITS = 24
ZERO = 1 << _STRENGTH_BITS - 1
VETO, EXCLUDED = 2 * ZERO - 2, 2 * ZERO - 1  # strengths that no points reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """What many readers look for. Interests stand reader after reader; an interest's place among them is its slot."""

    starts: NDArray[np.int64]  #: the interests of reader r are starts[r]:starts[r + 1] of the next four
    sought: NDArray[np.int32]  #: what is looked for: an index into `Part.rows`
    weights: NDArray[np.float64]
    signs: NDArray[np.int8]  #: 1 more, -1 less, 0 never
    groups: NDArray[np.int64]  #: the first slot of those that take turns as one
    lines: NDArray[np.int64]  #: by reader: the points that a paper needs
    caps: NDArray[np.int64]  #: by reader: the most picks
    shows_misses: NDArray[np.bool_]  #: by reader: whether a letter without picks shows the nearest misses
    excluded: NDArray[np.int64]  #: (reader, paper) in two columns: never named

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def readers(self) -> NDArray[np.int64]:
        """By interest: whose it is."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def are_seeking(self) -> NDArray[np.bool_]:
        """By reader: whether anything is looked for."""
        return np.bincount(self.readers[self.signs > 0], minlength=len(self)) > 0

    def some(self, first: int, last: int) -> Profiles:
        """The readers in first:last, counted from 0."""
        start, end = self.starts[first], self.starts[last]
        is_theirs = (self.excluded[:, 0] >= first) & (self.excluded[:, 0] < last)
        return Profiles(
            starts=self.starts[first : last + 1] - start,
            sought=self.sought[start:end],
            weights=self.weights[start:end],
            signs=self.signs[start:end],
            groups=self.groups[start:end],
            lines=self.lines[first:last],
            caps=self.caps[first:last],
            shows_misses=self.shows_misses[first:last],
            excluded=self.excluded[is_theirs] - np.array([first, 0]),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """The shares of one edition in a window of several."""

    table: Table
    rows: NDArray[np.int32]  #: by what is sought: its row in the table
    papers: NDArray[np.int64]  #: by position in the edition: the paper's number in the window; -1 is announced anew


@dataclass(frozen=True, slots=True)
class Scored:
    """Every paper that has something for a reader, in no order; and the reasons, those of a paper in a row."""

    reader: NDArray[np.int64]
    paper: NDArray[np.int64]
    score: NDArray[np.int64]
    residue: NDArray[np.int64]  #: thousandths of a point between the score and its sum before rounding
    is_out: NDArray[np.bool_]  #: kept out by an interest, or excluded
    first: NDArray[np.int64]  #: its reasons are first:last of the next three, the strongest first
    last: NDArray[np.int64]
    slots: NDArray[np.int64]
    points: NDArray[np.int64]
    counts: NDArray[np.bool_]  #: whether a reason counts

    @property
    def is_wanted(self) -> NDArray[np.bool_]:
        """Whether something speaks for a paper, and nothing keeps it out."""
        return (self.points[self.first] > 0) & ~self.is_out

    def fits(self, profiles: Profiles) -> NDArray[np.bool_]:
        """Whether a paper reaches the reader's line."""
        return self.is_wanted & (self.score >= profiles.lines[self.reader])

    def strongest(self, which: NDArray[np.int64], profiles: Profiles) -> NDArray[np.int64]:
        """The strongest reason of some papers, as a place among the interests of all readers."""
        return profiles.starts.take(self.reader.take(which)) + self.slots.take(self.first.take(which))

    def reasons(self, which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The slots of the reasons that count of some papers: those of paper n are starts[n]:starts[n + 1]."""
        cells, lengths = _runs(self.first[which], self.last[which])
        counts = self.counts[cells]
        ends = np.cumsum(lengths)
        counted = np.concatenate([[0], np.cumsum(counts)])
        return np.concatenate([[0], counted[ends]]), self.slots[cells[counts]]


def spans(profiles: Profiles, parts: Sequence[Part], papers: int) -> Iterator[tuple[int, int]]:
    """Runs of readers, first:last, whose cells are scored together; there are so many papers."""
    most = max(1, _PAIRS // (papers + 1))
    cells = np.zeros(len(profiles.sought) + 1, np.int64)
    for part in parts:
        cells[1:] += np.diff(part.table.starts)[part.rows][profiles.sought]
    ends = np.cumsum(cells)[profiles.starts]
    first = 0
    while first < len(profiles):
        enough = int(np.searchsorted(ends, ends[first] + _CELLS, side="right")) - 1
        last = min(max(enough, first + 1), first + most, len(profiles))
        yield first, last
        first = last


def score(profiles: Profiles, parts: Sequence[Part], papers: int) -> Scored:
    """What each of so many papers earns with each reader; readers are numbered from 0."""
    slot_bits = int(np.diff(profiles.starts).max(initial=1)).bit_length()
    strength_at, paper_at = slot_bits, slot_bits + _STRENGTH_BITS
    reader_at = paper_at + papers.bit_length()
    keys = np.concatenate(list(_cells(profiles, parts, strength_at, paper_at, reader_at)))
    # sorting is dear, and most papers have something of one interest only: these stand first, each its own run
    is_alone = _are_alone(keys >> paper_at, len(profiles) << reader_at - paper_at)
    shared = keys[~is_alone]
    shared = shared[order_of(shared, reader_at + len(profiles).bit_length())]
    pairs = shared >> paper_at
    keys = np.concatenate([keys[is_alone], shared])
    alone = len(keys) - len(shared)
    first = np.concatenate([np.arange(alone), alone + np.flatnonzero(np.diff(pairs, prepend=-1))])
    last = np.append(first, len(keys))[1:]
    inverted = (keys >> strength_at) & (2 * ZERO - 1)
    is_veto = inverted >= VETO
    strength = np.subtract(ZERO, inverted, out=inverted)
    points = (strength + (1 << RESIDUE_BITS - 1)) >> RESIDUE_BITS
    counts = ~is_veto
    later = alone + STRONGEST
    counts[later:] &= (pairs[STRONGEST:] != pairs[:-STRONGEST]) | (points[later:] < 0)
    residues = strength - (points << RESIDUE_BITS)
    pairs = np.concatenate([keys[:alone], shared.take(first[alone:] - alone)])
    pairs >>= paper_at
    return Scored(
        reader=pairs >> reader_at - paper_at,
        paper=pairs & (1 << reader_at - paper_at) - 1,
        score=_sums(points, counts, first, alone),
        residue=_sums(residues, counts, first, alone),
        is_out=is_veto.take(last - 1),
        first=first,
        last=last,
        slots=keys & (1 << slot_bits) - 1,
        points=points,
        counts=counts,
    )


def _sums(
    values: NDArray[np.int64], counts: NDArray[np.bool_], first: NDArray[np.int64], alone: int
) -> NDArray[np.int64]:
    """The sums of what counts of the values of each run; so many runs at the start have one value each."""
    counted = values * counts
    return (
        np.concatenate([counted[:alone], np.add.reduceat(counted, first[alone:])]) if alone < len(counted) else counted
    )


def _cells(
    profiles: Profiles, parts: Sequence[Part], strength_at: int, paper_at: int, reader_at: int
) -> Iterator[NDArray[np.int64]]:
    sizes = np.diff(profiles.starts)
    slots = np.arange(len(profiles.sought)) - np.repeat(profiles.starts[:-1], sizes)
    bases = (profiles.readers << reader_at) + slots
    factors = WHOLE * profiles.weights * profiles.signs
    never = np.flatnonzero(profiles.signs == 0)
    for part in parts:
        rows = part.rows[profiles.sought]
        cells, lengths = _runs(part.table.starts[rows], part.table.starts[rows + 1])
        earned = np.repeat(factors, lengths)
        earned *= part.table.shares.take(cells)
        points = np.rint(earned)
        earned -= points
        earned *= FINE
        strength = np.rint(earned, out=earned)
        papers = part.papers.take(part.table.papers.take(cells))
        is_kept = (points != 0) & (papers >= 0)
        points *= 1 << RESIDUE_BITS
        strength += points
        papers <<= paper_at
        keys = np.repeat(bases + (ZERO << strength_at), lengths)
        keys += papers
        keys -= strength.astype(np.int64) << strength_at
        yield keys if is_kept.all() else keys[is_kept]
        cells, lengths = _runs(part.table.starts[rows[never]], part.table.starts[rows[never] + 1])
        papers = part.papers[part.table.papers[cells]]
        keys = np.repeat(bases[never], lengths) + (papers << paper_at) + (VETO << strength_at)
        yield keys[part.table.is_whole[cells] & (papers >= 0)]
    reader, paper = profiles.excluded.T
    yield (reader << reader_at) + (paper << paper_at) + (EXCLUDED << strength_at)


def order_of(keys: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """The order of numbers of so many bits, none below 0; of equal ones the earlier comes first.

    numpy sorts numbers of 16 bits by counting, several times as fast as longer ones by comparing.
    """
    ordered = np.argsort(keys.astype(np.uint16), kind="stable")
    for at in range(16, bits, 16):
        digits = (keys.take(ordered) >> at).astype(np.uint16)
        ordered = ordered.take(np.argsort(digits, kind="stable"))
    return ordered


def _are_alone(numbers: NDArray[np.int64], end: int) -> NDArray[np.bool_]:
    """Which numbers occur once; all are below the end."""
    times = np.zeros(end, np.uint16)  # nobody has so many interests that these would run over
    np.add.at(times, numbers, np.uint16(1))
    is_alone: NDArray[np.bool_] = times.take(numbers) == 1
    return is_alone


def _runs(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All indexes of runs first:last, run after run, and how many each has."""
    lengths = last - first
    before = np.cumsum(lengths) - lengths
    indexes = np.repeat(first - before, lengths)
    indexes += np.arange(len(indexes))
    return indexes, lengths
