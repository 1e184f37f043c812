"""How much words say: the counts that many papers leave behind, by which rare words and subjects weigh more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class History:
    """Counts over papers; those of two sets of papers add up to those of both together."""

    papers: int = 0
    total_length: int = 0  #: sum of the papers' lengths in words of an abstract
    document_counts: Mapping[str, int] = field(default_factory=dict)  #: {term: papers that have it}
    #: {(acronym, the terms that it is spelled out as, parted by spaces): papers that say so}
    definitions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    #: {term: how often it stands in them, a place in a title counted three times}; once in each where nothing is said
    occurrences: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def total(cls, histories: Iterable[History]) -> History:
        """The sum of many, in one pass over their words."""
        papers, length, counts, definitions = 0, 0, Counter[str](), Counter[tuple[str, str]]()
        occurrences = Counter[str]()
        for history in histories:
            papers += history.papers
            length += history.total_length
            counts.update(history.document_counts)
            definitions.update(history.definitions)
            occurrences.update(history.occurrences)
        return cls(papers, length, counts, definitions, occurrences)

    def mass(self, term: str) -> float:
        """How much a term says, above 0: more if few papers have it, and if those that do have it often.

        The inverse document frequency says the first. The second tells subjects, which papers come back to, from words
        that pass by: of two that are equally rare, "boundary layer" from "describe".
        """
        papers = self.document_counts.get(term, 0)
        idf = math.log(1 + (self.papers - papers + 0.5) / (papers + 0.5))  # as Lucene's BM25 has it
        return idf * math.cbrt((self.occurrences.get(term, papers) + 1) / (papers + 1))

    @property
    def average_length(self) -> float:
        """Of its papers; 0 while there are none."""
        return self.total_length / self.papers if self.papers else 0.0
