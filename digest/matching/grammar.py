"""The text in which readers write their interests: understood line by line, and written back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from digest.matching.analysis import read, split
from digest.matching.names import Reading, category_key, readings
from digest.matching.phrase import Phrase, exact_texts, understand_phrase, wanted
from digest.model import Field, Interest, Sign

LEAST_WEIGHT, MOST_WEIGHT = 0.1, 5.0

_FIELDS = {"title": Field.TITLE, "author": Field.AUTHOR, "category": Field.CATEGORY}
_RELATED = "related"
_SIGNS = {"-": Sign.LESS, "!": Sign.NEVER}
#: what people who know other search boxes write
_ALIASES = {
    "ti": "title",
    "au": "author",
    "cat": "category",
    "categories": "category",
    "name": "author",
    "subject": "category",
}
_EVERYWHERE = frozenset({"abs", "abstract", "all", "any", "keyword", "keywords", "text"})
_TYPOGRAPHY = str.maketrans({**dict.fromkeys("“”„‟«»＂", '"'), "：": ":", "！": "!", "\ufeff": None, "\u200b": None})
_DASH = re.compile("^[−–—]")  # what telephones make of a hyphen
_FIELD = re.compile(r"(?P<name>[^\W\d_]+)\s*:\s*(?P<rest>.*)")
_QUOTED = re.compile(r'"(?P<phrase>[^"]*)"\s*(?P<after>.*)')
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_BETWEEN_COMMAS = re.compile(r'(?:"[^"]*"?|[^,"])+')


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that was left out, and what its writer can do about it."""

    line: int  #: 1-based
    text: str  #: the line as written
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text of interests says; the good lines stand whatever the bad ones are."""

    interests: tuple[Interest, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Heading(NamedTuple):
    """A line that opens a topic."""

    topic: str


class _Unrelated(NamedTuple):
    """A line that strikes out a related word."""

    word: str


_Said = Interest | Problem | _Heading | _Unrelated | None


class _Misread(Exception):  # noqa: N818  # it never leaves this file
    """Why a line cannot be understood."""


def understand(text: str) -> Understood:
    """The interests of a text, one per line, with the problems of the lines that are none (docs/interests.md).

    A text without any line end is what people type on a command line: there, commas outside quotes part the interests.
    """
    interests: list[Interest] = []
    problems: list[Problem] = []
    unrelated: dict[str, None] = {}
    topic = None
    for number, line in _lines(text):
        said = _understand_line(line, topic, number)
        if isinstance(said, Interest):
            interests.append(said)
        elif isinstance(said, _Heading):
            topic = said.topic
        elif isinstance(said, _Unrelated):
            unrelated[said.word] = None
        elif said is not None:
            problems.append(said)
    if unrelated:
        struck = tuple(unrelated)
        interests = [replace(each, unrelated=struck) if _can_learn(each) else each for each in interests]
    return Understood(tuple(interests), tuple(problems))


def write(interests: Iterable[Interest]) -> str:
    """A text that `understand` reads as these interests; those without a topic stand first."""
    lines, topic = [], None
    known = sorted(interests, key=lambda each: each.topic is not None)
    for interest in known:
        if interest.topic != topic:
            topic = interest.topic
            lines.append(f"{topic}:")
        lines.append(_written(interest))
    struck = dict.fromkeys(word for interest in known for word in interest.unrelated)
    lines += [f"-{_RELATED}: {word}" for word in struck]
    return "".join(f"{line}\n" for line in lines)


class Sought(NamedTuple):
    """What an interest looks for: equal ones find the same in every paper."""

    field: Field | None
    phrase: Phrase = Phrase(())
    author: frozenset[Reading] = frozenset()
    category: str = ""
    is_never: bool = False  #: only what stands there whole is found
    unrelated: frozenset[str] = frozenset()  #: terms that must not be learned


def canonical(interest: Interest) -> Sought:
    """What an interest looks for, the same for every spelling; weight, topic, more and less are not part of it."""
    is_never = interest.sign is Sign.NEVER
    if is_never or interest.field or interest.exact or interest.unrelated:
        return _sought(interest.field, interest.phrase, interest.exact, is_never, interest.unrelated)
    return _words_sought(interest.phrase)


@lru_cache(maxsize=1 << 18)  # more than there are different ones in a day
def _words_sought(phrase: str) -> Sought:
    """What nearly all interests look for."""
    return Sought(None, understand_phrase(phrase))


@lru_cache(maxsize=1 << 16)
def _sought(
    field: Field | None,
    phrase: str,
    is_exact: bool,  # noqa: FBT001  # a cache tells keywords from places
    is_never: bool,  # noqa: FBT001
    unrelated: tuple[str, ...],
) -> Sought:
    if field is Field.AUTHOR:
        return Sought(field, author=readings(phrase), is_never=is_never)
    if field is Field.CATEGORY:
        return Sought(field, category=category_key(phrase), is_never=is_never)
    if is_exact:
        return Sought(field, Phrase((), exact=exact_texts(phrase)), is_never=is_never)
    struck = (
        frozenset[str]() if field or is_never else frozenset(term for word in unrelated for term in read(word).terms)
    )
    return Sought(field, understand_phrase(phrase), is_never=is_never, unrelated=struck)


@lru_cache(maxsize=1 << 18)  # readers share most of their lines
def _understand_line(line: str, topic: str | None, number: int) -> _Said:
    said = _read_line(line)
    if isinstance(said, Interest):
        return replace(said, topic=topic, line=number)
    return replace(said, line=number) if isinstance(said, Problem) else said


@lru_cache(maxsize=1 << 17)
def _read_line(line: str) -> _Said:
    """What a line says wherever it stands; None where it says nothing."""
    tidy = " ".join(line.split())
    if not tidy or tidy.startswith("#"):
        return None
    try:
        return _heading(tidy) or _unrelated(tidy) or _interest(tidy)
    except _Misread as why:
        return Problem(0, line.strip(), str(why))


def _can_learn(interest: Interest) -> bool:
    """Whether related words are learned for an interest."""
    return interest.field is None and not interest.exact


def _lines(text: str) -> list[tuple[int, str]]:
    plain = text if text.isascii() else text.translate(_TYPOGRAPHY)
    lines = plain.splitlines()
    if lines == [plain]:
        return [(1, piece) for piece in _BETWEEN_COMMAS.findall(plain)]
    return list(enumerate(lines, start=1))


def _heading(line: str) -> _Heading | None:
    """The topic that a line opens; None when it opens none."""
    named = _FIELD.fullmatch(line)
    if not line.endswith(":") or line[0] in {'"', *_SIGNS} or (named and named["name"].lower() in {*_FIELDS, _RELATED}):
        return None
    if not line[:-1].strip():
        raise _Misread("no name before the colon")
    return _Heading(line[:-1].rstrip())


def _unrelated(line: str) -> _Unrelated | None:
    """The related word that a line strikes out; None where it is about something else."""
    line = _DASH.sub("-", line)
    named = _FIELD.fullmatch(line.lstrip("-! "))
    if not named or named["name"].lower() != _RELATED:
        return None
    if _SIGNS.get(line[0]) is not Sign.LESS:
        raise _Misread("related words are learned from papers; a line can only strike one out: -related: and the word")
    word = named["rest"]
    if not any(found.term for found in split(word)):
        raise _Misread("nothing after related:" if not word else "no words in it")
    if '"' in word or "^" in word:
        raise _Misread("a related word is struck out as it is, without quotes and weight")
    return _Unrelated(word)


def _interest(line: str) -> Interest:
    line = _DASH.sub("-", line)
    sign = _SIGNS.get(line[0], Sign.MORE)
    field, rest = _field(line if sign is Sign.MORE else line[1:].lstrip())
    phrase, is_exact, weight = _phrase(rest)
    if not phrase:
        raise _Misread(f"nothing after {field}:" if field else "no words in it")
    interest = Interest(phrase=phrase, sign=sign, field=field, exact=is_exact, weight=weight)
    _check_words(interest)
    return interest


def _field(text: str) -> tuple[Field | None, str]:
    """The field that a line names, and the rest of the line; a colon after any other word is part of the phrase."""
    named = _FIELD.fullmatch(text)
    if not named:
        return None, text
    name = named["name"].lower()
    if name in _FIELDS:
        return _FIELDS[name], named["rest"]
    way_out = "or put the line in quotes to look for these words"
    if name in _EVERYWHERE:
        raise _Misread(f'no field "{name}"; leave it out to look in title and abstract, {way_out}')
    meant = _ALIASES.get(name) or next(iter(get_close_matches(name, _FIELDS, n=1, cutoff=0.8)), None)
    if meant:
        raise _Misread(f'no field "{name}"; did you mean {meant}:? Write that, {way_out}')
    return None, text


def _phrase(text: str) -> tuple[str, bool, float]:
    """The phrase, whether it stood in quotes, and its weight."""
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        if not quoted:
            raise _Misread("a quote is not closed")
        if quoted["after"] and not quoted["after"].startswith("^"):
            raise _Misread("words follow the closing quote; put the quotes around the whole phrase")
        weight = _weight(quoted["after"][1:]) if quoted["after"] else 1.0
        return quoted["phrase"].strip(), True, weight
    if '"' in text:
        is_pair = text.count('"') % 2 == 0
        raise _Misread("put the quotes around the whole phrase" if is_pair else "a quote is not closed")
    phrase, caret, after = text.rpartition("^")
    if not caret or " " in after.strip():  # n^2 algorithms
        return text, False, 1.0
    return phrase.rstrip(), False, _weight(after)


def _weight(text: str) -> float:
    number = text.strip()
    if not _NUMBER.fullmatch(number):
        raise _Misread(f'"{number}" is no weight; write a number from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g} after ^')
    weight = float(number)
    if weight > MOST_WEIGHT:
        raise _Misread(f"weight {number} is over {MOST_WEIGHT:g}")
    if weight < LEAST_WEIGHT:
        raise _Misread(f"weight {number} is under {LEAST_WEIGHT:g}")
    return weight


def _check_words(interest: Interest) -> None:
    """Refuse an interest that could never fit a paper, or that fits every one."""
    if interest.field is Field.AUTHOR:
        found = bool(readings(interest.phrase))
    else:
        found = any(word.text for word in split(interest.phrase))
    if not found:
        raise _Misread("no words in it")
    if interest.field in (None, Field.TITLE) and not interest.exact and not wanted(interest.phrase):
        raise _Misread("every paper has these words; put them in quotes to look for them as they stand")


def _written(interest: Interest) -> str:
    sign = next((sign for sign, meaning in _SIGNS.items() if meaning is interest.sign), "")
    field = f"{interest.field}: " if interest.field else ""
    phrase = f'"{interest.phrase}"' if interest.exact else interest.phrase
    # a caret inside an unquoted phrase would be read as its weight
    shows_weight = interest.weight != 1 or ("^" in phrase and not interest.exact)
    return f"{sign}{field}{phrase}" + (f" ^{interest.weight:.15g}" if shows_weight else "")
