"""Sentences that name the reader's address: set once for all plain addresses of a length."""

from __future__ import annotations

import re

from markupsafe import escape

from digest.letter.columns import wrapped
from digest.letter.plain import plain
from digest.letter.quoted import encoded
from digest.letter.slots import Sentence
from digest.letter.works import Pair

#: stands in both parts of a letter as it is, on one line; nothing is asked of it but its length
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+")

_Around = tuple[list[bytes], list[bytes]]  # what stands before and behind an address, in HTML and text


class Addressed:
    """One sentence. Two addresses of a length are set alike, but for their own letters."""

    __slots__ = ("_around", "_sentence")

    def __init__(self, sentence: Sentence) -> None:
        """`sentence` has one slot, for the address."""
        self._sentence = sentence
        self._around: dict[int, _Around | None] = {}  # {length of an address: None where it stands not once, and whole}

    def to(self, email: str) -> Pair:
        """The sentence with this address, encoded for both parts."""
        around = self._around_plain(len(email)) if _PLAIN_ADDRESS.fullmatch(email) else None
        if around is None:
            return set_paragraph(self._sentence.filled(plain(email)))
        address = email.encode()
        return address.join(around[0]), address.join(around[1])

    def _around_plain(self, length: int) -> _Around | None:
        if length not in self._around:
            one, other = self._apart("x" * length), self._apart("y" * length)
            is_clear = one == other and all(len(parts) == 2 for parts in one)
            self._around[length] = one if is_clear else None
        return self._around[length]

    def _apart(self, address: str) -> _Around:
        html, text = (part.split(address.encode()) for part in set_paragraph(self._sentence.filled(address)))
        return html, text


def set_paragraph(text: str) -> Pair:
    """A paragraph, encoded for both parts; most short ones are the same in both."""
    escaped, lines = str(escape(text)), wrapped(text)
    html = encoded(escaped)
    return html, html if lines == escaped else encoded(lines)
