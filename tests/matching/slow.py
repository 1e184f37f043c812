"""The share of docs/matching.md, slow and plain as it is written there: what the arrays are held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import Form, Passage, analyse
from digest.matching.chance import PhraseWords, factors
from digest.matching.forms import forms_of, runs
from digest.matching.history import History
from digest.matching.phrase import Phrase
from digest.model import ItemText


def share(phrase: Phrase, text: ItemText, history: History, known: set[str]) -> float:
    """The share of a phrase without learned words, in one paper of an edition whose terms are known."""
    part, covered = _direct(phrase, text, history, known)
    as_one_thing = covered ** min(1.0, (3 / len(phrase.terms)) ** 3)
    return part * as_one_thing * _worth(phrase, [history.mass(term) for term in phrase.terms], history)


def lesson(phrase: Phrase, papers: Sequence[ItemText], history: History) -> dict[str, float]:
    """{term: weight} of what a phrase of known words learns from these papers, best first."""
    known = set(history.document_counts)
    fits = {at: _direct(phrase, text, history, known) for at, text in enumerate(papers)}
    least = 1.5 / max(len(phrase.terms), 3)
    parts = {at: part for at, (part, covered) in fits.items() if covered > least - 1e-6}
    best = sorted((at for at in parts if parts[at] >= max(parts.values()) / 2), key=lambda at: (-parts[at], at))[:5]
    earned: dict[str, float] = {}
    for at in best:
        paper = analyse(papers[at])
        for term in {*paper.title.terms, *paper.abstract.terms}:
            if 3 <= history.document_counts[term] <= 0.2 * len(papers) and len(term) >= 3 and term.isalpha():
                impact = _impact(_count([Form((term,))], papers[at]), papers[at], history)
                trust = (parts[at] / parts[best[0]]) ** 3
                earned[term] = earned.get(term, 0) + trust * history.mass(term) * impact
    # of words that earn the same the one met first
    strongest = sorted(
        (term for term in history.document_counts if term in earned), key=lambda term: -round(earned[term], 5)
    )[:50]
    parts = {term: earned[term] * (0.5 if term in phrase.terms else 1) for term in strongest}
    return {term: part / sum(parts.values()) for term, part in parts.items()}


def _direct(phrase: Phrase, text: ItemText, history: History, known: set[str]) -> tuple[float, float]:
    """The part of the most that a phrase can earn, and the part of its mass in words that the paper has."""
    acronyms = Acronyms.of(history)
    forms = forms_of(phrase, acronyms, known)
    masses = [history.mass(term) for term in phrase.terms]
    earned = sum(mass * _impact(_count(some, text), text, history) for mass, some in zip(masses, forms, strict=True))
    for at in range(len(masses) - 1):
        if phrase.terms[at] != phrase.terms[at + 1]:
            pair = [Form(phrase.terms[at : at + 2])]
            pair += [Form((term,), is_unbound=True) for i, j, term in runs(phrase, acronyms, known) if i <= at < j]
            earned += 0.1 * max(masses[at : at + 2]) * _impact(_count(pair, text), text, history)
    found = sum(mass for mass, some in zip(masses, forms, strict=True) if _count(some, text))
    return earned / (2.2 * sum(masses)), found / sum(masses)


def _worth(phrase: Phrase, masses: list[float], history: History) -> float:
    rates = [history.document_counts.get(term, 0) / history.papers for term in phrase.terms]
    words = PhraseWords(np.zeros(len(masses), np.int64), np.array(masses), np.array(rates))
    [factor] = factors(words, 1, history.papers)
    return float(factor)


def _count(forms: Sequence[Form], text: ItemText) -> int:
    paper = analyse(text)
    return 3 * _places(forms, paper.title) + _places(forms, paper.abstract)


def _places(forms: Sequence[Form], passage: Passage) -> int:
    return len({place.first for form in forms for place in passage.places(form)})


def _impact(count: int, text: ItemText, history: History) -> float:
    paper = analyse(text)
    length = 3 * paper.title.length + paper.abstract.length
    relative = length * history.papers / history.total_length if history.total_length else 1.0
    return 2.2 * count / (count + 1.2 * (0.5 + 0.5 * relative))
