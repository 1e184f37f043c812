"""Daily Papers: rows of every year, pages, damage, and which days are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Popularity, Source
from digest.sources.huggingface import KIND, LIMIT, MOST_PAGES, looks_like, parse, read
from digest.sources.kind import Request
from tests.sources.shapes import DAY, answer, page, row, row_of_2024

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SOURCE = Source(name="daily-papers", kind="huggingface")


def test_a_row_becomes_an_entry() -> None:
    parsed = parse(answer(row(1)))
    assert (parsed.outcome, parsed.day, parsed.has_more) == (Outcome.COMPLETE, date.fromisoformat(DAY), False)
    assert parsed.entries == (
        Entry(
            id="2611.00001",
            title="Paper number 1",
            url="https://huggingface.co/papers/2611.00001",
            abstract="We study the number 1. It is finite.",
            authors=("Ada Example",),
            published=datetime(2026, 11, 18, tzinfo=UTC),
            popularity=Popularity(upvotes=7, comments=3),
            identifiers=("arxiv:2611.00001",),
            code_url="https://example.org/code",
        ),
    )


def test_a_row_of_2024_is_listed_on_the_day_of_its_outer_date() -> None:
    parsed = parse(answer(row_of_2024(1), row_of_2024(2)))
    assert parsed.day == date(2024, 8, 1)
    assert [entry.title for entry in parsed.entries] == ["An old paper, number 1", "An old paper, number 2"]
    assert parsed.entries[0].published == datetime(2024, 7, 31, 17, 54, 27, tzinfo=UTC)


def test_an_outer_date_before_the_paper_names_no_day() -> None:
    bare = row(1)
    del bare["paper"]["submittedOnDailyAt"]
    assert parse(answer(bare)).day is None


@pytest.mark.parametrize(
    ("written", "found", "identifiers"),
    [
        ("2611.00001v3", "2611.00001", ("arxiv:2611.00001",)),
        ("0704.0001", "0704.0001", ("arxiv:0704.0001",)),
        ("astro-ph/0601001", "astro-ph/0601001", ("arxiv:astro-ph/0601001",)),
        ("math.AG/0601001v2", "math.AG/0601001", ("arxiv:math.AG/0601001",)),
        ("a-report", "a-report", ()),
    ],
)
def test_ids_lose_their_version_and_only_those_of_arxiv_are_identifiers(
    written: str, found: str, identifiers: tuple[str, ...]
) -> None:
    (entry,) = parse(answer(row(paper={"id": written}))).entries
    assert (entry.id, entry.identifiers) == (found, identifiers)
    assert entry.url == f"https://huggingface.co/papers/{found}"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"title": None}, "title", "Paper number 1"),
        ({"title": "  A \n\t title\u00a0"}, "title", "A title"),
        ({"title": "a\u0000b\u001b[31m\ud800"}, "title", "ab[31m"),
        ({"paper": {"summary": None}}, "abstract", ""),
        ({"paper": {"summary": None}, "summary": "Outside."}, "abstract", "Outside."),
        ({"paper": {"authors": None}}, "authors", ()),
        ({"paper": {"authors": ["x", {"name": 3}, {"name": "B"}]}}, "authors", ("B",)),
        ({"paper": {"publishedAt": "soon"}}, "published", None),
        ({"paper": {"publishedAt": "0001-01-01T00:00:00+09:00"}}, "published", None),
        ({"paper": {"upvotes": "many"}, "numComments": -1}, "popularity", Popularity()),
        ({"paper": {"upvotes": True}, "numComments": 10**30}, "popularity", Popularity()),
        ({"paper": {"githubRepo": "javascript:alert(1)"}}, "code_url", None),
        ({"paper": {"githubRepo": "https://"}}, "code_url", None),
        ({"paper": {"githubRepo": "http://[::1"}}, "code_url", None),
    ],
)
def test_a_field_in_an_unknown_shape_costs_only_itself(changes: dict[str, Any], field: str, value: object) -> None:
    parsed = parse(answer(row(**changes)))
    assert parsed.outcome is Outcome.COMPLETE
    assert getattr(parsed.entries[0], field) == value


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        {},
        {"paper": None},
        row(paper={"id": None}),
        row(paper={"id": "../login?x"}),
        row(paper={"title": " "}, title=""),
    ],
)
def test_a_broken_row_is_left_out_and_reported(broken: object) -> None:
    parsed = parse(answer(row(1), broken, row(2)))
    assert (parsed.outcome, parsed.reason) == (Outcome.PARTIAL, "1 of 3 rows name no paper, first row 2")
    assert [entry.id for entry in parsed.entries] == ["2611.00001", "2611.00002"]
    assert parse(answer(broken)).outcome is Outcome.SUSPICIOUS


def test_a_row_that_comes_twice_is_one_entry_in_its_first_place() -> None:
    parsed = parse(answer(row(2), row(1), row(2, title="Again")))
    assert [(entry.id, entry.title) for entry in parsed.entries] == [
        ("2611.00002", "Paper number 2"),
        ("2611.00001", "Paper number 1"),
    ]


@pytest.mark.parametrize(("rows", "has_more"), [(LIMIT - 1, False), (LIMIT, True)])
def test_a_full_page_may_be_followed(rows: int, has_more: bool) -> None:
    assert parse(answer(*[row(number) for number in range(rows)])).has_more is has_more


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (b"[]", Outcome.EMPTY, "no paper is listed"),
        (b" [ ]\n", Outcome.EMPTY, "no paper is listed"),
        (b"", Outcome.FAILED, "an empty file"),
        (answer(row(1), row(2))[:300], Outcome.FAILED, "broken or cut-off JSON"),
        (b"<html><title>Down for\nmaintenance</title></html>", Outcome.FAILED, "titled “Down for maintenance”"),
        (b'{"error": "Invalid date"}', Outcome.FAILED, "Invalid date"),
        (b'{"error": {"code": 3}}', Outcome.FAILED, "unnamed"),
        (b"12", Outcome.FAILED, "not a list"),
        (b"\x1f\x8b\x08\x00\xff", Outcome.FAILED, "not UTF-8"),
        (b"[" * 200_000, Outcome.FAILED, "JSON"),
        (b"[" + b"9" * 5000 + b"]", Outcome.FAILED, "JSON"),
        (b"<?xml version='1.0'?><rss/>", Outcome.FAILED, "XML"),
    ],
)
def test_what_holds_no_list_says_so(body: bytes, outcome: Outcome, reason: str) -> None:
    parsed = parse(body)
    assert parsed.outcome is outcome
    assert reason in parsed.reason
    assert not parsed.entries


@given(st.integers(1))
def test_an_answer_cut_anywhere_is_never_complete(cut: int) -> None:
    body = answer(row(1), row_of_2024(2), row(3))
    assert parse(body[: cut % len(body)]).outcome is Outcome.FAILED


# --- pages --------------------------------------------------------------------------------------------------------

PROPS = {"dailyPapers": [row(1), row(2, title='Signs: <b> & "quotes"')], "dateString": DAY}
CARDS = (("2611.00007", "Of a <i>card</i>"), ("2611.00008", "Of another"), ("2611.00007", "Of a card again"))


@pytest.mark.parametrize("target_first", [True, False])
@pytest.mark.parametrize("key", ["date", "dateString"])
def test_a_page_carries_the_same_rows(key: str, target_first: bool) -> None:
    props = {"dailyPapers": PROPS["dailyPapers"], key: f"{DAY}T00:00:00.000Z"}
    parsed = parse(page(props, target_first=target_first, cards=CARDS))
    assert (parsed.outcome, parsed.day) == (Outcome.COMPLETE, date.fromisoformat(DAY))
    assert [entry.title for entry in parsed.entries] == ["Paper number 1", 'Signs: <b> & "quotes"']


def test_a_page_of_a_quiet_day_is_empty() -> None:
    assert parse(page({"dailyPapers": [], "date": DAY})).outcome is Outcome.EMPTY


@pytest.mark.parametrize("props", [None, '{"dailyPapers": [', "[]", {"dailyPapers": None}, {}])
def test_cards_stand_in_where_the_data_is_missing_or_damaged(props: object) -> None:
    parsed = parse(page(props, cards=CARDS))
    assert parsed.outcome is Outcome.PARTIAL
    assert "cards" in parsed.reason
    assert [(entry.id, entry.title) for entry in parsed.entries] == [
        ("2611.00007", "Of a card"),
        ("2611.00008", "Of another"),
    ]
    assert parse(page(props)).outcome is Outcome.FAILED


def test_a_page_may_be_xhtml() -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + page(PROPS)
    assert parse(body).outcome is Outcome.COMPLETE


@given(st.integers(1))
def test_a_page_cut_anywhere_is_never_complete_with_fewer_papers(cut: int) -> None:
    body = page(PROPS)
    parsed = parse(body[: cut % len(body)])
    assert parsed.outcome in (Outcome.FAILED, Outcome.PARTIAL) or len(parsed.entries) == 2


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (answer(row()), True),
        (answer(row())[:200], True),
        (b"\xef\xbb\xbf" + answer(row()), True),
        (b"[]", True),
        (page(PROPS), True),
        (page(None, cards=CARDS), True),
        (b'[{"title": "x", "link": "/papers/1"}]', False),
        (b'{"paper": 1}', False),
        (b"<html><title>x</title></html>", False),
        (b"plain text", False),
        (b"", False),
    ],
)
def test_a_listing_is_known_by_its_shape(body: bytes, is_one: bool) -> None:
    assert looks_like(body) is is_one


# --- which days are asked for -------------------------------------------------------------------------------------


def asked(past: Past, reply: Callable[[Request], Parsed], source: Source = SOURCE) -> list[Request]:
    """The requests of a read that is answered by `reply`."""
    reading = read(source, past, NOW)
    requests = [next(reading)]
    while True:
        try:
            requests.append(reading.send(reply(requests[-1])))
        except StopIteration:
            return requests


def days(requests: list[Request]) -> list[int]:
    """How many days before today each request asks for."""
    return [(NOW.date() - request.day).days for request in requests if request.day]


def listed(*back: int) -> Callable[[Request], Parsed]:
    """A host that lists papers only so many days before today."""
    full, quiet = parse(answer(row())), parse(answer())
    return lambda request: full if request.day and (NOW.date() - request.day).days in back else quiet


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ((0, 1, 2, 3), [0, 1, 2]),
        ((1, 2, 3), [0, 1, 2, 3]),
        ((4, 9), list(range(11))),
        ((), list(range(11))),
    ],
)
def test_a_first_read_goes_back_to_three_days_with_papers(full: tuple[int, ...], expected: list[int]) -> None:
    assert days(asked(Past(), listed(*full))) == expected


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(hours=2), [0]),
        (timedelta(hours=10), [0, 1]),
        (timedelta(days=3), [0, 1, 2, 3]),
        (timedelta(days=60), list(range(15))),
        (timedelta(days=-2), [0]),
    ],
)
def test_a_later_read_goes_back_to_the_day_of_the_last(ago: timedelta, expected: list[int]) -> None:
    assert days(asked(Past(last_complete_at=NOW - ago), listed(0, 1, 2, 3, 4))) == expected


def test_pages_are_asked_for_while_they_are_full() -> None:
    full = parse(answer(*[row(number) for number in range(LIMIT)]))
    past = Past(last_complete_at=NOW)
    urls = [request.url for request in asked(past, lambda request: full if "p=2" not in request.url else parse(b"[]"))]
    base = "https://huggingface.co/api/daily_papers?date=2026-11-21&limit=100&p="
    assert urls == [f"{base}{number}" for number in range(3)]
    assert len(asked(past, lambda _: full)) == MOST_PAGES


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://mirror.example/daily", "https://mirror.example/daily?date=2026-11-21&limit=100&p=0"),
        ("https://mirror.example/x?key=1", "https://mirror.example/x?key=1&date=2026-11-21&limit=100&p=0"),
    ],
)
def test_another_address_may_take_the_place_of_the_api(url: str, expected: str) -> None:
    source = Source(name="mirror", kind="huggingface", url=url)
    assert asked(Past(last_complete_at=NOW), listed(), source)[0].url == expected


@pytest.mark.parametrize(
    ("period", "past", "expected"),
    [
        ("weekly", Past(), ["week=2026-W47", "week=2026-W46"]),
        ("weekly", Past(last_complete_at=NOW), ["week=2026-W47"]),
        ("weekly", Past(last_complete_at=NOW - timedelta(days=7)), ["week=2026-W47", "week=2026-W46"]),
        (
            "weekly",
            Past(last_complete_at=NOW - timedelta(days=60)),
            ["week=2026-W47", "week=2026-W46", "week=2026-W45"],
        ),
        ("monthly", Past(), ["month=2026-11"]),
        ("monthly", Past(last_complete_at=NOW - timedelta(days=1)), ["month=2026-11"]),
        ("trending", Past(), ["sort=trending"]),
        ("trending", Past(last_complete_at=NOW - timedelta(days=60)), ["sort=trending"]),
    ],
)
def test_other_lists_than_those_of_days_are_asked_for(period: str, past: Past, expected: list[str]) -> None:
    source = Source(name="lists", kind="huggingface", period=period)
    requests = asked(past, lambda _: parse(answer()), source)
    assert [request.url.partition("?")[2].partition("&")[0] for request in requests] == expected
    assert {request.day for request in requests} == {None}


def test_a_first_read_of_weeks_ends_with_one_that_has_papers() -> None:
    source = Source(name="weeks", kind="huggingface", period="weekly")
    assert len(asked(Past(), lambda _: parse(answer(row())), source)) == 1


def test_what_is_trending_is_one_page() -> None:
    full = parse(answer(*[row(number) for number in range(LIMIT)]))
    assert len(asked(Past(), lambda _: full, Source(name="t", kind="huggingface", period="trending"))) == 1


def test_an_unknown_period_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(SourceError, match="'yearly': daily, weekly, monthly, trending"):
        next(read(Source(name="y", kind="huggingface", period="yearly"), Past(), NOW))


@pytest.mark.parametrize(("period", "day"), [("daily", date(2026, 11, 20)), ("weekly", None), ("trending", None)])
def test_only_a_daily_list_is_that_of_a_day(period: str, day: date | None) -> None:
    assert KIND.parser_for is not None
    parsed = KIND.parser_for(Source(name="a", kind="huggingface", period=period))(answer(row(1), row(2)))
    assert (parsed.outcome, parsed.day, len(parsed.entries)) == (Outcome.COMPLETE, day, 2)


def test_json_is_read_whatever_its_layout() -> None:
    assert parse(json.dumps([row(1)], indent=2, sort_keys=True).encode()) == parse(answer(row(1)))


def test_a_page_without_its_end_may_be_cut_off() -> None:
    whole = page({"dailyPapers": [row(1)], "date": "2026-08-17"})
    assert parse(whole).outcome is Outcome.COMPLETE
    cut = parse(whole[: whole.rindex(b"</body>")])
    assert (cut.outcome, len(cut.entries)) == (Outcome.PARTIAL, 1)
