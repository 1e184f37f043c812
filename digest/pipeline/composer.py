"""What the letters of many readers say: readers of one window are composed for together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from digest.matching.compose import Reader, batches
from digest.matching.window import Window
from digest.pipeline.look import Look
from digest.pipeline.packer import Packer
from digest.pipeline.shelf import Shelf
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.picks import Packed


class Composer:
    """Composes letters; made for one run, which sees every edition as it was at first."""

    def __init__(self, items: Items, ledger: Ledger, shelf: Shelf, *, unread: Sequence[str] = ()) -> None:
        """`unread` are the names of sources that could not be read in time."""
        self._items = items
        self._ledger = ledger
        self._shelf = shelf
        self._unread = unread
        self._packers: dict[tuple[int, int], Packer] = {}

    def compose(self, connection: sa.Connection, looks: Iterable[Look]) -> dict[int, Packed]:
        """{reader: their letter}."""
        shared: dict[tuple[int, int], list[Look]] = defaultdict(list)
        for look in looks:
            shared[look.window].append(look)
        packed: dict[int, Packed] = {}
        for window, some in shared.items():
            packer = self._packer(connection, window)
            mentioned = self._mentioned(connection, some, packer.window)
            readers = [
                Reader(profile=look.person.profile, excluded=mentioned.get(look.person.id, frozenset()))
                for look in some
            ]
            letters = (letter for batch in batches(readers, packer.window) for letter in packer.pack(batch.letters()))
            packed.update(zip([look.person.id for look in some], letters, strict=True))
        return packed

    def _packer(self, connection: sa.Connection, window: tuple[int, int]) -> Packer:
        if window not in self._packers:
            editions = self._shelf.window(connection, *window)
            since = self._items.oldest_day(connection, *window)
            self._packers[window] = Packer(Window(editions), since=since, unread=self._unread)
        return self._packers[window]

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
