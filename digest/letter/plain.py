"""Outside text made harmless for every place of a letter, without moving a single character."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import TypeVar

_Value = TypeVar("_Value")

# One for one, so that the offsets of marks stay true: line ends and controls, marks of direction and zero-width
# characters become spaces; lone surrogates, which no encoding can carry, the replacement character.
_INVISIBLE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0080),
)
_TABLE = dict.fromkeys(_INVISIBLE, " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def plain(value: _Value) -> _Value:
    """The same value with every text in it on one line, visible and encodable; lengths stay.

    Walks through tuples and frozen dataclasses, so that a whole letter passes at once and no slot is forgotten.
    """
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if value.isprintable() else value.translate(_TABLE)  # type: ignore[return-value]  # a str is a str again
    if isinstance(value, tuple):
        return tuple(plain(each) for each in value)  # type: ignore[return-value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **fields)
    return value
