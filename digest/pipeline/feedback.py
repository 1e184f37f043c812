"""More like a paper of a letter, or less: what some of its phrases would have made of the letter, and adding them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from threading import Lock

import sqlalchemy as sa

from digest.matching.compose import Batch, Reader, batches
from digest.matching.grammar import canonical, write
from digest.matching.window import Window
from digest.model import Delivery, Interest, ItemText, Pick, Profile, Sign
from digest.pipeline.offers import Offer, offers
from digest.pipeline.shelf import Shelf, understood
from digest.pipeline.trials import Trials
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import GONE, Ledger

#: windows that are kept: most who ask come from the letters of one day
_WINDOWS = 3
#: what a window has found of so many different interests is too much to keep
_MANY = 4_000


class Missing(StrEnum):
    """Why a letter has no such paper to show."""

    LETTER = "letter"  #: none has left for this reader on this day
    PICKS = "picks"  #: it is so old that what it named is forgotten
    PAPER = "paper"  #: it did not name so many


@dataclass(frozen=True, slots=True)
class Named:
    """A paper of a letter that has left."""

    row: Delivery
    pick: Pick
    text: ItemText  #: in its newest words


@dataclass(frozen=True, slots=True)
class Move:
    """A paper, with its numbers in a letter and in the one that would have been."""

    text: ItemText
    before: int | None
    after: int | None


class Feedback:
    """Answers what follows from a paper in a letter; several threads may ask. It changes nothing."""

    def __init__(self, database: Database, trials: Trials, shelf: Callable[[], Shelf]) -> None:
        """`shelf` makes a shelf of the editions as letters see them."""
        self._database = database
        self._items = Items(database)
        self._ledger = Ledger(database)
        self._trials = trials
        self._shelf = shelf
        self._lock = Lock()
        self._windows = OrderedDict[tuple[int, int], Window]()

    def named(self, person: int, day: date, rank: int) -> Named | Missing:
        """The paper with this number in a reader's letter of a day."""
        with self._database.read() as connection:
            row = self._ledger.slot(connection, person, day)
            if row is None or row.state not in GONE:
                return Missing.LETTER
            if not row.digest.all_picks:
                return Missing.PICKS
            picks = row.digest.picks + row.digest.trending  # as the letter numbers them
            if not 1 <= rank <= len(picks):
                return Missing.PAPER
            pick = picks[rank - 1]
            today = self._items.resolve(connection, [pick.item])[pick.item]
            return Named(row, pick, self._items.newest_texts(connection, [today])[today])

    def offers(self, text: ItemText, interests: Sequence[Interest] = ()) -> tuple[Offer, ...]:
        """The phrases of a paper that can be followed, without those that `interests` have."""
        with self._trials.at_hand() as month:
            return offers(text, month, interests)

    def moves(self, row: Delivery, profile: Profile, changed: str) -> tuple[Move, ...]:
        """What other interests would have made of a letter: its papers in order, then those that would be gone.

        Both are composed now, from all that the letter was picked from.
        """
        window = row.from_edition or 0, row.to_edition or 0
        with self._lock, self._database.read() as connection:
            found = self._window(connection, *window)
            named = self._ledger.mentioned_among(connection, [row.subscriber], found.items)
            elsewhere = {item for _, item, letter in named if letter != row.id}
            texts = (profile.interests, changed)
            readers = [Reader(profile=replace(profile, interests=text), excluded=elsewhere) for text in texts]
            before, after = (numbers for batch in batches(readers, found) for numbers in _numbers(batch))
        return tuple(
            Move(found.papers[paper].text, before.get(paper), after.get(paper)) for paper in {**after, **before}
        )

    def _window(self, connection: sa.Connection, after: int, to: int) -> Window:
        """What a letter was picked from; call it with the lock held."""
        window = self._windows.pop((after, to), None)
        if window is None or len(window.wishes.interests) > _MANY:
            window = Window(self._shelf().window(connection, after, to))
        self._windows[after, to] = window
        while len(self._windows) > _WINDOWS:
            self._windows.popitem(last=False)
        return window


def _numbers(batch: Batch) -> Iterator[dict[int, int]]:
    """By reader, {paper of the window: its number in the letter}; who looks for nothing has popular ones numbered."""
    letters = batch.letters()
    papers = letters.rows.papers.tolist()
    columns = pairwise(letters.starts), letters.are_misses, batch.profiles.are_seeking.tolist(), letters.trending
    for (start, end), is_miss, is_seeking, popular in zip(*columns, strict=True):
        named = [] if is_miss else papers[start:end] if is_seeking else popular
        yield {paper: number for number, paper in enumerate(named, 1)}


# --- what its reader follows --------------------------------------------------------------------------------------


def has(interests: Sequence[Interest], phrase: str, sign: Sign) -> bool:
    """Whether a reader has asked for a phrase already, with this sign."""
    theirs = {canonical(Interest(phrase=each.phrase)) for each in interests if each.sign is sign and each.field is None}
    return canonical(Interest(phrase=phrase)) in theirs


def grown(text: str, phrases: Sequence[str], sign: Sign, topic: str | None) -> str:
    """A text of interests with more lines: under the heading of a topic, or where there is none before all headings.

    What stands there stays as its reader has written it; a list with commas goes on as one.
    """
    new = [write([Interest(phrase=phrase, sign=sign)]) for phrase in phrases]
    lines = text.splitlines(keepends=True)
    if text.splitlines() == [text] and text.strip():
        return ", ".join([text.strip().removesuffix(","), *map(str.strip, new)])
    at = _end_of(topic, text)
    is_open = at > 0 and lines[at - 1].splitlines() == lines[at - 1 : at]
    return "".join([*lines[:at], "\n" * is_open, *new, *lines[at:]])


def _end_of(topic: str | None, text: str) -> int:
    """After how many lines the last interest of a topic stands; of one that is gone, the last without any."""
    interests = understood(text).interests
    for wanted in (topic, None):
        lines = [each.line for each in interests if each.topic == wanted]
        if lines:
            return max(lines)
    return 0
