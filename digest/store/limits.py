"""Limits that survive restarts and hold over all workers: every try is a row, and rows are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.store.connect import Database
from digest.store.schema import attempt

#: any number will do, as long as every process of the same store uses it
_LOCK = 0x6C696D74


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many tries of a key within any such span."""

    key: str
    most: int
    span: timedelta


def take(database: Database, connection: sa.Connection, caps: Sequence[Cap], now: datetime) -> Cap | None:
    """Count a try against all of these, unless one of them is used up: that one, or None where the try may go on."""
    database.take_turns(connection, _LOCK)
    for cap in caps:
        if count(connection, cap.key, now - cap.span) >= cap.most:
            return cap
    keys = dict.fromkeys(cap.key for cap in caps)
    if keys:
        connection.execute(sa.insert(attempt), [{"key": key, "at": now} for key in keys])
    return None


def count(connection: sa.Connection, key: str, since: datetime) -> int:
    """How many tries of a key there were after a moment."""
    query = sa.select(sa.func.count()).select_from(attempt).where(attempt.c.key == key, attempt.c.at > since)
    return int(connection.execute(query).scalar_one())


def forget_attempts(connection: sa.Connection, before: datetime) -> None:
    """Drop what no limit counts any more."""
    connection.execute(sa.delete(attempt).where(attempt.c.at < before))
