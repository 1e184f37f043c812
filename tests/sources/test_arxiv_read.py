"""What is asked of arXiv: one feed a day, and the API for what nobody read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from digest.errors import SourceError
from digest.model import Outcome, Page, Parsed, Past, Source
from digest.sources.arxiv import LIMIT, REACH, parse, read
from digest.sources.arxiv.days import SETTLING, settled, weekdays
from digest.sources.arxiv.feed import FULL
from digest.sources.kind import Request, failed
from digest.sources.read import read_source
from tests.sources.arxiv_shapes import NEW_YORK, Paper, answer, batch, rss
from tests.sources.network import Watch, fetcher_on

SOURCE = Source(name="arxiv", kind="arxiv", categories=("cs.LG", "cs.CL"))
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # Friday morning
FEED = "https://rss.arxiv.org/rss/cs.LG+cs.CL"
UNCHANGED = Parsed(kind="arxiv", outcome=Outcome.UNCHANGED)

Answers = Callable[[Request], Parsed]


def asked(answers: Answers, *, last: datetime | None, now: datetime = NOW, past: Past | None = None) -> list[Request]:
    """The requests of one read, answered as they come."""
    reading = read(SOURCE, replace(past or Past(), last_complete_at=last), now)
    requests = [next(reading)]
    while True:
        try:
            requests.append(reading.send(answers(requests[-1])))
        except StopIteration:
            return requests


def arxiv(feed: Parsed, *, pages: Callable[[Request], Parsed] = lambda _: parse(answer([Paper()]))) -> Answers:
    """An arXiv whose feed says this, and whose API has one paper for each day unless told otherwise."""
    return lambda request: feed if "/rss/" in request.url else pages(request)


def feed_of(day: date, *types: str) -> Parsed:
    return parse(rss(batch(*(types or ("new",))), day))


def days(requests: Iterable[Request]) -> list[str]:
    """The days that the API was asked for."""
    return [f"{request.day:%a %d}" for request in requests if request.day]


def span(request: Request) -> tuple[str, str]:
    query = parse_qs(urlsplit(request.url).query)["search_query"][0]
    first, _, last = query.partition("submittedDate:[")[2].rstrip("]").partition(" TO ")
    return first, last


FRIDAY = date(2026, 11, 20)


def test_one_request_asks_for_the_feed_of_all_categories() -> None:
    assert asked(arxiv(feed_of(FRIDAY)), last=NOW - timedelta(hours=2)) == [Request(FEED)]


def test_a_category_cannot_change_the_address() -> None:
    source = replace(SOURCE, categories=("cs.LG", "../x?y#z"))
    assert next(read(source, Past(), NOW)).url == "https://rss.arxiv.org/rss/cs.LG+..%2Fx%3Fy%23z"


def test_a_source_without_categories_says_so() -> None:
    with pytest.raises(SourceError, match="no category"):
        next(read(replace(SOURCE, categories=()), Past(), NOW))


@pytest.mark.parametrize(
    ("last", "feed", "expected"),
    [
        # regular reading
        ("2026-11-20T07:30Z", feed_of(FRIDAY), []),
        ("2026-11-20T07:30Z", UNCHANGED, []),
        ("2026-11-19T23:30Z", feed_of(FRIDAY), []),
        # days that nobody read
        ("2026-11-18T12:00Z", feed_of(FRIDAY), ["Thu 19"]),
        ("2026-11-13T12:00Z", feed_of(FRIDAY), ["Thu 19", "Wed 18", "Tue 17", "Mon 16"]),
        # Thursday was read in its first minutes, when its feed may have been that of Wednesday
        ("2026-11-19T05:20Z", feed_of(FRIDAY), ["Thu 19"]),
        # a feed that does not show the day that is out
        ("2026-11-19T12:00Z", feed_of(date(2026, 11, 19)), ["Fri 20"]),
        ("2026-11-19T12:00Z", parse(rss([], FRIDAY)), ["Fri 20"]),
        ("2026-11-19T12:00Z", UNCHANGED, ["Fri 20"]),
        ("2026-11-20T05:20Z", replace(parse(rss([], FRIDAY)), outcome=Outcome.UNCHANGED), ["Fri 20"]),
        ("2026-11-19T12:00Z", failed("arxiv", "out of reach"), ["Fri 20"]),
        ("2026-11-19T12:00Z", feed_of(FRIDAY, *["new"] * FULL), ["Fri 20"]),
        # a first read
        (None, feed_of(FRIDAY), []),
        (None, parse(rss([], FRIDAY)), ["Fri 20"]),
        (None, failed("arxiv", "out of reach"), ["Fri 20"]),
    ],
)
def test_each_missed_weekday_is_asked_of_the_api_newest_first(
    last: str | None, feed: Parsed, expected: list[str]
) -> None:
    assert days(asked(arxiv(feed), last=datetime.fromisoformat(last) if last else None)) == expected


def test_a_weekend_asks_for_nothing_more_than_its_empty_feed() -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    empty = parse(rss([], date(2026, 11, 22)))
    assert days(asked(arxiv(empty), last=sunday - timedelta(hours=2), now=sunday)) == []
    assert days(asked(arxiv(empty), last=None, now=sunday)) == ["Fri 20"]


def test_a_long_absence_is_made_up_for_two_weeks() -> None:
    requests = asked(arxiv(feed_of(FRIDAY)), last=NOW - timedelta(days=90))
    assert days(requests)[0] == "Thu 19"
    assert days(requests)[-1] == "Fri 06"


def test_the_oldest_missed_day_takes_in_papers_that_were_held_back() -> None:
    _, thursday, wednesday = asked(arxiv(feed_of(FRIDAY)), last=datetime(2026, 11, 17, 12, tzinfo=UTC))
    assert span(thursday) == ("202611171900", "202611181859")
    assert span(wednesday) == ("202611121900", "202611171859")


def test_the_api_is_asked_by_category_and_by_archive() -> None:
    source = replace(SOURCE, categories=("cs.LG", "math"))
    reading = read(source, Past(), NOW)
    next(reading)
    url = urlsplit(reading.send(failed("arxiv", "")).url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, url.path) == ("export.arxiv.org", "/api/query")
    assert query["search_query"].startswith("(cat:cs.LG OR cat:math OR cat:math.*) AND submittedDate:[")
    assert (query["sortBy"], query["start"], query["max_results"]) == ("submittedDate", "0", str(LIMIT))


def starts(requests: Iterable[Request]) -> list[int]:
    return [int(parse_qs(urlsplit(request.url).query)["start"][0]) for request in requests if request.day]


def paged(total: int) -> Callable[[Request], Parsed]:
    """An API that found so many papers."""

    def page(request: Request) -> Parsed:
        start = starts([request])[0]
        rows = batch(*["new"] * min(LIMIT, total - start))
        return parse(answer(rows, total=total, start=start, size=LIMIT))

    return page


def test_pages_are_asked_for_until_the_last() -> None:
    for total, expected in ((0, [0]), (LIMIT, [0]), (LIMIT + 1, [0, LIMIT]), (3 * LIMIT, [0, LIMIT, 2 * LIMIT])):
        assert starts(asked(arxiv(feed_of(FRIDAY), pages=paged(total)), last=NOW - timedelta(days=2))) == expected


@pytest.mark.parametrize("trouble", [failed("arxiv", "busy"), parse(answer([], total=9))])
def test_a_page_that_fails_ends_its_day_and_not_the_read(trouble: Parsed) -> None:
    requests = asked(arxiv(feed_of(FRIDAY), pages=lambda _: trouble), last=datetime(2026, 11, 17, 12, tzinfo=UTC))
    assert days(requests) == ["Thu 19", "Wed 18"]


def test_a_read_that_was_cut_short_goes_on_from_its_last_page() -> None:
    last, answers = NOW - timedelta(days=2), arxiv(feed_of(FRIDAY), pages=paged(5 * LIMIT))
    first = asked(answers, last=last)
    got = Past(pages={request.url: Page() for request in first[1:4]})
    assert starts(asked(answers, last=last, past=got)) == [2 * LIMIT, 3 * LIMIT, 4 * LIMIT]


@given(
    gaps=st.lists(st.timedeltas(timedelta(minutes=10), REACH - timedelta(days=1)), min_size=1, max_size=8),
    start=st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    late=st.timedeltas(timedelta(0), SETTLING),
)
def test_no_weekday_is_lost_whenever_it_is_read(gaps: list[timedelta], start: datetime, late: timedelta) -> None:
    """Feeds come up to an hour late; each announcement is in a feed that was read, or was asked of the API."""
    seen: set[date | None] = set()
    last, now = None, start
    for gap in [timedelta(0), *gaps]:
        now += gap
        shown = (now - late).astimezone(NEW_YORK).date()
        feed = feed_of(shown) if shown.weekday() < 5 else parse(rss([], shown))
        seen |= {shown, *(request.day for request in asked(arxiv(feed), last=last, now=now))}
        last = now
    due = weekdays(start.astimezone(NEW_YORK).date() + timedelta(days=1), settled(now))
    assert seen.issuperset(due)


def test_a_read_over_the_network_brings_the_day_and_what_was_missed(httpserver: HTTPServer) -> None:
    source = replace(SOURCE, url=httpserver.url_for("").rstrip("/"))
    fresh, missed = Paper(id="2611.00009"), Paper(id="2611.00005")
    replaced = Paper(id="2601.00001", version=2, type="replace")
    httpserver.expect_request("/rss/cs.LG+cs.CL").respond_with_data(rss([fresh, replaced], FRIDAY))
    httpserver.expect_request("/api/query").respond_with_data(answer([missed]))
    watch = Watch()
    found = read_source(source, Past(last_complete_at=NOW - timedelta(days=2)), fetcher_on(watch), NOW)
    assert (found.outcome, found.reason) == (Outcome.COMPLETE, "")
    assert {one.parsed.day: [entry.identifiers for entry in one.parsed.entries] for one in found.listings} == {
        FRIDAY: [("arxiv:2611.00009v1",)],
        date(2026, 11, 19): [("arxiv:2611.00005v1",)],
    }
    assert sum(watch.pauses) >= 3


def test_papers_are_read_from_the_api_while_the_feed_is_down(httpserver: HTTPServer) -> None:
    source = replace(SOURCE, url=httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/rss/cs.LG+cs.CL").respond_with_data("busy", status=503)
    httpserver.expect_request("/api/query").respond_with_data(answer([Paper()]))
    found = read_source(source, Past(last_complete_at=NOW - timedelta(days=1)), fetcher_on(attempts=1), NOW)
    assert found.outcome is Outcome.PARTIAL
    assert "503" in found.reason
    assert [len(one.parsed.entries) for one in found.listings] == [1]
