"""The one transaction that writes what was planned for a reader; it writes nothing where anything has changed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digest.model import Kind, SkipReason, State, Subscriber
from digest.pipeline.look import Look
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger, Plan
from digest.store.moves import cancel, items_of
from digest.store.people import People
from digest.subscribers.due import Due, pushed


class Enqueue:
    """Writes a reader's turn: the due time, what is folded, the slots that were missed, and the slot's own row."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)

    def write(self, look: Look, plan: Plan) -> tuple[SkipReason, ...] | None:
        """Why each missed slot was skipped; None where the reader, or a row, is not as it was read any more."""
        try:
            with self.database.write() as connection:
                self._claim_turn(connection, look, plan)
                self._fold(connection, look, plan.now)
                missed = [self._skip(connection, look, due, plan) for due in look.turn.missed]
                if not look.is_taken:
                    self._put(connection, look, plan)
        except _Changed:
            return None
        return tuple(reason for reason in missed if reason)

    def wait(self, look: Look, until: datetime) -> None:
        """Look at this reader again at a later moment; the slot stays the same."""
        with self.database.write() as connection:
            if self._is_as_read(connection, look.stored):
                self.people.change(connection, look.stored.id, next_due_at=until)

    def _claim_turn(self, connection: sa.Connection, look: Look, plan: Plan) -> None:
        """Move the due time on; whoever does that plans this slot."""
        if not self._is_as_read(connection, look.stored):
            raise _Changed
        person, is_letter = look.person, plan.state is State.PLANNED
        following = pushed(look.turn.next, plan.now) if is_letter else look.turn.next
        self.people.change(
            connection,
            person.id,
            status=person.status,
            paused_until=person.paused_until,
            floor=person.floor if person.floor is not None or look.window[1] == 0 else look.window[0],
            due_slot=following.slot,
            due_at=following.at,
            next_due_at=following.at,
            last_digest_at=plan.now if is_letter else person.last_digest_at,
        )

    def _is_as_read(self, connection: sa.Connection, stored: Subscriber) -> bool:
        """Whether nobody has planned this reader or changed their standing since; nobody will before the commit."""
        current = self.people.get(connection, stored.id, lock=True)
        return current is not None and _standing(current) == _standing(stored)

    def _fold(self, connection: sa.Connection, look: Look, now: datetime) -> None:
        if not all(cancel(connection, row, "folded", now) for row in look.folds):
            raise _Changed

    def _skip(self, connection: sa.Connection, look: Look, due: Due, plan: Plan) -> SkipReason | None:
        reason = SkipReason.TOO_LATE if look.person.is_mailable else SkipReason.PAUSED
        skipped = Plan(
            state=State.SKIPPED,
            reason=reason,
            window=look.window,
            due_at=due.at,
            deadline=due.at,
            transport=plan.transport,
            now=plan.now,
        )
        added = self.ledger.add(connection, look.person.id, Kind.DIGEST, due.slot.isoformat(), skipped)
        return None if added is None else reason

    def _put(self, connection: sa.Connection, look: Look, plan: Plan) -> None:
        today = self.items.resolve(connection, items_of(plan.digest))
        if any(one != now for one, now in today.items()):
            raise _Changed  # two works have become one since the letter was composed
        if look.reopens is not None:
            is_written = self.ledger.reopen(connection, look.reopens, plan)
        else:
            slot = look.turn.serve.slot.isoformat()
            is_written = self.ledger.add(connection, look.person.id, Kind.DIGEST, slot, plan) is not None
        if not is_written:
            raise _Changed


def _standing(person: Subscriber) -> tuple[object, ...]:
    return person.status, person.is_suppressed, person.is_absent, person.due_slot, person.next_due_at, person.profile


class _Changed(Exception):  # noqa: N818  # not an error: somebody else was quicker
    """What a plan was based on has changed; nothing is written."""
