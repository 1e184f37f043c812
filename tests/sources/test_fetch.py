"""The only HTTP out, against a real server on this machine."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest import __version__
from digest.errors import SourceError
from digest.model import Page
from digest.sources.fetch import REDIRECTS, Fetched, Fetcher, check_address
from digest.sources.pauses import asked_pause, pause_after

NOWHERE = "http://127.0.0.1:9/"  # the port of "discard": nobody listens


class Pauses(list[float]):
    """A sleep that takes no time and remembers how long it should have been."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def fetch(fetcher: Fetcher, url: str, known: Page = Page(), gap: float = 0.0) -> Fetched:  # noqa: B008 (frozen)
    return fetcher.fetch(url, known, gap=gap, deadline=fetcher.deadline())


def quick(**changes: object) -> Fetcher:
    return Fetcher(**{"contact": "owner@example.org", "sleep": Pauses(), "attempts": 3} | changes)  # type: ignore[arg-type]


def answers(server: HTTPServer, *replies: Response) -> str:
    """An address that gives these replies by turns, the last one for ever."""
    left = [*replies]

    def reply(_: Request) -> Response:
        return left.pop(0) if len(left) > 1 else left[0]

    server.expect_request("/list").respond_with_handler(reply)
    return server.url_for("/list")


def test_a_body_comes_with_its_validators(httpserver: HTTPServer) -> None:
    url = answers(httpserver, Response(b"hello", headers={"ETag": '"a"', "Last-Modified": "yesterday"}))
    assert fetch(quick(), url) == Fetched(body=b"hello", etag='"a"', last_modified="yesterday")


