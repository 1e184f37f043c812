"""Ingest: fetch, parse, diff, record. One transaction per listing day; each announces at most one edition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from digest.items.diff import Change, Changes, diff
from digest.items.works import works_of
from digest.matching.index import Index
from digest.model import AnnounceReason, Listing, Outcome, Past, Read, Source
from digest.sources import KINDS
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.merge import merge
from digest.store.sources import add_source, has_read_any, keep_listing, past_of, settle_read, state_of

#: a failing source is tried again after this long, doubling up to the last figure
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=10), timedelta(hours=1)


class ReadSources(Protocol):
    """Asks sources, all at once; the only part of an ingest that waits for the network."""

    def __call__(
        self, sources: Sequence[Source], past_of: Callable[[Source], Past], now: datetime, *, is_quick: bool
    ) -> list[Read]:
        """How each source was read, in their order; `is_quick` is one attempt each, and a few seconds in all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What one source brought."""

    name: str
    outcome: Outcome
    reason: str
    entries: int = 0
    new: int = 0
    listed: int = 0
    revised: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest brought: the newest edition it made, None where there was nothing to announce."""

    edition: int | None = None
    sources: tuple[SourceReport, ...] = ()
    used_sample: bool = False  #: no source has ever answered, so the shipped sample was read

    @property
    def new_items(self) -> int:
        """Works first seen."""
        return sum(source.new for source in self.sources)

    @property
    def listed_items(self) -> int:
        """Known works that a curated source lists for the first time."""
        return sum(source.listed for source in self.sources)


