"""Nothing private is ever connected to: proved by counting the connections that arrive."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme
from pytest_httpserver import HTTPServer

from digest.errors import SourceError
from digest.model import Page
from digest.sources.fetch import REDIRECTS, Fetched, Fetcher
from digest.sources.fetch.addresses import Fence
from digest.sources.fetch.connect import Line, Place, Session
from tests.sources.network import fetcher_on, leads_to, place
from tests.sources.test_addresses import PRIVATE

ENTRY = Fence.open_to(["entry.example"])  # a host that may be asked, though it stands on this machine


class Guarded:
    """A door that nobody may knock at."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def was_knocked_at(self) -> bool:
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    door = Guarded()
    yield door
    door.close()


def fetch(fetcher: Fetcher, url: str) -> Fetched:
    return fetcher.fetch(url, Page(), gap=0.0, deadline=fetcher.deadline())


SPELLINGS = """
    127.0.0.1  127.1  127.0.1  0x7f.1  0x7f000001  2130706433  0177.0.0.1  017700000001  0  0.0.0.0  127.0.0.1.
    ①②⑦.0.0.1  １２７.0.0.1  127。0。0。1  localhost  LOCALHOST  localhost.  [::1]  [::]  [::ffff:127.0.0.1]
    [::ffff:7f00:1]  [0:0:0:0:0:0:0:1]  [::127.0.0.1]  127.0.0.2  127%2e0%2e0%2e1  [::1%25lo]
"""


def test_a_door_notices_a_knock(guarded: Guarded) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port)):
        assert guarded.was_knocked_at()


@pytest.mark.parametrize("host", SPELLINGS.split())
def test_this_machine_is_not_asked_however_it_is_spelt(guarded: Guarded, host: str) -> None:
    with pytest.raises(SourceError):
        fetch(fetcher_on(fence=Fence(), attempts=1), f"http://{host}:{guarded.port}/")
    assert not guarded.was_knocked_at()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433"])
def test_the_reason_names_the_address_and_the_way_out(host: str) -> None:
    with pytest.raises(SourceError, match=r"not a public address, and fetch\.allow_private does not name it"):
        fetch(fetcher_on(fence=Fence()), f"http://{host}/")


@pytest.mark.parametrize("address", PRIVATE.split())
def test_a_name_that_leads_to_a_private_address_is_not_asked(address: str) -> None:
    with pytest.raises(SourceError, match=r"papers\.example must not be asked: .* is not a public address"):
        fetch(fetcher_on(fence=Fence(), resolve=leads_to(address)), "https://papers.example/")


@pytest.mark.parametrize("hops", [1, 2, REDIRECTS])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "inner.example", "[::ffff:127.0.0.1]"])
def test_a_redirect_leads_to_nothing_private(httpserver: HTTPServer, guarded: Guarded, host: str, hops: int) -> None:
    targets = [f"http://{host}:{guarded.port}/secret", *(f"/{hop}" for hop in range(hops - 1))]
    for hop, target in enumerate(targets):
        httpserver.expect_request(f"/{hop}").respond_with_data(status=302, headers={"Location": target})
    fetcher = fetcher_on(fence=ENTRY, resolve=leads_to("127.0.0.1"))
    with pytest.raises(SourceError, match="not a public address"):
        fetch(fetcher, f"http://entry.example:{httpserver.port}/{hops - 1}")
    assert len(httpserver.log) == hops
    assert not guarded.was_knocked_at()


def test_the_address_that_was_checked_is_the_one_connected_to(httpserver: HTTPServer, guarded: Guarded) -> None:
    """The name leads elsewhere each time that it is asked for, as one does that is out to deceive."""
    httpserver.expect_request("/").respond_with_data(b"checked")
    ports = itertools.chain([httpserver.port], itertools.repeat(guarded.port))

    def resolve(_host: str, _port: int) -> list[Place]:
        return [place("127.0.0.1", next(ports))]

    assert fetch(fetcher_on(fence=ENTRY, resolve=resolve), "http://entry.example/").body == b"checked"
    assert not guarded.was_knocked_at()


