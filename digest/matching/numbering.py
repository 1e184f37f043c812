"""Numbers for things that are met again and again, so that arrays can speak of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from itertools import count, islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=Hashable)


class Numbers(defaultdict[T, int]):
    """{thing: number}, counted from 0 in the order in which they were first asked for."""

    def __init__(self) -> None:
        super().__init__(count().__next__)

    def of(self, things: Iterable[T]) -> NDArray[np.int64]:
        """The number of each, a new one where it is new."""
        return np.fromiter(map(self.__getitem__, things), np.int64)

    def since(self, number: int) -> list[T]:
        """The things from this number on, in order."""
        return list(islice(reversed(self), len(self) - number))[::-1]
