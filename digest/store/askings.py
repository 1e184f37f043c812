"""Errands that wait: what was asked for on a page, of whom nothing is looked up before somebody sees to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from digest.model import Asking, Errand
from digest.store.connect import insert_into
from digest.store.people import profile_columns, profile_of
from digest.store.schema import asking

#: more than this many wait only where somebody does us harm
_MOST_WAITING = 50_000


def ask(connection: sa.Connection, one: Asking) -> bool:
    """Note an errand; whether there was room for it. Of one address only the last errand of each sort waits."""
    if connection.execute(sa.select(sa.func.count()).select_from(asking)).scalar_one() >= _MOST_WAITING:
        return False
    values: dict[str, Any] = {
        "profile": profile_columns(one.profile),
        "person": one.person,
        "network": one.network,
        "door": one.door,
        "wording": one.wording,
        "place": one.place,
        "asked_at": one.asked_at,
    }
    added = insert_into(connection, asking).values(what=one.what, email=one.email, look_at=one.asked_at, **values)
    connection.execute(added.on_conflict_do_update(index_elements=["what", "email"], set_=values))
    return True


def waiting(connection: sa.Connection, now: datetime, *, longest: timedelta, limit: int) -> list[Asking]:
    """The errands whose time has come, the oldest first; not those of a backup that is older than they may get."""
    query = sa.select(asking).where(asking.c.look_at <= now, asking.c.asked_at > now - longest)
    return [_asking(row) for row in connection.execute(query.order_by(asking.c.id).limit(limit))]


def stands(connection: sa.Connection, one: Asking) -> bool:
    """Whether an errand still stands as it was read; if so, it does until the transaction ends."""
    same = sa.select(asking.c.id).where(asking.c.id == one.id, asking.c.asked_at == one.asked_at)
    return connection.execute(same.with_for_update()).first() is not None


def take(connection: sa.Connection, one: Asking) -> None:
    """Remove an errand that is being seen to."""
    connection.execute(sa.delete(asking).where(asking.c.id == one.id))


def hold(connection: sa.Connection, one: Asking, until: datetime) -> None:
    """Let an errand wait for longer."""
    connection.execute(sa.update(asking).where(asking.c.id == one.id).values(look_at=until))


def held(connection: sa.Connection, now: datetime) -> int:
    """How many errands wait because a limit is used up."""
    late = asking.c.look_at > now
    return int(connection.execute(sa.select(sa.func.count()).select_from(asking).where(late)).scalar_one())


def forget_askings(connection: sa.Connection, now: datetime, longest: timedelta) -> None:
    """Drop errands that nobody could see to in time."""
    connection.execute(sa.delete(asking).where(asking.c.asked_at < now - longest))


def _asking(row: Any) -> Asking:
    return Asking(
        id=row.id,
        what=Errand(row.what),
        email=row.email,
        profile=profile_of(**row.profile),
        person=row.person,
        network=row.network,
        door=row.door,
        wording=row.wording,
        place=row.place,
        asked_at=row.asked_at,
    )
