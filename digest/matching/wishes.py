"""Interests by number, so that those of many readers can stand in arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from digest.matching.grammar import understand
from digest.model import Field, Interest, Sign

_SIGNS = {Sign.MORE: 1, Sign.LESS: -1, Sign.NEVER: 0}


class Wishes:
    """Every interest met so far, once for all readers who word, weigh and file it alike; its number is its place."""

    def __init__(self, sought: Callable[[Interest], int]) -> None:
        """`sought` gives the number of what an interest looks for."""
        self.interests: list[Interest] = []
        self.texts: list[str] = []  #: phrases and topics, each once
        self._look_up = sought
        self._numbers: dict[tuple[object, ...], int] = {}
        self._lines: dict[str, int] = {}  # what a line says in a text without topics
        self._text_numbers: dict[str, int] = {}
        self._spelled: list[tuple[object, ...]] = []
        self._targets: list[int] = []
        # arrays that can grow; numpy looks into them without a copy
        self._sought, self._weights, self._signs = array("i"), array("d"), array("b")
        self._groups, self._phrases, self._categories = array("q"), array("q"), array("b")

    def of(self, interests: Iterable[Interest]) -> list[int]:
        """The numbers of a reader's interests, in an order that does not depend on theirs.

        Of two that look for one thing with one sign the heavier counts, once.
        """
        return self._distinct(list(map(self._number, interests)))

    def read(self, text: str) -> list[int]:
        """The numbers of what a text of interests says, in the same order.

        Most lines are known from other readers. They need not be understood again, if no other line of the text speaks
        of them: one that opens a topic or strikes out a word.
        """
        lines = text.splitlines()
        numbers = [self._lines.get(line, -1) for line in lines]
        # a text that ends without a line end may be a list with commas
        return self._distinct(numbers) if len(lines) > 1 and -1 not in numbers else self._understood(text, lines)

    def sought(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """What these look for."""
        return np.frombuffer(self._sought, np.int32)[numbers]

    def weights(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """How much these weigh."""
        return np.frombuffer(self._weights, np.float64)[numbers]

    def signs(self, numbers: NDArray[np.int64]) -> NDArray[np.int8]:
        """1 for more, -1 for less, 0 for never."""
        return np.frombuffer(self._signs, np.int8)[numbers]

    def groups(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The groups that these stand in: a topic's place in `texts`, below 0 for an interest in none."""
        return np.frombuffer(self._groups, np.int64)[numbers]

    def phrases(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of their phrases in `texts`."""
        return np.frombuffer(self._phrases, np.int64)[numbers]

    def are_categories(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether these look for a whole category."""
        return np.frombuffer(self._categories, np.bool_)[numbers]

    def _distinct(self, numbers: list[int]) -> list[int]:
        numbers.sort(key=self._spelled.__getitem__, reverse=True)
        return list({self._targets[number]: number for number in numbers}.values())

    def _understood(self, text: str, lines: list[str]) -> list[int]:
        interests = understand(text).interests
        numbers = [self._number(interest) for interest in interests]
        if len(lines) > 1 and all(each.topic is None and not each.unrelated for each in interests):
            known = ((lines[each.line - 1], number) for each, number in zip(interests, numbers, strict=True))
            self._lines.update(known)
        return self._distinct(numbers)

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
        self._targets.append(sought * len(_SIGNS) + sign)
        rest = (interest.phrase, interest.topic or "", interest.field or "", interest.exact, interest.unrelated)
        self._spelled.append((-interest.weight, *rest))
        self._sought.append(sought)
        self._weights.append(interest.weight)
        self._signs.append(sign)
        # one group for all interests of a topic, and one for each interest in none
        self._groups.append(-1 - sought if interest.topic is None else self._text(interest.topic))
        self._phrases.append(self._text(interest.phrase))
        self._categories.append(interest.field is Field.CATEGORY)
        return number

    def _text(self, text: str) -> int:
        number = self._text_numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number
