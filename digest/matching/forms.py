"""The ways in which papers may write the words of a phrase: in two words or in one, short or spelled out."""

from __future__ import annotations

from collections.abc import Container

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import FUNCTION_WORDS, Form, stem
from digest.matching.phrase import Phrase


def forms_of(phrase: Phrase, acronyms: Acronyms, known: Container[str]) -> list[list[Form]]:
    """For each word of a phrase its forms, its own first; of those written apart only what is made of known terms."""
    if phrase.exact:
        return [[exact_form(phrase.exact)]]
    forms = [word_forms(term, acronyms, known) for term in phrase.terms]
    for which, texts in enumerate(phrase.parts):
        if texts:
            forms[which] = [Form((phrase.terms[which],)), _apart(texts)]
    for first, last, term in runs(phrase, acronyms, known):
        for which in range(first, last + 1):
            forms[which].append(Form((term,), is_unbound=True))
    return forms


def word_forms(term: str, acronyms: Acronyms, known: Container[str]) -> list[Form]:
    """A word's own term; its halves, oversmoothing as over smoothing; what it is short for."""
    long = acronyms.long_of.get(term)
    return [Form((term,)), *_written_apart(term, known), *([Form(long)] if long else [])]


def runs(phrase: Phrase, acronyms: Acronyms, known: Container[str]) -> list[tuple[int, int, str]]:
    """(first word, last word, term) for the words of a phrase that one known term may stand for."""
    found = [(at, at + 1, term) for at, term in enumerate(phrase.together) if term in known]
    if acronyms.starts.isdisjoint(phrase.terms):
        return found
    for first in range(len(phrase.terms)):
        for end in range(first + 2, len(phrase.terms) + 1):
            short = acronyms.short_of.get(phrase.terms[first:end])
            if short is not None and short in known:
                found.append((first, end - 1, short))
    return found


def exact_form(texts: tuple[str, ...]) -> Form:
    """These very words in a row."""
    return Form(tuple(stem(text) for text in texts if text and text not in FUNCTION_WORDS), texts)


def _apart(parts: tuple[str, ...]) -> Form:
    """The parts of a hyphened word as words in a row; only function words need be looked for in the text itself."""
    form = exact_form(parts)
    return Form(form.terms) if len(form.terms) == len(parts) else form


def is_written_apart(term: str, known: Container[str]) -> bool:
    """Whether papers may write a word as two."""
    return bool(_written_apart(term, known))


def _written_apart(term: str, known: Container[str]) -> list[Form]:
    halves = [(term[:at], term[at:]) for at in range(1, len(term)) if term[at:] in known]
    return [
        Form((first, second))
        for half, second in halves
        if _may_be_word(half) and _may_be_word(second) and (first := stem(half)) in known
    ]


def _may_be_word(half: str) -> bool:
    """Two letters at least, or a figure (GPT4 as GPT 4), and no function word: information is not in formation."""
    return (len(half) > 1 or half.isdigit()) and half not in FUNCTION_WORDS
