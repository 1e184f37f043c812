"""The text in which readers write their interests: understood line by line, and written back."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from digest.matching.analysis import split
from digest.matching.names import category_key, readings
from digest.matching.phrase import canonical_phrase, exact_texts, wanted
from digest.model import Field, Interest, Sign

LEAST_WEIGHT, MOST_WEIGHT = 0.1, 5.0

_FIELDS = {"title": Field.TITLE, "author": Field.AUTHOR, "category": Field.CATEGORY}
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


class _Misread(Exception):  # noqa: N818  # it never leaves this file
    """Why a line cannot be understood."""


def understand(text: str) -> Understood:
    """The interests of a text, one per line, with the problems of the lines that are none (docs/interests.md).

    A text without any line end is what people type on a command line: there, commas outside quotes part the interests.
    """
    interests: list[Interest] = []
    problems: list[Problem] = []
    topic = None
    for number, line in _lines(text):
        tidy = " ".join(line.split())
        if not tidy or tidy.startswith("#"):
            continue
        try:
            if (heading := _heading(tidy)) is not None:
                topic = heading
            else:
                interests.append(_interest(tidy, topic, number))
        except _Misread as why:
            problems.append(Problem(number, line.strip(), str(why)))
    return Understood(tuple(interests), tuple(problems))


def write(interests: Iterable[Interest]) -> str:
    """A text that `understand` reads as these interests; those without a topic stand first."""
    lines, topic = [], None
    for interest in sorted(interests, key=lambda each: each.topic is not None):
        if interest.topic != topic:
            topic = interest.topic
            lines.append(f"{topic}:")
        lines.append(_written(interest))
    return "".join(f"{line}\n" for line in lines)


def canonical(interest: Interest) -> Hashable:
    """What an interest looks for, the same for every spelling of it; sign, weight and topic are not part of it."""
    if interest.field is Field.AUTHOR:
        return interest.field, readings(interest.phrase)
    if interest.field is Field.CATEGORY:
        return interest.field, category_key(interest.phrase)
    if interest.exact:
        return interest.field, "exact", exact_texts(interest.phrase)
    return interest.field, canonical_phrase(interest.phrase)


def _lines(text: str) -> list[tuple[int, str]]:
    plain = text.translate(_TYPOGRAPHY)
    lines = plain.splitlines()
    if lines == [plain]:
        return [(1, piece) for piece in _BETWEEN_COMMAS.findall(plain)]
    return list(enumerate(lines, start=1))


def _heading(line: str) -> str | None:
    """The topic that a line opens; None when it opens none."""
    named = _FIELD.fullmatch(line)
    if not line.endswith(":") or line[0] in {'"', *_SIGNS} or (named and named["name"].lower() in _FIELDS):
        return None
    if not line[:-1].strip():
        raise _Misread("no name before the colon")
    return line[:-1].rstrip()


def _interest(line: str, topic: str | None, number: int) -> Interest:
    line = _DASH.sub("-", line)
    sign = _SIGNS.get(line[0], Sign.MORE)
    field, rest = _field(line if sign is Sign.MORE else line[1:].lstrip())
    phrase, is_exact, weight = _phrase(rest)
    if not phrase:
        raise _Misread(f"nothing after {field}:" if field else "no words in it")
    interest = Interest(phrase=phrase, sign=sign, field=field, exact=is_exact, weight=weight, topic=topic, line=number)
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
