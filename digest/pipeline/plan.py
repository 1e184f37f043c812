"""Plan: one ledger row per reader and slot, a letter with its picks or the reason why there is none.

Planning one reader reads first and decides; then one transaction compares and sets the due time, folds what is still
open, and writes. If anything has changed in between it writes nothing, and the next tick looks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.matching.compose import compose
from digest.model import Delivery, Digest, Kind, SkipReason, State, Status, Subscriber
from digest.pipeline.shelf import Shelf, understood
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger, Plan
from digest.store.moves import REOPENABLE, cancel
from digest.store.people import People
from digest.subscribers.due import Due, pushed
from digest.subscribers.turn import Turn, turn_of

#: how often a source that is late is asked for again
RECHECK = timedelta(minutes=10)

_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The operator's rules of planning."""

    max_lateness: timedelta
    wait_for_sources: timedelta
    first_days: int  #: how far back a first letter looks
    catch_up: timedelta  #: how far back a letter looks after an absence
    transport: str  #: "files" or "smtp"


@dataclass(slots=True)
class Planned:
    """What a planning run did."""

    letters: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  #: {reason: slots}
    waiting: int = 0  #: readers who wait for a late source, or for a letter that is just being sent
    folded: int = 0  #: older letters that were still open
    served: list[tuple[str, Delivery]] = field(default_factory=list)  #: asked for by hand, but the slot had its row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What planning a reader is based on."""

    stored: Subscriber  #: as read
    person: Subscriber  #: as planned for: a pause that is over has ended
    turn: Turn
    window: tuple[int, int]
    digest: Digest
    folds: tuple[Delivery, ...]  #: open letters of earlier slots
    reopens: Delivery | None  #: this slot's row, failed or cancelled


