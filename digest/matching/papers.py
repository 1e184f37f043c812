"""The papers of an edition, searchable by term."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from digest.matching.analysis import Analysed
from digest.matching.history import History

_K1 = 1.2  #: how soon more of the same word stops counting
_B = 0.5  #: how much long papers pay; less than the usual .75, since papers without abstract share a day with long ones
MOST = _K1 + 1  #: what a word repeated without end would earn, in units of its idf


class Papers:
    """The papers of an edition, by term, with the history that they are measured against."""

    def __init__(self, papers: Mapping[int, Analysed], history: History) -> None:
        self.analysed = papers
        self.history = history
        self._holders: dict[str, set[int]] = {}
        for item, paper in papers.items():
            for term in paper.terms:
                self._holders.setdefault(term, set()).add(item)

    def holding(self, terms: Iterable[str]) -> set[int]:
        """The papers that have all of these terms; every paper where there is none to ask for."""
        sets = [self._holders.get(term, set()) for term in terms if term]
        return set.intersection(*sets) if sets else set(self.analysed)

    def impact(self, item: int, count: float) -> float:
        """What a word earns that a paper has so often, in units of its idf: the saturated count of BM25."""
        length = self.history.relative_length(self.analysed[item].length)
        return MOST * count / (count + _K1 * (1 - _B + _B * length))