class Ingest:
    """Reads sources into a store."""

    def __init__(
        self, database: Database, *, read: ReadSources, every: timedelta, sample: Source | None = None
    ) -> None:
        """Read through `read` into `database`; `sample` stands in until a source has once answered."""
        self.database = database
        self.items = Items(database)
        self._read = read
        self._every = every
        self._sample = sample

    def run(self, sources: Sequence[Source], now: datetime) -> Ingested:
        """Read these sources and record what they bring. A source that fails stops no other."""
        with self.database.write() as connection:
            for source in sources:
                add_source(connection, source)
            was_read = has_read_any(connection, [source.name for source in sources])
            recent = self._recent(connection, sources, now)
            barriers = self._barriers(connection, sources)
        use_sample = bool(sources) and self._sample is not None and not was_read
        reads = self._read(sources, self._past, now, is_quick=use_sample)
        used_sample = use_sample and not any(read.outcome.is_read or read.listings for read in reads)
        if used_sample and self._sample is not None:
            with self.database.write() as connection:
                add_source(connection, self._sample)
            reads = [*reads, *self._read([self._sample], self._past, now, is_quick=False)]
        edition, counts = self._record([listing for read in reads for listing in read.listings], recent, barriers, now)
        self._settle(reads, now)
        reports = tuple(_report(read, counts[read.source]) for read in reads)
        return Ingested(edition=edition, sources=reports, used_sample=used_sample)

    def due(self, sources: Sequence[Source], now: datetime) -> tuple[Source, ...]:
        """Those that are to be read again by now."""
        with self.database.read() as connection:
            states = {source.name: state_of(connection, source.name) for source in sources}
        return tuple(
            source
            for source in sources
            if (state := states[source.name]) is None or state.next_read_at is None or state.next_read_at <= now
        )

    def late(self, sources: Sequence[Source], now: datetime) -> tuple[str, ...]:
        """Names of those that could not be read for longer than two rounds; saved files are never late."""
        with self.database.read() as connection:
            states = [state_of(connection, source.name) for source in sources if source.kind in KINDS]
        return tuple(
            state.name
            for state in states
            if state is not None and (state.last_complete_at is None or now - state.last_complete_at > 2 * self._every)
        )

    def _past(self, source: Source) -> Past:
        with self.database.read() as connection:
            return past_of(connection, source.name)

    @staticmethod
    def _recent(connection: sa.Connection, sources: Iterable[Source], now: datetime) -> dict[str, datetime]:
        """{source: it announces nothing published before}, for those whose first read brings a history along."""
        first = [
            source
            for source in sources
            if source.kind in KINDS and KINDS[source.kind].has_history and not has_read_any(connection, [source.name])
        ]
        return {source.name: now - source.max_age for source in first}

    @staticmethod
    def _barriers(connection: sa.Connection, sources: Iterable[Source]) -> dict[str, date]:
        """{source: it announces nothing dated on or before}, for those not read whole since the store was restored."""
        states = [state_of(connection, source.name) for source in sources]
        return {state.name: state.barrier for state in states if state is not None and state.barrier is not None}

    def _record(
        self,
        listings: Iterable[Listing],
        recent: Mapping[str, datetime],
        barriers: Mapping[str, date],
        now: datetime,
    ) -> tuple[int | None, dict[str, Counter[str]]]:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        days: dict[date, list[Listing]] = defaultdict(list)
        for listing in listings:
            days[listing.parsed.day or now.date()].append(listing)
        edition = None
        for day in sorted(days):
            with self.database.write() as connection:
                edition = self._record_day(connection, day, days[day], recent, barriers, now, counts) or edition
        return edition, counts

    def _record_day(
        self,
        connection: sa.Connection,
        day: date,
        listings: Sequence[Listing],
        recent: Mapping[str, datetime],
        barriers: Mapping[str, date],
        now: datetime,
        counts: dict[str, Counter[str]],
    ) -> int | None:
        """The number of the edition that a day's listings make, or None."""
        number = self.items.next_edition(connection)  # first of all: its lock keeps other ingests from the same works
        announced: dict[int, tuple[AnnounceReason, str]] = {}
        for listing in listings:
            changes = self._diff(connection, listing, recent.get(listing.source), barriers.get(listing.source))
            for change in changes:
                one = self._apply(connection, change, listing, now)
                if change.announce:
                    reason = AnnounceReason.LISTED if change.is_first_listing else AnnounceReason.NEW
                    announced.setdefault(one, (reason, listing.source))
            keep_listing(connection, listing, now)
            counts[listing.source].update(
                entries=len(listing.parsed.entries),
                new=sum(change.announce for change in changes.new),
                listed=len(changes.listed),
                revised=len(changes.revised),
            )
        if not announced:
            return None
        today = self.items.resolve(connection, announced)
        texts = self.items.newest_texts(connection, set(today.values()))
        index = Index.of(texts.values())
        self.items.add_edition(connection, number, archive_date=day, history=index.to_bytes(), now=now)
        self.items.announce(connection, number, {today[one]: why for one, why in announced.items()})
        return number

    def _diff(
        self, connection: sa.Connection, listing: Listing, recent: datetime | None, barrier: date | None
    ) -> Changes:
        works = works_of(listing.parsed.entries, listing.source)
        known = self.items.known(connection, {key for work in works for key in work.keys})
        is_curated, day = _is_curated(listing), listing.parsed.day
        return diff(works, known, is_curated=is_curated, recent=recent, barrier=barrier, day=day)

    def _apply(self, connection: sa.Connection, change: Change, listing: Listing, now: datetime) -> int:
        """Record one change; the item that it is about."""
        if change.item is None:
            one = self.items.add(connection, source=listing.source, now=now, is_absorbed=change.is_absorbed)
        else:  # an earlier entry of this listing may have merged it
            one = self.items.resolve(connection, [change.item])[change.item]
        for younger in self.items.resolve(connection, change.absorbs).values():
            if younger != one:
                merge(connection, one, younger)
        self.items.add_keys(connection, one, change.new_keys)
        if change.new_text is not None:
            self.items.add_text(connection, one, change.new_text, now)
        self.items.sight(
            connection,
            one,
            source=listing.source,
            is_curated=_is_curated(listing),
            popularity=change.work.popularity,
            now=now,
        )
        return one

    def _settle(self, reads: Iterable[Read], now: datetime) -> None:
        with self.database.write() as connection:
            for read in reads:
                state = state_of(connection, read.source)
                wait = self._every if read.outcome.is_read else _retry_after(state.failures if state else 0)
                settle_read(connection, read, now=now, next_read_at=now + wait)


def _is_curated(listing: Listing) -> bool:
    return KINDS[listing.parsed.kind].is_curated


def _retry_after(failures: int) -> timedelta:
    return min(_FIRST_RETRY * (1 << min(failures, 10)), _LONGEST_RETRY)


def _report(read: Read, counts: Counter[str]) -> SourceReport:
    return SourceReport(
        name=read.source,
        outcome=read.outcome,
        reason=read.reason,
        entries=counts["entries"],
        new=counts["new"],
        listed=counts["listed"],
        revised=counts["revised"],
    )