class Planner:
    """Writes the ledger rows of those who are due."""

    def __init__(self, database: Database, *, rules: Rules, shelf: Callable[[], Shelf]) -> None:
        self.database = database
        self.rules = rules
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)
        self._shelf = shelf

    def run(
        self,
        now: datetime,
        *,
        late_sources: Iterable[str] = (),
        only: int | None = None,
        is_forced: bool = False,
        report: Callable[[int], None] = lambda _: None,
    ) -> Planned:
        """Plan everybody who is due; with `is_forced` everybody who may be written to, due or not.

        `late_sources` are the names of sources not read in time; `report` is told how many readers were looked at.
        """
        planned = Planned()
        shelf = self._shelf()
        late = tuple(late_sources)
        for count, person in enumerate(self._due(now, only, is_forced=is_forced), 1):
            self.plan(person, now, shelf, planned, late_sources=late, is_forced=is_forced)
            report(count)
        return planned

    def _due(self, now: datetime, only: int | None, *, is_forced: bool) -> Iterator[int]:
        after = 0
        while True:
            with self.database.read() as connection:
                if is_forced:
                    batch = self.people.reachable(connection, after=after, limit=_BATCH)
                else:
                    batch = self.people.due(connection, now, after=after, limit=_BATCH)
            yield from (person for person in batch if only in (None, person))
            if len(batch) < _BATCH:
                return
            after = batch[-1]

    def plan(
        self,
        one: int,
        now: datetime,
        shelf: Shelf,
        planned: Planned,
        *,
        late_sources: tuple[str, ...] = (),
        is_forced: bool = False,
    ) -> None:
        """Plan one reader, and count what was done."""
        with self.database.read() as connection:
            stored = self.people.get(connection, one)
            if stored is None:
                return
            person = self._resumed(connection, stored, now)
            turn = turn_of(person, now, max_lateness=self.rules.max_lateness, is_forced=is_forced)
            row = self.ledger.slot(connection, one, turn.serve.slot)
            open_rows = self.ledger.open_digests(connection, one)
            sending = [each for each in open_rows if each.state is State.SENDING]
            may_reopen = row is not None and row.state in REOPENABLE and row.reason != SkipReason.RESTORED
            is_served = is_forced and row is not None and not may_reopen
            if not is_served and not sending:
                others = [each for each in open_rows if each.slot != turn.serve.slot.isoformat()]
                look = self._look(connection, shelf, (stored, person), turn, others, row if may_reopen else None)
        if is_served and row is not None:
            self._hurry(person, row, now, planned)
            return
        if sending:
            self._wait(stored, max(each.lease_until or now for each in sending), planned)
            return
        if not is_forced and self._must_wait(look, late_sources, now):
            self._wait(stored, min(now + RECHECK, turn.serve.at + self.rules.wait_for_sources), planned)
            return
        self._write(look, late_sources, now, planned, taken=row is not None and not may_reopen)

    def _resumed(self, connection: sa.Connection, person: Subscriber, now: datetime) -> Subscriber:
        """The reader as they are once a pause that is over has ended."""
        if person.status is not Status.PAUSED or person.paused_until is None or person.paused_until > now:
            return person
        floor = raised_floor(self.items, connection, person, self.rules.catch_up)
        return replace(person, status=Status.ACTIVE, paused_until=None, floor=floor)

    def _look(
        self,
        connection: sa.Connection,
        shelf: Shelf,
        who: tuple[Subscriber, Subscriber],
        turn: Turn,
        folds: list[Delivery],
        reopens: Delivery | None,
    ) -> _Look:
        stored, person = who
        to = self.items.newest_edition(connection)
        floor = person.floor
        if floor is None:
            floor = self.items.first_floor(connection, self.rules.first_days)
        digest = Digest()
        if person.is_mailable and not turn.is_too_late:
            freed = [each.id for each in folds if not each.was_unknown]
            excluded = self.ledger.mentioned(connection, person.id, besides=freed)
            interests = understood(person.profile.interests).interests
            digest = compose(person.profile, interests, shelf.window(connection, floor, to), excluded)
        return _Look(
            stored=stored,
            person=person,
            turn=turn,
            window=(floor, to),
            digest=digest,
            folds=tuple(folds),
            reopens=reopens,
        )

    def _must_wait(self, look: _Look, late_sources: tuple[str, ...], now: datetime) -> bool:
        patience = look.turn.serve.at + self.rules.wait_for_sources
        is_letter = look.person.is_mailable and not look.turn.is_too_late
        return bool(late_sources) and is_letter and now < patience

    def _wait(self, stored: Subscriber, until: datetime, planned: Planned) -> None:
        with self.database.write() as connection:
            if self._is_as_read(connection, stored):
                self.people.change(connection, stored.id, next_due_at=until)
        planned.waiting += 1

    def _hurry(self, person: Subscriber, row: Delivery, now: datetime, planned: Planned) -> None:
        if row.state is not State.DEFERRED:
            planned.served.append((person.email, row))
            return
        with self.database.write() as connection:
            self.ledger.hurry(connection, row, now)

    def _write(
        self, look: _Look, late_sources: tuple[str, ...], now: datetime, planned: Planned, *, taken: bool
    ) -> None:
        """Write what was decided, in one transaction that changes nothing where anything has changed."""
        state, reason = _decided(look, late_sources)
        digest = replace(look.digest, unread=late_sources) if state is State.PLANNED else None
        plan = Plan(
            state=state,
            reason=reason,
            window=look.window,
            digest=digest,
            due_at=look.turn.serve.at,
            deadline=look.turn.deadline,
            transport=self.rules.transport,
            now=now,
        )
        try:
            with self.database.write() as connection:
                self._claim_turn(connection, look, now, is_letter=state is State.PLANNED)
                self._fold(connection, look, now)
                missed = [self._skip(connection, look, due, now) for due in look.turn.missed]
                if not taken:
                    self._put(connection, look, plan)
        except _Changed:
            return
        planned.folded += len(look.folds)
        planned.skipped.update(reason for reason in missed if reason)
        if not taken:
            planned.letters += state is State.PLANNED
            planned.skipped.update([reason] if reason else [])

    def _claim_turn(self, connection: sa.Connection, look: _Look, now: datetime, *, is_letter: bool) -> None:
        """Move the due time on; whoever does that plans this slot."""
        person, turn = look.person, look.turn
        following = pushed(turn.next, now) if is_letter else turn.next
        if not self._is_as_read(connection, look.stored):
            raise _Changed
        self.people.change(
            connection,
            person.id,
            status=person.status,
            paused_until=person.paused_until,
            floor=person.floor if person.floor is not None or look.window[1] == 0 else look.window[0],
            due_slot=following.slot,
            due_at=following.at,
            next_due_at=following.at,
            last_digest_at=now if is_letter else person.last_digest_at,
        )

    def _is_as_read(self, connection: sa.Connection, stored: Subscriber) -> bool:
        """Whether nobody has planned this reader or changed their standing since; nobody will before the commit."""
        current = self.people.get(connection, stored.id, lock=True)
        return current is not None and _standing(current) == _standing(stored)

    def _fold(self, connection: sa.Connection, look: _Look, now: datetime) -> None:
        """End older letters that are still open: what they would have said is in this one."""
        if not all(cancel(connection, row, "folded", now) for row in look.folds):
            raise _Changed

    def _skip(self, connection: sa.Connection, look: _Look, due: Due, now: datetime) -> SkipReason | None:
        reason = SkipReason.TOO_LATE if look.person.is_mailable else SkipReason.PAUSED
        plan = Plan(
            state=State.SKIPPED,
            reason=reason,
            window=look.window,
            due_at=due.at,
            deadline=due.at,
            transport=self.rules.transport,
            now=now,
        )
        added = self.ledger.add(connection, look.person.id, Kind.DIGEST, due.slot.isoformat(), plan)
        return None if added is None else reason

    def _put(self, connection: sa.Connection, look: _Look, plan: Plan) -> None:
        items = [pick.item for pick in plan.digest.all_picks] if plan.digest else []
        if any(one != today for one, today in self.items.resolve(connection, items).items()):
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


def raised_floor(items: Items, connection: sa.Connection, person: Subscriber, catch_up: timedelta) -> int | None:
    """The floor of a reader who was away: as it was, but not further back than a catch-up reaches."""
    if person.floor is None:
        return None
    return max(person.floor, items.first_floor(connection, max(1, catch_up.days)))


def _decided(look: _Look, late_sources: tuple[str, ...]) -> tuple[State, SkipReason | None]:
    """What a slot gets."""
    if not look.person.is_mailable:
        return State.SKIPPED, SkipReason.PAUSED
    if look.turn.is_too_late:
        return State.SKIPPED, SkipReason.TOO_LATE
    if look.digest.all_picks:
        return State.PLANNED, None
    if look.digest.considered:
        return State.SKIPPED, SkipReason.NOTHING_MATCHED
    return State.SKIPPED, SkipReason.STALE if late_sources else SkipReason.NOTHING_NEW


class _Changed(Exception):  # noqa: N818  # not an error: somebody else was quicker
    """What a plan was based on has changed; nothing is written."""
