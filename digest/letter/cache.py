"""A memory with a bound, for what is made once and printed often."""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cache(dict[_Key, _Value]):
    """Keeps so many values; the oldest goes first. Reads need no lock, and what is lost is only made again."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._lock = Lock()

    def keep(self, key: _Key, value: _Value) -> _Value:
        """The value, kept."""
        with self._lock:
            if len(self) >= self._most:
                del self[next(iter(self))]
            self[key] = value
        return value
