"""Pages of bioRxiv and medRxiv, and how they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from digest.items.diff import diff
from digest.items.works import works_of
from digest.model import AnnounceType, Entry, Known, Outcome, Parsed, Past, Source
from digest.sources import KINDS, parse_saved
from digest.sources.biorxiv import FIRST_DAYS, REACH
from digest.sources.kind import Request
from digest.sources.read import read_source
from tests.sources.biomedical import NO_PREPRINTS, preprint, preprints
from tests.sources.network import fetcher_on

parse = KINDS["biorxiv"].parse
MESSAGE = ["status", "interval", "cursor", "count", "total"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_preprint_is_read_as_it_stands() -> None:
    (entry,) = parse(preprints(preprint(7))).entries
    assert entry == Entry(
        id="10.64898/2026.11.19.000007",
        title="Cells of the kind 7",
        url="https://doi.org/10.64898/2026.11.19.000007",
        abstract="We look at cells of the kind 7.",
        authors=("A. Example", "B. C. Person"),
        published=datetime(2026, 11, 20, tzinfo=UTC),
        announce_type=AnnounceType.NEW,
        version=1,
        categories=("cell biology",),
        identifiers=("doi:10.64898/2026.11.19.000007",),
    )


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"version": "3"}, "announce_type", AnnounceType.REPLACE),
        ({"version": 2}, "announce_type", AnnounceType.REPLACE),
        ({"version": 2}, "version", 2),
        ({"version": None}, "announce_type", AnnounceType.NEW),
        ({"version": "x"}, "version", None),
        ({"doi": "10.1101/123456v2"}, "id", "10.1101/123456"),
        ({"doi": " 10.1101/2020.01.01.123456 "}, "identifiers", ("doi:10.1101/2020.01.01.123456",)),
        ({"doi": "10.1101/a#b?c"}, "url", "https://doi.org/10.1101/a%23b%3Fc"),
        ({"date": "soon"}, "published", None),
        ({"category": ""}, "categories", ()),
        ({"authors": "Example, A., Jr.; The Tea Consortium; ; von Ä, Ö.;"}, "authors",
         ("A. Example Jr.", "The Tea Consortium", "Ö. von Ä")),
        ({"authors": None}, "authors", ()),
        ({"title": "The <i>E. coli</i> of\n  tea &amp; cake"}, "title", "The E. coli of tea & cake"),
        ({"title": "TGF-{beta} &lt;i&gt;"}, "title", "TGF-{beta} <i>"),
        ({"abstract": "n<sub>2</sub>, p &lt; 0.05, $a<b$ and <5 years"}, "abstract",
         "n2, p < 0.05, $a<b$ and <5 years"),
    ],
)  # fmt: skip
def test_fields_are_read_with_care(changes: dict[str, Any], field: str, value: object) -> None:
    (entry,) = parse(preprints(preprint(1, **changes))).entries
    assert getattr(entry, field) == value


@pytest.mark.parametrize("count", [2, "2"])
@pytest.mark.parametrize("total", [5, "5"])
def test_numbers_may_be_strings(count: object, total: object) -> None:
    parsed = parse(preprints(preprint(1), preprint(2), count=count, total=total))
    assert (parsed.outcome, parsed.has_more) == (Outcome.COMPLETE, True)


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (NO_PREPRINTS, Outcome.EMPTY, "no preprint is listed"),
        (preprints(), Outcome.EMPTY, "no preprint is listed"),
        (preprints(cursor=30, total="30"), Outcome.EMPTY, "no preprint is listed"),
        (preprints(cursor=30, total=31), Outcome.SUSPICIOUS, "a page without any of 31 preprints"),
        (preprints({}, 1, preprint(doi="x"), preprint(title=" ")), Outcome.SUSPICIOUS, "none of 4 rows names a paper"),
        (preprints(preprint(), {}), Outcome.PARTIAL, "1 of 2 rows name no paper, first row 2"),
        (preprints(preprint(), count=30), Outcome.PARTIAL, "1 rows are there, though the page tells of 30"),
        (preprints(status="database is down"), Outcome.FAILED, "the API answered: database is down"),
        (b'{"messages": ["Error"], "collection": []}', Outcome.FAILED, "the API answered: Error"),
        (b'{"messages": [], "collection": null}', Outcome.FAILED, "JSON, but not a page of preprints"),
        (b"[]", Outcome.FAILED, "JSON, but not a page of preprints"),
    ],
)
def test_the_outcome_tells_what_was_there(body: bytes, outcome: Outcome, reason: str) -> None:
    parsed = parse(body)
    assert (parsed.outcome, parsed.reason) == (outcome, reason)


def test_all_versions_of_one_preprint_are_complete_without_any_count() -> None:
    rows = [preprint(1, version=str(version)) for version in (1, 2)]
    parsed = parse(json.dumps({"messages": [{"status": "ok"}], "collection": rows}).encode())
    assert (parsed.outcome, len(parsed.entries), parsed.has_more) == (Outcome.COMPLETE, 2, False)


@pytest.mark.parametrize(
    ("interval", "day"),
    [("2026-11-20:2026-11-20", date(2026, 11, 20)), ("2026-11-19:2026-11-20", None), (None, None), ("x:x", None)],
)
def test_a_page_is_of_a_day_only_if_it_asked_for_one(interval: object, day: date | None) -> None:
    assert parse(preprints(preprint(), interval=interval)).day == day


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (preprints(preprint()), "biorxiv"),
        (preprints(preprint(server="medRxiv")), "medrxiv"),
        (NO_PREPRINTS, "biorxiv"),
    ],
)
def test_the_server_is_known_by_the_name_it_gives(body: bytes, kind: str) -> None:
    assert parse_saved(body).kind == kind


@given(st.integers(0, 5000))
def test_a_page_cut_anywhere_is_never_complete(at: int) -> None:
    body = preprints(preprint(1), preprint(2))
    assert at >= len(body) or parse(body[:at]).outcome is Outcome.FAILED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("10.1101/1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*preprint()]), JSON), st.dictionaries(st.sampled_from(MESSAGE), JSON))
def test_any_value_in_any_field_gives_an_answer(row: dict[str, Any], message: dict[str, Any]) -> None:
    for rows in ([preprint(1, **row)], []):
        parsed = parse(preprints(*rows, **message))
        assert bool(parsed.entries) is (parsed.outcome in (Outcome.COMPLETE, Outcome.PARTIAL))
        assert bool(parsed.reason) is (parsed.outcome is not Outcome.COMPLETE)


# --- how it is asked ----------------------------------------------------------------------------------------------


def asked(source: Source, past: Past, answer: Callable[[Request], Parsed]) -> list[Request]:
    """All that a read asks for, given what each page says."""
    kind = KINDS[source.kind]
    assert kind.read is not None
    reading, requests = kind.read(source, past, NOW), []
    request = next(reading, None)
    while request is not None:
        requests.append(request)
        try:
            request = reading.send(answer(request))
        except StopIteration:
            break
    return requests


def addresses(source: Source, past: Past, answer: Callable[[Request], Parsed]) -> list[str]:
    return [request.url.removeprefix("https://api.biorxiv.org/details/") for request in asked(source, past, answer)]


def nothing(_: Request) -> Parsed:
    return parse(NO_PREPRINTS)


BIORXIV, MEDRXIV = Source(name="bio", kind="biorxiv"), Source(name="med", kind="medrxiv")


def test_a_first_read_goes_back_three_days() -> None:
    assert addresses(BIORXIV, Past(), nothing) == [
        f"biorxiv/2026-11-{day}/2026-11-{day}/0/json" for day in range(21, 21 - FIRST_DAYS - 1, -1)
    ]


def test_a_later_read_goes_back_to_the_day_before_the_last_complete_one() -> None:
    past = Past(last_complete_at=datetime(2026, 11, 20, 1, tzinfo=UTC))
    assert addresses(MEDRXIV, past, nothing) == [f"medrxiv/2026-11-{day}/2026-11-{day}/0/json" for day in (21, 20, 19)]
    long_ago = Past(last_complete_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert len(addresses(MEDRXIV, long_ago, nothing)) == REACH + 1


@given(total=st.integers(0, 400), size=st.sampled_from([7, 30, 100]), broken=st.integers(0, 400))
def test_pages_of_any_size_are_read_to_the_end(total: int, size: int, broken: int) -> None:
    """Whatever the size of a page and wherever a row is damaged, every preprint is asked for."""
    rows = [preprint(number) if number != broken else {} for number in range(total)]
    got: set[str | None] = set()

    def answer(request: Request) -> Parsed:
        cursor = int(request.url.split("/")[-2])
        parsed = parse(preprints(*rows[cursor : cursor + size], cursor=cursor, total=total))
        got.update(entry.id for entry in parsed.entries)
        return parsed

    today = Past(last_complete_at=NOW)
    requests = asked(BIORXIV, today, answer)
    assert got == {row["doi"] for row in rows if row}
    assert {request.day for request in requests} == {date(2026, 11, 21), date(2026, 11, 20)}


def test_a_host_that_repeats_itself_is_not_asked_for_ever() -> None:
    def again(_: Request) -> Parsed:
        return parse(preprints(preprint(), total=1000))

    assert len(asked(BIORXIV, Past(last_complete_at=NOW), again)) == 4


def test_each_category_is_asked_for_and_nothing_else_is_kept() -> None:
    source = Source(name="bio", kind="biorxiv", categories=("Cell Biology", "neuroscience"))
    requests = asked(source, Past(last_complete_at=NOW), nothing)
    assert [request.url.partition("?")[2] for request in requests[:2]] == [
        "category=cell_biology",
        "category=neuroscience",
    ]
    (cells,) = parse(preprints(preprint())).entries
    assert [request.wants(cells) for request in requests[:2]] == [True, False]


def test_papers_of_other_categories_are_not_recorded_whatever_the_host_sends(httpserver: HTTPServer) -> None:
    rows = [preprint(1), preprint(2, category="zoology"), preprint(3, category="Cell_Biology")]
    httpserver.expect_request("/2026-11-21/2026-11-21/0/json").respond_with_data(preprints(*rows))
    httpserver.expect_request("/2026-11-20/2026-11-20/0/json").respond_with_data(preprints(rows[1]))
    base = httpserver.url_for("/")
    source = Source(name="bio", kind="biorxiv", categories=("cell biology",), url=base)
    found = read_source(source, Past(last_complete_at=NOW), fetcher_on(), NOW)
    assert found.outcome is Outcome.COMPLETE
    assert [entry.id and entry.id[-1] for one in found.listings for entry in one.parsed.entries] == ["1", "3"]


# --- what it means ------------------------------------------------------------------------------------------------


def known_after(body: bytes) -> dict[str, Known]:
    """A store that has recorded the works of a page."""
    works = works_of(parse(body).entries, "bio")
    return {
        key: Known(item=number, keys=frozenset(work.keys), text=work.text)
        for number, work in enumerate(works, start=1)
        for key in work.keys
    }


def announced(body: bytes, known: dict[str, Known]) -> list[str]:
    changes = diff(works_of(parse(body).entries, "bio"), known, is_curated=False)
    return sorted(change.work.keys[0] for change in changes if change.announce)


ROWS = st.lists(
    st.builds(lambda number, version: preprint(number, version=str(version)), st.integers(1, 9), st.integers(1, 3)),
    max_size=12,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_what_is_announced(rows: list[Any], random: Any) -> None:
    shuffled = [*rows, *rows[:3]]
    random.shuffle(shuffled)
    assert announced(preprints(*shuffled), {}) == announced(preprints(*rows), {})


@given(ROWS, ROWS)
def test_what_was_recorded_is_never_announced_again(first: list[Any], then: list[Any]) -> None:
    known = known_after(preprints(*first))
    seen = {row["doi"] for row in first}
    again = announced(preprints(*first, *then), known)
    assert not [key for key in again if key.removeprefix("doi:") in seen]


def test_a_new_version_revises_and_a_first_one_is_announced() -> None:
    known = known_after(preprints(preprint(1)))
    second = preprints(preprint(1, version="2", abstract="Looked at again."), preprint(2, version="2"), preprint(3))
    assert announced(second, known) == ["doi:10.64898/2026.11.19.000003"]
    (revised,) = diff(works_of(parse(second).entries, "bio"), known, is_curated=False).revised
    assert revised.work.text.abstract == "Looked at again."
