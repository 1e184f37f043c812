"""What is done to a store that was brought back before anybody works in it, so that the past is not mailed again.

The store knows nothing of what happened after the backup. What could have been announced or mailed in the meantime
counts as announced and mailed; what people decided stands in the opt-out log. Doing it twice changes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Delivery, Kind, SkipReason, Source, State, Subscriber
from digest.pipeline.standing import Standing
from digest.store.ledger import Plan
from digest.store.moves import REOPENABLE, cancel, delivery_of, move, raise_floor
from digest.store.restore import leap_ids
from digest.store.schema import delivery, subscriber
from digest.store.sources import add_source, set_barrier
from digest.subscribers.due import today
from digest.subscribers.turn import turn_of

#: readers that are settled in one transaction
_BATCH = 500

#: no slot is too late to be counted as restored
_ALWAYS = timedelta(days=36500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done, for the operator."""

    decisions: int  #: of people, brought in from the opt-out log
    cancelled: int  #: letters that were still to be sent
    readers: int  #: whose letters go on after today


def settle_restored(standing: Standing, *, sources: Sequence[Source], transport: str, now: datetime) -> Restored:
    """Bring a store that was restored to now."""
    decisions = standing.replay(now, is_whole=True)
    with standing.database.write() as connection:
        for source in sources:
            add_source(connection, source)
        set_barrier(connection, now.date())
        leap_ids(standing.database, connection)
    cancelled = readers = 0
    for batch in _batches(standing):
        with standing.database.write() as connection:
            for person in batch:
                cancelled += _settle(standing, connection, person, transport, now)
        readers += len(batch)
    return Restored(decisions=decisions, cancelled=cancelled, readers=readers)


def _batches(standing: Standing) -> Iterator[list[Subscriber]]:
    """Everybody, some at a time."""
    last = 0
    while True:
        query = sa.select(subscriber.c.id).where(subscriber.c.id > last).order_by(subscriber.c.id).limit(_BATCH)
        with standing.database.read() as connection:
            ids = list(connection.execute(query).scalars())
            people = standing.people.several(connection, ids)
        if not people:
            return
        yield people
        last = people[-1].id


def _settle(standing: Standing, connection: sa.Connection, person: Subscriber, transport: str, now: datetime) -> int:
    """Close what is open for a reader, and count every slot that came since the backup as served; letters cancelled."""
    day = today(person.profile.timezone, now)
    rows = [row for row in _rows(connection, person) if _may_leave(row, day.isoformat())]
    for row in rows:
        _close(connection, row, now)
    turn = turn_of(person, now, max_lateness=_ALWAYS)
    missed = [*turn.missed, turn.serve] if turn else []
    if turn is not None or any(row.kind is Kind.DIGEST for row in rows):
        raise_floor(connection, Kind.DIGEST, person.id, standing.items.newest_edition(connection))
    if person.due_at is not None:
        for slot in {day, *(due.slot for due in missed)}:
            plan = _restored(standing, connection, person, transport, now)
            standing.ledger.add(connection, person.id, Kind.DIGEST, slot.isoformat(), plan)
        standing.look_forward(connection, person, now)
    return sum(row.state.is_open for row in rows)


def _rows(connection: sa.Connection, person: Subscriber) -> list[Delivery]:
    may_leave = delivery.c.state.in_([state for state in State if state.is_open] + [State.UNKNOWN, *REOPENABLE])
    rows = connection.execute(sa.select(delivery).where(delivery.c.subscriber == person.id, may_leave))
    return [delivery_of(row) for row in rows]


def _may_leave(row: Delivery, today: str) -> bool:
    """Whether a letter could still leave that may have left already: open, unknown, or of today and opened by hand."""
    return row.state.is_open or row.state is State.UNKNOWN or (row.kind is Kind.DIGEST and row.slot == today)


def _close(connection: sa.Connection, row: Delivery, now: datetime) -> None:
    if row.state is State.SENDING:  # the worker that was sending it is long gone
        move(connection, row, {"state": State.UNKNOWN, "was_unknown": True, "settled_at": now, "resent": True})
    elif row.state.is_open:
        cancel(connection, row, SkipReason.RESTORED, now)
    closed = {"resent": True} | ({"reason": SkipReason.RESTORED} if row.state in REOPENABLE else {})
    connection.execute(sa.update(delivery).where(delivery.c.id == row.id).values(**closed))


def _restored(standing: Standing, connection: sa.Connection, person: Subscriber, transport: str, now: datetime) -> Plan:
    floor = person.floor if person.floor is not None else standing.items.first_floor(connection, 1)
    return Plan(
        state=State.SKIPPED,
        reason=SkipReason.RESTORED,
        window=(floor, standing.items.newest_edition(connection)),
        due_at=now,
        deadline=now,
        transport=transport,
        now=now,
    )
