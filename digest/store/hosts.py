"""Turns at asking a site, shared by every worker of a store."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.ports import LONGEST_REST, Turn
from digest.store.connect import Database, insert_into
from digest.store.schema import UtcDateTime, host

#: Nothing is ever set farther ahead than this. What stands there was written before a clock was set back, and is void.
_HORIZON = timedelta(seconds=LONGEST_REST) + timedelta(minutes=1)


class StoredTurns:
    """Turns that all processes of one store share, as `digest.ports.HostTurns` asks: one row for each site.

    Args:
        database: the store.
        clock: the machine's own; a site does not live in a time that is pretended.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def take(self, site: str, *, gap: float, lease: float) -> Turn:
        """As `HostTurns.take`; one statement, so that of two who ask at once only one is served."""
        now, token = self._clock(), secrets.token_hex(8)
        turn = {
            "free_at": now + timedelta(seconds=gap),
            "lease_token": token,
            "lease_until": now + timedelta(seconds=lease),
        }
        with self._database.write() as connection:
            row = insert_into(connection, host).values(name=site, **turn)
            taken = row.on_conflict_do_update(index_elements=["name"], set_=turn, where=_is_free(now))
            if connection.execute(taken.returning(host.c.name)).first():
                return Turn(site=site, token=token)
            free_at = connection.execute(sa.select(host.c.free_at).where(host.c.name == site)).scalar_one()
        return Turn(site=site, rest=max((free_at - now).total_seconds(), 0.0))

    def end(self, turn: Turn, *, rest: float) -> None:
        """As `HostTurns.end`."""
        until = sa.literal(self._clock() + timedelta(seconds=min(rest, LONGEST_REST)), UtcDateTime())
        later = sa.case((host.c.free_at < until, until), else_=host.c.free_at)
        with self._database.write() as connection:
            ours = (host.c.name == turn.site) & (host.c.lease_token == turn.token)
            connection.execute(sa.update(host).where(ours).values(free_at=later, lease_token=None))


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    has_rested = sa.or_(host.c.free_at <= now, host.c.free_at > now + _HORIZON)
    has_ended = sa.or_(host.c.lease_token.is_(None), host.c.lease_until <= now, host.c.lease_until > now + _HORIZON)
    return sa.and_(has_rested, has_ended)
