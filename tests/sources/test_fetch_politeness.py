"""A good guest: one request at a time to a site, pauses that are kept, and no source that waits for another."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event, Lock, Thread

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.errors import SourceError
from digest.model import Outcome, Page, Past, Source
from digest.ports import LONGEST_REST
from digest.sources.fetch import Fetched, Fetcher
from digest.sources.fetch.addresses import Fence
from digest.sources.fetch.connect import Place
from digest.sources.fetch.turns import LocalTurns, site_of
from digest.sources.read import read_all
from tests.sources.network import Watch, fetcher_on, leads_to

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANY_EXAMPLE = Fence.open_to(["127.0.0.1"])


@pytest.fixture
def busy_server() -> Iterator[HTTPServer]:
    """A server that answers many at once."""
    with HTTPServer("127.0.0.1", 0, threaded=True) as server:
        yield server


def fetch(fetcher: Fetcher, url: str, gap: float = 0.0) -> Fetched:
    return fetcher.fetch(url, Page(), gap=gap, deadline=fetcher.deadline())


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://export.arxiv.org/api/query?x=1", "arxiv.org"),
        ("http://RSS.arXiv.org./rss/cs.LG", "arxiv.org"),
        ("https://arxiv.org:8443/", "arxiv.org"),
        ("https://a.b.c.example.co.uk/", "co.uk"),  # too large a site is more polite, never less
        ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
        ("http://127.0.0.1/", "127.0.0.1:80"),
        ("https://[2606:4700::1111]/", "2606:4700::1111:443"),
        ("http://localhost:5000/", "localhost:5000"),
    ],
)
def test_the_hosts_of_a_site_share_its_turns(url: str, site: str) -> None:
    assert site_of(url) == site


def test_two_hosts_of_a_site_keep_their_distance(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"x")
    watch = Watch()
    fetcher = fetcher_on(watch, resolve=leads_to("127.0.0.1"))
    for host in ("rss.arxiv.example", "export.arxiv.example", "other.example"):
        fetch(fetcher, f"http://{host}:{httpserver.port}/", gap=3.0)
    assert watch.pauses == [3.0]
    fetch(fetcher, f"http://rss.other.test:{httpserver.port}/", gap=3.0)
    assert watch.pauses == [3.0]


def test_a_site_is_asked_by_one_at_a_time(busy_server: HTTPServer) -> None:
    """Over many threads and several fetchers, as long as they share their turns."""
    lock, seen, asking = Lock(), [], 0

    def reply(_: Request) -> Response:
        nonlocal asking
        with lock:
            asking += 1
            seen.append(asking)
        Event().wait(0.02)
        with lock:
            asking -= 1
        return Response(b"x")

    busy_server.expect_request("/").respond_with_handler(reply)
    turns = LocalTurns()
    fetchers = [Fetcher(contact="o@example.org", fence=ANY_EXAMPLE, turns=turns) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        url = busy_server.url_for("/")
        results = list(pool.map(lambda number: fetch(fetchers[number % 3], url).body, range(12)))
    assert results == [b"x"] * 12
    assert seen == [1] * 12


def test_a_turn_is_given_back_when_a_request_fails(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"x", status=404)
    watch = Watch()
    fetcher = fetcher_on(watch)
    for _ in range(3):
        with pytest.raises(SourceError, match="404"):
            fetch(fetcher, httpserver.url_for("/"))
    assert not watch.pauses


def test_a_site_that_is_tired_is_not_asked_by_anybody(httpserver: HTTPServer) -> None:
    """What one fetcher is told counts for the next, which does not even knock."""
    httpserver.expect_request("/").respond_with_data(b"", status=503, headers={"Retry-After": "900"})
    watch = Watch()
    turns = LocalTurns(watch)
    with pytest.raises(SourceError, match="answered 503"):
        fetch(fetcher_on(watch, turns=turns), httpserver.url_for("/"))
    with pytest.raises(SourceError, match="is to be left alone for another 900 s"):
        fetch(fetcher_on(watch, turns=turns), httpserver.url_for("/"))
    assert len(httpserver.log) == 1
    watch.now += 900
    with pytest.raises(SourceError, match="answered 503"):
        fetch(fetcher_on(watch, turns=turns), httpserver.url_for("/"))


def test_no_site_can_send_us_away_for_ever(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"", status=429, headers={"Retry-After": "999999999"})
    watch = Watch()
    fetcher = fetcher_on(watch)
    with pytest.raises(SourceError, match="answered 429"):
        fetch(fetcher, httpserver.url_for("/"))
    watch.now += LONGEST_REST
    with pytest.raises(SourceError, match="answered 429"):
        fetch(fetcher, httpserver.url_for("/"))
    assert len(httpserver.log) == 2


# --- many sources -------------------------------------------------------------------------------------------------


def sources(port: int, number: int) -> list[Source]:
    """Sources that each live on a site of their own."""
    return [
        Source(name=f"source-{n}", kind="huggingface", url=f"http://papers.site{n}.example:{port}/")
        for n in range(number)
    ]


def test_ten_slow_sources_take_as_long_as_the_slowest(busy_server: HTTPServer) -> None:
    """Each answers only when all ten have been asked, so that they would wait for ever if one waited for another."""
    all_asked = Barrier(10)

    def reply(_: Request) -> Response:
        all_asked.wait(60)
        return Response(b"[]")

    busy_server.expect_request("/").respond_with_handler(reply)
    fetcher = fetcher_on(fence=ANY_EXAMPLE, resolve=leads_to("127.0.0.1"), attempts=1)
    reads = read_all(sources(busy_server.port, 10), lambda _: Past(last_complete_at=NOW), fetcher, NOW)
    assert [read.outcome for read in reads] == [Outcome.EMPTY] * 10


@pytest.fixture
def dead_network() -> Iterator[Callable[[str, int], list[Place]]]:
    """A resolver that does not answer while the test lasts, as one does that nothing can be sent to."""
    is_over = Event()

    def resolve(_host: str, _port: int) -> list[Place]:
        is_over.wait(60)
        raise OSError("no network")

    yield resolve
    is_over.set()


def test_without_a_network_every_source_ends_with_its_time(dead_network: Callable[[str, int], list[Place]]) -> None:
    done = Event()
    fetcher = Fetcher(contact="o@example.org", attempts=1, budget=0.3, resolve=dead_network)

    def read() -> None:
        reads = read_all(sources(80, 10), lambda _: Past(), fetcher, NOW)
        assert [read.outcome for read in reads] == [Outcome.FAILED] * 10
        assert all("in time" in read.reason or "no time" in read.reason for read in reads)
        done.set()

    thread = Thread(target=read)
    thread.start()
    assert done.wait(30), "somebody waits for an answer that never comes"
    thread.join()


def test_a_name_that_nobody_knows_is_asked_for_once() -> None:
    """Without a network a run is over at once: some seconds do not mend it, and the next tick tries again."""
    asked = []

    def unknown(host: str, _port: int) -> list[Place]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    watch = Watch()
    with pytest.raises(SourceError, match="cannot be found"):
        fetch(fetcher_on(watch, resolve=unknown, attempts=4), "https://papers.example/")
    assert (asked, watch.pauses) == (["papers.example"], [])
