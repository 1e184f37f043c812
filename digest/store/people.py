"""Subscribers as rows: who may be mailed, when each is due, and what each asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from digest.model import Profile, QuietDays, Status, Strictness, Subscriber
from digest.store.connect import Database
from digest.store.prepared import Prepared
from digest.store.schema import subscriber


def is_due_soon() -> sa.ColumnElement[bool]:
    """The condition under which a row is looked at by the planner, paused readers included."""
    return sa.and_(
        sa.text("status IN ('active', 'paused')"),  # literally as in the partial index, or SQLite does not use it
        sa.not_(subscriber.c.is_suppressed),
        sa.not_(subscriber.c.is_absent),
        sa.or_(subscriber.c.confirmed_at.is_not(None), subscriber.c.vouched_by.is_not(None)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which readers a planner looks at."""

    only: int | None = None  #: this one alone
    remainder: int = 0  #: those whose id divided by `divisor` leaves this
    divisor: int = 1

    def condition(self) -> sa.ColumnElement[bool]:
        """The rows that it holds."""
        if self.only is not None:
            return subscriber.c.id == self.only
        return sa.true() if self.divisor == 1 else subscriber.c.id % self.divisor == self.remainder


EVERYBODY = Share()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where planning moves a reader, from where they were read."""

    read: Subscriber
    status: Status
    paused_until: datetime | None
    floor: int | None
    due_slot: date | None
    due_at: datetime | None
    next_due_at: datetime | None
    last_digest_at: datetime | None


class People:
    """The subscribers of a store. Methods that take a connection run inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, connection: sa.Connection, one: int, *, lock: bool = False) -> Subscriber | None:
        """A subscriber by id; with `lock`, nobody else changes the row before the transaction ends."""
        query = _READ.where(subscriber.c.id == one)
        row = connection.execute(query.with_for_update() if lock else query).first()
        return None if row is None else _subscriber(row)

    def several(
        self, connection: sa.Connection, ids: Collection[int], *, due_by: datetime | None = None
    ) -> list[Subscriber]:
        """Those with these ids who may be written to, in the order of their ids; only who is due with `due_by`."""
        query = _READ.where(subscriber.c.id.in_(ids), is_due_soon())
        if due_by is not None:
            query = query.where(subscriber.c.next_due_at <= due_by)
        return [_subscriber(row) for row in connection.execute(query.order_by(subscriber.c.id))]

    def with_ids(self, connection: sa.Connection, ids: Collection[int]) -> dict[int, Subscriber]:
        """{id: subscriber} for all of these that there are, whether or not they may be written to."""
        rows = connection.execute(_READ.where(subscriber.c.id.in_(ids))).all()
        return {row.id: _subscriber(row) for row in rows}

    def find(self, connection: sa.Connection, email: str) -> Subscriber | None:
        """A subscriber by address, written as it is stored."""
        row = connection.execute(_READ.where(subscriber.c.email == email)).first()
        return None if row is None else _subscriber(row)

    def all(self, connection: sa.Connection) -> list[Subscriber]:
        """Everybody, oldest first."""
        return [_subscriber(row) for row in connection.execute(_READ.order_by(subscriber.c.id))]

    def of_file(self, connection: sa.Connection) -> list[Subscriber]:
        """Those whose profile belongs to config.yaml, absent ones included."""
        rows = connection.execute(_READ.where(subscriber.c.owner == "file").order_by(subscriber.c.id))
        return [_subscriber(row) for row in rows]

    def due(
        self,
        connection: sa.Connection,
        now: datetime,
        *,
        after: int = 0,
        limit: int = 1_000,
        share: Share = EVERYBODY,
    ) -> list[int]:
        """Ids of those who are due, some at a time in the order of their ids."""
        query = sa.select(subscriber.c.id).where(is_due_soon(), subscriber.c.next_due_at <= now)
        by_id = sa.text("+id")  # the plus keeps SQLite from walking through everybody by id instead of using the index
        query = query.where(subscriber.c.id > after, share.condition()).order_by(by_id).limit(limit)
        return list(connection.execute(query).scalars())

    def count_due(self, connection: sa.Connection, before: datetime) -> int:
        """How many have been due since a moment."""
        query = sa.select(sa.func.count()).where(is_due_soon(), subscriber.c.next_due_at <= before)
        return int(connection.execute(query.select_from(subscriber)).scalar_one())

    def count_by_status(self, connection: sa.Connection) -> dict[str, int]:
        """{status: people}."""
        query = sa.select(subscriber.c.status, sa.func.count()).group_by(subscriber.c.status)
        return {row[0]: row[1] for row in connection.execute(query.order_by(subscriber.c.status))}

    def reachable(
        self, connection: sa.Connection, *, after: int = 0, limit: int = 1_000, share: Share = EVERYBODY
    ) -> list[int]:
        """Ids of all who are active or paused and may be written to, due or not, some at a time."""
        query = sa.select(subscriber.c.id).where(is_due_soon(), subscriber.c.id > after, share.condition())
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

    def last_word_at(self, connection: sa.Connection, one: int) -> datetime:
        """When a person last decided anything."""
        query = sa.select(subscriber.c.last_word_at).where(subscriber.c.id == one)
        said: datetime = connection.execute(query).scalar_one()
        return said

    def addresses(self, connection: sa.Connection) -> Iterator[tuple[int, str]]:
        """(id, address) of everybody."""
        for row in connection.execute(sa.select(subscriber.c.id, subscriber.c.email)):
            yield row.id, row.email

    def advance(self, connection: sa.Connection, steps: Sequence[Step]) -> bool:
        """Move readers on, in the order of their ids; whether all of them still stood as they were read.

        Where one did not, the caller rolls back. Whoever moves a due time on plans its slot.
        """
        rows = [_step_row(step) for step in sorted(steps, key=lambda step: step.read.id)]
        return _ADVANCE.write(connection, rows) == len(rows)


