"""What was found of one interest in one paper: the same for every reader who has that interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from digest.matching.analysis import Analysed, Form, Passage, Place
from digest.matching.papers import NEAR
from digest.model import Field, Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How well a paper fits an interest, whoever has it and whatever it weighs."""

    share: float  #: about .7 for a phrase in a title, 1 for an author, .1 for a category, 0 for what only keeps one out
    is_whole: bool  #: all of its words stand together; nothing less keeps a paper out
    found: tuple[int, ...] = ()  #: which words of the phrase occur, counted from 0; empty where it was found as one
    field: Field  #: the strongest field that has any of them
    mark: Mark
    related: tuple[str, ...] = ()  #: learned words that helped, as the paper spells them; only those that convince


class _Hit(NamedTuple):
    which: int  #: index of the wanted word
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """Where the words of a phrase stand in one paper."""

    hits: dict[Field, list[_Hit]] = field(default_factory=dict)  #: the strongest field first
    size: int = 1  #: how many words the phrase has

    @classmethod
    def of(cls, forms: Sequence[Sequence[Form]], paper: Analysed, fields: Sequence[Field]) -> Found:
        """Every place of every word, by its forms."""
        passages = {Field.TITLE: paper.title, Field.ABSTRACT: paper.abstract}
        hits = {name: _hits(forms, passages[name]) for name in fields}
        return cls({name: some for name, some in hits.items() if some}, len(forms))

    @property
    def words(self) -> tuple[int, ...]:
        """Which words occur."""
        return tuple(sorted({hit.which for some in self.hits.values() for hit in some}))

    @property
    def is_whole(self) -> bool:
        """Whether all words of the phrase stand near each other somewhere."""
        return any(_is_whole(some, self.size) for some in self.hits.values())

    @property
    def mark(self) -> Mark:
        """The longest run of words that only function words part, in the strongest field; the first of equals."""
        name, hits = next(iter(self.hits.items()))
        runs: list[list[_Hit]] = []
        for hit in hits:
            if runs and hit.place.first <= runs[-1][-1].place.last + 1:
                runs[-1].append(hit)
            else:
                runs.append([hit])
        best = max(runs, key=lambda run: len({hit.which for hit in run}))
        return Mark(field=name, start=best[0].place.start, end=max(hit.place.end for hit in best))


def _hits(forms: Sequence[Sequence[Form]], passage: Passage) -> list[_Hit]:
    """Every place of every word, in the order of the text; a place found in two ways counts once."""
    found: dict[tuple[int, int], _Hit] = {}
    for which, some in enumerate(forms):
        for form in some:
            for place in passage.places(form):
                found.setdefault((which, place.first), _Hit(which, place))
    return sorted(found.values(), key=lambda hit: (hit.place, hit.which))


def _is_whole(hits: list[_Hit], size: int) -> bool:
    last_seen: dict[int, int] = {}
    for which, place in hits:
        last_seen[which] = place.first
        if len(last_seen) == size and place.first - min(last_seen.values()) < size + NEAR:
            return True
    return False
