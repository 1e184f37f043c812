"""Texts as words with their places, folded and stemmed, so that equal words of papers and interests are equal."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import Stemmer

from digest.model import ItemText

#: a word of the title weighs as much as two of the abstract, in scores and in lengths alike
TITLE_WEIGHT = 2

#: words that carry grammar and no subject. "over", "few", "off", "out" and their like are missing on purpose:
#: over-smoothing, few-shot and off-policy are subjects
_FUNCTION_WORDS = """
a an the this that these those
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
itself themselves ourselves
am is are was were be been being do does did has have had having can could may might must shall should will would
and or nor but if then than so as because while whereas whether although though since unless until
of in on at by for from to with into onto upon via per about
who whom whose which what when where why how there here
also too very just such both each either neither any all some no not only own yet however therefore thus hence
et al etc ie eg
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013\u2212")
#: signs that continue a word though they are no letters: accents that stand alone, vowel signs of Hebrew, Arabic, India
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
#: scripts whose words are written without spaces, or, as in Korean, with endings grown on
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
)
_WORD = re.compile(
    rf"""
      [^\W\d_](?:\+\+|[\#*])                                                  # C++, F#, A*
    | [^\W_](?:[^\W_]|[{_MARKS}]|['’\u00ad](?=[^\W_])|(?<=\d)\.(?=\d))*       # GPT, O'Brien, 3.5
    | (?P<end>[.!?;](?=\s)|[。！？])                                          # the end of a sentence
    """,
    re.VERBOSE,
)
_UNSPACED_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
_INVISIBLE = dict.fromkeys((*range(0x300, 0x370), 0xAD, ord("'"), ord("’")))
_LOOK_ALIKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_GREEK_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu
nu xi omicron pi rho sigma tau upsilon phi chi psi omega
"""
_GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK_NAMES.split(), strict=True))
# without the stemmer's own cache, whose upkeep is not made for several threads; ours is
_STEMMER = Stemmer.Stemmer("english", 0)


class Word(NamedTuple):
    """One word of a text where it stands; the end of a sentence is a word without text, so no phrase crosses it."""

    text: str  #: folded: small letters without accents
    term: str  #: its stem; empty for function words
    slot: int  #: its place counted without function words, or that of the next word that counts
    start: int  #: character offsets into the text as written
    end: int
    is_bound: bool  #: a hyphen binds it to the word before


class Place(NamedTuple):
    """Where a term, or a row of words, stands: first and last slot, and character offsets into the text."""

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A title or an abstract, analysed."""

    words: tuple[Word, ...]
    length: int  #: how many words it has, function words left out
    _at: dict[str, list[int]]  #: {term: indexes of its words}
    _bound: dict[str, list[Place]]  #: {term of a hyphened word with its parts written as one: places}

    @property
    def terms(self) -> set[str]:
        """Every term in it."""
        return self._at.keys() | self._bound.keys()

    def places(self, term: str) -> list[Place]:
        """Every place of a term; oversmoothing stands where over-smoothing does."""
        return [_place(self.words[at : at + 1]) for at in self._at.get(term, ())] + self._bound.get(term, [])

    def pairs(self, first: str, second: str) -> list[Place]:
        """Every place where one term directly follows another."""
        ends = len(self.words) - 1
        starts = (at for at in self._at.get(first, ()) if at < ends and self.words[at + 1].term == second)
        return [_place(self.words[at : at + 2]) for at in starts]

    def find(self, texts: tuple[str, ...]) -> list[Place]:
        """Every place where these folded words stand in a row."""
        row, size = tuple(word.text for word in self.words), len(texts)
        starts = (at for at in range(len(row) - size + 1) if row[at] == texts[0] and row[at : at + size] == texts)
        return [_place(self.words[at : at + size]) for at in starts]


@dataclass(frozen=True, slots=True)
class Analysed:
    """A paper, ready to be searched."""

    title: Passage
    abstract: Passage
    authors: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def length(self) -> int:
        """Its length in words of an abstract."""
        return TITLE_WEIGHT * self.title.length + self.abstract.length

    @property
    def terms(self) -> set[str]:
        """Every term of its title and abstract."""
        return self.title.terms | self.abstract.terms


@lru_cache(maxsize=512)  # the papers of a day are counted for the history and then searched
def analyse(text: ItemText) -> Analysed:
    """A paper's text, analysed."""
    return Analysed(read(text.title), read(text.abstract), text.authors, text.categories)


def read(text: str) -> Passage:
    """A text as words and the places of their terms."""
    words = tuple(split(text))
    at: dict[str, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        if word.term:
            at[word.term].append(index)
    bound: dict[str, list[Place]] = defaultdict(list)
    for group in groups(words):
        if len(group) > 1:
            bound[joined(group)].append(_place(group))
    return Passage(words, sum(map(len, at.values())), at, bound)


def split(text: str) -> Iterator[Word]:
    """The words of a text in order, with the ends of its sentences."""
    slot, last_end = 0, 0
    for found in _WORD.finditer(text):
        for start, end in _pieces(found):
            folded, term = ("", "") if found["end"] else _forms(text[start:end])
            yield Word(folded, term, slot, start, end, text[last_end:start] in _HYPHENS and not found["end"])
            # a sentence end takes a slot, so that no words are neighbours across it
            slot += not folded or bool(term)
            last_end = end


def groups(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """The words in order, those bound by hyphens together; a word alone is a group of one."""
    group: list[Word] = []
    for word in words:
        if group and not word.is_bound:
            yield tuple(group)
            group = []
        group.append(word)
    if group:
        yield tuple(group)


def is_one_word(between: str) -> bool:
    """Whether what stands between two words binds them: a hyphen, or nothing."""
    return not between or between in _HYPHENS


def joined(group: Sequence[Word]) -> str:
    """The term of words written as one: over-smoothing is oversmoothing."""
    return stem("".join(word.text for word in group))


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """A word in small letters, without accents, apostrophes and possessive s; a lone Greek letter by its name."""
    plain = unicodedata.normalize("NFKD", word.casefold()).casefold().translate(_LOOK_ALIKES)
    plain = plain.removesuffix("'s").removesuffix("’s").translate(_INVISIBLE)
    return _GREEK.get(plain) or unicodedata.normalize("NFC", plain)


@lru_cache(maxsize=1 << 16)
def stem(folded: str) -> str:
    """The Snowball stem of a folded word."""
    return str(_STEMMER.stemWord(folded))


@lru_cache(maxsize=1 << 16)
def _forms(word: str) -> tuple[str, str]:
    folded = fold(word)
    return folded, "" if folded in FUNCTION_WORDS else stem(folded)


def _pieces(found: re.Match[str]) -> Iterable[tuple[int, int]]:
    """A word in scripts with spaces is whole; others give each two neighbouring signs, the usual stand-in for words."""
    return (found.span(),) if found[0].isascii() else _signs(found)


def _signs(found: re.Match[str]) -> Iterator[tuple[int, int]]:
    for run in _UNSPACED_RUN.finditer(found.string, *found.span()):
        start, end = run.span()
        if run["unspaced"]:
            yield from ((at, min(at + 2, end)) for at in range(start, max(end - 1, start + 1)))
        else:
            yield start, end


def _place(words: Sequence[Word]) -> Place:
    slots = [word.slot for word in words if word.term] or [words[0].slot]
    return Place(slots[0], slots[-1], words[0].start, words[-1].end)
