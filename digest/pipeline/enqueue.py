"""The one transaction that writes what was planned for some readers; it writes nothing where anything has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from digest.model import Kind, SkipReason, State, Subscriber
from digest.pipeline.look import Look
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger, Plan
from digest.store.moves import cancel
from digest.store.people import People, Step
from digest.subscribers.due import Due, pushed


class ChangedError(Exception):
    """What a plan was based on has changed, or cannot be written; nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What planning a reader comes to: a plan for their turn, or a moment to look again."""

    look: Look
    plan: Plan | None = None
    wait_until: datetime | None = None  #: the slot stays the same


class Enqueue:
    """Writes readers' turns: due times, what is folded, the slots that were missed, and the slots' own rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)

    def write(self, decided: Sequence[Decided]) -> None:
        """Write all of it, or nothing.

        Raises:
            ChangedError: a reader, or a row, is not as it was read any more, or the store refuses a row.
        """
        try:
            with self.database.write() as connection:
                if not self._write(connection, decided):
                    raise ChangedError("not as it was read any more")
        except sa.exc.IntegrityError as error:
            raise ChangedError(str(error.orig)) from error

    def _write(self, connection: sa.Connection, decided: Sequence[Decided]) -> bool:
        """Whether all of it could be written; people first, as everywhere, so that no two wait for each other."""
        turns = [(one.look, one.plan) for one in decided if one.plan is not None]
        return (
            self.people.advance(connection, [_step(one) for one in decided])
            and all(cancel(connection, row, "folded", plan.now) for look, plan in turns for row in look.folds)
            and self._is_as_composed(connection, [plan for _, plan in turns])
            and self.ledger.add_all(connection, Kind.DIGEST, [row for turn in turns for row in _new_rows(*turn)])
            is not None
            and all(self.ledger.reopen(connection, look.reopens, plan) for look, plan in turns if look.reopens)
        )

    def _is_as_composed(self, connection: sa.Connection, plans: Sequence[Plan]) -> bool:
        """Whether no two works have become one since the letters were composed."""
        today = self.items.resolve(connection, {item for plan in plans for item in plan.items})
        return all(one == now for one, now in today.items())


def missed_reason(person: Subscriber) -> SkipReason:
    """Why a slot that went by gets no letter."""
    return SkipReason.TOO_LATE if person.is_mailable else SkipReason.PAUSED


def _step(decided: Decided) -> Step:
    """How a reader is moved on: to the next slot, or to the moment at which this one is looked at again."""
    look, plan = decided.look, decided.plan
    if plan is None:
        read = look.stored
        return Step(
            read=read,
            status=read.status,
            paused_until=read.paused_until,
            floor=read.floor,
            due_slot=read.due_slot,
            due_at=read.due_at,
            next_due_at=decided.wait_until,
            last_digest_at=read.last_digest_at,
        )
    person, is_letter = look.person, plan.state is State.PLANNED
    following = pushed(look.turn.next, plan.now) if is_letter else look.turn.next
    return Step(
        read=look.stored,
        status=person.status,
        paused_until=person.paused_until,
        floor=person.floor if person.floor is not None or look.window[1] == 0 else look.window[0],
        due_slot=following.slot,
        due_at=following.at,
        next_due_at=following.at,
        last_digest_at=plan.now if is_letter else person.last_digest_at,
    )


def _new_rows(look: Look, plan: Plan) -> Iterator[tuple[int, str, Plan]]:
    """The rows of slots that went by, and the slot's own, unless there is one already."""
    for due in look.missed:
        yield look.person.id, due.slot.isoformat(), _skip(look, due, plan)
    if look.row is None:
        yield look.person.id, look.turn.serve.slot.isoformat(), plan


def _skip(look: Look, due: Due, plan: Plan) -> Plan:
    return Plan(
        state=State.SKIPPED,
        reason=missed_reason(look.person),
        window=look.window,
        due_at=due.at,
        deadline=due.at,
        transport=plan.transport,
        now=plan.now,
    )
