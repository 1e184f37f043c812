"""The planner's side of the ledger: what a reader has had, and the one row that each slot gets.

Methods run inside the transaction in which the caller has moved the reader's due time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from digest.model import Delivery, Kind, SkipReason, State
from digest.store.connect import Database
from digest.store.moves import cancel, delivery_of, mention_many, move, raise_floors
from digest.store.picks import Packed
from digest.store.rows import insert_rows, new_ids
from digest.store.schema import delivery, mention, subscriber

#: the states in which a letter has left, or may have
GONE = (State.SENDING, State.SENT, State.UNKNOWN)

#: the states of a letter that is still to be sent
OPEN = tuple(state for state in State if state.is_open)

#: A letter's deadline lies before its reader's next slot, a week away at most, and every run begins with ending what is
#: past it. So a planner need not look through a year of rows for one that is open.
LONGEST_OPEN = timedelta(days=14)

#: how every row begins
_BEGINNING = {"generation": 1, "attempts": 0, "was_unknown": False, "resent": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a slot gets: a letter with its picks, or the reason why there is none."""

    state: State = State.PLANNED
    reason: SkipReason | None = None
    window: tuple[int, int]  #: announcements with an edition in (from, to] were looked at
    letter: Packed | None = None
    due_at: datetime
    deadline: datetime
    transport: str
    now: datetime

    @property
    def items(self) -> Sequence[int]:
        """What the letter names."""
        return self.letter.items if self.letter else ()

    def columns(self) -> dict[str, Any]:
        """The columns that say so."""
        return {
            "state": self.state.value,
            "reason": self.reason and self.reason.value,
            "from_edition": self.window[0],
            "to_edition": self.window[1],
            "picks": self.letter.data if self.letter else None,
            "transport": self.transport,
            "deadline": self.deadline,
            "settled_at": self.now if self.state is State.SKIPPED else None,
        }

    def columns_of_new(self) -> dict[str, Any]:
        """The same for a row that is not there yet."""
        return {**self.columns(), "created_at": self.now, "due_at": self.due_at}


