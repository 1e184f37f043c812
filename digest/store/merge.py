"""Two works that turn out to be one: all that is known of the younger item moves to the older, in a few statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from digest.model import AnnounceReason
from digest.store.ledger import GONE
from digest.store.schema import announcement, delivery, item, item_key, mention, sighting


def merge(connection: sa.Connection, older: int, younger: int) -> None:
    """Make two items one: keys, announcements, sightings and mentions move to the older; nothing is announced.

    Of two mentions of one person, the one whose letter is sending, sent or unknown stays, else the older item's.
    Words stay where they are: the diff that found the two to be one has said which to keep.
    """
    connection.execute(sa.update(item_key).where(item_key.c.item == younger).values(item=older))
    _move(connection, announcement, "edition", older, younger, wins=lambda row: row.reason == AnnounceReason.NEW)
    _move(connection, sighting, "source", older, younger, wins=lambda row: row.is_curated)
    _move(connection, mention, "subscriber", older, younger, wins=_has_left)
    _move_standing(connection, older, younger)
    connection.execute(sa.update(item).where(item.c.id == younger).values(merged_into=older))


def _move(
    connection: sa.Connection, table: sa.Table, other: str, older: int, younger: int, *, wins: Callable[[Any], Any]
) -> None:
    """Move rows to the older item. Of two with one `other` the older's stays, unless only the younger's `wins`."""
    twin = table.alias()
    is_twin = twin.c[other] == table.c[other]
    outdone = sa.exists().where(twin.c.item == younger, is_twin, wins(twin.c))
    connection.execute(sa.delete(table).where(table.c.item == older, sa.not_(wins(table.c)), outdone))
    doubled = sa.exists().where(twin.c.item == older, is_twin)
    connection.execute(sa.delete(table).where(table.c.item == younger, doubled))
    connection.execute(sa.update(table).where(table.c.item == younger).values(item=older))


def _has_left(one: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(delivery.c.id == one.delivery, delivery.c.state.in_(GONE))


def _move_standing(connection: sa.Connection, older: int, younger: int) -> None:
    """The higher votes count; and once either was taken in without being announced, so is the whole work."""
    theirs = connection.execute(sa.select(item).where(item.c.id == younger)).one()
    ours = sa.update(item).where(item.c.id == older)
    if theirs.is_absorbed:
        connection.execute(ours.values(is_absorbed=True))
    votes = ours.where(item.c.upvotes < theirs.upvotes)
    connection.execute(votes.values(upvotes=theirs.upvotes, comments=theirs.comments))
