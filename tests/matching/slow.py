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
    acronyms = Acronyms.of(history)
    forms = forms_of(phrase, acronyms, known)
    idfs = [history.idf(term) for term in phrase.terms]
    earned = sum(idf * _impact(_count(some, text), text, history) for idf, some in zip(idfs, forms, strict=True))
    for at in range(len(idfs) - 1):
        if phrase.terms[at] != phrase.terms[at + 1]:
            pair = [Form(phrase.terms[at : at + 2])]
            pair += [Form((term,), is_unbound=True) for i, j, term in runs(phrase, acronyms, known) if i <= at < j]
            earned += 0.1 * max(idfs[at : at + 2]) * _impact(_count(pair, text), text, history)
    found = sum(idf for idf, some in zip(idfs, forms, strict=True) if _count(some, text))
    as_one_thing = (found / sum(idfs)) ** min(1.0, (3 / len(idfs)) ** 3)
    return earned / (2.2 * sum(idfs)) * as_one_thing * _worth(phrase, idfs, history)


def _worth(phrase: Phrase, idfs: list[float], history: History) -> float:
    rates = [history.document_counts.get(term, 0) / history.papers for term in phrase.terms]
    words = PhraseWords(np.zeros(len(idfs), np.int64), np.array(idfs), np.array(rates))
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
