"""What many letters say, in columns: from here they become digests, or bytes without ever being objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.matching.window import Window
from digest.model import Digest, Match, Pick


@dataclass(frozen=True, slots=True)
class Rows:
    """Papers with the reasons that count, the strongest first."""

    window: Window
    papers: NDArray[np.int64]
    scores: NDArray[np.int64]
    strongest: NDArray[np.int64]  #: the wish of each paper's strongest reason
    starts: NDArray[np.int64]  #: the reasons of row n are starts[n]:starts[n + 1] of the next
    wishes: NDArray[np.int64]

    def matches(self) -> list[tuple[Match, ...]]:
        """The reasons of each row."""
        papers = np.repeat(self.papers, np.diff(self.starts))
        found = self.window.reasons(self.wishes.tolist(), papers.tolist())
        return [tuple(found[start:end]) for start, end in pairwise(self.starts.tolist())]

    def picks(self) -> list[Pick]:
        """Each row as a pick."""
        papers, interests = self.window.papers, self.window.wishes.interests
        columns = self.papers.tolist(), self.scores.tolist(), self.strongest.tolist(), self.matches()
        return [
            Pick(
                item=(text := papers[paper].text).item,
                revision=text.revision,
                score=score,
                matches=matches,
                topic=interests[wish].topic,
            )
            for paper, score, wish, matches in zip(*columns, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What some readers' letters say, reader after reader."""

    rows: Rows  #: what fits them, in the order of the letter
    starts: list[int]  #: of reader r: starts[r]:starts[r + 1] of the rows
    are_misses: list[bool]  #: by reader: whether the rows are the nearest misses
    trending: list[Sequence[int]]  #: by reader: popular papers, by number
    considered: list[int]  #: by reader
    lines: list[int]  #: by reader

    def digests(self) -> Iterator[Digest]:
        """The digest of each reader."""
        picks, trends = self.rows.picks(), self.rows.window.trends
        columns = pairwise(self.starts), self.are_misses, self.trending, self.considered, self.lines
        for (start, end), is_miss, trending, considered, line in zip(*columns, strict=True):
            fitting = tuple(picks[start:end])
            yield Digest(
                picks=() if is_miss else fitting,
                misses=fitting if is_miss else (),
                trending=tuple(trends[paper] for paper in trending),
                considered=considered,
                line=line,
            )