def test_we_say_who_we_are_and_nothing_else(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    fetch(quick(), answers(httpserver, Response(b"x", headers={"Set-Cookie": "a=b"})))
    request, _ = httpserver.log[0]
    assert request.headers["User-Agent"] == f"digest/{__version__} (+mailto:owner@example.org)"
    assert not {"Cookie", "Authorization", "If-None-Match", "If-Modified-Since"} & {*request.headers.keys()}


def test_an_unchanged_page_is_not_sent_again(httpserver: HTTPServer) -> None:
    def reply(request: Request) -> Response:
        is_known = request.headers.get("If-None-Match") == '"a"' and request.headers.get("If-Modified-Since") == "once"
        return Response(status=304 if is_known else 200)

    httpserver.expect_request("/list").respond_with_handler(reply)
    known = Page(etag='"a"', last_modified="once")
    assert fetch(quick(), httpserver.url_for("/list"), known) == Fetched(body=None, etag='"a"', last_modified="once")


def test_not_modified_without_having_asked_is_a_failure(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="answered 304"):
        fetch(quick(), answers(httpserver, Response(status=304)))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_host_is_asked_again(httpserver: HTTPServer, status: int) -> None:
    url = answers(httpserver, Response(status=status), Response(status=status), Response(b"at last"))
    pauses = Pauses()
    assert fetch(quick(sleep=pauses), url).body == b"at last"
    assert len(pauses) == 2
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_it_gives_up_after_so_many_attempts(httpserver: HTTPServer, attempts: int) -> None:
    url = answers(httpserver, Response(status=503))
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 answered 503 SERVICE UNAVAILABLE"):
        fetch(quick(attempts=attempts), url)
    assert len(httpserver.log) == attempts


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_any_other_answer_is_final(httpserver: HTTPServer, status: int) -> None:
    url = answers(httpserver, Response(status=status))
    with pytest.raises(SourceError, match=f"answered {status}"):
        fetch(quick(), url)
    assert len(httpserver.log) == 1


def test_a_host_that_names_a_pause_gets_it(httpserver: HTTPServer) -> None:
    pauses = Pauses()
    url = answers(httpserver, Response(status=429, headers={"Retry-After": "17"}), Response(b"thanks"))
    assert fetch(quick(sleep=pauses), url).body == b"thanks"
    assert pauses == [17.0]


@pytest.mark.parametrize(("asked", "budget"), [("3600", 7200.0), ("20", 10.0)])
def test_a_pause_that_is_too_long_ends_the_read(httpserver: HTTPServer, asked: str, budget: float) -> None:
    pauses = Pauses()
    url = answers(httpserver, Response(status=503, headers={"Retry-After": asked}), Response(b"never asked for"))
    with pytest.raises(SourceError, match="503"):
        fetch(quick(sleep=pauses, budget=budget), url)
    assert not pauses


def test_nobody_there_is_a_sentence() -> None:
    pauses = Pauses()
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 could not be reached or hung up: .*refused"):
        fetch(quick(sleep=pauses), NOWHERE)
    assert len(pauses) == 2


def test_a_silent_host_is_not_waited_for(httpserver: HTTPServer) -> None:
    release = Event()
    httpserver.expect_request("/list").respond_with_handler(lambda _: Response(b"" if release.wait(20) else b"late"))
    with pytest.raises(SourceError, match="did not answer in time"):
        fetch(quick(timeout=0.1, attempts=1), httpserver.url_for("/list"))
    release.set()


def test_the_budget_ends_a_body_that_drips(httpserver: HTTPServer) -> None:
    release = Event()

    def drip(_: Request) -> Response:
        return Response(iter(lambda: b"" if release.wait(0.05) else b"x", b""))

    httpserver.expect_request("/list").respond_with_handler(drip)
    with pytest.raises(SourceError, match="no complete answer in time"):
        fetch(quick(budget=0.4), httpserver.url_for("/list"))
    release.set()


def test_no_time_left_asks_nobody(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="time"):
        quick().fetch(answers(httpserver, Response(b"x")), Page(), gap=0.0, deadline=time.monotonic() - 1)
    assert not httpserver.log


def test_the_budget_ends_headers_that_never_do(raw_server: Callable[..., str]) -> None:
    with pytest.raises(SourceError, match="in time"):
        fetch(quick(budget=0.3), raw_server(b"HTTP/1.1 200 OK\r\nX-Slow: ", is_held=True))


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_cut_off_or_garbled_is_a_failure(raw_server: Callable[..., str], octets: bytes) -> None:
    with pytest.raises(SourceError, match="hung up"):
        fetch(quick(attempts=1), raw_server(octets))


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_size_counts_after_decompression(httpserver: HTTPServer, encoding: str | None) -> None:
    whole = b"0" * 200_000
    packed, headers = (gzip.compress(whole), {"Content-Encoding": "gzip"}) if encoding else (whole, {})
    url = answers(httpserver, Response(packed, headers=headers))
    assert fetch(quick(max_bytes=200_000), url).body == whole
    with pytest.raises(SourceError, match=r"more than 0\.199999 MB"):
        fetch(quick(max_bytes=199_999), url)


def test_a_damaged_archive_is_a_failure(httpserver: HTTPServer) -> None:
    url = answers(httpserver, Response(b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="damaged archive"):
        fetch(quick(), url)


def chain(server: HTTPServer, hops: int, target: str = "/end") -> str:
    """An address that leads to `target` over so many redirects."""
    server.expect_request("/end").respond_with_data(b"there")
    for hop in range(hops):
        onward = target if hop == 0 else f"/hop{hop - 1}"
        server.expect_request(f"/hop{hop}").respond_with_data(b"x" * 100, status=302, headers={"Location": onward})
    return server.url_for(f"/hop{hops - 1}")


def test_redirects_are_followed_but_not_for_ever(httpserver: HTTPServer) -> None:
    assert fetch(quick(), chain(httpserver, REDIRECTS)).body == b"there"
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        fetch(quick(), chain(httpserver, REDIRECTS + 1))


def test_the_body_of_a_redirect_is_never_read(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    moved = Response(bomb, status=301, headers={"Location": "/end", "Content-Encoding": "gzip"})
    httpserver.expect_request("/end").respond_with_data(b"there")
    assert fetch(quick(max_bytes=1000), answers(httpserver, moved)).body == b"there"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "http://me:secret@127.0.0.1/"])
def test_a_redirect_leads_only_where_we_may_go(httpserver: HTTPServer, target: str) -> None:
    with pytest.raises(SourceError, match="not an address that may be asked"):
        fetch(quick(), chain(httpserver, 1, target))


@pytest.mark.parametrize(
    "url", ["", "daily", "//host/x", "ftp://host/x", "file:///x", "http:///x", "http://[::1", "https://a@b/"]
)
def test_an_address_that_must_not_be_asked_is_refused(url: str) -> None:
    with pytest.raises(SourceError):
        check_address(url)


@pytest.mark.parametrize("url", ["http://host:99999/", "http://a..b/", f"http://{'a' * 70}.example/"])
def test_an_address_that_cannot_be_asked_is_a_failure(url: str) -> None:
    with pytest.raises(SourceError):
        fetch(quick(attempts=1, budget=10.0), url)


def test_requests_to_one_host_keep_their_distance(httpserver: HTTPServer) -> None:
    pauses = Pauses()
    fetcher, url = quick(sleep=pauses, budget=1000.0), answers(httpserver, Response(b"x"))
    for _ in range(3):
        fetch(fetcher, url, gap=100.0)
    assert len(pauses) == 2
    assert 90 < pauses[0] <= 100
    assert 190 < pauses[1] <= 200


# --- laws ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 8), st.none() | st.floats(0, 1e6))
def test_a_pause_never_shrinks_and_never_undercuts_what_was_asked(attempt: int, asked: float | None) -> None:
    assert pause_after(attempt, asked) >= (asked or 0.0)
    assert pause_after(attempt + 1, asked) >= pause_after(attempt, asked)


NOW, LATER, EARLIER = (f"Sat, 21 Nov 2026 09:{minute}:00 GMT" for minute in ("30", "31", "29"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 12 "}, 12.0),
        ({"Retry-After": "9" * 5000}, 999_999_999.0),
        ({"Retry-After": LATER, "Date": NOW}, 60.0),
        ({"Retry-After": EARLIER, "Date": NOW}, 0.0),
        ({"Retry-After": LATER}, None),
        ({"Retry-After": "soon", "Date": NOW}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "٣"}, None),
    ],
)
def test_a_host_asks_for_a_pause_in_seconds_or_by_the_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause(headers) == seconds
