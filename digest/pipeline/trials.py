"""Tries interests out on what the store has announced: reads it once, and keeps it between calls."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from threading import Lock

import sqlalchemy as sa

from digest.matching.index import Index
from digest.matching.window import Window
from digest.model import Profile
from digest.pipeline.month import Day, Month, Told
from digest.pipeline.preview import last_days
from digest.pipeline.shelf import Shelf
from digest.pipeline.spelling import spelled
from digest.pipeline.trial import Trial, try_out
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.schema import edition

#: what a line fits is counted over so many days, up to the newest edition's
DAYS = 30
#: letters are composed for so many of the last days that had papers
SHOWN = 5


class Trials:
    """Answers any number of trials, of several threads, one at a time; make one for a process.

    What it has read stays as it was when its edition was new, as letters see it; only the last thirty days are kept.
    """

    def __init__(self, database: Database, *, hidden_sources: Collection[str] = ()) -> None:
        """`hidden_sources` are left out, as `Shelf` leaves them out."""
        self.database = database
        self._items = Items(database)
        self._hidden = frozenset(hidden_sources)
        self._lock = Lock()
        self._newest = 0
        self.editions: dict[int, Told] = {}  #: {number: what it announced}
        self.month = Month((), ())

    def of(self, profile: Profile) -> Trial:
        """What this profile would have picked; the first call, and one after a new edition, reads for some seconds.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.at_hand() as month:
            return try_out(profile, month)

    @contextmanager
    def at_hand(self) -> Iterator[Month]:
        """The month as it is now, for one user at a time; it may have to be read first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._lock:
            with self.database.read() as connection:
                newest = self._items.newest_edition(connection)
                if newest != self._newest or self.month.is_full:
                    self._forget()
                    self.month, self._newest = self._read(connection), newest
                    gc.freeze()  # or every full collection walks a month of papers while somebody waits
            yield self.month

    def freshen(self) -> None:
        """Read what is new, so that nobody waits for it; nothing before a first trial, since a month takes memory."""
        if self._newest:
            with self.at_hand():
                pass

    def _forget(self) -> None:
        """Make room: two months at once would take twice the memory."""
        self.month, self._newest = Month((), ()), 0
        gc.unfreeze()
        gc.collect()  # windows are circles, which nothing else takes apart in time

    def _read(self, connection: sa.Connection) -> Month:
        span = last_days(connection, DAYS)
        if span is None:
            return Month((), ())
        query = sa.select(edition.c.number, edition.c.archive_date).where(edition.c.archive_date.between(*span))
        numbers = connection.execute(query.order_by(edition.c.number)).all()
        self.editions = {
            number: self.editions.get(number) or self._told(connection, number, day) for number, day in numbers
        }
        told = [each for each in self.editions.values() if each.announced]
        if not told:
            return Month((), ())
        shelf = Shelf(self._items, hidden_sources=self._hidden)
        shown = sorted({each.day for each in told})[-SHOWN:]
        days = []
        for day in shown:
            of_day = [each.number for each in told if each.day == day]
            editions = [scores for number in of_day for scores in shelf.window(connection, number - 1, number)]
            days.append(Day(day, Window(editions)))
        return Month(told, days, shelf.lessons(connection, told[-1].number))

    def _told(self, connection: sa.Connection, number: int, day: date) -> Told:
        announced = [one for one in self._items.announced(connection, number) if one.source not in self._hidden]
        index = Index.from_bytes(self._items.words(connection, number))
        return Told(number, day, announced, index, spelled(each.text for each in announced))
