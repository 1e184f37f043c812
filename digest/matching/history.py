"""How common words are: the counts that many papers leave behind, by which rare words weigh more."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from digest.matching.analysis import Analysed


@dataclass(frozen=True, slots=True)
class History:
    """Counts over papers; those of two sets of papers add up to those of both together."""

    papers: int = 0
    total_length: int = 0  #: sum of the papers' lengths in words of an abstract
    document_counts: Mapping[str, int] = field(default_factory=dict)  #: {term: papers that have it}

    @classmethod
    def of(cls, papers: Iterable[Analysed]) -> History:
        """The counts of these papers."""
        known = list(papers)
        counts = Counter(term for paper in known for term in paper.terms)
        return cls(len(known), sum(paper.length for paper in known), counts)

    @classmethod
    def total(cls, histories: Iterable[History]) -> History:
        """The sum of many, in one pass over their words."""
        papers, length, counts = 0, 0, Counter[str]()
        for history in histories:
            papers += history.papers
            length += history.total_length
            counts.update(history.document_counts)
        return cls(papers, length, counts)

    @classmethod
    def from_bytes(cls, data: bytes) -> History:
        """What `to_bytes` was given."""
        papers, length, counts = json.loads(zlib.decompress(data))
        return cls(papers, length, counts)

    def to_bytes(self) -> bytes:
        """Compressed JSON: papers, total length and counts; the same counts give the same bytes."""
        counts = dict(sorted(self.document_counts.items()))
        return zlib.compress(json.dumps([self.papers, self.total_length, counts], separators=(",", ":")).encode())

    def __add__(self, other: History) -> History:
        return History.total((self, other))

    def idf(self, term: str) -> float:
        """How much a term says, above 0: the inverse document frequency as Lucene's BM25 has it."""
        count = self.document_counts.get(term, 0)
        return math.log(1 + (self.papers - count + 0.5) / (count + 0.5))

    def relative_length(self, length: int) -> float:
        """A paper's length divided by the average one; 1 while there is nothing to compare with."""
        return length * self.papers / self.total_length if self.total_length else 1.0