class Ledger:
    """The digest rows of a store, as the planner reads and writes them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # --- reading ---

    def get(self, connection: sa.Connection, one: int) -> Delivery:
        """A row by its id."""
        return delivery_of(connection.execute(sa.select(delivery).where(delivery.c.id == one)).one())

    def slot(self, connection: sa.Connection, person: int, day: date) -> Delivery | None:
        """A reader's digest row of a date, or None."""
        return self.row(connection, person, Kind.DIGEST, day.isoformat())

    def row(self, connection: sa.Connection, person: int, kind: Kind, slot: str) -> Delivery | None:
        """A row by what it is unique on, or None."""
        query = sa.select(delivery).where(delivery.c.subscriber == person, delivery.c.kind == kind)
        row = connection.execute(query.where(delivery.c.slot == slot)).first()
        return None if row is None else delivery_of(row)

    def last_slot(self, connection: sa.Connection, person: int) -> date | None:
        """The latest date for which a reader has a digest row."""
        query = sa.select(sa.func.max(delivery.c.slot)).where(
            delivery.c.subscriber == person, delivery.c.kind == Kind.DIGEST, delivery.c.slot.not_like("%~%")
        )
        slot: str | None = connection.execute(query).scalar()
        return None if slot is None else date.fromisoformat(slot)

    def digests_of(
        self, connection: sa.Connection, people: Collection[int], slots: Collection[date]
    ) -> dict[int, list[Delivery]]:
        """{person: their digest rows of these slots and those that are still to be sent, older slots first}.

        What has been open for longer than `LONGEST_OPEN` before the first of the slots is not found.
        """
        if not slots:
            return {}
        oldest = min(slots) - LONGEST_OPEN
        query = sa.select(delivery).where(
            delivery.c.subscriber.in_(people),
            delivery.c.kind == Kind.DIGEST,
            delivery.c.slot >= oldest.isoformat(),
            sa.or_(delivery.c.state.in_(OPEN), delivery.c.slot.in_([slot.isoformat() for slot in slots])),
        )
        found: dict[int, list[Delivery]] = {}
        for row in connection.execute(query.order_by(delivery.c.subscriber, delivery.c.slot)):
            found.setdefault(row.subscriber, []).append(delivery_of(row))
        return found

    def open_digests(self, connection: sa.Connection, person: int) -> list[Delivery]:
        """A reader's digest rows that are still to be sent."""
        query = sa.select(delivery).where(
            delivery.c.subscriber == person, delivery.c.kind == Kind.DIGEST, delivery.c.state.in_(OPEN)
        )
        return [delivery_of(row) for row in connection.execute(query.order_by(delivery.c.id))]

    def history(self, connection: sa.Connection, person: int, limit: int = 30) -> list[Delivery]:
        """A reader's latest rows, newest first."""
        query = sa.select(delivery).where(delivery.c.subscriber == person).order_by(delivery.c.id.desc())
        return [delivery_of(row) for row in connection.execute(query.limit(limit))]

    def mentioned(self, connection: sa.Connection, person: int, *, besides: Iterable[int] = ()) -> set[int]:
        """Items that letters to a person have named, leaving out those of some deliveries."""
        query = sa.select(mention.c.item).where(
            mention.c.subscriber == person, mention.c.delivery.not_in(list(besides))
        )
        return set(connection.execute(query).scalars())

    def mentioned_among(
        self, connection: sa.Connection, people: Collection[int], items: Collection[int]
    ) -> list[tuple[int, int, int]]:
        """(person, item, delivery) of what letters to these people have named of these items."""
        first, early = _early(sorted(items))
        theirs = sa.select(mention.c.subscriber, mention.c.item, mention.c.delivery).where(
            mention.c.subscriber.in_(people)
        )
        wanted = set(items)
        swept = connection.execute(theirs.where(mention.c.item >= first))
        found = [(person, item, letter) for person, item, letter in swept if item in wanted]
        asked = connection.execute(theirs.where(mention.c.item.in_(early))) if early else ()
        return found + [(person, item, letter) for person, item, letter in asked]

    def mention_of(self, connection: sa.Connection, person: int, item: int) -> Delivery | None:
        """The letter to a person that names an item, or None."""
        query = sa.select(delivery).join(mention, mention.c.delivery == delivery.c.id)
        row = connection.execute(query.where(mention.c.subscriber == person, mention.c.item == item)).first()
        return None if row is None else delivery_of(row)

    def totals(self, connection: sa.Connection) -> dict[str, dict[str, int]]:
        """{state: {reason: rows}} over all digests but those on disk that were set aside, with "" for no reason."""
        query = sa.select(delivery.c.state, sa.func.coalesce(delivery.c.reason, ""), sa.func.count())
        counted = query.where(delivery.c.kind == Kind.DIGEST, delivery.c.slot.not_like("%~%"))
        rows = connection.execute(counted.group_by(sa.literal_column("1, 2")))
        totals: dict[str, dict[str, int]] = {}
        for state, reason, count in rows:
            totals.setdefault(state, {})[reason] = count
        return totals

    def count(self, connection: sa.Connection) -> int:
        """How many digests there are of those that `totals` speaks of."""
        query = sa.select(sa.func.count()).where(delivery.c.kind == Kind.DIGEST, delivery.c.slot.not_like("%~%"))
        return int(connection.execute(query.select_from(delivery)).scalar_one())

    def unknowns(self, connection: sa.Connection, now: datetime) -> list[tuple[Delivery, str]]:
        """Rows of which nobody can say whether they were accepted, with the reader's address.

        Among them those that a worker was sending whose lease has run out: the next sweep calls them unknown.
        """
        is_lost = sa.and_(delivery.c.state == State.SENDING, delivery.c.lease_until < now)
        query = sa.select(delivery, subscriber.c.email).join(subscriber, subscriber.c.id == delivery.c.subscriber)
        unknown = query.where(sa.or_(delivery.c.state == State.UNKNOWN, is_lost))
        rows = connection.execute(unknown.order_by(delivery.c.id))
        return [(delivery_of(row), row.email) for row in rows]

    # --- planning ---

    def add(self, connection: sa.Connection, person: int, kind: Kind, slot: str, plan: Plan) -> int | None:
        """Write a row and its mentions; its id, or None where the slot has a row already."""
        ids = self.add_all(connection, kind, [(person, slot, plan)])
        return ids[0] if ids else None

    def add_all(
        self, connection: sa.Connection, kind: Kind, plans: Sequence[tuple[int, str, Plan]]
    ) -> list[int] | None:
        """Write the rows of these (person, slot, plan) and their mentions; the rows' ids, in the same order.

        None where one of the slots has a row already: the caller rolls back what was written of the others.
        """
        if not plans:
            return []
        ids = new_ids(connection, delivery, len(plans))
        common = {"kind": str(kind), "priority": 0 if kind in (Kind.DIGEST, Kind.TEST) else 1, **_BEGINNING}
        rows = [
            {"id": one, "subscriber": person, "slot": slot, **common, **plan.columns_of_new()}
            for one, (person, slot, plan) in zip(ids, plans, strict=True)
        ]
        names, values = tuple(rows[0]), [tuple(row.values()) for row in rows]
        if insert_rows(connection, delivery, names, values) < len(plans):
            return None
        _after_writing(connection, [(one, person, plan) for one, (person, _, plan) in zip(ids, plans, strict=True)])
        return list(ids)

    def reopen(self, connection: sa.Connection, row: Delivery, plan: Plan) -> bool:
        """Compose a failed or cancelled row anew; whether it was still as read.

        It becomes a new generation with a new Message-ID: nothing of the first one has arrived.
        """
        values = plan.columns() | dict.fromkeys(
            ("subject", "language", "date_header", "message_id", "template_version", "smtp_code", "smtp_text")
        )
        values |= {"generation": row.generation + 1, "attempts": 0, "next_try_at": None}
        if not move(connection, row, values):
            return False
        _after_writing(connection, [(row.id, row.subscriber, plan)])
        return True

    def repeat(self, connection: sa.Connection, row: Delivery, *, transport: str, now: datetime) -> None:
        """Enqueue a letter that has been sent once more, word for word, as a test."""
        count = sa.select(sa.func.count()).where(
            delivery.c.subscriber == row.subscriber, delivery.c.slot.like(f"{row.slot}#%")
        )
        slot = f"{row.slot}#{connection.execute(count).scalar_one() + 1}"
        plan = Plan(
            window=(row.from_edition or 0, row.to_edition or 0),
            letter=Packed.of(row.digest),
            due_at=now,
            deadline=now + timedelta(hours=1),
            transport=transport,
            now=now,
        )
        self.add(connection, row.subscriber, Kind.TEST, slot, plan)

    def cancel_open(self, connection: sa.Connection, person: int, reason: str, now: datetime) -> int:
        """End all of a person's open letters that are not being sent; how many."""
        rows = [row for row in self.open_digests(connection, person) if row.state is not State.SENDING]
        return sum(cancel(connection, row, reason, now) for row in rows)

    def hurry(self, connection: sa.Connection, row: Delivery, now: datetime) -> None:
        """Let a deferred letter be tried at once."""
        still = sa.and_(delivery.c.id == row.id, delivery.c.state == State.DEFERRED)
        connection.execute(sa.update(delivery).where(still).values(next_try_at=now))


def _early(items: Sequence[int]) -> tuple[int, Sequence[int]]:
    """From where on a person's mentions are read in one sweep, and which of the sorted items lie before that.

    Works are numbered as they come, so that most candidates are recent. But some were known for long, and a sweep that
    began with them would read every mention of a year. Of each hundred works a person is told of about two.
    """
    if not items:
        return 0, ()
    cost = [asked + (items[-1] - first) / 250 for asked, first in enumerate(items)]
    best = cost.index(min(cost))
    return items[best], items[:best]


def _after_writing(connection: sa.Connection, written: Iterable[tuple[int, int, Plan]]) -> None:
    """Note what these (row, person, plan) name, and what was looked at for those who get no letter."""
    mentions, served = [], []
    for row_id, person, plan in written:
        mentions += [(person, item, row_id) for item in plan.items]
        if plan.reason is not None and plan.reason.moves_floor:
            served.append((person, plan.window[1]))
    mention_many(connection, mentions)
    raise_floors(connection, served)
