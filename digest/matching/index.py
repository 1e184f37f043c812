"""The words of many papers as arrays: what is kept of an edition, and what every score is computed from."""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from digest.matching.acronyms import definitions
from digest.matching.analysis import TITLE_WEIGHT, analyse
from digest.matching.history import History
from digest.matching.postings import Postings
from digest.model import ItemText

T = TypeVar("T", bound=np.generic)

_NARROW = 1 << 16  # so many terms have numbers of two bytes
_HEAD = 4  # bytes that tell the size of what stands before the arrays


@dataclass(frozen=True, eq=False)
class Index:
    """Papers by position, their titles and abstracts as rows of terms by number.

    A field ends with a gap, term number 0, and so does a sentence: no words are neighbours across it.
    """

    items: NDArray[np.int64]
    revisions: NDArray[np.int32]  #: which text of the item it was
    terms: tuple[str, ...]  #: by number; the first is empty
    tokens: NDArray[np.int32]  #: numbers of the terms, field after field, function words left out
    starts: NDArray[np.int32]  #: the title of paper p begins at starts[2p], its abstract at starts[2p + 1]
    joined_at: NDArray[np.int32]  #: where in `tokens` a hyphened word begins
    joined: NDArray[np.int32]  #: number of its term with all parts written as one
    definitions: Counter[tuple[str, str]]  #: {(acronym, its terms, parted by spaces): papers that say so}

    @classmethod
    def of(cls, texts: Iterable[ItemText]) -> Index:
        """The index of these texts, in their order."""
        known = list(texts)
        number: dict[str, int] = {"": 0}
        tokens: list[int] = []
        starts, joined_at, joined = [0], [], []
        says: Counter[tuple[str, str]] = Counter()
        for text in known:
            paper = analyse(text)
            for passage in (paper.title, paper.abstract):
                for term, places in passage.bound.items():
                    joined_at += [starts[-1] + place.first for place in places]
                    joined += [number.setdefault(term, len(number))] * len(places)
                tokens += [number.setdefault(word.term, len(number)) for word in passage.slots]
                tokens.append(0)
                starts.append(len(tokens))
            says.update({*definitions(text.title, paper.title), *definitions(text.abstract, paper.abstract)})
        return cls(
            items=np.array([text.item for text in known], np.int64),
            revisions=np.array([text.revision for text in known], np.int32),
            terms=tuple(number),
            tokens=np.array(tokens, np.int32),
            starts=np.array(starts, np.int32),
            joined_at=np.array(joined_at, np.int32),
            joined=np.array(joined, np.int32),
            definitions=says,
        )

    @classmethod
    def join(cls, indexes: Sequence[Index]) -> Index:
        """The papers of several, one after the other."""
        number: dict[str, int] = {"": 0}
        says: Counter[tuple[str, str]] = Counter()
        for index in indexes:
            for term in index.terms:
                number.setdefault(term, len(number))
            says.update(index.definitions)
        renumbered = [np.array([number[term] for term in index.terms], np.int32) for index in indexes]
        before = np.cumsum([0, *(len(index.tokens) for index in indexes)]).astype(np.int32)
        return cls(
            items=_joined([index.items for index in indexes], np.int64),
            revisions=_joined([index.revisions for index in indexes], np.int32),
            terms=tuple(number),
            tokens=_joined([new[index.tokens] for new, index in zip(renumbered, indexes, strict=True)], np.int32),
            starts=_joined(
                [before[:1], *(index.starts[1:] + at for index, at in zip(indexes, before, strict=False))], np.int32
            ),
            joined_at=_joined([index.joined_at + at for index, at in zip(indexes, before, strict=False)], np.int32),
            joined=_joined([new[index.joined] for new, index in zip(renumbered, indexes, strict=True)], np.int32),
            definitions=says,
        )

    def take(self, papers: NDArray[np.int64]) -> Index:
        """These papers by position, in this order; what acronyms mean is left out."""
        fields = np.column_stack([2 * papers, 2 * papers + 1]).ravel()
        sizes = np.diff(self.starts)[fields]
        ends = np.cumsum(sizes)
        moved = np.repeat(self.starts[fields] - ends + sizes, sizes)
        place = np.full(len(self.tokens), -1, np.int64)
        kept = np.arange(len(moved)) + moved
        place[kept] = np.arange(len(kept))
        is_kept = place[self.joined_at] >= 0
        return Index(
            items=self.items[papers],
            revisions=self.revisions[papers],
            terms=self.terms,
            tokens=self.tokens[kept],
            starts=np.concatenate([[0], ends]).astype(np.int32),
            joined_at=place[self.joined_at][is_kept].astype(np.int32),
            joined=self.joined[is_kept],
            definitions=Counter(),
        )

    def updated(self, texts: Sequence[ItemText]) -> Index:
        """The index of these texts, in their order; only those that this one lacks are read."""
        known = zip(self.items.tolist(), self.revisions.tolist(), strict=True)
        place = {key: at for at, key in enumerate(known)}
        missing = [text for text in texts if (text.item, text.revision) not in place]
        place.update({(text.item, text.revision): at for at, text in enumerate(missing, len(place))})
        order = np.array([place[text.item, text.revision] for text in texts], np.int64)
        return (Index.join([self, Index.of(missing)]) if missing else self).take(order)

    @classmethod
    def from_bytes(cls, data: bytes) -> Index:
        """What `to_bytes` was given; an empty index of no bytes at all."""
        if not data:
            return cls.of(())
        (papers, tokens, joined), _, terms, _, _, says = _head(data)
        body = zlib.decompress(data[_HEAD + int.from_bytes(data[:_HEAD]) :])
        number = _width(len(terms))
        kinds = [np.int64, np.int32, np.int32, np.int32, number, number]
        sizes = [papers, papers, 2 * papers + 1, joined, tokens, joined]
        arrays: list[NDArray[Any]] = []
        at = 0
        for kind, size in zip(kinds, sizes, strict=True):
            arrays.append(np.frombuffer(body, kind, size, at))
            at += arrays[-1].nbytes
        return cls(
            items=arrays[0],
            revisions=arrays[1],
            starts=arrays[2],
            joined_at=arrays[3],
            tokens=arrays[4].astype(np.int32),
            joined=arrays[5].astype(np.int32),
            terms=("", *terms),
            definitions=says,
        )

    def to_bytes(self) -> bytes:
        """Two compressed parts: counts and acronyms, which `history_of` reads alone, and the arrays."""
        history = self.history
        definitions = [[short, long, papers] for (short, long), papers in sorted(self.definitions.items())]
        counts, occurrences = (
            [known.get(term, 0) for term in self.terms[1:]] for known in (history.document_counts, history.occurrences)
        )
        sizes = len(self.items), len(self.tokens), len(self.joined)
        head = zlib.compress(
            json.dumps(
                [sizes, history.total_length, self.terms[1:], counts, occurrences, definitions], separators=(",", ":")
            ).encode()
        )
        number = _width(len(self.terms) - 1)
        arrays = (
            self.items,
            self.revisions,
            self.starts,
            self.joined_at,
            self.tokens.astype(number),
            self.joined.astype(number),
        )
        body = zlib.compress(b"".join(array.tobytes() for array in arrays))
        return len(head).to_bytes(_HEAD) + head + body

    @cached_property
    def fields(self) -> NDArray[np.int32]:
        """By place in `tokens`: twice the position of the paper, and one more in the abstract."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))

    @cached_property
    def postings(self) -> Postings:
        """By number of a term: where it stands; a hyphened word stands there by its parts and in one."""
        places = np.concatenate([np.flatnonzero(self.tokens), self.joined_at])
        numbers = np.concatenate([self.tokens[self.tokens > 0], self.joined])
        return self.count(numbers, places, len(self.terms))

    @cached_property
    def history(self) -> History:
        """How common its words are."""
        counts, occurrences = (
            dict(zip(self.terms[1:], some[1:].tolist(), strict=True))
            for some in (self.postings.sizes, self._occurrences)
        )
        return History(len(self.items), int(self.lengths.sum()), counts, self.definitions, occurrences)

    @property
    def _occurrences(self) -> NDArray[np.int64]:
        """By number of a term: how often it stands somewhere, in a title thrice."""
        postings = self.postings
        sums = np.append(0, np.cumsum(TITLE_WEIGHT * postings.titles + postings.abstracts))
        found: NDArray[np.int64] = np.diff(sums[postings.starts])
        return found

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """By paper: its length in words of an abstract."""
        words = np.concatenate([[0], np.cumsum(self.tokens > 0)])[self.starts]
        by_field = np.diff(words).reshape(-1, 2)
        return TITLE_WEIGHT * by_field[:, 0] + by_field[:, 1]

    def count(self, rows: NDArray[np.int32], places: NDArray[np.int64], size: int) -> Postings:
        """So many rows of postings from (row, place in `tokens`) each."""
        fields = self.fields[places]
        return Postings.of(rows, fields >> 1, fields & 1 == 0, (size, len(self.items)))


def history_of(data: bytes) -> History:
    """The history of the index that `to_bytes` made this of, without reading its arrays."""
    if not data:
        return History()
    (papers, _, _), length, terms, counts, occurrences, says = _head(data)
    return History(
        papers, length, dict(zip(terms, counts, strict=True)), says, dict(zip(terms, occurrences, strict=True))
    )


def _head(data: bytes) -> tuple[tuple[int, int, int], int, list[str], list[int], list[int], Counter[tuple[str, str]]]:
    end = _HEAD + int.from_bytes(data[:_HEAD])
    sizes, length, terms, counts, *occurrences, definitions = json.loads(zlib.decompress(data[_HEAD:end]))
    # editions have most of their words in common
    return (
        sizes,
        length,
        list(map(sys.intern, terms)),
        counts,
        occurrences[0] if occurrences else counts,  # of an edition from before they were counted
        Counter({(short, long): papers for short, long, papers in definitions}),
    )


def _width(terms: int) -> type[np.uint16 | np.uint32]:
    return np.uint16 if terms < _NARROW else np.uint32


def _joined(arrays: Sequence[NDArray[T]], kind: type[T]) -> NDArray[T]:
    return np.concatenate([np.empty(0, kind), *arrays]).astype(kind)
