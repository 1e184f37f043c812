"""The rates: a log of what has left, shared by all workers of a store and kept over restarts.

A letter may leave where no span of any limit would then hold more than the limit's letters. There is nothing to save
up and nothing to refill, so the rule holds for every span, wherever it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.ports import Limit
from digest.store.connect import Database
from digest.store.schema import departure

#: any number will do, as long as every process of the same store uses it
_RATE_LOCK = 0x72617465

#: A letter that was taken up counts from this much later until it is known when it has left. Whoever takes letters up
#: and is killed costs the others this pause.
GRACE = timedelta(seconds=30)


class Departures:
    """What has left a store lately, compared with every limit; without limits nothing is kept."""

    def __init__(self, database: Database, limits: Sequence[Limit] = ()) -> None:
        self.database = database
        self.limits = tuple(limits)

    def room(self, connection: sa.Connection, now: datetime) -> int | None:
        """How many letters may be taken up now, None for any number; nobody else can take one before the commit."""
        if not self.limits:
            return None
        self.database.take_turns(connection, _RATE_LOCK)
        return max(0, min(limit.letters - self._within(connection, limit, now) for limit in self.limits))

    def opens_at(self, connection: sa.Connection, now: datetime) -> datetime:
        """When there is room for the next letter; now, where there is."""
        return max([now, *(self._opens_at(connection, limit, now) for limit in self.limits)])

    def take(self, connection: sa.Connection, rows: Sequence[int], now: datetime) -> None:
        """Note that these deliveries are about to leave, and forget what no limit speaks of any more."""
        if self.limits and rows:
            longest = max(limit.span for limit in self.limits)
            connection.execute(sa.delete(departure).where(departure.c.left_at <= now - longest))
            taken = [{"delivery": row, "left_at": now + GRACE} for row in rows]
            connection.execute(sa.insert(departure), taken)

    def left(self, connection: sa.Connection, rows: Sequence[int], now: datetime) -> None:
        """Note that these deliveries have left by now, or will not."""
        if self.limits and rows:
            under_way = sa.and_(departure.c.delivery.in_(rows), departure.c.left_at > now)
            connection.execute(sa.update(departure).where(under_way).values(left_at=now))

    def _within(self, connection: sa.Connection, limit: Limit, now: datetime) -> int:
        query = sa.select(sa.func.count()).where(departure.c.left_at > now - limit.span)
        return int(connection.execute(query.select_from(departure)).scalar_one())

    def _opens_at(self, connection: sa.Connection, limit: Limit, now: datetime) -> datetime:
        """When the oldest of the last so many has been gone for the whole span."""
        newest = sa.select(departure.c.left_at).order_by(departure.c.left_at.desc())
        last: datetime | None = connection.execute(newest.offset(limit.letters - 1).limit(1)).scalar()
        return now if last is None else last + limit.span
