"""Connections made only to an address that was checked: a name is resolved once, and nothing resolves it again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPResponse, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any, TypeAlias

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from digest.errors import SourceError
from digest.sources.fetch.addresses import Fence
from digest.sources.fetch.failures import HostError

MAX_HEAD = 65_536  # bytes of a status line and all header fields together

#: an address family, and a socket address of it: (IP address, port, …)
Place: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]
Resolve: TypeAlias = Callable[[str, int], Sequence[Place]]


def resolve(host: str, port: int) -> list[Place]:
    """Every place that a host name stands for; of an address in whatever spelling, the address itself."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, place) for family, _, _, _, place in found]


class Line:
    """What the connections of one fetch are made over: one at a time, each of which can be cut from outside."""

    def __init__(self, fence: Fence, resolve: Resolve = resolve) -> None:
        self._fence = fence
        self._resolve = resolve
        self._lock = Lock()
        self._hands: list[socket.socket] = []
        self._is_cut = False

    def dial(self, host: str, port: int, timeout: float | None, options: Sequence[tuple[Any, ...]]) -> socket.socket:
        """A connection to the first place of the host that answers and may be asked.

        Raises:
            SourceError: the fence keeps us from all of them.
            OSError: the name leads nowhere, or nobody answers.
        """
        trouble = OSError(f"{host} leads to no address")
        for family, place in self._allowed(host, port):
            try:
                return self._connect(family, place, timeout, options)
            except OSError as error:
                trouble = error
        raise trouble

    def hang_up(self) -> None:
        """Let go of the connection."""
        with self._lock:
            for hand in self._hands:
                hand.close()
            self._hands = []

    def cut(self) -> None:
        """End the connection at once, whatever it waits for, and allow no other; called from another thread."""
        with self._lock:
            self._is_cut = True
            for hand in self._hands:
                with suppress(OSError):  # the other side has hung up already
                    hand.shutdown(socket.SHUT_RDWR)

    def _allowed(self, host: str, port: int) -> list[Place]:
        found = self._resolve(host, port)
        refusals = [self._fence.refusal(host, port, place[0]) for _, place in found]
        if found and all(refusals):
            raise SourceError(f"{host} must not be asked: {refusals[0]}, and fetch.allow_private does not name it")
        return [place for place, refusal in zip(found, refusals, strict=True) if refusal is None]

    def _connect(
        self, family: int, place: tuple[Any, ...], timeout: float | None, options: Sequence[tuple[Any, ...]]
    ) -> socket.socket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in options:
                connection.setsockopt(*option)
            connection.settimeout(timeout)
            connection.connect(place)
            self._keep_hand_on(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_hand_on(self, connection: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one over, and shutting down works through either."""
        with self._lock:
            if self._is_cut:
                raise TimeoutError("cut")
            self._hands.append(connection.dup())


class Session(requests.Session):
    """One that connects over a line, takes nothing from the environment, and keeps no cookie.

    It follows no redirect and leaves their bodies alone.
    """

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._line = line
        self.mount("http://", _Adapter(line))
        self.mount("https://", _Adapter(line))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect, however large."""

    def close(self) -> None:
        """Let go of every connection."""
        super().close()
        self._line.hang_up()


class _Adapter(HTTPAdapter):
    """Has every connection made by a line. The name in Host, in SNI and in the certificate stays that of the URL."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Called by the base class when it is made, so there is no pool that connects on its own."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._line)


def _pools(line: Line) -> dict[str, type[HTTPConnectionPool]]:
    """The pools of urllib3 for each scheme, over connections that the line makes."""

    class Plain(HTTPConnection):
        response_class = _Answer

        def _new_conn(self) -> socket.socket:
            return _dialled(line, self)

    class Secure(HTTPSConnection):
        response_class = _Answer

        def _new_conn(self) -> socket.socket:
            return _dialled(line, self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _dialled(line: Line, asked: HTTPConnection) -> socket.socket:
    """The connection that urllib3 asks for; its failures in urllib3's own words."""
    timeout = asked.timeout if isinstance(asked.timeout, int | float) else None
    try:
        return line.dial(asked.host.strip("[]"), asked.port, timeout, asked.socket_options or ())
    except socket.gaierror as error:
        raise NameResolutionError(asked.host, asked, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(asked, f"no connection to {asked.host}") from error
    except OSError as error:
        raise NewConnectionError(asked, str(error)) from error


class _Answer(HTTPResponse):
    """An answer whose head is counted: the standard library would read a hundred header fields of 64 kB each."""

    def begin(self) -> None:
        """Read the status line and the header fields."""
        file = self.fp
        self.fp = _Head(file)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:  # else the status line was bad, and the connection is closed already
                self.fp = file


class _Head:
    """A connection's file while the head is read from it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = MAX_HEAD
        self.close = file.close

    def readline(self, limit: int = -1) -> bytes:
        """The next line.

        Raises:
            HostError: the lines add up to more than a head may have.
            RemoteDisconnected: the connection ends here, which the standard library would take for the end of the head.
        """
        line: bytes = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise HostError(f"sent more than {MAX_HEAD // 1024} kB of header fields")
        if not line.endswith(b"\n"):
            raise RemoteDisconnected("the connection ended before the answer began")
        return line
