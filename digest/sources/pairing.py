"""Which blocks of a capture are titles and which abstracts, judged from their lengths and their turns."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from math import log2
from typing import NamedTuple

#: Characters at which a block could be either. Recorded titles have 9 to 129, abstracts 765 to 1,920.
PIVOT = 250
#: What two of a sort in a row cost. A block of the wrong length costs as many times as that length must be doubled or
#: halved to reach the pivot: so one odd length never breaks the turns, but a missing block does.
BREAK = 0.7


class Role(IntEnum):
    """What a block is."""

    TITLE = 0
    ABSTRACT = 1


class _Path(NamedTuple):
    """The cheapest sequence of roles that ends in the last of them; linked backwards, so that sharing is free."""

    cost: float
    role: Role
    before: _Path | None


def roles(lengths: Sequence[int]) -> list[Role]:
    """The most plausible role of each block, given their lengths in characters.

    Titles and abstracts take turns from a title on. Pairing by position alone collapses after one missing block, and a
    bare limit of length misjudges a short abstract; so the cheapest of all sequences is taken (Viterbi's method).
    """
    start = _Path(0.0, Role.ABSTRACT, None)
    paths = [start]
    for length in lengths:
        paths = [min((_extended(path, role, length) for path in paths), key=_cost) for role in Role]
    return _walked(min(paths, key=_cost))


def _cost(path: _Path) -> float:
    return path.cost


def _extended(path: _Path, role: Role, length: int) -> _Path:
    surprise = log2(max(length, 1) / PIVOT)
    misfit = max(surprise if role is Role.TITLE else -surprise, 0.0)
    return _Path(path.cost + misfit + BREAK * (path.role is role), role, path)


def _walked(path: _Path | None) -> list[Role]:
    found: list[Role] = []
    while path is not None and path.before is not None:
        found.append(path.role)
        path = path.before
    return found[::-1]
