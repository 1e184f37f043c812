"""Interests by number, so that those of many readers can stand in arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from digest.model import Interest, Sign

_SIGNS = {Sign.MORE: 1, Sign.LESS: -1, Sign.NEVER: 0}


class Wishes:
    """Every interest met so far, once for all readers who word, weigh and file it alike; its number is its place."""

    def __init__(self, sought: Callable[[Interest], int]) -> None:
        """`sought` gives the number of what an interest looks for."""
        self.interests: list[Interest] = []
        self._look_up = sought
        self._numbers: dict[tuple[object, ...], int] = {}
        self._topics: dict[str, int] = {}
        self._spelled: list[tuple[object, ...]] = []
        self._targets: list[tuple[int, int]] = []
        # arrays that can grow; numpy looks into them without a copy
        self._sought, self._weights, self._signs, self._groups = array("i"), array("d"), array("b"), array("q")

    def of(self, interests: Iterable[Interest]) -> list[int]:
        """The numbers of a reader's interests, in an order that does not depend on theirs.

        Of two that look for one thing with one sign the heavier counts, once.
        """
        numbers = sorted(map(self._number, interests), key=self._spelled.__getitem__, reverse=True)
        return list({self._targets[number]: number for number in numbers}.values())

    def arrays(
        self, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int8], NDArray[np.int64]]:
        """What these look for; their weights; their signs, 1 more, -1 less, 0 never; and the groups they stand in."""
        return (
            np.frombuffer(self._sought, np.int32)[numbers],
            np.frombuffer(self._weights, np.float64)[numbers],
            np.frombuffer(self._signs, np.int8)[numbers],
            np.frombuffer(self._groups, np.int64)[numbers],
        )

    def _number(self, interest: Interest) -> int:
        # everything but the line it stands in
        key = (
            interest.phrase,
            interest.sign,
            interest.weight,
            interest.topic,
            interest.field,
            interest.exact,
            interest.unrelated,
        )
        number = self._numbers.get(key)
        return self._add(interest, key) if number is None else number

    def _add(self, interest: Interest, key: tuple[object, ...]) -> int:
        number = self._numbers[key] = len(self.interests)
        sought, sign = self._look_up(interest), _SIGNS[interest.sign]
        self.interests.append(interest)
        self._targets.append((sought, sign))
        rest = (interest.phrase, interest.topic or "", interest.field or "", interest.exact, interest.unrelated)
        self._spelled.append((-interest.weight, *rest))
        self._sought.append(sought)
        self._weights.append(interest.weight)
        self._signs.append(sign)
        self._groups.append(self._group(interest.topic, sought))
        return number

    def _group(self, topic: str | None, sought: int) -> int:
        """One number for all interests of a topic, from 0 up; a number below 0 for each interest in none."""
        return -1 - sought if topic is None else self._topics.setdefault(topic, len(self._topics))
