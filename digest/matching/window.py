"""The editions of a window joined: shared by all readers whose letters look at the same announcements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digest.matching.gather import Part
from digest.matching.grammar import canonical
from digest.matching.matcher import Matcher
from digest.matching.scores import EditionScores, match, precedence
from digest.matching.wishes import Wishes
from digest.model import Announced, Interest, Match, Pick

#: so many different interests are kept at a time; some 100 MB
_MANY = 1 << 17


class Window:
    """What some editions announce, each work once, and what their readers have in common.

    Keep it for all batches of a run: what is found for one reader serves the next.
    """

    def __init__(self, editions: Sequence[EditionScores]) -> None:
        """Join editions; of a work announced twice the newest announcement stands."""
        newest: dict[int, tuple[Announced, EditionScores]] = {}
        for edition in editions:
            for item, announced in edition.announced.items():
                if item not in newest or precedence(announced) > precedence(newest[item][0]):
                    newest[item] = announced, edition
        #: by number, in the order in which they were stored
        self.papers = [newest[item][0] for item in sorted(newest)]
        self.numbers = {item: number for number, item in enumerate(sorted(newest))}  #: {item: number of its paper}
        self._editions = editions
        self._edition_of = [newest[item][1] for item in self.numbers]
        self._places = [self._places_in(edition) for edition in editions]
        self._sought: dict[Hashable, int] = {}
        self._waiting: list[Interest] = []
        self._rows = [np.empty(0, np.int32) for _ in editions]
        self.wishes = Wishes(self._what)
        self.matcher = Matcher()

    def parts(self) -> list[Part]:
        """The shares of everything that was wished for so far."""
        if self._waiting:
            new = [edition.rows(self._waiting) for edition in self._editions]
            self._rows = [np.concatenate(both) for both in zip(self._rows, new, strict=True)]
            self._waiting = []
        each = zip(self._editions, self._rows, self._places, strict=True)
        return [Part(edition.table, rows, places) for edition, rows, places in each]

    def forget(self) -> None:
        """Let go of the interests met so far where they are too many to keep."""
        if len(self.wishes.interests) > _MANY:
            self.start_anew()

    def start_anew(self) -> None:
        """Let go of all of them: those that are met again have other numbers."""
        self.wishes = Wishes(self._what)

    @cached_property
    def items(self) -> frozenset[int]:
        """Every item that is announced."""
        return frozenset(self.numbers)

    @cached_property
    def fame(self) -> NDArray[np.int64]:
        """By paper: 0 for the most popular; those with equal votes and comments have one rank."""
        keys = [_fame(each) for each in self.papers]
        ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
        return np.array([ranks[key] for key in keys], np.int64)

    @cached_property
    def popular(self) -> list[int]:
        """The papers that anybody has voted for, the most popular first."""
        voted = [number for number, each in enumerate(self.papers) if each.popularity.upvotes > 0]
        return sorted(voted, key=self.fame.__getitem__)

    @cached_property
    def best_known(self) -> list[int]:
        """Every paper, for those who look for nothing: the most popular first, of equals the newest."""
        return sorted(self.numbers.values(), key=lambda at: (self.fame[at], -_published(self.papers[at])))

    @cached_property
    def trends(self) -> list[Pick]:
        """By paper: the pick that names it as popular."""
        return [
            Pick(item=each.text.item, revision=each.text.revision, score=0, votes=each.popularity.upvotes)
            for each in self.papers
        ]

    def reasons(self, wishes: Sequence[int], papers: Sequence[int]) -> list[Match]:
        """Why papers fit interests, for each two of equal place."""
        of_edition: dict[EditionScores, list[int]] = defaultdict(list)
        for at, paper in enumerate(papers):
            of_edition[self._edition_of[paper]].append(at)
        found: dict[int, Match] = {}
        for edition, places in of_edition.items():
            interests = [self.wishes.interests[wishes[at]] for at in places]
            evidence = edition.evidence(interests, [self.papers[papers[at]].text.item for at in places])
            found.update(zip(places, map(match, interests, evidence), strict=True))
        return [found[at] for at in range(len(found))]

    def _places_in(self, edition: EditionScores) -> NDArray[np.int64]:
        """By position in an edition: the number of the paper; -1 where another announcement stands for it."""
        numbers = map(self.numbers.__getitem__, edition.announced)
        return np.array([at if self._edition_of[at] is edition else -1 for at in numbers], np.int64)

    def _what(self, interest: Interest) -> int:
        """The number of what an interest looks for; `parts` then has its shares."""
        key = canonical(interest)
        if key not in self._sought:
            self._sought[key] = len(self._sought)
            self._waiting.append(interest)
        return self._sought[key]


def _fame(announced: Announced) -> tuple[int, int]:
    return -announced.popularity.upvotes, -announced.popularity.comments


def _published(announced: Announced) -> float:
    published = announced.text.published
    return published.timestamp() if published else 0.0
