"""Outcomes that tell the truth: a list that is far too short, or far too old, is not believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from digest.model import Entry, Outcome, Parsed, Past, Read, Source
from digest.sources import KINDS
from digest.sources.kind import Reading, Request
from digest.sources.outcome import FEWEST_USUAL, judge_age, judge_counts
from digest.sources.read import read_source
from tests.sources.network import fetcher_on

FRIDAY = date(2026, 11, 20)
MORNING_AFTER = datetime(2026, 11, 21, 6, tzinfo=UTC)
USUAL = {4: 20, 5: 0, 6: 2}


def day_with(entries: int, outcome: Outcome | None = None, day: date | None = FRIDAY) -> Parsed:
    found = outcome or (Outcome.COMPLETE if entries else Outcome.EMPTY)
    listed = tuple(Entry(title=f"Paper {number}") for number in range(entries))
    return Parsed(kind="x", outcome=found, reason="" if found is Outcome.COMPLETE else "why", entries=listed, day=day)


def judge(
    *parts: Parsed, now: datetime = MORNING_AFTER, at_once: bool = False, known: Sequence[int | None] | None = None
) -> list[Parsed]:
    return judge_counts(parts, known or [None] * len(parts), USUAL, now, at_once=at_once)


@pytest.mark.parametrize(("entries", "is_believed"), [(0, False), (1, False), (5, False), (6, True), (40, True)])
def test_less_than_a_third_of_what_is_usual_is_not_believed(entries: int, *, is_believed: bool) -> None:
    (judged,) = judge(day_with(entries))
    if is_believed:
        assert judged == day_with(entries)
    else:
        assert judged.outcome is Outcome.SUSPICIOUS
        assert judged.reason == f"{entries} listed, where a Friday has 20 as a rule"
        assert not judged.entries


@pytest.mark.parametrize(
    ("now", "at_once", "is_judged"),
    [
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), False, False),  # it may still grow
        (datetime(2026, 11, 21, 0, 0, tzinfo=UTC), False, True),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), False, True),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), False, False),  # so it was a holiday
        (datetime(2026, 11, 19, 23, 59, tzinfo=UTC), True, False),
        (datetime(2026, 11, 20, 0, 0, tzinfo=UTC), True, True),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), True, True),
        (datetime(2026, 11, 21, 0, 0, tzinfo=UTC), True, False),
    ],
)
def test_a_day_is_doubted_for_a_day_once_its_list_should_be_whole(
    now: datetime, *, at_once: bool, is_judged: bool
) -> None:
    (judged,) = judge(day_with(1), now=now, at_once=at_once)
    assert (judged.outcome is Outcome.SUSPICIOUS) is is_judged


def test_a_weekday_without_a_history_is_believed() -> None:
    thursday = day_with(1, day=FRIDAY - timedelta(days=1))
    assert judge(thursday, now=MORNING_AFTER - timedelta(days=1)) == [thursday]


def test_a_weekday_with_hardly_anything_is_believed() -> None:
    sunday = day_with(0, day=date(2026, 11, 22))
    assert USUAL[6] < FEWEST_USUAL
    assert judge(sunday, now=datetime(2026, 11, 23, 6, tzinfo=UTC)) == [sunday]


def test_a_list_without_a_day_is_believed() -> None:
    assert judge(day_with(1, day=None)) == [day_with(1, day=None)]


def test_the_pages_of_a_day_count_together() -> None:
    assert judge(day_with(5), day_with(4)) == [day_with(5), day_with(4)]
    assert {part.outcome for part in judge(day_with(3), day_with(2))} == {Outcome.SUSPICIOUS}


@pytest.mark.parametrize("missing", [Outcome.FAILED, Outcome.PARTIAL, Outcome.SUSPICIOUS])
def test_a_day_that_was_not_read_whole_is_not_counted(missing: Outcome) -> None:
    parts = [day_with(2), day_with(0, missing)]
    assert judge(*parts) == parts


@pytest.mark.parametrize(
    ("known", "expected"),
    [(30, Outcome.UNCHANGED), (2, Outcome.SUSPICIOUS), (None, Outcome.UNCHANGED)],
)
def test_an_unchanged_page_counts_as_what_it_had(known: int | None, expected: Outcome) -> None:
    (judged,) = judge(day_with(0, Outcome.UNCHANGED), known=[known])
    assert judged.outcome is expected


def test_other_days_are_left_alone() -> None:
    today = day_with(1, day=FRIDAY + timedelta(days=1))
    judged = judge(today, day_with(1))
    assert judged[0] == today
    assert judged[1].outcome is Outcome.SUSPICIOUS


DAYS = st.dates(date(2026, 11, 14), date(2026, 11, 22))


@given(parts=st.lists(st.tuples(st.integers(0, 30), st.sampled_from([*Outcome]), DAYS)), at_once=st.booleans())
def test_judging_only_ever_doubts(parts: list[tuple[int, Outcome, date]], *, at_once: bool) -> None:
    before = [day_with(entries, outcome, day) for entries, outcome, day in parts]
    for old, new in zip(before, judge(*before, at_once=at_once), strict=True):
        assert new == old or (new.outcome is Outcome.SUSPICIOUS and old.outcome.is_read)


# --- age ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "outcome", "expected"),
    [
        (date(2026, 11, 21), Outcome.COMPLETE, Outcome.COMPLETE),
        (date(2026, 11, 19), Outcome.COMPLETE, Outcome.COMPLETE),
        (date(2026, 11, 18), Outcome.COMPLETE, Outcome.SUSPICIOUS),
        (date(2026, 11, 18), Outcome.EMPTY, Outcome.SUSPICIOUS),
        (date(2026, 11, 18), Outcome.UNCHANGED, Outcome.SUSPICIOUS),
        (date(2026, 11, 18), Outcome.FAILED, Outcome.FAILED),
        (date(2026, 11, 22), Outcome.COMPLETE, Outcome.COMPLETE),
        (None, Outcome.COMPLETE, Outcome.COMPLETE),
    ],
)
def test_a_daily_list_of_an_old_day_is_not_believed(day: date | None, outcome: Outcome, expected: Outcome) -> None:
    judged = judge_age(day_with(3, outcome, day), MORNING_AFTER)
    assert judged.outcome is expected
    if expected is Outcome.SUSPICIOUS:
        assert judged.reason == "still the list of 2026-11-18, though a new one is made every day"


# --- in a read ----------------------------------------------------------------------------------------------------


@pytest.fixture
def read(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Read]:
    """Reads a source whose only page says what it is told to say."""
    httpserver.expect_request("/").respond_with_data(b"x")

    def one(page: Parsed, *, at_once: bool = False, asked_for: date | None = None) -> Read:
        def ask(_source: Source, _past: Past, _now: datetime) -> Reading:
            yield Request(httpserver.url_for("/"), asked_for)

        kind = replace(KINDS["capture"], parse=lambda _: page, read=ask, publishes_at_once=at_once)
        monkeypatch.setitem(KINDS, "told", kind)
        return read_source(Source(name="told", kind="told"), PAST, fetcher_on(), MORNING_AFTER)

    return one


PAST = Past(last_complete_at=MORNING_AFTER - timedelta(days=1), usual=USUAL)


def test_a_read_with_far_too_little_is_suspicious_and_records_nothing(read: Callable[..., Read]) -> None:
    found = read(day_with(2))
    assert (found.outcome, found.listings) == (Outcome.SUSPICIOUS, ())
    assert found.reason == "2026-11-20: 2 listed, where a Friday has 20 as a rule"
    assert read(day_with(12)).outcome is Outcome.COMPLETE


def test_a_list_that_is_made_every_day_must_be_young(read: Callable[..., Read]) -> None:
    old = date(2026, 11, 16)
    assert read(day_with(20, day=old), at_once=True).outcome is Outcome.SUSPICIOUS
    assert read(day_with(20, day=old)).outcome is Outcome.COMPLETE
    assert read(day_with(20, day=old), at_once=True, asked_for=old).outcome is Outcome.COMPLETE
