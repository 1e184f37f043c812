"""Subscribers as rows: who may be mailed, when each is due, and what each asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from digest.model import Profile, QuietDays, Status, Strictness, Subscriber
from digest.store.connect import Database, insert_into
from digest.store.schema import delivery, mention, subscriber, suppression


def is_due_soon() -> sa.ColumnElement[bool]:
    """The condition under which a row is looked at by the planner, paused readers included."""
    return sa.and_(
        sa.text("status IN ('active', 'paused')"),  # literally as in the partial index, or SQLite does not use it
        sa.not_(subscriber.c.is_suppressed),
        sa.not_(subscriber.c.is_absent),
        sa.or_(subscriber.c.confirmed_at.is_not(None), subscriber.c.vouched_by.is_not(None)),
    )


class People:
    """The subscribers of a store. Methods that take a connection run inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, connection: sa.Connection, one: int, *, lock: bool = False) -> Subscriber | None:
        """A subscriber by id; with `lock`, nobody else changes the row before the transaction ends."""
        query = sa.select(subscriber).where(subscriber.c.id == one)
        row = connection.execute(query.with_for_update() if lock else query).first()
        return None if row is None else _subscriber(row)

    def find(self, connection: sa.Connection, email: str) -> Subscriber | None:
        """A subscriber by address, written as it is stored."""
        row = connection.execute(sa.select(subscriber).where(subscriber.c.email == email)).first()
        return None if row is None else _subscriber(row)

    def all(self, connection: sa.Connection) -> list[Subscriber]:
        """Everybody, oldest first."""
        return [_subscriber(row) for row in connection.execute(sa.select(subscriber).order_by(subscriber.c.id))]

    def of_file(self, connection: sa.Connection) -> list[Subscriber]:
        """Those whose profile belongs to config.yaml, absent ones included."""
        rows = connection.execute(sa.select(subscriber).where(subscriber.c.owner == "file").order_by(subscriber.c.id))
        return [_subscriber(row) for row in rows]

    def due(self, connection: sa.Connection, now: datetime, *, after: int = 0, limit: int = 1_000) -> list[int]:
        """Ids of those who are due, a batch at a time in the order of their ids."""
        query = sa.select(subscriber.c.id).where(is_due_soon(), subscriber.c.next_due_at <= now)
        by_id = sa.text("+id")  # the plus keeps SQLite from walking through everybody by id instead of using the index
        query = query.where(subscriber.c.id > after).order_by(by_id).limit(limit)
        return list(connection.execute(query).scalars())

    def count_due(self, connection: sa.Connection, before: datetime) -> int:
        """How many have been due since a moment."""
        query = sa.select(sa.func.count()).where(is_due_soon(), subscriber.c.next_due_at <= before)
        return int(connection.execute(query.select_from(subscriber)).scalar_one())

    def count_by_status(self, connection: sa.Connection) -> dict[str, int]:
        """{status: people}."""
        query = sa.select(subscriber.c.status, sa.func.count()).group_by(subscriber.c.status)
        return {row[0]: row[1] for row in connection.execute(query.order_by(subscriber.c.status))}

    def reachable(self, connection: sa.Connection, *, after: int = 0, limit: int = 1_000) -> list[int]:
        """Ids of all who are active or paused and may be written to, due or not, a batch at a time."""
        query = sa.select(subscriber.c.id).where(is_due_soon(), subscriber.c.id > after)
        return list(connection.execute(query.order_by(subscriber.c.id).limit(limit)).scalars())

    def add(
        self,
        connection: sa.Connection,
        email: str,
        *,
        profile: Profile,
        status: Status,
        owner: str,
        vouched_by: str | None,
        consent: Mapping[str, Any],
        now: datetime,
    ) -> int:
        """A new subscriber's id. A reader who may not be written to yet has no due time."""
        added = sa.insert(subscriber).values(
            email=email,
            status=status,
            owner=owner,
            vouched_by=vouched_by,
            consent=dict(consent),
            created_at=now,
            last_word_at=now,
            **profile_columns(profile),
        )
        return int(connection.execute(added.returning(subscriber.c.id)).scalar_one())

    def change(self, connection: sa.Connection, one: int, **values: Any) -> None:
        """Set columns of a subscriber."""
        connection.execute(sa.update(subscriber).where(subscriber.c.id == one).values(**values))

    def suppress(self, connection: sa.Connection, email: str, *, reason: str, evidence: str, now: datetime) -> None:
        """Note that an address must not be mailed, whether or not anybody has it now."""
        row = {"reason": reason, "evidence": evidence, "created_at": now, "lifted_at": None}
        added = insert_into(connection, suppression).values(address=email, **row)
        connection.execute(added.on_conflict_do_update(index_elements=["address"], set_=row))
        connection.execute(sa.update(subscriber).where(subscriber.c.email == email).values(is_suppressed=True))

    def is_suppressed(self, connection: sa.Connection, email: str) -> bool:
        """Whether an address must not be mailed."""
        query = sa.select(suppression.c.address).where(
            suppression.c.address == email, suppression.c.lifted_at.is_(None)
        )
        return connection.execute(query).first() is not None

    def erase(self, connection: sa.Connection, one: int) -> None:
        """Remove a person with everything that names them."""
        connection.execute(sa.delete(mention).where(mention.c.subscriber == one))
        connection.execute(sa.delete(delivery).where(delivery.c.subscriber == one))
        connection.execute(sa.delete(subscriber).where(subscriber.c.id == one))

    def record_of(self, connection: sa.Connection, one: int) -> dict[str, Any]:
        """Everything that the store holds of one person, as plain values; for `subscribers export`."""
        row = connection.execute(sa.select(subscriber).where(subscriber.c.id == one)).mappings().one()
        letters = connection.execute(
            sa.select(delivery).where(delivery.c.subscriber == one).order_by(delivery.c.id)
        ).mappings()
        return {
            "subscriber": dict(row),
            "deliveries": [{name: value for name, value in letter.items() if name != "picks"} for letter in letters],
        }


def profile_columns(profile: Profile) -> dict[str, Any]:
    """A profile as the columns that keep it."""
    return {
        "interests": profile.interests,
        "timezone": profile.timezone,
        "send_at": profile.send_at.strftime("%H:%M"),
        "days": "".join(str(day) for day in sorted(profile.days)),
        "max_items": profile.max_items,
        "strictness": profile.strictness,
        "quiet_days": profile.quiet_days,
        "trending": profile.trending,
        "language": profile.language,
    }


def _subscriber(row: Any) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        status=Status(row.status),
        owner=row.owner,
        vouched_by=row.vouched_by,
        is_absent=row.is_absent,
        is_suppressed=row.is_suppressed,
        paused_until=row.paused_until,
        confirmed_at=row.confirmed_at,
        floor=row.floor,
        due_slot=row.due_slot,
        due_at=row.due_at,
        next_due_at=row.next_due_at,
        last_digest_at=row.last_digest_at,
        created_at=row.created_at,
        profile=Profile(
            interests=row.interests,
            timezone=row.timezone,
            send_at=time.fromisoformat(row.send_at),
            days=frozenset(map(int, row.days)),
            max_items=row.max_items,
            strictness=Strictness(row.strictness),
            quiet_days=QuietDays(row.quiet_days),
            trending=row.trending,
            language=row.language,
        ),
    )
