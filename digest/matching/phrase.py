"""A phrase of a reader, as papers are searched for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import add
from typing import NamedTuple

from digest.matching.analysis import Word, folded_and_stemmed, groups, is_one_word, joined, split, stems


class Wanted(NamedTuple):
    """One word of a phrase, as papers are searched for it."""

    text: str  #: folded
    term: str
    parts: tuple[str, ...]  #: its folded parts, if nothing but hyphens makes it one word (GPT-4, in-context)
    start: int  #: character offsets into the phrase as typed
    end: int


class Phrase(NamedTuple):
    """All of a phrase that its scores depend on: equal ones find the same."""

    terms: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = ()  #: by word, those of a word that hyphens make one; empty where none is
    together: tuple[str, ...] = ()  #: terms of each two neighbours written as one: over smoothing as oversmoothing
    exact: tuple[str, ...] = ()  #: these folded words in a row, and nothing of the above


def wanted(phrase: str) -> tuple[Wanted, ...]:
    """The words of a phrase that count, in order; empty when it has none but function words.

    A hyphened word of real words is these words (graph-based); one with a letter, a figure or a function word in it
    means nothing apart (t-SNE, GPT-4, in-context) and stays whole.
    """
    found: list[Wanted] = []
    for group in groups(tuple(split(phrase))):
        if len(group) > 1 and any(_says_little(word) for word in group):
            parts = tuple(word.text for word in group)
            found.append(Wanted("".join(parts), joined(group), parts, group[0].start, group[-1].end))
        else:
            found += [Wanted(word.text, word.term, (), word.start, word.end) for word in group if word.term]
    return tuple(found)


def understand_phrase(phrase: str) -> Phrase:
    """What an unquoted phrase looks for."""
    pieces = phrase.split()
    texts, terms, parts = _read_piece(pieces[0]) if pieces else _Piece()
    for piece in pieces[1:]:
        more_texts, more_terms, more_parts = _read_piece(piece)
        texts, terms, parts = texts + more_texts, terms + more_terms, parts + more_parts
    together = tuple(stems(list(map(add, texts, texts[1:])))) if len(texts) > 1 else ()
    return Phrase(terms, parts if any(parts) else (), together)


class _Piece(NamedTuple):
    """The words that count in a text without white space; no word reaches over that, so a phrase is some in a row."""

    texts: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()


@lru_cache(maxsize=1 << 16)  # phrases have most of their words in common
def _read_piece(piece: str) -> _Piece:
    if piece.isascii() and piece.isalpha():  # as most: one word and nothing else
        text, term = folded_and_stemmed(piece)
        return _Piece((text,), (term,), ((),)) if term else _Piece()
    words = wanted(piece)
    return _Piece(*(tuple(getattr(word, name) for word in words) for name in ("text", "term", "parts")))


@lru_cache(maxsize=1 << 14)
def exact_texts(phrase: str) -> tuple[str, ...]:
    """The folded words of an exact phrase in order; the end of a sentence inside it stands as an empty one."""
    texts = [word.text for word in split(phrase)]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def typed_words(phrase: str, *, is_exact: bool, found: Sequence[int]) -> tuple[str, ...]:
    """The words of a phrase as typed, of those found or of all where none is named; what hyphens bind stays bound."""
    sought = [word for word in split(phrase) if word.text] if is_exact else wanted(phrase)
    spans = [(word.start, word.end) for word in sought]
    words: list[list[int]] = []
    for start, end in [spans[which] for which in found] or spans:
        if words and is_one_word(phrase[words[-1][1] : start]):
            words[-1][1] = end
        else:
            words.append([start, end])
    return tuple(phrase[start:end] for start, end in words)


def _says_little(word: Word) -> bool:
    return not word.term or len(word.text) == 1 or any(sign.isdigit() for sign in word.text)
