"""The picks of many letters packed at once, from columns: what `pack` makes of each, but for the order of its texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.store.picks import LARGE, PICK, characters, frame, joined

Numbers = NDArray[np.int64]

_TEXT_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Letters one after the other; what fits a reader is all picks, or all misses."""

    starts: Numbers  #: the rows of letter n are starts[n]:starts[n + 1] of the next five
    items: Numbers
    revisions: Numbers
    scores: Numbers
    topics: Numbers  #: a place in `texts`, or -1
    reasons: Numbers  #: the reasons of row n are reasons[n]:reasons[n + 1] of the next two
    phrases: Numbers  #: places in `texts`
    pieces: Sequence[str]  #: each made by `piece`
    are_misses: Sequence[bool]  #: by letter, as the next three
    trending: Sequence[Sequence[str]]  #: each made by `packed_pick`
    considered: Sequence[int]
    lines: Sequence[int]
    texts: Sequence[str]  #: phrases and topics of all letters, as the next two
    unread: Sequence[str]
    since: date | None


def pack_all(columns: Columns) -> Iterator[bytes]:
    """Each letter for `unpack`."""
    texts, unread = _Texts.of(columns), columns.unread
    heads, reasons = _heads(columns, texts.topics), columns.reasons[columns.starts].tolist()
    unread_places, unread_lengths = characters(*range(len(unread))), characters(*map(len, unread))
    numbers = cache(lambda considered, line: characters(*frame(considered, line, columns.since)))
    spans = pairwise(columns.starts.tolist()), pairwise(reasons), pairwise(texts.starts)
    by_letter = columns.are_misses, columns.trending, columns.considered, columns.lines
    for (row, end), (reason, last), (text, stop), is_miss, trending, considered, line in zip(
        *spans, *by_letter, strict=True
    ):
        fitting = (0, end - row) if is_miss else (end - row, 0)
        yield joined(
            numbers(considered, line) + characters(*fitting, len(trending), len(unread) + stop - text, len(unread)),
            unread_places,
            unread_lengths + texts.lengths[text:stop],
            [*unread, *texts.written[text:stop]],
            heads[PICK * row : PICK * end] + "".join(trending),
            texts.phrases[reason:last],
            columns.pieces[reason:last],
        )


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts that each letter names, each once, letter after letter."""

    starts: list[int]  #: the texts of letter n are starts[n]:starts[n + 1] of the next two
    written: list[str]
    lengths: str
    phrases: str  #: by reason: the place of its phrase among the texts of its letter
    topics: Numbers  #: by row: one more than the place of its topic, or 0

    @classmethod
    def of(cls, columns: Columns) -> _Texts:
        letters, rows = _owners(columns.starts), _owners(columns.reasons)
        has_topic = columns.topics >= 0
        owners = np.concatenate([letters[rows], letters[has_topic]])
        named = np.concatenate([columns.phrases, columns.topics[has_topic]])
        found, places = np.unique(owners << _TEXT_BITS | named, return_inverse=True)
        starts = np.searchsorted(found, np.arange(len(columns.starts)) << _TEXT_BITS)
        places = len(columns.unread) + places - starts[owners]
        topics = np.zeros(len(letters), np.int64)
        topics[has_topic] = 1 + places[len(rows) :]
        written = list(map(columns.texts.__getitem__, (found & (1 << _TEXT_BITS) - 1).tolist()))
        return cls(starts.tolist(), written, characters(*map(len, written)), _characters(places[: len(rows)]), topics)


def _heads(columns: Columns, topics: Numbers) -> str:
    """The numbers of all rows; none of them has votes."""
    heads = np.zeros((len(columns.items), PICK), np.int64)
    heads[:, 0], heads[:, 1] = np.divmod(columns.items, LARGE)
    heads[:, 4] = columns.revisions
    heads[:, 5] = np.where(columns.scores >= 0, 2 * columns.scores, -2 * columns.scores - 1)
    heads[:, 6] = topics
    heads[:, 7] = np.diff(columns.reasons)
    return _characters(heads)


def _owners(starts: Numbers) -> Numbers:
    """For each of what stands in starts[n]:starts[n + 1]: the number n."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _characters(numbers: Numbers) -> str:
    return numbers.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
