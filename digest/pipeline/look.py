"""What planning readers is based on: read in one transaction, and compared again before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Delivery, SkipReason, State, Status, Subscriber
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.moves import REOPENABLE
from digest.store.people import People
from digest.subscribers.due import Due
from digest.subscribers.turn import Turn, turn_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The operator's rules of planning."""

    max_lateness: timedelta
    wait_for_sources: timedelta
    first_days: int  #: how far back a first letter looks
    catch_up: timedelta  #: how far back a letter looks after an absence
    transport: str  #: "files" or "smtp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A reader whose turn it is, and what stands in the ledger already."""

    stored: Subscriber  #: as read
    person: Subscriber  #: as planned for: a pause that is over has ended
    turn: Turn
    window: tuple[int, int]  #: announcements with an edition in (from, to] are candidates
    rows: tuple[Delivery, ...]  #: the rows that the turn's slots have already, and those that are still to be sent

    @property
    def row(self) -> Delivery | None:
        """The row that the slot has already."""
        slot = self.turn.serve.slot.isoformat()
        return next((row for row in self.rows if row.slot == slot), None) if self.rows else None

    @property
    def missed(self) -> tuple[Due, ...]:
        """The slots that went by and have no row yet."""
        if not self.turn.missed:
            return ()
        taken = {row.slot for row in self.rows}
        return tuple(due for due in self.turn.missed if due.slot.isoformat() not in taken)

    @property
    def reopens(self) -> Delivery | None:
        """The slot's row, where it ended without a letter and may be composed anew."""
        row = self.row
        if row is None or row.state not in REOPENABLE or row.reason == SkipReason.RESTORED:
            return None
        return row

    @property
    def is_taken(self) -> bool:
        """Whether the slot has a row that stays as it is."""
        return self.row is not None and self.reopens is None

    @property
    def folds(self) -> tuple[Delivery, ...]:
        """Open letters of other slots: what they would have said belongs into this one."""
        slot = self.turn.serve.slot.isoformat()
        return tuple(row for row in self.rows if row.state.is_open and row.slot != slot)

    @property
    def sending(self) -> tuple[Delivery, ...]:
        """Letters that are leaving at this moment."""
        return tuple(row for row in self.rows if row.state is State.SENDING)

    @property
    def gets_letter(self) -> bool:
        """Whether there will be a letter if there is something to say."""
        return self.person.is_mailable and not self.turn.is_too_late


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks at readers."""

    people: People
    ledger: Ledger
    items: Items
    rules: Rules

    def look_at(
        self, connection: sa.Connection, ids: Sequence[int], now: datetime, *, is_forced: bool = False
    ) -> list[Look]:
        """What planning each of these readers is based on, in a few statements for all of them.

        Left out are readers who are gone, or who are not due any more.
        """
        newest = self.items.newest_edition(connection)
        first_floor = self.items.first_floor(connection, self.rules.first_days)
        turns = self._turns(connection, ids, now, is_forced=is_forced)
        slots = {due.slot for _, _, turn in turns for due in (*turn.missed, turn.serve)}
        rows = self.ledger.digests_of(connection, [stored.id for stored, _, _ in turns], slots)
        return [
            Look(
                stored=stored,
                person=person,
                turn=turn,
                window=(first_floor if person.floor is None else person.floor, newest),
                rows=tuple(rows.get(stored.id, ())),
            )
            for stored, person, turn in turns
        ]

    def _turns(
        self, connection: sa.Connection, ids: Sequence[int], now: datetime, *, is_forced: bool
    ) -> list[tuple[Subscriber, Subscriber, Turn]]:
        """Those who have a turn: as stored, and as they are once a pause that is over has ended."""
        found = []
        for stored in self.people.several(connection, ids, due_by=None if is_forced else now):
            person = self._resumed(connection, stored, now)
            turn = turn_of(person, now, max_lateness=self.rules.max_lateness, is_forced=is_forced)
            if turn is not None:
                found.append((stored, person, turn))
        return found

    def _resumed(self, connection: sa.Connection, person: Subscriber, now: datetime) -> Subscriber:
        if person.status is not Status.PAUSED or person.paused_until is None or person.paused_until > now:
            return person
        floor = raised_floor(self.items, connection, person, self.rules.catch_up)
        return replace(person, status=Status.ACTIVE, paused_until=None, floor=floor)


def raised_floor(items: Items, connection: sa.Connection, person: Subscriber, catch_up: timedelta) -> int | None:
    """The floor of a reader who was away: as it was, but not further back than a catch-up reaches."""
    if person.floor is None:
        return None
    return max(person.floor, items.first_floor(connection, max(1, catch_up.days)))
