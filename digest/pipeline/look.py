"""What planning one reader is based on: read in one transaction, and compared again before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Delivery, SkipReason, State, Status, Subscriber
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.moves import REOPENABLE
from digest.store.people import People
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
    row: Delivery | None  #: the row that the slot has already
    open_rows: tuple[Delivery, ...]  #: the reader's letters that are still to be sent

    @property
    def reopens(self) -> Delivery | None:
        """The slot's row, where it ended without a letter and may be composed anew."""
        if self.row is None or self.row.state not in REOPENABLE or self.row.reason == SkipReason.RESTORED:
            return None
        return self.row

    @property
    def is_taken(self) -> bool:
        """Whether the slot has a row that stays as it is."""
        return self.row is not None and self.reopens is None

    @property
    def folds(self) -> tuple[Delivery, ...]:
        """Open letters of other slots: what they would have said belongs into this one."""
        return tuple(row for row in self.open_rows if row.slot != self.turn.serve.slot.isoformat())

    @property
    def sending(self) -> tuple[Delivery, ...]:
        """Letters that are leaving at this moment."""
        return tuple(row for row in self.open_rows if row.state is State.SENDING)

    @property
    def gets_letter(self) -> bool:
        """Whether there will be a letter if there is something to say."""
        return self.person.is_mailable and not self.turn.is_too_late


def look_at(
    connection: sa.Connection,
    one: int,
    now: datetime,
    *,
    people: People,
    ledger: Ledger,
    items: Items,
    rules: Rules,
    is_forced: bool,
) -> Look | None:
    """What planning a reader is based on; None where the reader is gone, or another planner has served the turn."""
    stored = people.get(connection, one)
    if stored is None:
        return None
    person = _resumed(connection, items, stored, now, rules)
    turn = turn_of(person, now, max_lateness=rules.max_lateness, is_forced=is_forced)
    if turn is None:
        return None
    floor = person.floor
    if floor is None:
        floor = items.first_floor(connection, rules.first_days)
    return Look(
        stored=stored,
        person=person,
        turn=turn,
        window=(floor, items.newest_edition(connection)),
        row=ledger.slot(connection, one, turn.serve.slot),
        open_rows=tuple(ledger.open_digests(connection, one)),
    )


def raised_floor(items: Items, connection: sa.Connection, person: Subscriber, catch_up: timedelta) -> int | None:
    """The floor of a reader who was away: as it was, but not further back than a catch-up reaches."""
    if person.floor is None:
        return None
    return max(person.floor, items.first_floor(connection, max(1, catch_up.days)))


def _resumed(connection: sa.Connection, items: Items, person: Subscriber, now: datetime, rules: Rules) -> Subscriber:
    """The reader as they are once a pause that is over has ended."""
    if person.status is not Status.PAUSED or person.paused_until is None or person.paused_until > now:
        return person
    floor = raised_floor(items, connection, person, rules.catch_up)
    return replace(person, status=Status.ACTIVE, paused_until=None, floor=floor)