@lru_cache
def _days(digits: str) -> frozenset[int]:
    return frozenset(map(int, digits))


@lru_cache
def _digits(days: frozenset[int]) -> str:
    return "".join(str(day) for day in sorted(days))


_time = lru_cache(time.fromisoformat)


@lru_cache
def _hour(at: time) -> str:
    return at.isoformat("minutes")


def profile_columns(profile: Profile) -> dict[str, Any]:
    """A profile as the columns that keep it."""
    return {
        "interests": profile.interests,
        "timezone": profile.timezone,
        "send_at": _hour(profile.send_at),
        "days": _digits(profile.days),
        "max_items": profile.max_items,
        "strictness": profile.strictness,
        "quiet_days": profile.quiet_days,
        "trending": profile.trending,
        "language": profile.language,
    }


#: what the values of this page are made from, in the order in which `_subscriber` takes it
_READ = sa.select(
    *(
        subscriber.c[name]
        for name in (
            *("id", "email", "status", "owner", "vouched_by", "is_absent", "is_suppressed", "paused_until"),
            *("confirmed_at", "floor", "due_slot", "due_at", "next_due_at", "last_digest_at", "created_at"),
            *("interests", "timezone", "send_at", "days", "max_items", "strictness", "quiet_days", "trending"),
            "language",
        )
    )
)

#: a reader who has changed in one of these, or in the profile, is not planned for as they were read
_STANDING = ("status", "paused_until", "is_absent", "is_suppressed", "floor", "due_slot", "next_due_at")

#: what planning moves
_MOVED = ("status", "paused_until", "floor", "due_slot", "due_at", "next_due_at", "last_digest_at")

_ADVANCE = Prepared(
    sa.update(subscriber)
    .where(
        subscriber.c.id == sa.bindparam("person"),
        *(
            subscriber.c[name].is_not_distinct_from(sa.bindparam(f"was_{name}"))
            for name in (*_STANDING, *profile_columns(Profile()))
        ),
    )
    .values({name: sa.bindparam(name) for name in _MOVED})
)


#: the names of the statement's values, in the order in which `_step_row` makes them
_STEP = ("person", *_MOVED, *(f"was_{name}" for name in (*_STANDING, *profile_columns(Profile()))))

_moved, _standing = attrgetter(*_MOVED), attrgetter(*_STANDING)


def _step_row(step: Step) -> dict[str, Any]:
    read = step.read
    values = read.id, *_moved(step), *_standing(read), *profile_columns(read.profile).values()
    return dict(zip(_STEP, values, strict=True))


def _subscriber(row: Any) -> Subscriber:
    one, email, status, owner, vouched_by, is_absent, is_suppressed, paused_until, *rest = row
    confirmed_at, floor, due_slot, due_at, next_due_at, last_digest_at, created_at, *profile = rest
    return Subscriber(
        id=one,
        email=email,
        status=Status(status),
        owner=owner,
        vouched_by=vouched_by,
        is_absent=is_absent,
        is_suppressed=is_suppressed,
        paused_until=paused_until,
        confirmed_at=confirmed_at,
        floor=floor,
        due_slot=due_slot,
        due_at=due_at,
        next_due_at=next_due_at,
        last_digest_at=last_digest_at,
        created_at=created_at,
        profile=profile_of(*profile),
    )


def profile_of(
    interests: str,
    timezone: str,
    send_at: str,
    days: str,
    max_items: int,
    strictness: str,
    quiet_days: str,
    trending: int,
    language: str,
) -> Profile:
    """The profile that these columns keep; takes what `profile_columns` gives."""
    return Profile(
        interests=interests,
        timezone=timezone,
        send_at=_time(send_at),
        days=_days(days),
        max_items=max_items,
        strictness=Strictness(strictness),
        quiet_days=QuietDays(quiet_days),
        trending=trending,
        language=language,
    )
