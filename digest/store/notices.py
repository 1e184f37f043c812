"""Ledger rows of letters that are no digest: they name no papers, and leave before those that do."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Kind, State
from digest.store.connect import insert_into
from digest.store.schema import delivery

#: after this time an answer to what somebody did is of no use to them
NOTICE_LIFETIME = timedelta(days=1)


def enqueue_notice(
    connection: sa.Connection, person: int, kind: Kind, cause: str, *, transport: str, now: datetime
) -> bool:
    """Have a letter of this kind sent to a person, once for each cause; whether it was not there before."""
    added = insert_into(connection, delivery).values(
        subscriber=person,
        kind=kind,
        slot=cause,
        state=State.PLANNED,
        transport=transport,
        priority=1,
        created_at=now,
        due_at=now,
        deadline=now + NOTICE_LIFETIME,
    )
    once = added.on_conflict_do_nothing(index_elements=["subscriber", "kind", "slot"])
    return connection.execute(once.returning(delivery.c.id)).first() is not None
