"""Newcomers: where their sign-up came from, and those who never said yes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digest.model import State, Status
from digest.store.record import erase
from digest.store.schema import delivery, subscriber


def forget_origins(connection: sa.Connection, before: datetime) -> None:
    """Drop the network addresses of sign-ups before a moment."""
    old = sa.and_(subscriber.c.asked_from.is_not(None), subscriber.c.asked_at < before)
    connection.execute(sa.update(subscriber).where(old).values(asked_from=None))


def move_address(connection: sa.Connection, one: int, now: datetime) -> int | None:
    """Give the address of a pending row to the reader who asked for it; who that is, None where it is nobody's move."""
    query = sa.select(subscriber.c.email, subscriber.c.replaces).where(subscriber.c.id == one)
    row = connection.execute(query.where(subscriber.c.status == Status.PENDING)).first()
    reader = row and connection.execute(sa.select(subscriber.c.id).where(subscriber.c.id == row.replaces)).scalar()
    if row is None or reader is None:
        return None
    connection.execute(sa.update(delivery).where(delivery.c.subscriber == one).values(subscriber=reader))
    erase(connection, one)
    moved = {"email": row.email, "confirmed_at": now, "last_word_at": now}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == reader).values(**moved))
    return int(reader)


def forget_unconfirmed(connection: sa.Connection, before: datetime) -> None:
    """Remove those who were asked before a moment and never said yes; who had once left has left again."""
    never = sa.and_(subscriber.c.status == Status.PENDING, subscriber.c.asked_at < before)
    had_left = sa.or_(subscriber.c.confirmed_at.is_not(None), subscriber.c.vouched_by.is_not(None))
    connection.execute(sa.update(subscriber).where(never, had_left).values(status=Status.UNSUBSCRIBED))
    sending = sa.exists().where(delivery.c.subscriber == subscriber.c.id, delivery.c.state == State.SENDING)
    for one in connection.execute(sa.select(subscriber.c.id).where(never, sa.not_(sending))).scalars().all():
        erase(connection, one)
