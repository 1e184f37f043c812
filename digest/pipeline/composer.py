"""What the letters of many readers say: readers of one window are composed for together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from digest.matching.compose import Reader, compose_all
from digest.matching.window import Window
from digest.model import Digest
from digest.pipeline.look import Look
from digest.pipeline.shelf import Shelf, understood
from digest.store.items import Items
from digest.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class _Opened:
    """A window as all readers of a run share it."""

    window: Window
    since: date | None  #: UTC day of its oldest edition


class Composer:
    """Composes letters; made for one run, which sees every edition as it was at first."""

    def __init__(self, items: Items, ledger: Ledger, shelf: Shelf) -> None:
        self._items = items
        self._ledger = ledger
        self._shelf = shelf
        self._opened: dict[tuple[int, int], _Opened] = {}

    def compose(self, connection: sa.Connection, looks: Iterable[Look]) -> dict[int, Digest]:
        """{reader: what their letter says}."""
        shared: dict[tuple[int, int], list[Look]] = defaultdict(list)
        for look in looks:
            shared[look.window].append(look)
        digests: dict[int, Digest] = {}
        for window, some in shared.items():
            opened = self._open(connection, window)
            mentioned = self._mentioned(connection, some, opened.window)
            readers = [
                Reader(
                    profile=look.person.profile,
                    interests=understood(look.person.profile.interests).interests,
                    excluded=mentioned.get(look.person.id, frozenset()),
                )
                for look in some
            ]
            for look, digest in zip(some, compose_all(readers, opened.window), strict=True):
                digests[look.person.id] = replace(digest, since=opened.since)
        return digests

    def _open(self, connection: sa.Connection, window: tuple[int, int]) -> _Opened:
        if window not in self._opened:
            editions = self._shelf.window(connection, *window)
            self._opened[window] = _Opened(Window(editions), self._items.oldest_day(connection, *window))
        return self._opened[window]

    def _mentioned(self, connection: sa.Connection, looks: Sequence[Look], window: Window) -> dict[int, set[int]]:
        """{reader: candidates that letters have named already}.

        What a folded letter has named is free again, unless it was ever unknown and may have been read.
        """
        freed = {row.id for look in looks for row in look.folds if not row.was_unknown}
        mentioned: dict[int, set[int]] = defaultdict(set)
        people = [look.person.id for look in looks]
        for person, item, letter in self._ledger.mentioned_among(connection, people, window.items):
            if letter not in freed:
                mentioned[person].add(item)
        return mentioned
