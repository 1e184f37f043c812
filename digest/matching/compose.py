"""Readers' letters as data: what fits each of them best, in order, with reasons that add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from digest.matching.choose import Chosen, choose, order, together, turns_of
from digest.matching.gather import Profiles, Scored, score, spans
from digest.matching.line import threshold
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Digest, Interest, Match, Pick, Profile, QuietDays, Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a letter is composed."""

    profile: Profile
    interests: Sequence[Interest]
    excluded: AbstractSet[int] = frozenset()  #: items that are not to be named

    @property
    def is_seeking(self) -> bool:
        """Whether anything is looked for."""
        return any(each.sign is Sign.MORE for each in self.interests)


def compose_all(readers: Sequence[Reader], window: Window) -> list[Digest]:
    """The digest of each reader, in their order: the same as if each were composed alone.

    A reader who names nothing to look for gets the most popular papers instead.
    """
    return list(chain.from_iterable(batch.digests() for batch in batches(readers, window)))


def compose(
    profile: Profile,
    interests: Sequence[Interest],
    editions: Sequence[EditionScores],
    excluded: AbstractSet[int] = frozenset(),
) -> Digest:
    """The digest of one reader from what these editions announce, without the excluded items."""
    [digest] = compose_all([Reader(profile=profile, interests=interests, excluded=excluded)], Window(editions))
    return digest


def batches(readers: Sequence[Reader], window: Window) -> Iterator[Batch]:
    """The readers in their order, some at a time, with what fits them."""
    window.forget()
    wishes = [window.wishes.of(reader.interests) for reader in readers]
    profiles = _profiles(readers, wishes, window)
    parts = window.parts()
    for first, last in spans(profiles, parts, len(window.papers)):
        some = profiles.some(first, last)
        scored = score(some, parts, len(window.papers))
        chosen = choose(some, scored, window.fame)
        numbers = np.array(list(chain.from_iterable(wishes[first:last])), np.int64)
        yield Batch(readers[first:last], window, some, numbers, scored, chosen)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some readers, and what fits them."""

    readers: Sequence[Reader]
    window: Window
    profiles: Profiles
    wishes: NDArray[np.int64]  #: number of each interest of `profiles`
    scored: Scored
    chosen: Chosen

    def digests(self) -> Iterator[Digest]:
        """The digest of each reader."""
        picks = self._by_reader(self._in_letter_order(self.chosen.picks))
        misses = self._by_reader(self.chosen.misses)
        barred = self._barred()
        lines = self.profiles.lines.tolist()
        return map(self._digest, self.readers, lines, picks, misses, barred)

    def reasons(self, which: NDArray[np.int64]) -> list[tuple[Match, ...]]:
        """The reasons that count of some papers, named by their place in `scored`; the strongest first."""
        starts, slots = self.scored.reasons(which)
        first = self.profiles.starts[self.scored.reader[which]]
        wishes = self.wishes[slots + np.repeat(first, np.diff(starts))]
        papers = np.repeat(self.scored.paper[which], np.diff(starts))
        found = list(map(self.window.reason, wishes.tolist(), papers.tolist()))
        return [tuple(found[start:end]) for start, end in pairwise(starts.tolist())]

    def _by_reader(self, which: NDArray[np.int64]) -> list[tuple[Pick, ...]]:
        picks = self._picks(which)
        ends = np.searchsorted(self.scored.reader[which], np.arange(len(self.readers) + 1))
        return [tuple(picks[start:end]) for start, end in pairwise(ends.tolist())]

    def _picks(self, which: NDArray[np.int64]) -> list[Pick]:
        wishes = self.wishes[self.scored.strongest(which, self.profiles)].tolist()
        papers, scores = self.scored.paper[which].tolist(), self.scored.score[which].tolist()
        all_papers, interests = self.window.papers, self.window.wishes.interests
        return [
            Pick(
                item=(text := all_papers[paper].text).item,
                revision=text.revision,
                score=score,
                matches=matches,
                topic=interests[wish].topic,
            )
            for paper, score, matches, wish in zip(papers, scores, self.reasons(which), wishes, strict=True)
        ]

    def _in_letter_order(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """The papers of one topic together, the strongest topic first; ranks then grow down the letter."""
        _, _, _, groups = self.window.wishes.arrays(self.wishes[self.scored.strongest(which, self.profiles)])
        return which[together(self.scored.reader[which], np.maximum(groups, -1))]

    def _barred(self) -> list[set[int]]:
        """By reader: the papers that do not even come in as popular ones."""
        which = np.flatnonzero(self.scored.is_out | (self.scored.score < 0))
        which = which[order(self.scored.reader[which])]
        papers = self.scored.paper[which].tolist()
        ends = np.searchsorted(self.scored.reader[which], np.arange(len(self.readers) + 1))
        return [set(papers[start:end]) for start, end in pairwise(ends.tolist())]

    def _digest(
        self, reader: Reader, line: int, picks: tuple[Pick, ...], misses: tuple[Pick, ...], barred: set[int]
    ) -> Digest:
        popular, places = self._popular(reader, has_papers=bool(picks or misses))
        named = {each.item for each in picks + misses} if popular else set()
        free = (self.window.trends[paper] for paper in popular if paper not in barred)
        return Digest(
            picks=picks,
            misses=misses,
            trending=tuple(islice((each for each in free if each.item not in named), places)),
            considered=len(self.window.papers) - len(self.window.items & reader.excluded),
            line=line,
        )

    def _popular(self, reader: Reader, *, has_papers: bool) -> tuple[Sequence[int], int]:
        """The popular papers that may end a letter, or are all of the letter of who looks for nothing; and how many."""
        if not reader.is_seeking:
            return self.window.best_known, reader.profile.max_items
        if has_papers or reader.profile.quiet_days is QuietDays.TRENDING:
            return self.window.popular, reader.profile.trending
        return (), 0


def _profiles(readers: Sequence[Reader], wishes: Sequence[Sequence[int]], window: Window) -> Profiles:
    starts = np.cumsum([0, *map(len, wishes)], dtype=np.int64)
    sought, weights, signs, groups = window.wishes.arrays(np.array(list(chain.from_iterable(wishes)), np.int64))
    reader_of = np.repeat(np.arange(len(readers)), np.diff(starts))
    leaders, _ = turns_of(reader_of, groups)
    out = [
        (number, window.numbers[item])
        for number, reader in enumerate(readers)
        for item in window.items & reader.excluded
    ]
    return Profiles(
        starts=starts,
        sought=sought,
        weights=weights,
        signs=signs,
        groups=leaders - starts[reader_of],
        lines=np.array([threshold(each.profile, each.interests) for each in readers], np.int64),
        caps=np.array([each.profile.max_items for each in readers], np.int64),
        shows_misses=np.array([each.profile.quiet_days is QuietDays.LETTER for each in readers], np.bool_),
        excluded=np.array(out, np.int64).reshape(-1, 2),
    )
