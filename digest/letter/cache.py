"""A memory with a bound, for what is made once and printed often."""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cache(dict[_Key, _Value]):
    """Keeps so many values; the oldest go first. Reads need no lock, and what is lost is only made again."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._lock = Lock()

    def keep(self, key: _Key, value: _Value) -> _Value:
        """The value, kept."""
        with self._lock:
            if len(self) >= self._most:
                self._make_room()
            self[key] = value
        return value

    def _make_room(self) -> None:
        """Lets an eighth go at once: a dict looks for its oldest key past all those that have gone before."""
        for key in list(islice(self, self._most // 8 + 1)):
            del self[key]
