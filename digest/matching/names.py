"""Looks for authors and categories by name: "LeCun, Yann" is "Y. LeCun", and "cs" holds "cs.CL"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from digest.matching.analysis import fold
from digest.model import Field, ItemText, Mark

AUTHOR_SHARE = 1.0
CATEGORY_SHARE = 0.1

_PART = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’](?=[^\W_]))*")
_SMALL_WORDS = "al bin da das de del della den der di do dos du el la le los ten ter van vom von zu zum zur"
_PARTICLES = frozenset(_SMALL_WORDS.split())
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})


class Reading(NamedTuple):
    """One way to understand a name, folded."""

    family: str
    given: tuple[str, ...]  #: given names and initials in order; empty where only the family is named


class Names:
    """Who wrote the papers of an edition, and where they are filed; papers by position."""

    def __init__(self, texts: Iterable[ItemText]) -> None:
        """Note every author and every category, with those that it lies in."""
        self._families: dict[str, list[tuple[int, Reading]]] = defaultdict(list)
        self._categories: dict[str, set[int]] = defaultdict(set)
        for paper, text in enumerate(texts):
            for reading in (reading for author in text.authors for reading in readings(author)):
                self._families[reading.family].append((paper, reading))
            for category in text.categories:
                key = category_key(category)
                for name in (key, *(key[:at] for at, sign in enumerate(key) if sign == ".")):
                    self._categories[name].add(paper)

    def by_author(self, sought: Iterable[Reading]) -> list[int]:
        """The papers by a person whose name may be understood so."""
        listed = ((one, other) for one in sought for other in self._families.get(one.family, ()))
        return sorted({paper for one, (paper, other) in listed if _agree(one.given, other.given)})

    def in_category(self, key: str) -> list[int]:
        """The papers in this category or in one below it: cs holds cs.CL."""
        return sorted(self._categories.get(key, ()))


def mark_author(sought: frozenset[Reading], authors: Sequence[str]) -> Mark:
    """The first author of this name in a list."""
    return _mark(Field.AUTHOR, authors, lambda author: is_same_person(sought, readings(author)))


def mark_category(sought: str, categories: Sequence[str]) -> Mark:
    """The first category in a list that is the one sought or lies in it."""
    return _mark(Field.CATEGORY, categories, lambda category: _is_within(category_key(category), sought))


@lru_cache(maxsize=1 << 14)
def readings(name: str) -> frozenset[Reading]:
    """Every way to understand a name; empty when it has no letters.

    "Smith JA" is written as PubMed does, "Smith, J. A." as catalogues do; Le Cun and LeCun are one family.
    """
    before, _, after = name.partition(",")
    if _parts(before) and _parts(after):
        return frozenset(_families(_given(after), _parts(before)))
    parts = _parts(name)
    found = {reading for at in parts[-1:] for reading in _families(_given(" ".join(parts[:-1])), [at])}
    if len(parts) > 1 and _are_initials(parts[-1]):
        found.update(_families(list(parts[-1]), parts[:-1]))
    return frozenset(found)


def is_same_person(sought: Iterable[Reading], listed: Iterable[Reading]) -> bool:
    """Whether a listed author may be the person sought: the same family, and given names that do not disagree.

    A family name alone is every person of that name; initials stand for what begins with them, and middle names may
    be missing.
    """
    return any(one.family == other.family and _agree(one.given, other.given) for one in sought for other in listed)


@lru_cache(maxsize=1 << 12)
def category_key(name: str) -> str:
    """A category, however it is spelled: "Cell Biology" and "cell-biology" are one."""
    return re.sub(r"[\s_-]+", "-", fold(name.strip()))


def _mark(field: Field, names: Sequence[str], fits: Callable[[str], bool]) -> Mark:
    which = next(at for at, name in enumerate(names) if fits(name))
    start = len(", ".join(names[:which])) + (2 if which else 0)
    return Mark(field=field, start=start, end=start + len(names[which]))


def _is_within(listed: str, sought: str) -> bool:
    return listed == sought or listed.startswith(f"{sought}.")


def _parts(name: str) -> list[str]:
    """The parts of a name as written, without Jr. and the like."""
    return [part for part in _PART.findall(name) if fold(part) not in _GENERATIONS]


def _are_initials(part: str) -> bool:
    return part.isupper() and len(part) <= 3


def _given(names: str) -> list[str]:
    """Given names and initials as written; "JA" beside other spelling is J. A."""
    is_shouted = names.isupper() and any(len(part) > 3 for part in _parts(names))
    return [piece for part in _parts(names) for piece in ([part] if is_shouted or not _are_initials(part) else [*part])]


def _families(given: list[str], family: list[str]) -> set[Reading]:
    """Readings by the last word of the family and by all of it in one; its particles may stand among the given."""
    shows_case = not all(part.islower() for part in family)
    while given and fold(given[-1]) in _PARTICLES and (len(given) > 1 or (given[-1].islower() and shows_case)):
        family = [given.pop(), *family]
    names = [fold(part) for part in family]
    firsts = tuple(fold(part) for part in given)
    return {Reading(names[-1], firsts), Reading("".join(names), firsts)}


def _agree(sought: tuple[str, ...], listed: tuple[str, ...]) -> bool:
    if not sought or not listed:
        return not sought
    pairs = zip(sought, listed, strict=False)
    return "".join(sought) == "".join(listed) or all(_is_short_for(*pair) for pair in pairs)


def _is_short_for(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])
