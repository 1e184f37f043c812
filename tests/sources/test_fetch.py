"""The only HTTP out, against a real server on this machine."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from threading import Event

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest import __version__
from digest.errors import SourceError
from digest.model import Page
from digest.sources.fetch import REDIRECTS, Fetched, Fetcher
from digest.sources.fetch.connect import MAX_HEAD
from digest.sources.fetch.unpack import RATIO
from tests.sources.network import Watch, fetcher_on

NOWHERE = "http://127.0.0.1:9/"  # the port of "discard": nobody listens


def fetch(fetcher: Fetcher, url: str, known: Page = Page(), gap: float = 0.0) -> Fetched:  # noqa: B008 (frozen)
    return fetcher.fetch(url, known, gap=gap, deadline=fetcher.deadline())


def hasty(budget: float = 120.0, **changes: object) -> Fetcher:
    """A fetcher in real time."""
    return fetcher_on(clock=time.monotonic, sleep=time.sleep, budget=budget, **changes)


def answers(server: HTTPServer, *replies: Response) -> str:
    """An address that gives these replies by turns, the last one for ever."""
    left = [*replies]

    def reply(_: Request) -> Response:
        return left.pop(0) if len(left) > 1 else left[0]

    server.expect_request("/list").respond_with_handler(reply)
    return server.url_for("/list")


def test_a_body_comes_with_its_validators(httpserver: HTTPServer) -> None:
    url = answers(httpserver, Response(b"hello", headers={"ETag": '"a"', "Last-Modified": "yesterday"}))
    assert fetch(fetcher_on(), url) == Fetched(body=b"hello", etag='"a"', last_modified="yesterday")


def test_we_say_who_we_are_and_nothing_else(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    fetch(fetcher_on(), answers(httpserver, Response(b"x", headers={"Set-Cookie": "a=b"})))
    request, _ = httpserver.log[0]
    assert request.headers["User-Agent"] == f"digest/{__version__} (+mailto:owner@example.org)"
    assert not {"Cookie", "Authorization", "If-None-Match", "If-Modified-Since"} & {*request.headers.keys()}


def test_an_unchanged_page_is_not_sent_again(httpserver: HTTPServer) -> None:
    def reply(request: Request) -> Response:
        is_known = request.headers.get("If-None-Match") == '"a"' and request.headers.get("If-Modified-Since") == "once"
        return Response(status=304 if is_known else 200)

    httpserver.expect_request("/list").respond_with_handler(reply)
    known = Page(etag='"a"', last_modified="once")
    assert fetch(fetcher_on(), httpserver.url_for("/list"), known) == Fetched(
        body=None, etag='"a"', last_modified="once"
    )


def test_not_modified_without_having_asked_is_a_failure(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="answered 304"):
        fetch(fetcher_on(), answers(httpserver, Response(status=304)))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_host_is_asked_again(httpserver: HTTPServer, status: int) -> None:
    url = answers(httpserver, Response(status=status), Response(status=status), Response(b"at last"))
    watch = Watch()
    assert fetch(fetcher_on(watch), url).body == b"at last"
    assert len(watch.pauses) == 2
    assert watch.pauses == sorted(watch.pauses)


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_it_gives_up_after_so_many_attempts(httpserver: HTTPServer, attempts: int) -> None:
    url = answers(httpserver, Response(status=503))
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 answered 503 SERVICE UNAVAILABLE"):
        fetch(fetcher_on(attempts=attempts), url)
    assert len(httpserver.log) == attempts


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_any_other_answer_is_final(httpserver: HTTPServer, status: int) -> None:
    url = answers(httpserver, Response(status=status))
    with pytest.raises(SourceError, match=f"answered {status}"):
        fetch(fetcher_on(), url)
    assert len(httpserver.log) == 1


def test_a_host_that_names_a_pause_gets_it(httpserver: HTTPServer) -> None:
    watch = Watch()
    url = answers(httpserver, Response(status=429, headers={"Retry-After": "17"}), Response(b"thanks"))
    assert fetch(fetcher_on(watch), url).body == b"thanks"
    assert watch.pauses == [17.0]


@pytest.mark.parametrize(("asked", "budget"), [("3600", 7200.0), ("20", 10.0)])
def test_a_pause_that_is_too_long_ends_the_read(httpserver: HTTPServer, asked: str, budget: float) -> None:
    watch = Watch()
    url = answers(httpserver, Response(status=503, headers={"Retry-After": asked}), Response(b"never asked for"))
    with pytest.raises(SourceError, match="503"):
        fetch(fetcher_on(watch, budget=budget), url)
    assert not watch.pauses


def test_nobody_there_is_a_sentence() -> None:
    watch = Watch()
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 could not be reached or hung up: .*refused"):
        fetch(fetcher_on(watch), NOWHERE)
    assert len(watch.pauses) == 2


def test_a_silent_host_is_not_waited_for(httpserver: HTTPServer) -> None:
    release = Event()
    httpserver.expect_request("/list").respond_with_handler(lambda _: Response(b"" if release.wait(20) else b"late"))
    with pytest.raises(SourceError, match="did not answer in time"):
        fetch(hasty(timeout=0.1, attempts=1), httpserver.url_for("/list"))
    release.set()


def test_the_budget_ends_a_body_that_drips(httpserver: HTTPServer) -> None:
    release = Event()

    def drip(_: Request) -> Response:
        return Response(iter(lambda: b"" if release.wait(0.05) else b"x", b""))

    httpserver.expect_request("/list").respond_with_handler(drip)
    with pytest.raises(SourceError, match="no complete answer in time"):
        fetch(hasty(0.4), httpserver.url_for("/list"))
    release.set()


def test_no_time_left_asks_nobody(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="time"):
        fetcher_on().fetch(answers(httpserver, Response(b"x")), Page(), gap=0.0, deadline=-1.0)
    assert not httpserver.log


def test_the_budget_ends_headers_that_never_do(raw_server: Callable[..., str]) -> None:
    with pytest.raises(SourceError, match="in time"):
        fetch(hasty(0.3), raw_server(b"HTTP/1.1 200 OK\r\nX-Slow: ", is_held=True))


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"HTTP/1.1 200 OK\r\nX-Whole: yes\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_cut_off_or_garbled_is_a_failure(raw_server: Callable[..., str], octets: bytes) -> None:
    with pytest.raises(SourceError, match="hung up"):
        fetch(fetcher_on(attempts=1), raw_server(octets))


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X-Many: " + b"x" * 1_000 + b"\r\n") * 66 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000,
    ],
)
def test_a_head_that_is_too_long_is_refused(raw_server: Callable[..., str], octets: bytes) -> None:
    with pytest.raises(SourceError, match="64 kB of header fields"):
        fetch(fetcher_on(), raw_server(octets))


def test_a_long_head_is_read(raw_server: Callable[..., str]) -> None:
    field = b"X-Many: " + b"x" * 1_000 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + field * (MAX_HEAD // len(field) - 1) + b"Content-Length: 2\r\n\r\n"
    assert fetch(fetcher_on(), raw_server(head + b"ok")).body == b"ok"


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_size_counts_after_decompression(httpserver: HTTPServer, encoding: str | None) -> None:
    whole = b"".join(b"%d " % number for number in range(40_000))[:200_000]
    packed, headers = (gzip.compress(whole, mtime=0), {"Content-Encoding": "gzip"}) if encoding else (whole, {})
    url = answers(httpserver, Response(packed, headers=headers))
    assert fetch(fetcher_on(max_bytes=200_000), url).body == whole
    with pytest.raises(SourceError, match=r"more than 0\.199999 MB"):
        fetch(fetcher_on(max_bytes=199_999), url)


def test_an_archive_that_unfolds_too_far_is_refused(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b"0" * 1_000_000, mtime=0)
    assert len(bomb) * RATIO < 1_000_000
    url = answers(httpserver, Response(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="over 100 times its size"):
        fetch(fetcher_on(), url)


def test_a_listing_that_packs_well_is_read(httpserver: HTTPServer) -> None:
    whole = b"".join(b"<li><a href='/papers/%d'>A title of paper %d</a></li>" % (n, n) for n in range(4_000))
    url = answers(httpserver, Response(gzip.compress(whole, mtime=0), headers={"Content-Encoding": "gzip"}))
    assert fetch(fetcher_on(), url).body == whole


PACKED = gzip.compress(b"a listing of papers", mtime=0)


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("gzip", b"not gzip", "sent a damaged archive"),
        ("gzip", PACKED[:-1], "sent an archive that is cut off"),
        ("gzip", PACKED + b"trailing", "sent a damaged archive"),
        ("gzip", b"", "sent an archive that is cut off"),
        ("br", b"whatever", "sent a body packed as 'br', which was not asked for"),
        ("gzip, gzip", gzip.compress(PACKED, mtime=0), "sent a body packed as 'gzip, gzip', which was not asked for"),
    ],
)
def test_an_archive_that_is_none_is_a_failure(httpserver: HTTPServer, encoding: str, body: bytes, reason: str) -> None:
    url = answers(httpserver, Response(body, headers={"Content-Encoding": encoding}))
    with pytest.raises(SourceError, match=f"127.0.0.1 {reason}"):
        fetch(fetcher_on(), url)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_an_archive_of_several_members_is_read_whole(httpserver: HTTPServer, encoding: str) -> None:
    url = answers(httpserver, Response(PACKED + PACKED, headers={"Content-Encoding": encoding}))
    assert fetch(fetcher_on(), url).body == gzip.decompress(PACKED) * 2


def chain(server: HTTPServer, hops: int, target: str = "/end") -> str:
    """An address that leads to `target` over so many redirects."""
    server.expect_request("/end").respond_with_data(b"there")
    for hop in range(hops):
        onward = target if hop == 0 else f"/hop{hop - 1}"
        server.expect_request(f"/hop{hop}").respond_with_data(b"x" * 100, status=302, headers={"Location": onward})
    return server.url_for(f"/hop{hops - 1}")


def test_redirects_are_followed_but_not_for_ever(httpserver: HTTPServer) -> None:
    assert fetch(fetcher_on(), chain(httpserver, REDIRECTS)).body == b"there"
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        fetch(fetcher_on(), chain(httpserver, REDIRECTS + 1))


def test_the_body_of_a_redirect_is_never_read(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b"0" * 10_000_000, mtime=0)
    moved = Response(bomb, status=301, headers={"Location": "/end", "Content-Encoding": "gzip"})
    httpserver.expect_request("/end").respond_with_data(b"there")
    assert fetch(fetcher_on(max_bytes=1000), answers(httpserver, moved)).body == b"there"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "http://me:secret@127.0.0.1/"])
def test_a_redirect_leads_only_where_we_may_go(httpserver: HTTPServer, target: str) -> None:
    with pytest.raises(SourceError, match="not an address that may be asked"):
        fetch(fetcher_on(), chain(httpserver, 1, target))


@pytest.mark.parametrize("url", ["http://host:99999/", "http://a..b/", f"http://{'a' * 70}.example/"])
def test_an_address_that_cannot_be_asked_is_a_failure(url: str) -> None:
    with pytest.raises(SourceError):
        fetch(fetcher_on(attempts=1, budget=10.0), url)


def test_requests_to_one_host_keep_their_distance(httpserver: HTTPServer) -> None:
    watch = Watch()
    fetcher, url = fetcher_on(watch, budget=1000.0), answers(httpserver, Response(b"x"))
    for _ in range(3):
        fetch(fetcher, url, gap=100.0)
    assert watch.pauses == [100.0, 100.0]


def test_a_spent_rate_limit_is_waited_for_before_the_next_request(httpserver: HTTPServer) -> None:
    url = answers(httpserver, Response(b"x", headers={"RateLimit": '"api";r=0;t=30'}))
    watch = Watch()
    fetcher = fetcher_on(watch)
    fetch(fetcher, url)
    fetch(fetcher, url)
    assert watch.pauses == [30.0]
