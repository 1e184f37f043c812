"""Acronyms that papers explain: "large language models (LLMs)" says that LLM is large language model."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from digest.matching.analysis import Passage, Word, fold, stem
from digest.matching.history import History

#: so many papers must explain an acronym, and so large a part of those that do must agree
_LEAST_PAPERS, _MAJORITY = 3, 0.75
#: an acronym that most papers use without a word of explanation is a word of its own: CAT, AIM
_EXPLAINED = 0.1

_SHORT = re.compile(r"\(\s*(?P<short>[^\W_](?:[^\W_]|-)*?[^\W_])(?P<plural>(?<=[A-Z])s)?\s*[,;)]")
_LONGEST = 8  #: letters


@dataclass(frozen=True, slots=True)
class Acronyms:
    """What is short for what, in terms."""

    long_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: {acronym: the terms it stands for}
    short_of: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    starts: frozenset[str] = frozenset()  #: the first term of each that is spelled out

    @classmethod
    def of(cls, history: History) -> Acronyms:
        """Those that enough papers explain, and nearly all of them alike."""
        meanings: dict[str, dict[str, int]] = defaultdict(dict)
        for (short, long), papers in history.definitions.items():
            meanings[short][long] = papers
        long_of = {}
        for short, papers_by_long in sorted(meanings.items()):
            long, papers = max(papers_by_long.items(), key=lambda each: (each[1], each[0]))
            needed = max(_LEAST_PAPERS, _MAJORITY * sum(papers_by_long.values()))
            if papers >= max(needed, _EXPLAINED * history.document_counts.get(short, 0)):
                long_of[short] = tuple(long.split())
        # of two acronyms for one thing the one explained more often
        often = sorted(long_of, key=lambda short: history.definitions[short, " ".join(long_of[short])])
        return cls(long_of, {long_of[short]: short for short in often}, frozenset(long[0] for long in long_of.values()))


def definitions(text: str, passage: Passage) -> Iterator[tuple[str, str]]:
    """(acronym, terms) as terms parted by spaces, for each acronym that the text explains where it brings it in."""
    if "(" not in text:
        return
    starts = [word.start for word in passage.words]
    for found in _SHORT.finditer(text):
        short = found["short"]
        if sum(map(str.isupper, short)) >= 2 and len(short) <= _LONGEST:
            before = passage.words[: bisect_left(starts, found.start())]
            terms = _spelled_out(short, before)
            if len(terms) > 1:
                yield stem(fold(short.replace("-", ""))), " ".join(terms)


def _spelled_out(short: str, before: tuple[Word, ...]) -> list[str]:
    """The terms whose words begin with the letters of an acronym, right before it; none where they do not."""
    letters = [sign.lower() for sign in short if sign.isalpha()]
    capitals = [sign.lower() for sign in short if sign.isupper()]
    return _ending_with(letters, before) or _ending_with(capitals, before)


def _ending_with(letters: list[str], before: tuple[Word, ...]) -> list[str]:
    terms: list[str] = []
    left = len(letters)
    for word in reversed(before):
        if not word.text or not left:
            break
        if word.text[0] == letters[left - 1]:
            left -= 1
        elif word.term:
            break  # only function words may lack a letter: mixture of experts (ME)
        if word.term:
            terms.append(word.term)
    return terms[::-1] if not left else []
