"""Readers' letters as data: what fits each of them best, in order, with reasons that add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from digest.matching.choose import Chosen, order, together, turns_of
from digest.matching.gather import Profiles, Scored, spans
from digest.matching.letters import Letters, Rows
from digest.matching.line import line_of
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Digest, Interest, Profile, QuietDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a letter is composed."""

    profile: Profile
    interests: Sequence[Interest] | None = None  #: None: those of the profile's text
    excluded: AbstractSet[int] = frozenset()  #: items that are not to be named


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
    wishes = [_wishes(reader, window) for reader in readers]
    numbers = np.fromiter(chain.from_iterable(wishes), np.int64)
    profiles = _profiles(readers, np.cumsum([0, *map(len, wishes)], dtype=np.int64), numbers, window)
    parts = window.parts()
    for first, last in spans(profiles, parts, len(window.papers)):
        some = profiles.some(first, last)
        scored, chosen = window.matcher.match(some, parts, window.fame)
        theirs = numbers[profiles.starts[first] : profiles.starts[last]]
        yield Batch(readers[first:last], window, some, theirs, scored, chosen)


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
        return self.letters().digests()

    def letters(self) -> Letters:
        """The letters of all readers."""
        which, count = self._in_letter_order(), len(self.readers)
        starts = np.searchsorted(self.scored.reader[which], np.arange(count + 1)).tolist()
        rows = self.rows(which)
        are_misses = np.zeros(count, np.bool_)
        are_misses[self.scored.reader[self.chosen.misses]] = True
        named = rows.papers.tolist()
        return Letters(
            rows=rows,
            starts=starts,
            are_misses=are_misses.tolist(),
            trending=self._trending([named[start:end] for start, end in pairwise(starts)]),
            considered=[self._considered(reader) for reader in self.readers],
            lines=self.profiles.lines.tolist(),
        )

    def rows(self, which: NDArray[np.int64]) -> Rows:
        """Some papers, named by their place in `scored`, with the reasons that count."""
        starts, slots = self.scored.reasons(which)
        first = self.profiles.starts[self.scored.reader[which]]
        return Rows(
            window=self.window,
            papers=self.scored.paper[which],
            scores=self.scored.score[which],
            strongest=self.wishes[self.scored.strongest(which, self.profiles)],
            starts=starts,
            wishes=self.wishes[slots + np.repeat(first, np.diff(starts))],
        )

    def _in_letter_order(self) -> NDArray[np.int64]:
        """By reader what fits, or the nearest misses.

        The papers of one topic stand together, the strongest topic first; ranks then grow down the letter.
        """
        picks, misses = self.chosen.picks, self.chosen.misses
        groups = self.window.wishes.groups(self.wishes[self.scored.strongest(picks, self.profiles)])
        picks = picks[together(self.scored.reader[picks], np.maximum(groups, -1))]
        if not len(misses):
            return picks
        named = np.concatenate([picks, misses])
        return named[order(self.scored.reader[named])]

    def _considered(self, reader: Reader) -> int:
        out = len(self.window.items & reader.excluded) if reader.excluded else 0
        return len(self.window.papers) - out

    def _trending(self, named: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """By reader: the popular papers that end the letter, besides those that it names already."""
        offers = list(map(self._popular, self.readers, self.profiles.are_seeking.tolist(), named))
        if not any(popular and places for popular, places in offers):
            return [()] * len(named)
        return [
            tuple(islice((paper for paper in popular if paper not in barred and paper not in already), places))
            for (popular, places), barred, already in zip(offers, self._barred(), named, strict=True)
        ]

    def _popular(self, reader: Reader, is_seeking: bool, named: Sequence[int]) -> tuple[Sequence[int], int]:  # noqa: FBT001  # a column of readers
        """The popular papers that may end a letter, or are all of the letter of who looks for nothing; and how many."""
        if not is_seeking:
            return self.window.best_known, reader.profile.max_items
        if named or reader.profile.quiet_days is QuietDays.TRENDING:
            return self.window.popular, reader.profile.trending
        return (), 0

    def _barred(self) -> list[set[int]]:
        """By reader: the papers that do not even come in as popular ones."""
        which = np.flatnonzero(self.scored.is_out | (self.scored.score < 0))
        which = which[order(self.scored.reader[which])]
        papers = self.scored.paper[which].tolist()
        ends = np.searchsorted(self.scored.reader[which], np.arange(len(self.readers) + 1))
        return [set(papers[start:end]) for start, end in pairwise(ends.tolist())]


def _wishes(reader: Reader, window: Window) -> list[int]:
    if reader.interests is None:
        return window.wishes.read(reader.profile.interests)
    return window.wishes.of(reader.interests)


def _profiles(
    readers: Sequence[Reader], starts: NDArray[np.int64], wishes: NDArray[np.int64], window: Window
) -> Profiles:
    known, count = window.wishes, len(readers)
    sought, signs = known.sought(wishes), known.signs(wishes)
    reader_of = np.repeat(np.arange(count), np.diff(starts))
    leaders, _ = turns_of(reader_of, known.groups(wishes))
    seek = np.bincount(reader_of[signs > 0], minlength=count)
    seek_categories = np.bincount(reader_of[(signs > 0) & known.are_categories(wishes)], minlength=count)
    seek_no_more = ((seek > 0) & (seek == seek_categories)).tolist()
    out = [
        (number, window.numbers[item])
        for number, reader in enumerate(readers)
        if reader.excluded
        for item in window.items & reader.excluded
    ]
    return Profiles(
        starts=starts,
        sought=sought,
        weights=known.weights(wishes),
        signs=signs,
        groups=leaders - starts[reader_of],
        lines=np.array(
            [
                line_of(reader.profile.strictness, looks_for_categories=is_so)
                for reader, is_so in zip(readers, seek_no_more, strict=True)
            ],
            np.int64,
        ),
        caps=np.array([each.profile.max_items for each in readers], np.int64),
        shows_misses=np.array([each.profile.quiet_days is QuietDays.LETTER for each in readers], np.bool_),
        excluded=np.array(out, np.int64).reshape(-1, 2),
    )
