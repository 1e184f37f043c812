"""Looks for one phrase in many papers: which of its words occur, how strongly, and where to mark them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.matching.analysis import FUNCTION_WORDS, TITLE_WEIGHT, Analysed, Passage, Place, stem
from digest.matching.evidence import LEAST_SHARE, Evidence
from digest.matching.papers import MOST, Papers
from digest.matching.phrase import Wanted, exact_texts, wanted, written_together
from digest.model import Field, Mark

_PAIR_BONUS = 0.1  #: what neighbours add, as a share of what a word of their rarity earns
_NEAR = 2  #: how many other words may stand among those of a phrase that counts as whole
_WEIGHTS = {Field.TITLE: TITLE_WEIGHT, Field.ABSTRACT: 1}


class _Hit(NamedTuple):
    which: int  #: index of the wanted word
    place: Place


def find_exact(phrase: str, fields: Sequence[Field], papers: Papers) -> dict[int, Evidence]:
    """{item: evidence} of the papers that have these very words in a row."""
    texts = exact_texts(phrase)
    column = {}
    for item in papers.holding(_terms(texts)):
        places = {field: _passage(papers.analysed[item], field).find(texts) for field in fields}
        if any(places.values()):
            share = papers.impact(item, sum(_WEIGHTS[field] * len(at) for field, at in places.items())) / MOST
            field, first = next((field, at[0]) for field, at in places.items() if at)
            mark = Mark(field=field, start=first.start, end=first.end)
            column[item] = Evidence(share=share, is_whole=True, field=field, mark=mark)
    return column


def find_phrase(phrase: str, fields: Sequence[Field], papers: Papers) -> dict[int, Evidence]:
    """{item: evidence} of the papers that have enough of these words, in any order and any grammatical form.

    The share is BM25's score divided by what a paper made of nothing but the phrase would earn, plus a little for
    words that stand next to each other.
    """
    query = _Query.of(phrase, papers)
    column = {}
    for item in query.candidates:
        hits = {field: query.hits(_passage(papers.analysed[item], field)) for field in fields}
        evidence = query.evidence(item, hits, papers)
        if evidence and (evidence.share >= LEAST_SHARE or evidence.is_whole):
            column[item] = evidence
    return column


@dataclass(frozen=True, slots=True)
class _Query:
    """A phrase, ready to be looked for in the papers of one edition."""

    wanted: tuple[Wanted, ...]
    idfs: tuple[float, ...]
    apart: tuple[tuple[int, str, str], ...]  #: (wanted word, terms of it written as two words)
    together: tuple[tuple[int, str], ...]  #: (wanted word, term of it and the next one written as one)
    candidates: tuple[int, ...]  #: the papers that may have enough of it

    @classmethod
    def of(cls, phrase: str, papers: Papers) -> _Query:
        words = wanted(phrase)
        idfs = tuple(papers.history.idf(word.term) for word in words)
        apart = tuple((which, *pair) for which, word in enumerate(words) for pair in _written_apart(word, papers))
        together = tuple(enumerate(written_together(phrase)))
        holders = [papers.holding([word.term]) for word in words]
        for which, word in enumerate(words):
            if word.parts:
                holders[which] |= papers.holding(_terms(word.parts))
        for which, *pair in apart:
            holders[which] |= papers.holding(pair)
        for which, term in together:
            holders[which] |= papers.holding([term])
            holders[which + 1] |= papers.holding([term])
        return cls(words, idfs, apart, together, _promising(holders, idfs))

    def hits(self, passage: Passage) -> list[_Hit]:
        """Every place of every wanted word, in the order of the text; a place found in two ways counts once."""
        found: dict[tuple[int, int], _Hit] = {}
        for which, place in self._places(passage):
            found.setdefault((which, place.first), _Hit(which, place))
        return sorted(found.values(), key=lambda hit: (hit.place, hit.which))

    def _places(self, passage: Passage) -> Iterator[tuple[int, Place]]:
        for which, word in enumerate(self.wanted):
            yield from ((which, place) for place in passage.places(word.term))
            yield from ((which, place) for place in (passage.find(word.parts) if word.parts else ()))
        for which, first, second in self.apart:
            yield from ((which, place) for place in passage.pairs(first, second))
        for which, term in self.together:
            for place in passage.places(term):
                yield which, place
                yield which + 1, place._replace(first=place.last)

    def evidence(self, item: int, hits: Mapping[Field, list[_Hit]], papers: Papers) -> Evidence | None:
        """What these hits amount to; None without any."""
        counts: Counter[int] = Counter()
        pairs: Counter[int] = Counter()
        for field, found in hits.items():
            for hit in found:
                counts[hit.which] += _WEIGHTS[field]
            for which in self._neighbours(found):
                pairs[which] += _WEIGHTS[field]
        if not counts:
            return None
        earned = sum(self.idfs[which] * papers.impact(item, count) for which, count in counts.items())
        # a pair is at most as common as the rarer of its words, whose idf therefore stands for it
        bonus = sum(max(self.idfs[at : at + 2]) * papers.impact(item, count) for at, count in pairs.items())
        share = (earned + _PAIR_BONUS * bonus) / (MOST * sum(self.idfs))
        field = next(field for field, found in hits.items() if found)
        whole = any(_is_whole(found, len(self.wanted)) for found in hits.values())
        mark = _mark(field, hits[field])
        return Evidence(share=share, is_whole=whole, found=tuple(sorted(counts)), field=field, mark=mark)

    def _neighbours(self, hits: list[_Hit]) -> Iterator[int]:
        """The first of two different wanted words, for each place where the next one follows it."""
        ends = {(hit.which, hit.place.last) for hit in hits}
        for which, place in hits:
            before = which - 1
            if before >= 0 and self.wanted[before].term != self.wanted[which].term:
                one_word = (before, place.last) in ends
                if one_word or (before, place.first - 1) in ends:
                    yield before


def _passage(paper: Analysed, field: Field) -> Passage:
    return paper.title if field is Field.TITLE else paper.abstract


def _terms(texts: Iterable[str]) -> list[str]:
    return [stem(text) for text in texts if text and text not in FUNCTION_WORDS]


def _written_apart(word: Wanted, papers: Papers) -> list[tuple[str, str]]:
    """The ways in which papers of this edition may write a word as two: oversmoothing as over smoothing."""
    halves = [(word.term[:at], word.term[at:]) for at in range(1, len(word.term)) if not word.parts]
    pairs = [(stem(first), second) for first, second in halves if _may_be_word(first) and _may_be_word(second)]
    return [pair for pair in pairs if papers.holding(pair)]


def _may_be_word(half: str) -> bool:
    """Two letters at least, or a figure (GPT4 as GPT 4), and no function word: information is not in formation."""
    return (len(half) > 1 or half.isdigit()) and half not in FUNCTION_WORDS


def _promising(holders: list[set[int]], idfs: Sequence[float]) -> tuple[int, ...]:
    """The papers that can reach the least share: a paper earns less than the idf of its words and two bonuses each."""
    reach: Counter[int] = Counter()
    for items, idf in zip(holders, idfs, strict=True):
        for item in items:
            reach[item] += idf  # type: ignore[assignment]  # a Counter adds any number
    least = LEAST_SHARE * sum(idfs) / (1 + 2 * _PAIR_BONUS)
    return tuple(item for item, most in reach.items() if most >= least)


def _is_whole(hits: list[_Hit], size: int) -> bool:
    """Whether all words of the phrase stand near each other somewhere in these hits."""
    last_seen: dict[int, int] = {}
    for which, place in hits:
        last_seen[which] = place.first
        if len(last_seen) == size and place.last - min(last_seen.values()) < size + _NEAR:
            return True
    return False


def _mark(field: Field, hits: list[_Hit]) -> Mark:
    """The longest run of wanted words that nothing but function words parts; the first of equals."""
    runs: list[list[_Hit]] = []
    for hit in hits:
        if runs and hit.place.first <= runs[-1][-1].place.last + 1:
            runs[-1].append(hit)
        else:
            runs.append([hit])
    best = max(runs, key=lambda run: len({hit.which for hit in run}))
    return Mark(field=field, start=best[0].place.start, end=max(hit.place.end for hit in best))
