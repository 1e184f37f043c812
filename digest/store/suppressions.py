"""Addresses that must not be mailed: what the mail world or the operator said, with the evidence, and who took it back.

After an erasure the address itself is gone, and its keyed hash stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from digest.store.connect import insert_into
from digest.store.schema import subscriber, suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One address, and why it is not mailed."""

    address: str  #: or `hash:KEYID:…`, where the person was erased
    reason: str
    evidence: str = ""
    created_at: datetime
    lifted_at: datetime | None = None  #: since when it does not count any more

    @property
    def said_at(self) -> datetime:
        """When somebody last said something about it."""
        return self.lifted_at or self.created_at


def suppress(connection: sa.Connection, one: Suppression) -> None:
    """Note that an address must not be mailed, whether or not anybody has it now."""
    row = {"reason": one.reason, "evidence": one.evidence, "created_at": one.created_at, "lifted_at": None}
    added = insert_into(connection, suppression).values(address=one.address, **row)
    connection.execute(added.on_conflict_do_update(index_elements=["address"], set_=row))
    connection.execute(sa.update(subscriber).where(subscriber.c.email == one.address).values(is_suppressed=True))


def lift(connection: sa.Connection, names: Sequence[str], *, why: str, now: datetime) -> int:
    """Let an address, given under all its names, be mailed again; how many of them had been suppressed."""
    said = suppression.c.evidence + (f"; lifted: {why}" if why else "; lifted")
    standing = sa.and_(suppression.c.address.in_(names), suppression.c.lifted_at.is_(None))
    lifted = connection.execute(sa.update(suppression).where(standing).values(lifted_at=now, evidence=said)).rowcount
    connection.execute(sa.update(subscriber).where(subscriber.c.email.in_(names)).values(is_suppressed=False))
    return int(lifted)


def latest(connection: sa.Connection, names: Sequence[str]) -> Suppression | None:
    """What was last said about an address, given under all its names; None where nobody has said anything."""
    rows = connection.execute(sa.select(suppression).where(suppression.c.address.in_(names)))
    return max((Suppression(**row._asdict()) for row in rows), key=lambda one: one.said_at, default=None)


def is_suppressed(connection: sa.Connection, names: Sequence[str]) -> bool:
    """Whether an address, given under any of its names, must not be mailed."""
    standing = sa.and_(suppression.c.address.in_(names), suppression.c.lifted_at.is_(None))
    return connection.execute(sa.select(suppression.c.address).where(standing)).first() is not None


def every_suppression(connection: sa.Connection) -> list[Suppression]:
    """All of them, the newest first, those that were lifted included."""
    rows = connection.execute(sa.select(suppression).order_by(suppression.c.created_at.desc(), suppression.c.address))
    return [Suppression(**row._asdict()) for row in rows]