def test_a_name_that_changes_its_mind_is_checked_again(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": "/again"})
    answers = iter(["127.0.0.1", "169.254.169.254"])

    def resolve(_host: str, port: int) -> list[Place]:
        return [place(next(answers), port)]

    fetcher = fetcher_on(fence=Fence.open_to(["127.0.0.1"]), resolve=resolve)
    with pytest.raises(SourceError, match=r"169\.254\.169\.254 is not a public address"):
        fetch(fetcher, f"http://papers.example:{httpserver.port}/")


def test_of_several_addresses_only_those_that_may_be_asked_are_tried(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"here")
    places = leads_to("10.0.0.1", "fe80::1", "127.0.0.1")
    fetcher = fetcher_on(fence=Fence.open_to(["127.0.0.1"]), resolve=places)
    assert fetch(fetcher, f"http://papers.example:{httpserver.port}/").body == b"here"


def test_the_next_address_is_tried_where_one_does_not_answer(httpserver: HTTPServer, guarded: Guarded) -> None:
    httpserver.expect_request("/").respond_with_data(b"here")
    guarded.close()  # nobody listens there now

    def resolve(_host: str, _port: int) -> list[Place]:
        return [place("127.0.0.1", guarded.port), place("127.0.0.1", httpserver.port)]

    assert fetch(fetcher_on(fence=ENTRY, resolve=resolve), "http://entry.example/").body == b"here"


def test_a_name_that_leads_nowhere_is_a_failure() -> None:
    with pytest.raises(SourceError, match="leads to no address"):
        fetch(fetcher_on(resolve=leads_to()), "http://papers.example/")


def test_a_port_that_is_not_of_the_web_is_not_asked() -> None:
    with pytest.raises(SourceError, match="port 6379 is not one of the web's"):
        fetch(fetcher_on(fence=Fence(), resolve=leads_to("93.184.216.34")), "http://papers.example:6379/")


def test_the_name_in_the_request_stays_that_of_the_address(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"x")
    fetch(fetcher_on(fence=ENTRY, resolve=leads_to("127.0.0.1")), f"http://entry.example:{httpserver.port}/")
    assert httpserver.log[0][0].headers["Host"] == f"entry.example:{httpserver.port}"


def test_nothing_of_ours_crosses_to_another_host(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    onward = {"Location": f"http://other.example:{httpserver.port}/b", "Set-Cookie": "a=b; Path=/"}
    httpserver.expect_request("/a").respond_with_data(status=302, headers=onward)
    httpserver.expect_request("/b").respond_with_data(b"x")
    fetcher = fetcher_on(resolve=leads_to("127.0.0.1"))
    assert fetch(fetcher, f"http://papers.example:{httpserver.port}/a").body == b"x"
    assert [request.headers["Host"].split(":")[0] for request, _ in httpserver.log] == [
        "papers.example",
        "other.example",
    ]
    for request, _ in httpserver.log:
        assert not {"Cookie", "Authorization", "Referer"} & {*request.headers.keys()}


class SecureServer:
    """Answers one request over TLS, as papers.example; remembers by which name it was greeted."""

    def __init__(self, authority: trustme.CA) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("papers.example").configure_cert(self._context)
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)
        self._thread.start()
        self.names: list[str | None] = []
        self.port: int = self._listener.getsockname()[1]

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        try:
            with self._context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(65_536)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except ssl.SSLError:  # the client did not like the certificate
            connection.close()

    def close(self) -> None:
        self._thread.join(60)
        self._listener.close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure_server(authority: trustme.CA) -> Iterator[SecureServer]:
    server = SecureServer(authority)
    yield server
    server.close()


@pytest.mark.parametrize("host", ["papers.example", "other.example"])
def test_a_certificate_is_held_to_the_name_and_not_to_the_address(
    secure_server: SecureServer, authority: trustme.CA, tmp_path: Path, host: str
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    line = Line(Fence.open_to([host]), leads_to("127.0.0.1"))
    with Session(line) as session:
        url = f"https://{host}:{secure_server.port}/"
        if host == "papers.example":
            assert session.get(url, verify=str(trusted), timeout=30).content == b"ok"
        else:
            with pytest.raises(OSError, match="Hostname mismatch"):
                session.get(url, verify=str(trusted), timeout=30)
    assert secure_server.names == [host]


def test_a_certificate_of_nobody_is_refused(secure_server: SecureServer) -> None:
    fetcher = fetcher_on(fence=Fence.open_to(["papers.example"]), resolve=leads_to("127.0.0.1"))
    with pytest.raises(SourceError, match=r"no secure connection to papers\.example"):
        fetch(fetcher, f"https://papers.example:{secure_server.port}/")


def test_a_line_is_cut_from_outside_whatever_it_waits_for() -> None:
    """A host that holds the connection open learns of the end at once, and no thread stays behind."""
    listener = socket.create_server(("127.0.0.1", 0))
    line, was_asked, is_over = Line(Fence.open_to(["127.0.0.1"])), Event(), Event()

    def ask() -> None:
        with Session(line) as session, suppress(OSError):
            session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=60)
        is_over.set()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            was_asked.set()
            while connection.recv(65_536):
                pass

    threads = [Thread(target=ask), Thread(target=serve)]
    for thread in threads:
        thread.start()
    assert was_asked.wait(30)
    line.cut()
    assert is_over.wait(30)
    for thread in threads:
        thread.join(30)
    listener.close()


def test_a_line_that_was_cut_connects_no_more(guarded: Guarded) -> None:
    line = Line(Fence.open_to(["127.0.0.1"]))
    line.cut()
    with Session(line) as session, pytest.raises(OSError, match="no connection"):
        session.get(f"http://127.0.0.1:{guarded.port}/", timeout=30)
