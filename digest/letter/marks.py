"""Where the reader's own words stand: a text split into plain and marked pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from digest.model import Field, Match


class Piece(NamedTuple):
    """A stretch of text, and whether it is marked."""

    text: str
    is_marked: bool = False


Span = tuple[int, int]  #: start and end, in characters


def spans(matches: Iterable[Match], field: Field) -> list[Span]:
    """The marks that stand in one field."""
    return [(m.mark.start, m.mark.end) for m in matches if m.mark is not None and m.mark.field is field]


def pieces(text: str, marks: Iterable[Span]) -> tuple[Piece, ...]:
    """The text as alternating pieces; their texts joined are the text. None is empty.

    Overlapping marks become one. A mark that does not lie within the text has been cut away and vanishes: half a
    mark would claim words that the reader never typed.
    """
    result: list[Piece] = []
    at = 0
    for start, end in merged([span for span in marks if 0 <= span[0] < span[1] <= len(text)]):
        result += [Piece(text[at:start]), Piece(text[start:end], is_marked=True)]
        at = end
    result.append(Piece(text[at:]))
    return tuple(piece for piece in result if piece.text)


def merged(marks: Iterable[Span]) -> list[Span]:
    """The marks in their order, overlapping ones as one."""
    result: list[Span] = []
    for start, end in sorted(marks):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def listed(values: Sequence[str], marks: Sequence[Span]) -> list[tuple[str, list[Span]]]:
    """Each value of a list with the marks inside it; `marks` are offsets into the list joined by ", "."""
    result = []
    at = 0
    for value in values:
        end = at + len(value)
        result.append((value, [(max(s, at) - at, min(e, end) - at) for s, e in marks if s < end and e > at]))
        at = end + len(", ")
    return result
