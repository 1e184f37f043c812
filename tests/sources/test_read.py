"""One read of a source, of whatever kind, and of several at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.model import Listing, Outcome, Page, Parsed, Past, Read, Source
from digest.sources.fetch import Fetcher
from digest.sources.huggingface import LIMIT
from digest.sources.kind import MAX_BYTES
from digest.sources.outcome import add_up, is_recorded
from digest.sources.read import MOST_FAILURES, read_all, read_source
from tests.sources.network import fetcher_on
from tests.sources.shapes import abstract, answer, plain_capture, row

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TODAY, YESTERDAY = "2026-11-21", "2026-11-20"
SINCE_YESTERDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fetcher() -> Fetcher:
    return fetcher_on(attempts=1, budget=1000.0)


class Mirror:
    """A listing on this machine; `pages` maps (day, page) to a body, or to a status. Other days are quiet."""

    def __init__(self, server: HTTPServer) -> None:
        self.pages: dict[tuple[str, int], bytes | int] = {}
        self.source = Source(name="daily", kind="huggingface", url=server.url_for("/daily"))
        server.expect_request("/daily").respond_with_handler(self._reply)

    def url(self, day: str, page: int = 0) -> str:
        return f"{self.source.url}?date={day}&limit=100&p={page}"

    def _reply(self, request: Request) -> Response:
        found = self.pages.get((request.args["date"], int(request.args["p"])), b"[]")
        if isinstance(found, int):
            return Response(status=found)
        etag = f'"{sha256(found).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status=304)
        return Response(found, headers={"ETag": etag})


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    return Mirror(httpserver)


def past_of(read: Read, at: datetime = SINCE_YESTERDAY) -> Past:
    """What a store remembers of a read."""
    pages = {
        one.url: Page(
            etag=one.etag,
            last_modified=one.last_modified,
            sha256=sha256(one.body).hexdigest(),
            fingerprint=one.parsed.fingerprint,
            entries=len(one.parsed.entries),
        )
        for one in read.listings
    }
    return Past(last_complete_at=at, pages=pages)


def ids(read: Read) -> list[str | None]:
    return [entry.id for listing in read.listings for entry in listing.parsed.entries]


def test_a_read_brings_every_page_with_its_day(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(YESTERDAY, 0): answer(row(1)), (TODAY, 0): answer(row(2))}
    read = read_source(mirror.source, Past(last_complete_at=SINCE_YESTERDAY), fetcher, NOW)
    assert (read.source, read.outcome, read.reason) == ("daily", Outcome.COMPLETE, "")
    assert ids(read) == ["2611.00002", "2611.00001"]
    assert [listing.url for listing in read.listings] == [mirror.url(TODAY), mirror.url(YESTERDAY)]
    assert all(listing.etag and listing.body for listing in read.listings)


def test_what_names_no_day_is_of_the_day_that_was_asked_for(mirror: Mirror, fetcher: Fetcher) -> None:
    read = read_source(mirror.source, Past(last_complete_at=NOW), fetcher, NOW)
    assert (read.outcome, read.reason) == (Outcome.EMPTY, "no paper is listed")
    assert [listing.parsed.day for listing in read.listings] == [date(2026, 11, 21)]


def test_a_second_read_is_unchanged_until_the_day_grows(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(YESTERDAY, 0): answer(row(1))}
    past = past_of(read_source(mirror.source, Past(last_complete_at=SINCE_YESTERDAY), fetcher, NOW))
    again = read_source(mirror.source, past, fetcher, NOW)
    assert again == Read(source="daily", outcome=Outcome.UNCHANGED, reason="the same as last time")
    mirror.pages[YESTERDAY, 0] = answer(row(1), row(3))
    grown = read_source(mirror.source, past, fetcher, NOW)
    assert grown.outcome is Outcome.COMPLETE
    assert [listing.url for listing in grown.listings] == [mirror.url(YESTERDAY)]


def test_the_same_entries_are_unchanged_though_the_host_does_not_say_so(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(TODAY, 0): answer(row(1), row(2))}
    past = past_of(read_source(mirror.source, Past(last_complete_at=NOW), fetcher, NOW), NOW)
    mirror.pages = {(TODAY, 0): b"\n" + answer(row(2), row(1))}
    read = read_source(mirror.source, past, fetcher, NOW)
    assert (read.outcome, read.listings) == (Outcome.UNCHANGED, ())


def test_the_page_after_a_full_one_is_asked_for_even_when_that_is_unchanged(mirror: Mirror, fetcher: Fetcher) -> None:
    full = answer(*[row(number) for number in range(LIMIT)])
    mirror.pages = {(TODAY, 0): full, (TODAY, 1): 500}
    broken = read_source(mirror.source, Past(last_complete_at=NOW), fetcher, NOW)
    assert broken.outcome is Outcome.PARTIAL
    mirror.pages[TODAY, 1] = answer(row(LIMIT))
    assert ids(read_source(mirror.source, past_of(broken, NOW), fetcher, NOW)) == [f"2611.{LIMIT:05}"]


def test_a_failing_page_makes_the_whole_partial_and_is_named(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(YESTERDAY, 0): answer(row(1)), (TODAY, 0): b"<html><title>Back soon</title></html>"}
    read = read_source(mirror.source, Past(last_complete_at=SINCE_YESTERDAY), fetcher, NOW)
    assert read.outcome is Outcome.PARTIAL
    assert "Back soon" in read.reason
    assert ids(read) == ["2611.00001"]


def test_a_failed_page_is_told_with_the_day_asked_for(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(TODAY, 0): 404}
    read = read_source(mirror.source, Past(last_complete_at=SINCE_YESTERDAY), fetcher, NOW)
    assert read.reason == f"{TODAY}: 127.0.0.1 answered 404 NOT FOUND"


def test_a_host_that_keeps_failing_is_left_alone(mirror: Mirror, fetcher: Fetcher, httpserver: HTTPServer) -> None:
    mirror.pages = {(f"2026-11-{day}", 0): 500 for day in range(10, 22)}
    read = read_source(mirror.source, Past(), fetcher, NOW)
    assert (read.outcome, read.listings) == (Outcome.FAILED, ())
    assert len(httpserver.log) == MOST_FAILURES


def test_rows_that_name_nothing_are_suspicious_and_not_recorded(mirror: Mirror, fetcher: Fetcher) -> None:
    mirror.pages = {(TODAY, 0): b'[{"paper": {}}, 1]'}
    read = read_source(mirror.source, Past(last_complete_at=NOW), fetcher, NOW)
    assert (read.outcome, read.listings) == (Outcome.SUSPICIOUS, ())


def test_a_first_read_asks_for_everything_in_full(mirror: Mirror, fetcher: Fetcher, httpserver: HTTPServer) -> None:
    mirror.pages = {(TODAY, 0): answer(row(1))}
    known = past_of(read_source(mirror.source, Past(last_complete_at=NOW), fetcher, NOW)).pages
    assert ids(read_source(mirror.source, Past(pages=known), fetcher, NOW)) == ["2611.00001"]


@pytest.mark.parametrize("kind", ["capture", "nonsense", ""])
def test_a_kind_that_cannot_be_asked_is_a_failure(kind: str, fetcher: Fetcher) -> None:
    read = read_source(Source(name="x", kind=kind), Past(), fetcher, NOW)
    assert read.outcome is Outcome.FAILED
    assert repr(kind) in read.reason


def test_our_own_mistake_stops_no_other_source(fetcher: Fetcher, caplog: pytest.LogCaptureFixture) -> None:
    sample, broken = Source(name="sample", kind="sample"), Source(name="broken", kind="huggingface")
    reads = read_all([broken, sample], lambda _: Past(), fetcher, None)  # type: ignore[arg-type]
    assert [(read.source, read.outcome) for read in reads] == [
        ("broken", Outcome.FAILED),
        ("sample", Outcome.COMPLETE),
    ]
    assert "mistake in this program" in reads[0].reason
    assert "broken" in caplog.text


def test_sources_come_back_in_their_order(mirror: Mirror, fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(answer(row(5)))
    saved = Source(name="saved", kind="folder", path=str(tmp_path / "*"))
    pasts = {"daily": Past(last_complete_at=NOW), "saved": Past(), "sample": Past()}
    sources = [saved, mirror.source, Source(name="sample", kind="sample")]
    reads = read_all(sources, lambda source: pasts[source.name], fetcher, NOW)
    assert [(read.source, read.outcome) for read in reads] == [
        ("saved", Outcome.COMPLETE),
        ("daily", Outcome.EMPTY),
        ("sample", Outcome.COMPLETE),
    ]
    assert read_all([], lambda _: Past(), fetcher, NOW) == []


# --- saved files --------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path, fetcher: Fetcher) -> Callable[..., Read]:
    """Writes files {name: body} and reads the folder."""

    def read(past: Past = Past(), pattern: str = "*", **files: bytes) -> Read:  # noqa: B008 (frozen)
        for name, body in files.items():
            (tmp_path / name).write_bytes(body)
        return read_source(Source(name="saved", kind="folder", path=str(tmp_path / pattern)), past, fetcher, NOW)

    return read


def names(read: Read) -> list[str]:
    return [Path(listing.url).name for listing in read.listings]


CAPTURE = plain_capture("A Title", abstract(1))


def test_each_file_is_read_as_what_it_is_in_the_order_of_names(saved: Callable[..., Read]) -> None:
    read = saved(b=answer(row(1)), a=CAPTURE, c=b"[]")
    assert read.outcome is Outcome.COMPLETE
    assert names(read) == ["a", "b", "c"]
    assert [listing.parsed.kind for listing in read.listings] == ["capture", "huggingface", "huggingface"]
    assert [listing.body for listing in read.listings] == [CAPTURE, answer(row(1)), b"[]"]


def test_one_bad_file_makes_it_partial_and_is_named(saved: Callable[..., Read]) -> None:
    read = saved(a=answer(row(1)), notes=b"buy milk", z=b"")
    assert read.outcome is Outcome.PARTIAL
    assert read.reason == (
        "notes: not a listing that any kind knows: plain text; z: not a listing that any kind knows: an empty file"
    )
    assert names(read) == ["a"]


def test_all_bad_files_are_a_failure(saved: Callable[..., Read]) -> None:
    read = saved(a=b"milk", b=b"eggs")
    assert (read.outcome, read.listings) == (Outcome.FAILED, ())
    assert read.reason.startswith("a, b: ")


def test_unchanged_files_are_left_out(saved: Callable[..., Read]) -> None:
    past = past_of(saved(a=answer(row(1)), b=CAPTURE))
    assert saved(past) == Read(source="saved", outcome=Outcome.UNCHANGED, reason="the same as last time")
    assert names(saved(past, b=answer(row(2)))) == ["b"]
    assert names(saved(past, a=answer(row(1)), b=CAPTURE, c=answer(row(3)))) == ["c"]


def test_a_pattern_without_files_is_a_failure(saved: Callable[..., Read], tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    read = saved(pattern="*.json")
    assert read.outcome is Outcome.FAILED
    assert read.reason == f"no file matches {tmp_path / '*.json'}"


def test_a_folder_needs_a_path(fetcher: Fetcher) -> None:
    assert read_source(Source(name="x", kind="folder"), Past(), fetcher, NOW).reason == "no path is set"


def test_a_file_that_is_too_large_is_refused(saved: Callable[..., Read], tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_BYTES + 30_000_000)
    read = saved(a=answer(row(1)))
    assert read.outcome is Outcome.PARTIAL
    assert read.reason == "huge: 50.0 MB is more than the 20 MB that a listing may have"


def test_what_is_no_file_is_passed_over(saved: Callable[..., Read], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert names(saved(a=answer(row(1)))) == ["a"]


def test_a_file_that_cannot_be_read_is_named(saved: Callable[..., Read], tmp_path: Path) -> None:
    unreadable = Path("/proc/self/mem")  # opens, even for root, and fails when its first page is read
    if not unreadable.is_file():
        pytest.skip("no /proc here")
    (tmp_path / "bad").symlink_to(unreadable)
    read = saved(a=answer(row(1)))
    assert (read.outcome, read.reason) == (Outcome.PARTIAL, "bad: Input/output error")
    assert names(read) == ["a"]


# --- the sample ---------------------------------------------------------------------------------------------------


def test_the_sample_is_read_once(fetcher: Fetcher) -> None:
    source = Source(name="sample", kind="sample")
    read = read_source(source, Past(), fetcher, NOW)
    assert read.outcome is Outcome.COMPLETE
    assert read_source(source, past_of(read), fetcher, NOW).outcome is Outcome.UNCHANGED


def test_the_sample_can_never_be_taken_for_real_papers(fetcher: Fetcher) -> None:
    (listing,) = read_source(Source(name="sample", kind="sample"), Past(), fetcher, NOW).listings
    entries = listing.parsed.entries
    assert len({entry.url for entry in entries}) == len({entry.title for entry in entries}) == len(entries) >= 20
    for entry in entries:
        assert entry.url
        assert entry.url.startswith("https://example.org/")
        assert not entry.identifiers
        assert entry.authors
        assert entry.categories
        assert 4 <= entry.abstract.count(". ") + 1 <= 7
    assert not [word for word in (b"arxiv", b"doi", b"huggingface") if word in listing.body.lower()]


# --- how parts add up ---------------------------------------------------------------------------------------------

C, U, E, P, S, F = Outcome


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([C], C),
        ([C, U, E], C),
        ([U, U], U),
        ([E, E], E),
        ([E, U], E),
        ([C, F], P),
        ([U, F], P),
        ([E, S], P),
        ([C, P], P),
        ([P], P),
        ([F, F], F),
        ([F, S], F),
        ([S], S),
        ([], U),
    ],
)
def test_parts_add_up(outcomes: list[Outcome], whole: Outcome) -> None:
    assert add_up([("", Parsed(kind="x", outcome=outcome, reason="why")) for outcome in outcomes])[0] is whole


@given(st.lists(st.sampled_from([*Outcome]), min_size=1))
def test_a_whole_counts_as_read_only_if_every_part_does(outcomes: list[Outcome]) -> None:
    parts = [(f"part {n}", Parsed(kind="x", outcome=one, reason=f"trouble {n}")) for n, one in enumerate(outcomes)]
    whole, reason = add_up(parts)
    assert whole.is_read is all(one.is_read for one in outcomes)
    assert bool(reason) is (whole is not Outcome.COMPLETE)
    if whole in (Outcome.FAILED, Outcome.SUSPICIOUS, Outcome.UNCHANGED):
        assert not any(is_recorded(one) for one in outcomes)


def test_a_long_list_of_troubles_is_cut() -> None:
    parts = [(f"file{n}", Parsed(kind="x", outcome=Outcome.FAILED, reason=f"bad {n}")) for n in range(9)]
    assert add_up(parts)[1] == "file0: bad 0; file1: bad 1; file2: bad 2; and 6 more"


def test_one_trouble_of_many_parts_is_told_once() -> None:
    parts = [(f"file{n}", Parsed(kind="x", outcome=Outcome.FAILED, reason="bad")) for n in range(9)]
    assert add_up(parts[:2])[1] == "file0, file1: bad"
    assert add_up(parts)[1] == "file0, file1, file2 and 6 more: bad"


def test_listings_carry_the_name_of_their_source(saved: Callable[..., Read]) -> None:
    listings: tuple[Listing, ...] = saved(a=answer(row(1))).listings
    assert [listing.source for listing in listings] == ["saved"]
