"""How a letter is made short enough to be shown whole: from the bottom up, and never the footer."""

from __future__ import annotations

from collections.abc import Iterator

from digest.letter.quoted import decoded_size
from digest.letter.view import Form

BUDGET = 100_000  #: bytes of HTML, decoded; Gmail cuts a letter off at about 102,000

_FULL = 3  # the best papers carry their whole abstract


def fits(html: bytes) -> bool:
    """Whether an encoded body is within the budget; decoding never makes one larger, which settles most."""
    return len(html) <= BUDGET or decoded_size(html) <= BUDGET


def forms(papers: int, trending: int) -> Iterator[Form]:
    """The forms of a letter with so many papers, from the fullest to one with a single bare title.

    Lower abstracts go first, then the whole ones, then what others read, then titles.
    """
    full = min(_FULL, papers)
    for excerpts in _halved(papers - full):
        yield Form(full, excerpts, papers, trending)
    for fewer in range(full - 1, -1, -1):
        yield Form(fewer, full - fewer, papers, trending)
    for rows in _halved(trending):
        yield Form(0, 0, papers, rows)
    for shown in _halved(papers):
        yield Form(0, 0, max(shown, 1), 0)


def _halved(count: int) -> Iterator[int]:
    while count:
        yield count
        count //= 2
    yield 0
