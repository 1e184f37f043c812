"""The moves of a ledger row, each one statement: compare with what was read, set, and let go of the lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from digest.model import Delivery, Digest, Kind, State
from digest.store.picks import unpack
from digest.store.prepared import Batch
from digest.store.rows import insert_rows
from digest.store.schema import delivery, mention, subscriber

#: a row in one of these ended without a letter, and may be opened again
REOPENABLE = (State.FAILED, State.CANCELLED)

_MENTION = ("subscriber", "item", "delivery")


def move(
    connection: sa.Connection,
    row: Delivery,
    values: Mapping[str, Any],
    *,
    from_state: State | None = None,
    keep_token: bool = False,
) -> bool:
    """Set columns of a row; whether it still had the state and the token that were read."""
    same = sa.and_(
        delivery.c.id == row.id,
        delivery.c.state == (from_state or row.state),
        delivery.c.lease_token.is_not_distinct_from(row.lease_token),
    )
    freed = {} if keep_token else {"lease_token": None, "lease_until": None}
    return connection.execute(sa.update(delivery).where(same).values(**freed, **values)).rowcount == 1


def cancel(connection: sa.Connection, row: Delivery, reason: str, now: datetime) -> bool:
    """End an open row that is not being sent; whether it was still as read.

    A row that was ever unknown may have arrived: it goes back to unknown, and its mentions stay.
    """
    return _end(connection, row, State.CANCELLED, reason, now)


def expire(connection: sa.Connection, row: Delivery, now: datetime) -> bool:
    """End an open row whose letter is no longer news; whether it was still as read."""
    return _end(connection, row, State.FAILED, "deadline", now)


def _end(connection: sa.Connection, row: Delivery, state: State, reason: str, now: datetime) -> bool:
    if row.was_unknown:
        return move(connection, row, {"state": State.UNKNOWN, "settled_at": now})
    if not move(connection, row, {"state": state, "reason": reason, "settled_at": now}):
        return False
    forget(connection, row.id)
    return True


def release(connection: sa.Connection, row: Delivery, now: datetime) -> bool:
    """Give a claimed row back unsent, to where it was claimed from; whether it was still as read.

    One that was unknown has not been sent once more: it still may be.
    """
    query = sa.select(delivery.c.claimed_from).where(delivery.c.id == row.id)
    back = State(connection.execute(query).scalar_one())
    values = {"settled_at": now, "resent": False} if back is State.UNKNOWN else {"settled_at": None}
    return move(connection, row, {"state": back, **values})


def mention_all(connection: sa.Connection, row_id: int, person: int, items: Iterable[int]) -> None:
    """Note that a letter to a person names these items; one that another letter has named stays with that one."""
    mention_many(connection, [(person, item, row_id) for item in items])


def mention_many(connection: sa.Connection, mentions: Sequence[tuple[int, int, int]]) -> None:
    """The same for many letters, given as (person, item, row)."""
    insert_rows(connection, mention, _MENTION, mentions)


def forget(connection: sa.Connection, row_id: int) -> None:
    """Take a letter's mentions back: the person has not seen these works."""
    connection.execute(sa.delete(mention).where(mention.c.delivery == row_id))


def forget_picks(connection: sa.Connection, before: datetime) -> None:
    """Drop the picks of rows that were settled before a moment; which works they named stays in the mentions."""
    old = sa.and_(delivery.c.settled_at < before, delivery.c.picks.is_not(None))
    connection.execute(sa.update(delivery).where(old).values(picks=None))


def forget_deliveries(connection: sa.Connection, before: datetime) -> None:
    """Drop the account of letters that were settled before a moment, and what they named."""
    old = delivery.c.settled_at < before
    connection.execute(sa.delete(mention).where(mention.c.delivery.in_(sa.select(delivery.c.id).where(old))))
    connection.execute(sa.delete(delivery).where(old))


def raise_floor(connection: sa.Connection, kind: Kind, person: int, edition: int | None) -> None:
    """Move a reader's floor up to the last edition that a digest has served; never down."""
    if kind is Kind.DIGEST and edition is not None:
        raise_floors(connection, [(person, edition)])


def raise_floors(connection: sa.Connection, served: Sequence[tuple[int, int]]) -> None:
    """The same for many (person, edition)."""
    highest: dict[int, int] = {}
    for person, edition in served:
        highest[person] = max(edition, highest.get(person, edition))
    _RAISE.write(connection, [{"person": person, "edition": edition} for person, edition in highest.items()])


_RAISE = Batch(
    lambda given: (
        sa.update(subscriber)
        .where(
            subscriber.c.id == given["person"],
            sa.or_(subscriber.c.floor.is_(None), subscriber.c.floor < given["edition"]),
        )
        .values(floor=given["edition"])
    ),
    person=subscriber.c.id,
    edition=subscriber.c.floor,
)


def items_of(digest: Digest | None) -> list[int]:
    """The items that a digest names."""
    return [pick.item for pick in digest.all_picks] if digest else []


#: what `delivery_of` reads of a row
DELIVERY = (*(delivery.c[one.name] for one in fields(Delivery) if one.name != "digest"), delivery.c.picks)


def delivery_of(row: Any) -> Delivery:
    """A row of the delivery table as the value that travels."""
    return Delivery(
        id=row.id,
        subscriber=row.subscriber,
        kind=Kind(row.kind),
        slot=row.slot,
        state=State(row.state),
        reason=row.reason,
        from_edition=row.from_edition,
        to_edition=row.to_edition,
        digest=unpack(row.picks),
        generation=row.generation,
        attempts=row.attempts,
        was_unknown=row.was_unknown,
        due_at=row.due_at,
        deadline=row.deadline,
        next_try_at=row.next_try_at,
        lease_token=row.lease_token,
        lease_until=row.lease_until,
        subject=row.subject,
        date_header=row.date_header,
        message_id=row.message_id,
        template_version=row.template_version,
    )
