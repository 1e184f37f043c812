"""What was found of one interest in one paper: the same for every reader who has that interest."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model import Field, Mark

LEAST_SHARE = 0.35  #: a paper with less of a phrase than this does not fit it


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How well a paper fits an interest, whoever has it and whatever it weighs."""

    share: float  #: 1 is about the most; an author gives 1, a category 0.1
    is_whole: bool  #: all of its words stand together; nothing less keeps a paper out
    found: tuple[int, ...] = ()  #: which words of the phrase occur, counted from 0; empty where it was found as one
    field: Field  #: the strongest field that has any of them
    mark: Mark

    @property
    def fits(self) -> bool:
        """Whether it counts for or against a paper; a name either fits or is not found at all."""
        return self.share >= LEAST_SHARE or self.field in (Field.AUTHOR, Field.CATEGORY)
