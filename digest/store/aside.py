"""Setting letters on disk aside: what was written into files was never sent, once real mail begins or begins again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digest.model import SkipReason, State
from digest.store.moves import cancel, delivery_of, forget
from digest.store.people import People
from digest.store.schema import delivery


def set_files_aside(connection: sa.Connection, people: People, *, first_floor: int, now: datetime) -> int:
    """Free the slots and take the mentions back of all letters made under `files`; how many letters.

    Each reader's floor becomes the last edition that a row made under SMTP has moved it to, else the lower of a first
    letter's floor and the present one.
    """
    made = sa.and_(delivery.c.transport == "files", delivery.c.slot.not_like("%~%"))
    rows = [delivery_of(row) for row in connection.execute(sa.select(delivery).where(made))]
    for row in rows:
        if row.state.is_open and row.state is not State.SENDING:
            cancel(connection, row, "transport", now)
        forget(connection, row.id)
        connection.execute(sa.update(delivery).where(delivery.c.id == row.id).values(slot=f"{row.slot}~{row.id}"))
    for person in {row.subscriber for row in rows}:
        reader = people.get(connection, person)
        floor = connection.execute(_served_by_smtp(person)).scalar()
        if floor is None and reader is not None and reader.floor is not None:
            floor = min(first_floor, reader.floor)
        people.change(connection, person, floor=floor, last_digest_at=None)
    return len(rows)


def has_sent_by_smtp(connection: sa.Connection) -> bool:
    """Whether a letter has ever left this store by SMTP."""
    left = sa.and_(delivery.c.transport == "smtp", delivery.c.state.in_([State.SENT, State.UNKNOWN]))
    return connection.execute(sa.select(delivery.c.id).where(left).limit(1)).first() is not None


def _served_by_smtp(person: int) -> sa.Select[int | None]:
    moving = [reason for reason in SkipReason if reason.moves_floor]
    return sa.select(sa.func.max(delivery.c.to_edition)).where(
        delivery.c.subscriber == person,
        delivery.c.transport == "smtp",
        sa.or_(
            delivery.c.state.in_([State.SENT, State.UNKNOWN]),
            sa.and_(delivery.c.state == State.SKIPPED, delivery.c.reason.in_(moving)),
        ),
    )
