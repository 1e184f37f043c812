"""The innermost loops of scoring and choosing, reader by reader and paper by paper, compiled where numba is installed.

They say the same as `gather` and `choose`, which take all readers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from digest.matching.gather import FINE, RESIDUE_BITS, STRONGEST, VETO, ZERO

Numbers = NDArray[Any]
Loop = TypeVar("Loop", bound=Callable[..., Any])

#: rows of what is found, by place: what a paper earns with a reader; its first reason ends those of the place before
PAPER, SCORE, RESIDUE, FIRST = range(4)
#: a reason in one number, the strongest the least: its strength the wrong way round above its interest's slot
SLOT_BITS = 16
SLOTS = (1 << SLOT_BITS) - 1


def compiled(loop: Loop) -> Loop:
    """The loop as machine code, kept on disk where there is a place for it; as it stands where numba is missing."""
    try:
        numba = import_module("numba")
    except ImportError:
        return loop
    try:
        return cast("Loop", numba.njit(cache=True)(loop))
    except RuntimeError:  # no folder that can be written
        return cast("Loop", numba.njit(loop))


@compiled
def collect(
    starts: Numbers,
    papers: Numbers,
    shares: Numbers,
    is_whole: Numbers,
    numbers: Numbers,
    rows: Numbers,
    factors: Numbers,
    first: Numbers,
    cells: Numbers,
    begins: Numbers,
) -> None:
    """Write the cells of one part, papers and reasons: those of reader r from begins[r] on, the first from begins[0].

    `starts` to `is_whole` are a table, and `numbers` those of its papers; the interests of reader r are
    first[r]:first[r + 1] of rows and factors, and a factor of 0 keeps papers out.
    """
    at = begins[0]
    for reader in range(len(first) - 1):
        for wish in range(first[reader], first[reader + 1]):
            row, factor, slot = rows[wish], factors[wish], wish - first[reader]
            for cell in range(starts[row], starts[row + 1]):
                paper = numbers[papers[cell]]
                earned = factor * shares[cell]
                points = np.rint(earned)
                is_veto = factor == 0 and is_whole[cell]
                if paper < 0 or (points == 0 and not is_veto):
                    continue
                strength = int(points) * (1 << RESIDUE_BITS) + int(np.rint((earned - points) * FINE))
                cells[0, at] = paper
                cells[1, at] = ((VETO if is_veto else ZERO - strength) << SLOT_BITS) + slot
                at += 1
        begins[reader + 1] = at


@compiled
def add_up(
    cells: Numbers,
    begins: Numbers,
    papers: int,
    found: Numbers,
    is_out: Numbers,
    reasons: Numbers,
    points: Numbers,
    counts: Numbers,
    ends: Numbers,
) -> None:
    """Write what each of so many papers earns with each reader, and why; what is found for reader r ends at ends[r].

    The cells of reader r in part p are begins[p, r]:begins[p, r + 1].
    """
    times, place = np.zeros(papers, np.int64), np.zeros(papers, np.int64)
    size = last = 0
    for reader in range(len(ends)):
        begin = size
        for part in range(len(begins)):
            for cell in range(begins[part, reader], begins[part, reader + 1]):
                paper = cells[0, cell]
                if times[paper] == 0:
                    found[PAPER, size] = paper
                    size += 1
                times[paper] += 1
        for row in range(begin, size):
            paper = found[PAPER, row]
            place[paper] = found[FIRST, row] = last
            last += times[paper]
            times[paper] = 0
        for part in range(len(begins)):
            for cell in range(begins[part, reader], begins[part, reader + 1]):
                paper, reason = cells[0, cell], cells[1, cell]
                first = place[paper]
                at = first + times[paper]
                times[paper] += 1
                while at > first and reasons[at - 1] > reason:
                    reasons[at] = reasons[at - 1]
                    at -= 1
                reasons[at] = reason
        for row in range(begin, size):
            paper = found[PAPER, row]
            first = place[paper]
            score = residue = inverted = 0
            for at in range(first, first + times[paper]):
                inverted = reasons[at] >> SLOT_BITS
                strength = ZERO - inverted
                earned = (strength + (1 << RESIDUE_BITS - 1)) >> RESIDUE_BITS
                is_counted = inverted < VETO and (earned < 0 or at - first < STRONGEST)
                if is_counted:
                    score += earned
                    residue += strength - (earned << RESIDUE_BITS)
                points[at], counts[at] = earned, is_counted
                reasons[at] &= SLOTS
            found[SCORE, row], found[RESIDUE, row], is_out[row] = score, residue, inverted >= VETO
            times[paper] = 0
        ends[reader] = size
    found[FIRST, size] = last


@compiled
def pick(
    found: Numbers,
    is_out: Numbers,
    slots: Numbers,
    points: Numbers,
    ends: Numbers,
    groups: Numbers,
    starts: Numbers,
    lines: Numbers,
    caps: Numbers,
    fame: Numbers,
    picks: Numbers,
) -> int:
    """Write the rows that each reader's letter names, best first; return how many.

    The groups of reader r are starts[r]:starts[r + 1] of `groups`, by slot.
    """
    rows, teams, is_dealt = np.empty(len(fame), np.int64), np.empty(len(fame), np.int64), np.empty(len(fame), np.bool_)
    ranks = np.empty((3, len(fame)), np.int64)
    lists = np.empty((4, max(np.diff(starts).max(), caps.max()) + 1), np.int64)
    begin = size = 0
    for reader in range(len(ends)):
        count, cap = 0, caps[reader]
        for row in range(begin, ends[reader]):
            score, first = found[SCORE, row], found[FIRST, row]
            if score >= lines[reader] and points[first] > 0 and not is_out[row]:
                rows[count], teams[count], is_dealt[count] = row, groups[starts[reader] + slots[first]], False
                ranks[0, count] = (score << 32) - fame[found[PAPER, row]]
                ranks[1, count], ranks[2, count] = found[RESIDUE, row], -found[PAPER, row]
                count += 1
        dealt = deal(count, cap // 2, ranks, teams, lists, is_dealt)
        for at in lists[0, : best_of(count, cap, dealt, ranks, lists, is_dealt)]:
            picks[size] = rows[at]
            size += 1
        begin = ends[reader]
    return size


@compiled
def deal(count: int, places: int, ranks: Numbers, teams: Numbers, lists: Numbers, is_dealt: Numbers) -> int:
    """Mark those that get one of so many places in turns; return how many do."""
    best, leaders, order = lists[1], lists[2], lists[3]
    dealt, turns, before = 0, 0, -1
    while dealt < places and dealt > before:
        best[:] = -1
        for at in range(count):
            other = best[teams[at]]
            if not is_dealt[at] and (other < 0 or is_better(at, other, ranks)):
                best[teams[at]] = at
        if dealt == 0:  # groups take their turns in the order of their best
            for at in best:
                if at >= 0:
                    turns = insert(leaders, turns, len(leaders), at, ranks)
            for turn in range(turns):
                order[turn] = teams[leaders[turn]]
        before = dealt
        for team in order[:turns]:
            if best[team] >= 0 and dealt < places:
                is_dealt[best[team]] = True
                dealt += 1
    return dealt


@compiled
def best_of(count: int, cap: int, dealt: int, ranks: Numbers, lists: Numbers, is_dealt: Numbers) -> int:
    """Write those that are dealt and the best of the others into the first list, best first; return how many."""
    letter, others = lists[0], lists[1]
    rest = chosen = 0
    for at in range(count):
        if is_dealt[at]:
            chosen = insert(letter, chosen, cap, at, ranks)
        elif rest < cap - dealt or is_better(at, others[rest - 1], ranks):
            rest = insert(others, rest, cap - dealt, at, ranks)
    for at in others[:rest]:
        chosen = insert(letter, chosen, cap, at, ranks)
    return chosen


@compiled
def insert(ranked: Numbers, size: int, most: int, at: int, ranks: Numbers) -> int:
    """Put one more into a list that is ranked, unless it holds so many better ones; return how many it holds then."""
    if most == 0:
        return 0
    place = min(size, most - 1)
    if place < size and not is_better(at, ranked[place], ranks):
        return size
    while place > 0 and is_better(at, ranked[place - 1], ranks):
        ranked[place] = ranked[place - 1]
        place -= 1
    ranked[place] = at
    return min(size + 1, most)


@compiled
def is_better(one: int, other: int, ranks: Numbers) -> bool:
    """Whether one ranks before another, as in `choose.rank`: the first rank counts most."""
    if ranks[0, one] != ranks[0, other]:
        return bool(ranks[0, one] > ranks[0, other])
    return bool((ranks[1, one], ranks[2, one]) > (ranks[1, other], ranks[2, other]))
