"""What a template prints with slots for what is not known yet: a pattern, filled in for every letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from digest.letter.quoted import SOFT, encoded

_LITERALS = 10_000  # the ways to print one text share most of theirs: kept once, they stay near the processor
_SLOT = re.compile("\x01(\\w+)\x02")  # of characters that plain() lets into no text


def slot(name: str) -> Markup:
    """A place in what a template prints; the template must print it as it is."""
    return Markup(f"\x01{name}\x02")  # noqa: S704 - two controls and a name of ours


class Sentence:
    """What was printed, to be filled with texts.

    Raises:
        ValueError: it has a slot with none of these names.
    """

    __slots__ = ("_chosen", "_text")

    def __init__(self, printed: str, names: Sequence[str] = ()) -> None:
        literals, order = _split(printed, names)
        self._text = "%s".join(literal.replace("%", "%%") for literal in literals)
        self._chosen = _chooser(order)

    def filled(self, *values: str) -> str:
        """The text with the values, which come in the order of their names."""
        text: str = self._text % self._chosen(values)
        return text


class Pattern:
    """What was printed, encoded, to be filled with encoded values.

    Its last line is open, as theirs are; that of a row is closed with a soft break where the text does not end it.

    Raises:
        ValueError: it has a slot with none of these names.
    """

    __slots__ = ("_chosen", "_literals", "places")

    def __init__(self, printed: str, names: Sequence[str] = (), *, is_row: bool = False) -> None:
        literals, order = _split(printed, names)
        *others, last = [_joint(literal, at > 0) for at, literal in enumerate(literals)]
        self._literals = (*others, last if is_row else last.removesuffix(SOFT))
        count = len(literals)
        #: for each value, where it stands among the parts
        self.places = tuple([_odd(at for at, value in enumerate(order) if value == n) for n in range(len(names))])
        between = [place for at, value in enumerate(order) for place in (at, count + value)]
        self._chosen = _chooser([*between, count - 1])

    def parts(self, *values: bytes) -> tuple[bytes, ...]:
        """What joined is the text with the values, which come in the order of their names."""
        parts: tuple[bytes, ...] = self._chosen(self._literals + values)
        return parts

    def filled(self, *values: bytes) -> bytes:
        """The parts joined."""
        return b"".join(self._chosen(self._literals + values))


@lru_cache(maxsize=_LITERALS)
def _joint(literal: str, follows_value: bool) -> bytes:  # noqa: FBT001
    """A literal with the soft breaks around it; a value that ends its line in the text needs none."""
    before = SOFT if follows_value and not literal.startswith("\n") else b""
    after = SOFT if literal and not literal.endswith("\n") else b""
    return before + encoded(literal) + after


def _odd(places: Iterable[int]) -> tuple[int, ...]:
    """Where the values at these places stand once literals stand between them."""
    return tuple([2 * at + 1 for at in places])


def _split(printed: str, names: Sequence[str]) -> tuple[list[str], list[int]]:
    """What stands between the slots, before the first and after the last; and which value each slot gets."""
    parts = _SLOT.split(printed)
    return parts[::2], [names.index(name) for name in parts[1::2]]


def _chooser(order: Sequence[int]) -> Callable[[Any], Any]:
    """What makes a tuple of those elements of another tuple."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda values: tuple(values[at] for at in order)
