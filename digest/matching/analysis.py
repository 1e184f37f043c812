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

#: a word of the title weighs as much as three of the abstract, in scores and in lengths alike
TITLE_WEIGHT = 3

#: words that carry grammar and no subject. "over", "few", "off", "out" and their like are missing on purpose:
#: over-smoothing, few-shot and off-policy are subjects. That a thing is used says nothing of it
_FUNCTION_WORDS = """
a an the this that these those
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
itself themselves ourselves
am is are was were be been being do does did has have had having can could may might must shall should will would
and or nor but if then than so as because while whereas whether although though since unless until
of in on at by for from to with into onto upon via per about
who whom whose which what when where why how there here
between among within during through another other more most much several
also too very just such both each either neither any all some no not only own yet however therefore thus hence
use uses used using et al etc ie eg
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
_ACRONYMS = re.compile("[A-Z]{2,}s")  # LLMs
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


class Form(NamedTuple):
    """One way in which a text may write a word of a phrase."""

    terms: tuple[str, ...]  #: in a row, nothing but function words between them; one is the usual
    texts: tuple[str, ...] = ()  #: if given, these folded words must stand in a row instead, and the terms among them
    is_unbound: bool = False  #: not where hyphens bind it: what stands for several words stands there by each already


@dataclass(frozen=True, slots=True)
class Passage:
    """A title or an abstract, analysed."""

    words: tuple[Word, ...]
    texts: tuple[str, ...]  #: of the words, folded
    slots: tuple[Word, ...]  #: by slot: the words that count, and the ends of sentences
    bound: dict[str, list[Place]]  #: {term of a hyphened word with its parts written as one: places}
    _at: dict[str, list[int]]  #: {term: slots of its words}

    @property
    def length(self) -> int:
        """How many words it has, function words left out."""
        return sum(map(len, self._at.values()))

    @property
    def terms(self) -> set[str]:
        """Every term in it."""
        return self._at.keys() | self.bound.keys()

    def places(self, form: Form) -> list[Place]:
        """Every place of a form; oversmoothing stands where over-smoothing does."""
        if form.texts:
            return self._find(form.texts)
        first, size = form.terms[0], len(form.terms)
        starts = (at for at in self._at.get(first, ()) if self._terms(at, size) == form.terms)
        bound = [] if form.is_unbound or size > 1 else self.bound.get(first, [])
        return [_place(self.slots[at : at + size]) for at in starts] + bound

    def _terms(self, start: int, size: int) -> tuple[str, ...]:
        return tuple(word.term for word in self.slots[start : start + size])

    def _find(self, texts: tuple[str, ...]) -> list[Place]:
        size = len(texts)
        starts = (at for at, text in enumerate(self.texts) if text == texts[0] and self.texts[at : at + size] == texts)
        return [_place(self.words[at : at + size]) for at in starts]


@dataclass(frozen=True, slots=True)
class Analysed:
    """A paper, ready to be searched."""

    title: Passage
    abstract: Passage


@lru_cache(maxsize=512)  # the papers of a day are indexed and then marked
def analyse(text: ItemText) -> Analysed:
    """A paper's text, analysed."""
    return Analysed(read(text.title), read(text.abstract))


def read(text: str) -> Passage:
    """A text as words and the places of their terms."""
    words = tuple(split(text))
    slots = tuple(word for word in words if word.term or not word.text)
    at: dict[str, list[int]] = defaultdict(list)
    for slot, word in enumerate(slots):
        if word.term:
            at[word.term].append(slot)
    bound: dict[str, list[Place]] = defaultdict(list)
    for group in groups(words):
        if len(group) > 1:
            bound[joined(group)].append(_place(group))
    return Passage(words, tuple(word.text for word in words), slots, bound, at)


def split(text: str) -> Iterator[Word]:
    """The words of a text in order, with the ends of its sentences."""
    slot, last_end = 0, 0
    for found in _WORD.finditer(text):
        for start, end in _pieces(found):
            folded, term = ("", "") if found["end"] else folded_and_stemmed(text[start:end])
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
    if word.isascii():
        return word.lower().removesuffix("'s").replace("'", "")
    plain = unicodedata.normalize("NFKD", word.casefold()).casefold().translate(_LOOK_ALIKES)
    plain = plain.removesuffix("'s").removesuffix("’s").translate(_INVISIBLE)
    return _GREEK.get(plain) or unicodedata.normalize("NFC", plain)


@lru_cache(maxsize=1 << 16)
def stem(folded: str) -> str:
    """The Snowball stem of a folded word."""
    return str(_STEMMER.stemWord(folded))


def stems(folded: Sequence[str]) -> list[str]:
    """The Snowball stems of folded words that hardly ever come again."""
    found: list[str] = _STEMMER.stemWords(folded)
    return found


@lru_cache(maxsize=1 << 16)
def folded_and_stemmed(word: str) -> tuple[str, str]:
    """A word as written: its folded text and its term, empty for function words."""
    folded = fold(word)
    if folded in FUNCTION_WORDS:
        return folded, ""
    # the stemmer leaves words without a vowel alone
    return folded, stem(folded.removesuffix("s") if _ACRONYMS.fullmatch(word) else folded)


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
