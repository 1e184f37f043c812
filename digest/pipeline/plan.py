"""Plan: one ledger row per reader and slot, a letter with its picks or the reason why there is none.

Planning one reader looks, decides, and writes in one transaction that compares what was looked at. If anything has
changed in between it writes nothing, and the next tick looks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.matching.compose import compose
from digest.model import Delivery, Digest, SkipReason, State
from digest.pipeline.enqueue import Enqueue
from digest.pipeline.look import Look, Rules, look_at
from digest.pipeline.shelf import Shelf, understood
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger, Plan
from digest.store.people import People

#: how often a source that is late is asked for again
RECHECK = timedelta(minutes=10)

_BATCH = 1_000


@dataclass(slots=True)
class Planned:
    """What a planning run did."""

    letters: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  #: {reason: slots}
    waiting: int = 0  #: readers who wait for a late source, or for a letter that is just being sent
    folded: int = 0  #: older letters that were still open
    served: list[tuple[str, Delivery]] = field(default_factory=list)  #: asked for by hand, but the slot had its row


class Planner:
    """Writes the ledger rows of those who are due."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Rules,
        shelf: Callable[[], Shelf],
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`shelf` makes one for each run; once `is_stopping`, the readers that are left wait for the next run."""
        self._is_stopping = is_stopping
        self.database = database
        self.rules = rules
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)
        self._enqueue = Enqueue(database)
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
            if self._is_stopping():
                break
            self.plan(person, now, shelf, planned, late_sources=late, is_forced=is_forced)
            report(count)
        return planned

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
        look = self._look(one, now, is_forced=is_forced)
        if look is None:
            return
        if is_forced and look.row is not None and look.is_taken:
            self._hurry(look.person.email, look.row, now, planned)
        elif look.sending:
            self._wait(look, max(row.lease_until or now for row in look.sending), planned)
        elif not is_forced and late_sources and look.gets_letter and now < self._patience(look):
            self._wait(look, min(now + RECHECK, self._patience(look)), planned)
        else:
            self._write(look, self._composed(look, shelf), late_sources, now, planned)

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

    def _look(self, one: int, now: datetime, *, is_forced: bool) -> Look | None:
        with self.database.read() as connection:
            return look_at(
                connection,
                one,
                now,
                people=self.people,
                ledger=self.ledger,
                items=self.items,
                rules=self.rules,
                is_forced=is_forced,
            )

    def _patience(self, look: Look) -> datetime:
        """Until when a letter waits for a source that is late."""
        return look.turn.serve.at + self.rules.wait_for_sources

    def _wait(self, look: Look, until: datetime, planned: Planned) -> None:
        self._enqueue.wait(look, until)
        planned.waiting += 1

    def _hurry(self, email: str, row: Delivery, now: datetime, planned: Planned) -> None:
        """Asked for by hand: a letter that was put off is tried at once, anything else stands as it is."""
        if row.state is not State.DEFERRED:
            planned.served.append((email, row))
            return
        with self.database.write() as connection:
            self.ledger.hurry(connection, row, now)

    def _composed(self, look: Look, shelf: Shelf) -> Digest:
        """What the letter says; nothing where there will be none."""
        if not look.gets_letter or look.is_taken:
            return Digest()
        # What a folded letter has named is free again, unless it was ever unknown and may have been read.
        freed = [row.id for row in look.folds if not row.was_unknown]
        interests = understood(look.person.profile.interests).interests
        with self.database.read() as connection:
            excluded = self.ledger.mentioned(connection, look.person.id, besides=freed)
            digest = compose(look.person.profile, interests, shelf.window(connection, *look.window), excluded)
            return replace(digest, since=self.items.oldest_day(connection, *look.window))

    def _write(
        self, look: Look, digest: Digest, late_sources: tuple[str, ...], now: datetime, planned: Planned
    ) -> None:
        reason = _skip_reason(look, digest, late_sources)
        plan = Plan(
            state=State.SKIPPED if reason else State.PLANNED,
            reason=reason,
            window=look.window,
            digest=None if reason else replace(digest, unread=late_sources),
            due_at=look.turn.serve.at,
            deadline=look.turn.deadline,
            transport=self.rules.transport,
            now=now,
        )
        missed = self._enqueue.write(look, plan)
        if missed is None:
            return
        planned.folded += len(look.folds)
        planned.skipped.update(missed)
        if not look.is_taken:
            planned.letters += reason is None
            planned.skipped.update([reason] if reason else [])


def _skip_reason(look: Look, digest: Digest, late_sources: tuple[str, ...]) -> SkipReason | None:
    """Why a slot gets no letter; None where it gets one."""
    if not look.person.is_mailable:
        return SkipReason.PAUSED
    if look.turn.is_too_late:
        return SkipReason.TOO_LATE
    if digest.all_picks:
        return None
    if digest.considered:
        return SkipReason.NOTHING_MATCHED
    return SkipReason.STALE if late_sources else SkipReason.NOTHING_NEW
