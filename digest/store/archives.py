"""What was announced on which day, as the public archive looks it up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from digest.model import AnnounceReason
from digest.store.items import Items
from digest.store.schema import announcement, edition, item, item_text, sighting


class DayCount(NamedTuple):
    """A day, and how many works were announced on it."""

    day: date
    papers: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A work of a day, as its last announcement of that day has it."""

    item: int
    upvotes: int


@dataclass(frozen=True, slots=True)
class Day:
    """What was announced on a day, in numbers."""

    day: date
    sources: tuple[tuple[str, int], ...]  #: (name, works whose last announcement of the day is its), the most first
    papers: int
    upvotes: int  #: of the work that has the most
    read_at: datetime  #: when the last of its editions was made


@dataclass(frozen=True, slots=True)
class Appearance:
    """One announcement of a work."""

    day: date
    source: str
    reason: AnnounceReason


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a work."""

    version: int | None
    title: str
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a work beside its text; everything oldest first."""

    appearances: tuple[Appearance, ...]
    revisions: tuple[Revision, ...]
    sightings: tuple[tuple[str, datetime], ...]  #: (source, when it first listed the work)


class Archives:
    """Looks up days and works. What only `hidden_sources` have announced is not there."""

    def __init__(self, items: Items, *, hidden_sources: Collection[str] = ()) -> None:
        self._items = items
        self._hidden = frozenset(hidden_sources)
        self._is_shown = announcement.c.source.not_in(sorted(hidden_sources))
        self._counted: tuple[int, tuple[DayCount, ...]] = 0, ()
        # built once: building them takes as long as the store does to answer
        last = _last_announcements(self._is_shown)
        self._numbers, self._papers = _numbers(last), _papers(last)

    def days(self, connection: sa.Connection) -> tuple[DayCount, ...]:
        """Every day on which anything was announced, oldest first; counted once for each edition."""
        newest = self._items.newest_edition(connection)
        if self._counted[0] != newest:
            rows = connection.execute(
                sa.select(edition.c.archive_date, sa.func.count(announcement.c.item.distinct()))
                .join(announcement, announcement.c.edition == edition.c.number)
                .where(self._is_shown)
                .group_by(edition.c.archive_date)
                .order_by(edition.c.archive_date)
            )
            self._counted = newest, tuple(DayCount(day, papers) for day, papers in rows)
        return self._counted[1]

    def day(self, connection: sa.Connection, day: date) -> Day | None:
        """What was announced on a day, in numbers; None where that is nothing."""
        rows = connection.execute(self._numbers, {"day": day}).all()
        if not rows:
            return None
        return Day(
            day=day,
            sources=tuple((source, number) for source, number, _ in rows),
            papers=sum(number for _, number, _ in rows),
            upvotes=max(upvotes for _, _, upvotes in rows),
            read_at=connection.execute(_READ_AT, {"day": day}).scalar_one(),
        )

    def papers(self, connection: sa.Connection, day: date, start: int, count: int) -> list[Listed]:
        """Some works of a day from `start` on: the most read first, of equals the one that was stored first."""
        rows = connection.execute(self._papers, {"day": day, "start": start, "count": count})
        return [Listed(*row) for row in rows]

    def record(self, connection: sa.Connection, one: int) -> Record | None:
        """What is known of a work; None where it was never announced."""
        appearances = connection.execute(
            sa.select(edition.c.archive_date, announcement.c.source, announcement.c.reason)
            .join(edition, edition.c.number == announcement.c.edition)
            .where(announcement.c.item == one, self._is_shown)
            .order_by(edition.c.number)
        ).all()
        if not appearances:
            return None
        return Record(
            appearances=tuple(Appearance(day, source, AnnounceReason(why)) for day, source, why in appearances),
            revisions=tuple(self._revisions(connection, one)),
            sightings=tuple(self._sightings(connection, one)),
        )

    def _revisions(self, connection: sa.Connection, one: int) -> list[Revision]:
        columns = item_text.c.version, item_text.c.title, item_text.c.source, item_text.c.recorded_at
        rows = connection.execute(sa.select(*columns).where(item_text.c.item == one).order_by(item_text.c.revision))
        return [Revision(*row) for row in rows]

    def _sightings(self, connection: sa.Connection, one: int) -> Sequence[tuple[str, datetime]]:
        query = sa.select(sighting.c.source, sighting.c.first_seen_at).where(sighting.c.item == one)
        rows = connection.execute(query.order_by(sighting.c.first_seen_at, sighting.c.source))
        return [(source, at) for source, at in rows if source not in self._hidden]


_DAY = sa.bindparam("day", type_=sa.Date())
_READ_AT = sa.select(sa.func.max(edition.c.created_at)).where(edition.c.archive_date == _DAY)


def _last_announcements(is_shown: sa.ColumnElement[bool]) -> sa.Subquery:
    """Of each work of a day: its item, and the source of its last announcement."""
    turn = sa.func.row_number().over(partition_by=announcement.c.item, order_by=announcement.c.edition.desc())
    of_day = (
        sa.select(announcement.c.item, announcement.c.source, turn.label("turn"))
        .join(edition, edition.c.number == announcement.c.edition)
        .where(edition.c.archive_date == _DAY, is_shown)
        .subquery()
    )
    return sa.select(of_day.c.item, of_day.c.source).where(of_day.c.turn == 1).subquery()


def _numbers(last: sa.Subquery) -> sa.Select[str, int, int]:
    papers = sa.func.count()
    return (
        sa.select(last.c.source, papers, sa.func.max(item.c.upvotes))
        .join(item, item.c.id == last.c.item)
        .group_by(last.c.source)
        .order_by(papers.desc(), last.c.source)
    )


def _papers(last: sa.Subquery) -> sa.Select[int, int]:
    return (
        sa.select(item.c.id, item.c.upvotes)
        .join(last, last.c.item == item.c.id)
        .order_by(item.c.upvotes.desc(), item.c.comments.desc(), item.c.id)
        .limit(sa.bindparam("count", type_=sa.Integer()))
        .offset(sa.bindparam("start", type_=sa.Integer()))
    )
