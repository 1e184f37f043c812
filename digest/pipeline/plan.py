"""Plan: one ledger row per reader and slot, a letter with its picks or the reason why there is none.

Planning some readers looks, decides, and writes in one transaction that compares what was looked at. If anything has
changed in between it writes nothing; then each half is planned alone, until whoever has changed stands alone, and is
left for the next tick.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.collector import no_collection
from digest.model import Delivery, SkipReason, State
from digest.pipeline.composer import Composer
from digest.pipeline.enqueue import ChangedError, Decided, Enqueue, missed_reason
from digest.pipeline.look import Look, Looker, Rules
from digest.pipeline.shelf import Shelf
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger, Plan
from digest.store.people import People, Share
from digest.store.picks import Packed

_log = logging.getLogger(__name__)

#: how often a source that is late is asked for again
RECHECK = timedelta(minutes=10)

#: readers planned together: enough to share the cost of a commit, few enough to let other writers in between
BATCH = 1_000

#: ids read at a time: each reading walks over everybody who is due
_IDS = 50_000

#: readers who are named in the report of a run by hand; a million would fill the memory and nobody would read them
_NAMED = 100

_NO_LETTER = Packed((), b"")


@dataclass(slots=True)
class Planned:
    """What a planning run did."""

    letters: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  #: {reason: slots}
    waiting: int = 0  #: readers who wait for a late source, or for a letter that is just being sent
    folded: int = 0  #: older letters that were still open
    served: list[tuple[str, Delivery]] = field(default_factory=list)  #: asked for by hand, but the slot had its row
    more_served: int = 0  #: so many besides, who are not named

    def count(self, decided: Decided) -> None:
        """Add what was written for a reader."""
        look, plan = decided.look, decided.plan
        if plan is None:
            self.waiting += 1
            return
        self.folded += len(look.folds)
        if look.missed:
            self.skipped[missed_reason(look.person)] += len(look.missed)
        if not look.is_taken:
            self.letters += plan.reason is None
            self.skipped.update([plan.reason] if plan.reason else [])

    def note_served(self, look: Look) -> None:
        """Remember a reader who was asked for by hand and has had today's turn; of many, only the first are named."""
        if look.row is None:
            return
        if len(self.served) < _NAMED:
            self.served.append((look.person.email, look.row))
        else:
            self.more_served += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What the readers of a run have in common."""

    now: datetime
    composer: Composer
    late_sources: tuple[str, ...] = ()  #: names of sources not read in time
    is_forced: bool = False  #: everybody who may be written to, due or not
    planned: Planned = field(default_factory=Planned)  #: what was done so far


class Planner:
    """Writes the ledger rows of those who are due."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Rules,
        shelf: Callable[[], Shelf],
        batch: int = BATCH,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`shelf` makes one for each run; once `is_stopping`, the readers that are left wait for the next run."""
        self._batch = batch
        self._is_stopping = is_stopping
        self.database = database
        self.rules = rules
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)
        self._looker = Looker(people=self.people, ledger=self.ledger, items=self.items, rules=rules)
        self._enqueue = Enqueue(database)
        self._shelf = shelf

    def run(
        self,
        now: datetime,
        *,
        late_sources: Iterable[str] = (),
        only: int | None = None,
        shard: tuple[int, int] = (0, 1),
        is_forced: bool = False,
        report: Callable[[int], None] = lambda _: None,
    ) -> Planned:
        """Plan everybody who is due; with `is_forced` everybody who may be written to, due or not.

        `late_sources` are the names of sources not read in time. With `shard=(k, n)` only readers whose id divided by
        n leaves k, so that n planners share the work. `report` is told how many readers were looked at.
        """
        occasion = self.occasion(now, late_sources=late_sources, is_forced=is_forced)
        looked_at = 0
        for batch in self._batches(occasion, Share(only=only, remainder=shard[0], divisor=shard[1])):
            if self._is_stopping():
                break
            self.plan(batch, occasion)
            looked_at += len(batch)
            report(looked_at)
        return occasion.planned

    def occasion(self, now: datetime, *, late_sources: Iterable[str] = (), is_forced: bool = False) -> Occasion:
        """What a run begins with."""
        unread = tuple(late_sources)
        composer = Composer(self.items, self.ledger, self._shelf(), unread=unread)
        return Occasion(now=now, composer=composer, late_sources=unread, is_forced=is_forced)

    def plan(self, batch: Sequence[int], occasion: Occasion) -> None:
        """Plan some readers, and count what was done; who cannot be planned now is left for the next run."""
        try:
            self._plan(batch, occasion)
        except ChangedError as error:
            if len(batch) == 1:
                _log.warning("reader %s is left for the next run: %s", batch[0], error)
                return
            middle = len(batch) // 2
            self.plan(batch[:middle], occasion)
            self.plan(batch[middle:], occasion)

    def _plan(self, batch: Sequence[int], occasion: Occasion) -> None:
        with no_collection():
            taken = self._write(batch, occasion)
        for look in taken:
            self._hurry(look, occasion)

    def _write(self, batch: Sequence[int], occasion: Occasion) -> list[Look]:
        """Those of whom nothing was written, since by hand they were asked for too late: their slot has its row."""
        with self.database.read() as connection:
            looks = self._looker.look_at(connection, batch, occasion.now, is_forced=occasion.is_forced)
            taken = [look for look in looks if look.is_taken] if occasion.is_forced else []
            served = {look.person.id for look in taken}
            decided = self._decide(connection, [look for look in looks if look.person.id not in served], occasion)
        self._enqueue.write(decided)
        for one in decided:
            occasion.planned.count(one)
        return taken

    def _decide(self, connection: sa.Connection, looks: Sequence[Look], occasion: Occasion) -> list[Decided]:
        """What each turn comes to: waiting, a letter, or the reason why there is none."""
        waits = {look.person.id: self._wait_until(look, occasion) for look in looks}
        letters = (look for look in looks if look.gets_letter and not look.is_taken and not waits[look.person.id])
        written = occasion.composer.compose(connection, letters)
        return [
            Decided(look=look, wait_until=until)
            if (until := waits[look.person.id])
            else Decided(look=look, plan=self._plan_of(look, written.get(look.person.id, _NO_LETTER), occasion))
            for look in looks
        ]

    def _wait_until(self, look: Look, occasion: Occasion) -> datetime | None:
        """When to look at a reader again whose letter is leaving, or waits for a late source; None: it is time."""
        if look.sending:
            return max(row.lease_until or occasion.now for row in look.sending)
        patience = look.turn.serve.at + self.rules.wait_for_sources
        if occasion.is_forced or not occasion.late_sources or not look.gets_letter or occasion.now >= patience:
            return None
        return min(occasion.now + RECHECK, patience)

    def _plan_of(self, look: Look, letter: Packed, occasion: Occasion) -> Plan:
        reason = _skip_reason(look, letter, occasion.late_sources)
        return Plan(
            state=State.SKIPPED if reason else State.PLANNED,
            reason=reason,
            window=look.window,
            letter=None if reason else letter,
            due_at=look.turn.serve.at,
            deadline=look.turn.deadline,
            transport=self.rules.transport,
            now=occasion.now,
        )

    def _hurry(self, look: Look, occasion: Occasion) -> None:
        """Asked for by hand: a letter that was put off is tried at once, anything else stands as it is."""
        row = look.row
        if row is None or row.state is not State.DEFERRED:
            occasion.planned.note_served(look)
            return
        with self.database.write() as connection:
            self.ledger.hurry(connection, row, occasion.now)

    def _batches(self, occasion: Occasion, share: Share) -> Iterator[Sequence[int]]:
        """The readers to plan, some at a time, in the order of their ids."""
        after = 0
        while True:
            with self.database.read() as connection:
                if occasion.is_forced:
                    ids = self.people.reachable(connection, after=after, limit=_IDS, share=share)
                else:
                    ids = self.people.due(connection, occasion.now, after=after, limit=_IDS, share=share)
            yield from (ids[first : first + self._batch] for first in range(0, len(ids), self._batch))
            if len(ids) < _IDS:
                return
            after = ids[-1]


def _skip_reason(look: Look, letter: Packed, late_sources: tuple[str, ...]) -> SkipReason | None:
    """Why a slot gets no letter; None where it gets one."""
    if not look.person.is_mailable:
        return SkipReason.PAUSED
    if look.turn.is_too_late:
        return SkipReason.TOO_LATE
    if letter.items:
        return None
    if letter.considered:
        return SkipReason.NOTHING_MATCHED
    return SkipReason.STALE if late_sources else SkipReason.NOTHING_NEW
