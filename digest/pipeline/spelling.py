"""What a word that no paper has may be meant to be: the nearest one that papers do have."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from digest.matching.phrase import wanted
from digest.model import ItemText

_WORD = re.compile(r"[^\W\d_]{3,}")
_LEAST_LETTERS = 4  # shorter ones are names and acronyms: nearly any is near to any other
_LONG = 6  # letters from which on a word may be two edits off
_MOST_UNKNOWN = 2  # with more unknown words it is another language, not a slip
_BINS = 32  # letters by their number, small Latin ones apart


def spelled(texts: Iterable[ItemText]) -> Counter[str]:
    """{word of these papers in small letters: how often}."""
    text = "\n".join(f"{each.title}\n{each.abstract}" for each in texts)
    counts = Counter(_WORD.findall(text.casefold()))
    # editions have most of their words in common
    return Counter({sys.intern(word): count for word, count in counts.items()})


class Spelling:
    """The words of many papers."""

    def __init__(self, counts: Mapping[str, int], terms: Container[str]) -> None:
        """`counts` say how often each word occurs; `terms` are the stems that are known."""
        self._words = list(counts)
        self._counts = counts
        self._terms = terms
        self._letters = _letters(self._words)

    def mend(self, phrase: str) -> str | None:
        """The phrase with its unknown words replaced; None where there is none, or one is near to nothing."""
        unknown = [word for word in wanted(phrase) if word.term not in self._terms]
        if not 0 < len(unknown) <= _MOST_UNKNOWN:
            return None
        for word in reversed(unknown):  # from the end, so that offsets stay true
            meant = self.nearest(word.text)
            if meant is None:
                return None
            phrase = phrase[: word.start] + meant + phrase[word.end :]
        return phrase

    def nearest(self, word: str) -> str | None:
        """The word fewest edits away, one or, from a long word, two; of equals the most frequent."""
        if len(word) < _LEAST_LETTERS or not _WORD.fullmatch(word):
            return None
        reach = (1, 2) if len(word) >= _LONG else (1,)
        apart = np.abs(self._letters - _letters([word])).sum(axis=1)
        for most in reach:
            # an edit changes how often at most two letters occur
            near = (self._words[at] for at in np.flatnonzero(apart <= 2 * most).tolist())
            found = [other for other in near if edits(word, other) <= most]
            if found:
                return max(found, key=lambda other: (self._counts[other], other))
        return None


def edits(one: str, other: str) -> int:
    """How many letters to put in, take out, change, or swap with the next make one word the other.

    This is the optimal string alignment distance.
    """
    before, last = list[int](), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        row = [at]
        for to, wish in enumerate(other, 1):
            least = min(row[-1] + 1, last[to] + 1, last[to - 1] + (letter != wish))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wish:
                least = min(least, before[to - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]


def _letters(words: Sequence[str]) -> NDArray[np.int8]:
    """By word: how often it has each letter."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    letters = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32) % _BINS
    owner = np.repeat(np.arange(len(words)), lengths)
    counts = np.bincount(owner * _BINS + letters, minlength=len(words) * _BINS)
    return np.minimum(counts, 64).reshape(-1, _BINS).astype(np.int8)
