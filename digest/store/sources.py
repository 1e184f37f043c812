"""What is remembered of each source: when it was read and how that ended, its validators, its documents for replay."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low

import sqlalchemy as sa

from digest.model import Listing, Outcome, Page, Past, Read, Source
from digest.store.connect import insert_into
from digest.store.schema import listing, page, source

LATELY = timedelta(weeks=8)  # how far back it is counted what a source lists on a weekday
FEWEST_DAYS = 4  # of one weekday, before anything about it is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source stands."""

    name: str
    kind: str
    last_read_at: datetime | None
    last_complete_at: datetime | None  #: complete, unchanged or empty
    next_read_at: datetime | None
    failures: int  #: in a row
    outcome: Outcome | None
    reason: str | None
    barrier: date | None


def state_of(connection: sa.Connection, name: str) -> SourceState | None:
    """How a source stands; None before its first read."""
    row = connection.execute(sa.select(source).where(source.c.name == name)).first()
    if row is None:
        return None
    return SourceState(
        name=row.name,
        kind=row.kind,
        last_read_at=row.last_read_at,
        last_complete_at=row.last_complete_at,
        next_read_at=row.next_read_at,
        failures=row.failures,
        outcome=None if row.last_outcome is None else Outcome(row.last_outcome),
        reason=row.last_reason,
        barrier=row.barrier,
    )


def has_read_any(connection: sa.Connection, names: Sequence[str]) -> bool:
    """Whether any of these sources has ever been read completely."""
    query = sa.select(source.c.name).where(source.c.name.in_(names), source.c.last_complete_at.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def past_of(connection: sa.Connection, name: str) -> Past:
    """What the next read of a source starts from."""
    state = state_of(connection, name)
    if state is None or state.last_complete_at is None:
        return Past(pages=_pages_of(connection, name))
    usual = usual_counts(_counts_of(connection, name, before=state.last_complete_at.date()))
    return Past(last_complete_at=state.last_complete_at, pages=_pages_of(connection, name), usual=usual)


def usual_counts(listed: Iterable[tuple[date, str, Outcome, int]]) -> dict[int, int]:
    """{weekday: the median of what such days listed}, for weekdays of which at least four were read completely.

    `listed` has (day, address, outcome, entries) for every document. A day may have several addresses, and each of
    them several documents, since a day grows: its fullest one counts.
    """
    days: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    unread: set[tuple[date, str]] = set()
    for day, url, outcome, entries in listed:
        fullest = days[day]
        fullest[url] = max(fullest[url], entries if outcome.is_read else 0)
        (unread.discard if outcome.is_read else unread.add)((day, url))
    weekdays: dict[int, list[int]] = defaultdict(list)
    for day in days.keys() - {day for day, _ in unread}:
        weekdays[day.weekday()].append(sum(days[day].values()))
    return {weekday: median_low(counts) for weekday, counts in weekdays.items() if len(counts) >= FEWEST_DAYS}


def _counts_of(connection: sa.Connection, name: str, *, before: date) -> list[tuple[date, str, Outcome, int]]:
    """What a source listed on the days of the last eight weeks, oldest document first.

    Days that were not over when it was last read are left out: their lists may be cut short.
    """
    query = sa.select(listing.c.day, listing.c.url, listing.c.outcome, listing.c.entries)
    lately = sa.and_(listing.c.day >= before - LATELY, listing.c.day < before)
    rows = connection.execute(query.where(listing.c.source == name, lately).order_by(listing.c.id))
    return [(row.day, row.url, Outcome(row.outcome), row.entries) for row in rows]


def _pages_of(connection: sa.Connection, name: str) -> dict[str, Page]:
    rows = connection.execute(sa.select(page).where(page.c.source == name))
    return {
        row.url: Page(
            etag=row.etag,
            last_modified=row.last_modified,
            sha256=row.sha256,
            fingerprint=row.fingerprint,
            entries=row.entries,
        )
        for row in rows
    }


def add_source(connection: sa.Connection, one: Source) -> None:
    """Make sure that a configured source has a row."""
    added = insert_into(connection, source).values(name=one.name, kind=one.kind, failures=0)
    connection.execute(added.on_conflict_do_update(index_elements=["name"], set_={"kind": one.kind}))


def keep_listing(connection: sa.Connection, one: Listing, now: datetime) -> None:
    """Keep a document as it came, and its validators where all of it was read."""
    digest = hashlib.sha256(one.body).hexdigest()
    connection.execute(
        sa.insert(listing).values(
            source=one.source,
            url=one.url,
            kind=one.parsed.kind,
            fetched_at=now,
            day=one.parsed.day,
            outcome=one.parsed.outcome,
            reason=one.parsed.reason,
            entries=len(one.parsed.entries),
            sha256=digest,
            body=zlib.compress(one.body),
        )
    )
    if not one.parsed.outcome.is_read:
        return
    validators = {
        "etag": one.etag,
        "last_modified": one.last_modified,
        "sha256": digest,
        "fingerprint": one.parsed.fingerprint,
        "entries": len(one.parsed.entries),
        "read_at": now,
    }
    row = insert_into(connection, page).values(source=one.source, url=one.url, **validators)
    connection.execute(row.on_conflict_do_update(index_elements=["source", "url"], set_=validators))


def settle_read(connection: sa.Connection, read: Read, *, now: datetime, next_read_at: datetime) -> None:
    """Write down how a read ended, and when the next one is due."""
    values: dict[str, object] = {
        "last_read_at": now,
        "next_read_at": next_read_at,
        "last_outcome": read.outcome,
        "last_reason": read.reason,
        "failures": 0 if read.outcome.is_read else source.c.failures + 1,
    }
    if read.outcome.is_read:
        values |= {"last_complete_at": now, "barrier": None}
    connection.execute(sa.update(source).where(source.c.name == read.source).values(**values))


def set_barrier(connection: sa.Connection, day: date) -> None:
    """Let the next complete read of every source announce nothing dated on or before a day."""
    connection.execute(sa.update(source).values(barrier=day))


def forget_listings(connection: sa.Connection, before: datetime) -> int:
    """Drop the bodies of documents fetched before a moment; how many."""
    old = sa.and_(listing.c.fetched_at < before, listing.c.body.is_not(None))
    return int(connection.execute(sa.update(listing).where(old).values(body=None)).rowcount)
