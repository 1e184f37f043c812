"""The only HTTP out: one address asked for politely, within limits of time and size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from queue import Empty, Queue
from threading import Thread
from urllib.parse import urljoin

import requests

from digest import __version__
from digest.errors import SourceError
from digest.model import Page
from digest.ports import HostTurns, Turn
from digest.sources.fetch.addresses import Fence, check_url
from digest.sources.fetch.connect import Line, Resolve, Session, resolve
from digest.sources.fetch.failures import HostError, PassingError, host_of, sentences
from digest.sources.fetch.pauses import asked_pause, pause_after
from digest.sources.fetch.turns import LocalTurns, site_of
from digest.sources.fetch.unpack import ENCODINGS, unpacked
from digest.sources.kind import MAX_BYTES

CONNECT = 10.0  # seconds to wait for a connection
REDIRECTS = 5
HEED = 0.2  # seconds after which whoever waits looks again: for a turn, or whether the program is to stop
LONGEST_PAUSE = 60.0  # seconds; a host that asks for more is left alone until the next read
_CHUNK = 65_536
_BUSY = (429, 500, 502, 503, 504)  # answers that another try may mend
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an address gave."""

    body: bytes | None  #: decompressed; None where the host says that nothing has changed
    etag: str | None = None
    last_modified: str | None = None


class Fetcher:
    """Fetches addresses for all sources; may be shared between threads.

    Args:
        contact: an address that a host can write to; it stands in the User-Agent.
        fence: what keeps it out of private places.
        turns: whose turn it is at each site; without any, this fetcher keeps its own.
        timeout: seconds that a host may stay silent.
        max_bytes: the largest body, after decompression.
        attempts: tries for each address, the first included.
        budget: seconds for one read of a source: all its pages, tries and pauses.
        resolve: what a host name stands for.
        clock: seconds that never go back.
        sleep: waits for a number of seconds.
        is_stopping: whether the program was asked to stop; nothing is waited for then.
    """

    def __init__(
        self,
        *,
        contact: str,
        fence: Fence = Fence(),  # noqa: B008 (frozen)
        turns: HostTurns | None = None,
        timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
        attempts: int = 4,
        budget: float = 120.0,
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._headers = {"User-Agent": f"digest/{__version__} (+mailto:{contact})", "Accept-Encoding": ENCODINGS}
        self._fence = fence
        self._turns = turns or LocalTurns(clock)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._budget = budget
        self._resolve = resolve
        self._clock = clock
        self._sleep = sleep
        self._is_stopping = is_stopping

    def deadline(self) -> float:
        """When a read that starts now must be over, for `fetch`."""
        return self._clock() + self._budget

    def fetch(self, url: str, known: Page, *, gap: float, deadline: float) -> Fetched:
        """What the address gives now, or that it is as `known`.

        Keeps `gap` seconds between two requests to a site, tries again where that may help, and is back by the deadline
        whatever happens: the work runs in a thread of its own, since neither name resolution nor a host that sends its
        headers drop by drop heeds the timeout of a socket.

        Raises:
            SourceError: nothing usable came; the text is a sentence for people.
        """
        line = Line(self._fence, self._resolve)
        results: Queue[Fetched | Exception] = Queue()
        Thread(target=lambda: results.put(self._result(line, url, known, gap, deadline)), daemon=True).start()
        try:
            return self._wait(results, url, deadline)
        finally:
            line.cut()  # nothing goes on behind our back

    def _wait(self, results: Queue[Fetched | Exception], url: str, deadline: float) -> Fetched:
        while not self._is_stopping():
            try:
                result = results.get(timeout=min(max(self._left(deadline), 0.0), HEED))
            except Empty:
                if self._left(deadline) <= 0:
                    raise SourceError(f"{host_of(url)} gave no complete answer in time") from None
                continue
            if isinstance(result, Exception):
                raise result
            return result
        raise SourceError(f"stopped before {host_of(url)} had answered")

    def _result(self, line: Line, url: str, known: Page, gap: float, deadline: float) -> Fetched | Exception:
        try:
            return self._try(line, url, known, gap, deadline)
        except Exception as error:  # raised again in the thread that waits
            return error

    def _try(self, line: Line, url: str, known: Page, gap: float, deadline: float) -> Fetched:
        for attempt in count(1):
            try:
                return self._follow(line, url, known, gap, deadline)
            except PassingError as trouble:
                pause = pause_after(attempt, trouble.asked)
                if attempt >= self._attempts or pause > min(LONGEST_PAUSE, self._left(deadline)):
                    raise SourceError(str(trouble)) from trouble
                self._sleep(pause)
        raise AssertionError  # count() never ends

    def _follow(self, line: Line, url: str, known: Page, gap: float, deadline: float) -> Fetched:
        """One try, through redirects; every address on the way is checked, and takes its turn."""
        target = url
        for _ in range(REDIRECTS + 1):
            check_url(target)
            found = self._ask(line, target, known, gap, deadline)
            if isinstance(found, Fetched):
                return found
            target = found
        raise SourceError(f"{host_of(url)} redirects more than {REDIRECTS} times")

    def _ask(self, line: Line, url: str, known: Page, gap: float, deadline: float) -> Fetched | str:
        """One request: what it brings, or the address that it leads to."""
        turn = self._take_turn(site_of(url), gap, deadline)
        rest = 0.0
        try:
            with sentences(url), Session(line) as session, self._get(session, url, known, deadline) as response:
                rest = asked_pause(response.headers, is_refusal=response.status_code in _BUSY) or 0.0
                if response.status_code in _MOVED:
                    return urljoin(url, response.headers.get("Location", ""))
                return self._answer(response, known, deadline)
        finally:
            self._turns.end(turn, rest=rest)

    def _take_turn(self, site: str, gap: float, deadline: float) -> Turn:
        while (left := self._left(deadline)) > 0:
            turn = self._turns.take(site, gap=gap, lease=left)
            if turn.token:
                return turn
            if turn.rest > left:
                raise SourceError(f"{site} is to be left alone for another {turn.rest:.0f} s")
            self._sleep(turn.rest or HEED)
        raise SourceError(f"no time is left to ask {site}")

    def _get(self, session: requests.Session, url: str, known: Page, deadline: float) -> requests.Response:
        left = max(self._left(deadline), 0.01)
        timeout = (min(CONNECT, left), min(self._timeout, left))
        headers = self._headers | _validators(known)
        return session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False)

    def _answer(self, response: requests.Response, known: Page, deadline: float) -> Fetched:
        status = response.status_code
        etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if status == HTTPStatus.NOT_MODIFIED and _validators(known):
            return Fetched(body=None, etag=etag or known.etag, last_modified=last_modified or known.last_modified)
        if status == HTTPStatus.OK:
            return Fetched(body=self._body(response, deadline), etag=etag, last_modified=last_modified)
        told = f"answered {status} {response.reason or ''}".rstrip()
        if status in _BUSY:
            pause = asked_pause(response.headers, is_refusal=True)
            raise PassingError(f"{host_of(response.url)} {told}", pause)
        raise HostError(told)

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """The body, unfolded by us: requests would count neither what is sent nor what becomes of it."""
        encoding = response.headers.get("Content-Encoding", "").strip()
        return unpacked(self._chunks(response, deadline), encoding, max_bytes=self._max_bytes)

    def _chunks(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            if self._left(deadline) < 0:
                raise HostError("gave no complete answer in time")
            yield chunk

    def _left(self, deadline: float) -> float:
        return deadline - self._clock()


def _validators(known: Page) -> dict[str, str]:
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in named.items() if value}
