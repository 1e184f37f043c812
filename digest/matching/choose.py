"""Which papers go into a letter: half of the places in turns, so that no interest starves, the others by score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.matching.gather import Profiles, Scored, order_of

#: how many near misses the letter of a quiet day shows
MISSES = 3

_BITS = 63  # of a number that is not negative
_HEIGHT_BITS = 6


@dataclass(frozen=True, slots=True)
class Chosen:
    """Papers as places in `Scored`, by reader and then best first."""

    picks: NDArray[np.int64]  #: what has a place in the letter
    misses: NDArray[np.int64]  #: the nearest below the line, where nothing reaches it and the reader wants to see them


def choose(profiles: Profiles, scored: Scored, fame: NDArray[np.int64]) -> Chosen:
    """What goes into each reader's letter; `fame` by paper, 0 is the most popular."""
    fits = np.flatnonzero(scored.fits(profiles))
    ranked = rank(scored, fits[_may_have_place(profiles, scored, fits)], fame)
    readers = scored.reader[ranked]
    picks = ranked[deal(readers, profiles.groups[scored.strongest(ranked, profiles)], profiles.caps)]
    return Chosen(picks, misses(profiles, scored, picks, fame))


def rank(scored: Scored, which: NDArray[np.int64], fame: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some papers by reader, and then best first.

    Of equal scores the more popular comes first, then the one whose sum was higher before rounding, then the one that
    was stored first.
    """
    paper = scored.paper[which]
    return which[order(scored.reader[which], -scored.score[which], fame[paper], -scored.residue[which], paper)]


def deal(readers: NDArray[np.int64], groups: NDArray[np.int64], caps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the papers get a place; they stand by reader and then best first.

    Half of the places are dealt in turns: each turn gives every group its best paper left, groups in the order of
    their best. The other places go to what comes first of the rest.
    """
    leaders, turns = turns_of(readers, groups)
    half = (caps // 2)[readers]
    early = np.flatnonzero(turns < half)
    dealt = early[order(readers[early], turns[early], leaders[early])]
    is_pick = np.zeros(len(readers), bool)
    is_pick[dealt[_before(readers[dealt]) < half[dealt]]] = True
    free = caps - np.bincount(readers[is_pick], minlength=len(caps))
    others = np.flatnonzero(~is_pick)
    is_pick[others[_before(readers[others]) < free[readers[others]]]] = True
    return is_pick


def together(readers: NDArray[np.int64], topics: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order in which the papers of one topic stand together, topics in the order of their best."""
    leaders, turns = turns_of(readers, topics)
    return order(readers, leaders, turns)


def order(*columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order by these columns, the first counts most; of equal rows the earlier comes first.

    It is `np.lexsort` with all columns in the bits of one number, where they have room there.
    """
    keys, bits = np.zeros(len(columns[0]), np.int64), 0
    for column in columns:
        least = int(column.min(initial=0))
        size = (int(column.max(initial=0)) - least).bit_length()
        keys, bits = (keys << size) + (column - least), bits + size
    return np.lexsort(columns[::-1]) if bits > _BITS else order_of(keys, bits)


def misses(profiles: Profiles, scored: Scored, picks: NDArray[np.int64], fame: NDArray[np.int64]) -> NDArray[np.int64]:
    """The best papers of readers for whom nothing reaches the line."""
    is_quiet = profiles.shows_misses & (np.bincount(scored.reader[picks], minlength=len(profiles)) == 0)
    if not is_quiet.any():
        return np.empty(0, np.int64)
    near = rank(scored, np.flatnonzero(scored.is_wanted & (scored.score > 0) & is_quiet[scored.reader]), fame)
    return near[_before(scored.reader[near]) < MISSES]


def _may_have_place(profiles: Profiles, scored: Scored, fits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the papers that fit can get a place at all: a rough sieve, that spares most of the sorting.

    A place goes to a reader's highest scores, and to the best of each group for as many turns as are dealt.
    """
    count, slots = len(profiles), int(np.diff(profiles.starts).max(initial=1))
    readers, scores = scored.reader[fits], scored.score[fits]
    may = _is_high(readers, scores, profiles.caps)
    lanes = profiles.groups[scored.strongest(fits, profiles)] * count + readers
    left, places = np.arange(len(fits)), profiles.caps // 2
    while len(left):
        best = np.full(slots * count, -1)
        np.maximum.at(best, lanes, scores)
        leads = scores == best[lanes]
        may[left[leads]] = True
        places = places - np.bincount(np.flatnonzero(best >= 0) % count, minlength=count)
        stays = np.flatnonzero((places > 0)[readers])
        stays = stays[~leads[stays]]
        left, readers, lanes, scores = left[stays], readers[stays], lanes[stays], scores[stays]
    return may


def _is_high(readers: NDArray[np.int64], scores: NDArray[np.int64], caps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether fewer of the reader's papers stand clearly higher than the letter holds, by a count of rough heights."""
    depths = (1 << _HEIGHT_BITS) - 1 - (scores >> max(0, int(scores.max(initial=0)).bit_length() - _HEIGHT_BITS))
    counts = np.bincount(depths * len(caps) + readers, minlength=len(caps) << _HEIGHT_BITS)
    before = counts.reshape(-1, len(caps)).cumsum(axis=0)
    reach = np.add.reduce((before < caps).view(np.uint8), axis=0, dtype=np.uint8)
    is_high: NDArray[np.bool_] = depths <= reach[readers]
    return is_high


def turns_of(readers: NDArray[np.int64], groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each paper the place of its group's best, and how many of its group come before it."""
    ordered = order(readers, groups)
    is_new = np.diff(readers[ordered], prepend=-1) != 0
    is_new[1:] |= np.diff(groups[ordered]) != 0
    first = np.flatnonzero(is_new)
    sizes = np.diff(first, append=len(ordered))
    leaders, turns = np.empty_like(ordered), np.empty_like(ordered)
    leaders[ordered] = np.repeat(ordered[first], sizes)
    turns[ordered] = np.arange(len(ordered)) - np.repeat(first, sizes)
    return leaders, turns


def _before(sorted_readers: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the same reader stand before each."""
    sizes = np.bincount(sorted_readers)
    return np.arange(len(sorted_readers)) - (np.cumsum(sizes) - sizes)[sorted_readers]
