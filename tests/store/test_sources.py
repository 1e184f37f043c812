"""What is remembered of a source: its validators, and what it lists on each weekday as a rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from digest.model import Entry, Listing, Outcome, Page, Parsed, Past, Read, Source
from digest.store.connect import Database
from digest.store.sources import add_source, keep_listing, past_of, settle_read, usual_counts

MONDAY = date(2026, 9, 7)
C, E, P = Outcome.COMPLETE, Outcome.EMPTY, Outcome.PARTIAL


def mondays(*counts: int) -> list[tuple[date, str, Outcome, int]]:
    return [(MONDAY + timedelta(weeks=week), "u", C, count) for week, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("listed", "usual"),
    [
        ([], {}),
        (mondays(9, 9, 9), {}),  # three weeks are no rule
        (mondays(9, 1, 8, 7), {0: 7}),
        (mondays(9, 1, 8, 7, 100), {0: 8}),
        ([*mondays(9, 1, 8, 7), (MONDAY, "u", C, 2), (MONDAY, "u", C, 30)], {0: 7}),  # the fullest document of a day
        ([*mondays(4, 4, 4, 4), *[(day, "v", C, 3) for day, *_ in mondays(4, 4, 4, 4)]], {0: 7}),  # two addresses
        ([*mondays(9, 9, 9), (MONDAY + timedelta(weeks=3), "u", P, 9)], {}),  # never read whole
        ([*mondays(9, 9, 9, 9), (MONDAY, "v", P, 5)], {}),
        ([(MONDAY, "u", P, 3), *mondays(9, 9, 9, 9)], {0: 9}),  # mended later
        ([(day, "u", E, 0) for day, *_ in mondays(1, 1, 1, 1)], {0: 0}),
    ],
)
def test_what_is_usual_is_the_median_of_whole_days(
    listed: list[tuple[date, str, Outcome, int]], usual: dict[int, int]
) -> None:
    assert usual_counts(listed) == usual


def keep(database: Database, day: date, count: int, outcome: Outcome = C) -> Listing:
    """Record a read of a day, made at noon of the next one."""
    entries = tuple(Entry(title=f"Paper {number}") for number in range(count))
    parsed = Parsed(kind="huggingface", outcome=outcome, reason="why", entries=entries, day=day)
    listing = Listing(source="daily", url=f"https://papers.example/{day}", body=b"[]", parsed=parsed, etag='"a"')
    at = datetime.combine(day + timedelta(days=1), time(12), UTC)
    with database.write() as connection:
        add_source(connection, Source(name="daily", kind="huggingface"))
        keep_listing(connection, listing, at)
        read = Read(source="daily", outcome=outcome, listings=(listing,))
        settle_read(connection, read, now=at, next_read_at=at)
    return listing


def past(database: Database) -> Past:
    with database.read() as connection:
        return past_of(connection, "daily")


def test_nothing_is_known_of_a_source_that_was_never_read(database: Database) -> None:
    assert past(database) == Past()


def test_a_page_is_remembered_with_what_it_listed(database: Database) -> None:
    listing = keep(database, MONDAY, 3)
    page = past(database).pages[listing.url]
    assert (page.etag, page.fingerprint, page.entries) == ('"a"', listing.parsed.fingerprint, 3)
    assert keep(database, MONDAY, 5, Outcome.PARTIAL).url == listing.url
    assert past(database).pages[listing.url] == page


def test_a_history_makes_a_rule(database: Database) -> None:
    for week, count in enumerate([10, 14, 12, 90]):
        keep(database, MONDAY + timedelta(weeks=week), count)
        keep(database, MONDAY + timedelta(weeks=week, days=1), count * 2)
    assert past(database).usual == {0: 12, 1: 24}


def test_only_the_last_eight_weeks_count(database: Database) -> None:
    for week, count in enumerate([1, 1, 1, 1, 50, 60, 70, 80, 50, 60, 70, 80]):
        keep(database, MONDAY + timedelta(weeks=week), count)
    assert past(database).usual == {0: 60}


def test_a_day_that_was_not_over_does_not_count(database: Database) -> None:
    for week in range(3):
        keep(database, MONDAY + timedelta(weeks=week), 10)
    fourth = MONDAY + timedelta(weeks=3)
    listing = keep(database, fourth, 1)
    with database.write() as connection:
        noon = datetime.combine(fourth, time(12), UTC)
        settle_read(connection, Read(source="daily", outcome=C, listings=(listing,)), now=noon, next_read_at=noon)
    assert past(database).usual == {}
    keep(database, fourth, 10)
    assert past(database).usual == {0: 10}


def test_pages_without_a_memory_are_pages_still(database: Database) -> None:
    """A store from before the counts has validators, and neither fingerprint nor number."""
    listing = keep(database, MONDAY, 3)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE page SET fingerprint = NULL, entries = NULL")
    assert past(database).pages[listing.url] == Page(etag='"a"', sha256=past(database).pages[listing.url].sha256)
