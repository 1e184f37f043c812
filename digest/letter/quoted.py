"""Quoted-printable in pieces: each stands on lines of its own, so that pieces can be joined in any order.

A piece begins at the start of a line, and its last line has room for the "=" of a soft break. So what is joined with
soft breaks decodes to the texts joined, and no line is longer than 76 characters (RFC 2045, section 6.7).
"""

from __future__ import annotations

import re
from array import array
from binascii import a2b_qp, b2a_qp
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate

from digest.letter.cache import Cache
from digest.letter.marks import Span, merged

Spans = tuple[Span, ...]

SOFT = b"=\r\n"  #: ends a line that the decoded text does not end

_MARKED = 64  # ways to mark one text
_LONGEST = 75  # characters; with the "=" 76

_LINE = re.compile(rb".{1,75}(?<!=)(?<!=.)(?!\.)", re.DOTALL)  # ends inside no =XX, and the next begins with no dot

# A dot at the start of a line is doubled in SMTP and undone by the receiver; where one of them forgets, a title loses
# a character or the letter ends early. "From " there is what old mailboxes take for the next letter.
_AWKWARD = re.compile(r"^\.|(?<=\.)\.|F(?=rom )| $")
_AWKWARD_LINE = re.compile(rb"^(?:\.|From |[^\n]{75,}[^=\n](?:\r|\Z))", re.MULTILINE)


class _Units(dict[str, bytes]):
    """The quoted-printable form of each character."""

    def __missing__(self, character: str) -> bytes:
        is_plain = " " <= character <= "~" and character != "="
        self[character] = unit = character.encode() if is_plain else _octets(character)
        return unit


def _octets(character: str) -> bytes:
    return b"".join(b"=%02X" % octet for octet in character.encode())


_TEXT = _Units()
_HTML = _Units({"&": b"&amp;", "<": b"&lt;", ">": b"&gt;", '"': b"&#34;", "'": b"&#39;"})


def encoded(text: str) -> bytes:
    """The text with CRLF line ends; no line begins with a dot or with "From ", none ends with a space."""
    data = b2a_qp(text.encode())
    if len(data) <= _LONGEST and b"\n" not in data and not data.startswith((b".", b"From ")):
        return data
    data = data.replace(b"\n", b"\r\n")
    if not _AWKWARD_LINE.search(data):
        return data
    return b"\r\n".join(b"".join(_broken(_units(line, _TEXT))) for line in text.split("\n"))


def decoded(data: bytes) -> str:
    """The text of an encoded body, line ends as LF."""
    return a2b_qp(data.replace(b"\r\n", b"\n")).decode()


def decoded_size(data: bytes) -> int:
    """How many octets an encoded text has when it is decoded, its line ends as CRLF."""
    soft = data.count(SOFT)
    return len(data) - len(SOFT) * soft - 2 * (data.count(b"=") - soft)


class Markable:
    """A text on one line, escaped for HTML and encoded once, in which any words can be marked."""

    def __init__(self, text: str, kept: int) -> None:
        """`kept` counts the characters that a cut has left as they were; a mark beyond them vanishes."""
        self._text = text
        self._data = b"".join(_broken(_units(text, _HTML)))
        self._kept = kept
        self._marked: Cache[Spans, bytes] = Cache(_MARKED)

    @cached_property
    def _places(self) -> array[int]:
        """Where each character stands in the data, and after them where the text ends; most texts are never asked."""
        units = _units(self._text, _HTML)
        breaks = list(accumulate(len(line) - len(SOFT) for line in _broken(units)[:-1]))
        starts = accumulate(map(len, units), initial=0)
        return array("I", (at + len(SOFT) * bisect_right(breaks, at) for at in starts))

    def marked(self, spans: Spans, mark: tuple[bytes, bytes]) -> bytes:
        """The text with these spans between two encoded tags, always the same; overlapping spans become one."""
        if not spans:
            return self._data
        return self._marked.get(spans) or self._marked.keep(spans, self._with(spans, *mark))

    def _with(self, spans: Spans, opening: bytes, closing: bytes) -> bytes:
        within = [span for span in spans if 0 <= span[0] < span[1] <= self._kept]
        parts: list[bytes] = []
        places, at = self._places, 0
        for start, end in merged(within) if len(within) > 1 else within:
            here, there = places[start], places[end]
            parts += (self._from(at, here), opening, self._from(here, there), closing)
            at = there
        parts.append(self._from(at, len(self._data)))
        return b"".join(parts)

    def _from(self, start: int, end: int) -> bytes:
        """A stretch of the data that is put at the start of a line."""
        piece = self._data[start:end]
        return b"=2E" + SOFT + piece[1:] if piece.startswith(b".") else piece


def tag(text: str) -> bytes:
    """A tag between soft breaks, to be put in anywhere between two characters."""
    return SOFT + encoded(text) + SOFT


def _units(line: str, table: Mapping[str, bytes]) -> list[bytes]:
    units = list(map(table.__getitem__, line))
    for found in _AWKWARD.finditer(line):
        units[found.start()] = _octets(line[found.start()])
    return units


def _broken(units: Iterable[bytes]) -> list[bytes]:
    """The lines of a text without line ends, all but the last with their soft break."""
    *lines, last = _LINE.findall(b"".join(units)) or [b""]
    return [*(line + SOFT for line in lines), last]
