"""The only HTTP out: one address asked for politely, within limits of time and size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from queue import Empty, Queue
from threading import Lock, Thread
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from digest import __version__
from digest.errors import SourceError
from digest.model import Page
from digest.sources.kind import MAX_BYTES
from digest.sources.pauses import asked_pause, pause_after

CONNECT = 10.0  # seconds to wait for a connection
REDIRECTS = 5
HEED = 0.2  # seconds after which a fetch that waits looks whether the program is to stop
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
        timeout: seconds that a host may stay silent.
        max_bytes: the largest body, after decompression.
        attempts: tries for each address, the first included.
        budget: seconds for one read of a source: all its pages, tries and pauses.
        sleep: waits for a number of seconds.
        is_stopping: whether the program was asked to stop; nothing is waited for then.
    """

    def __init__(
        self,
        *,
        contact: str,
        timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
        attempts: int = 4,
        budget: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_stopping = is_stopping
        self._headers = {"User-Agent": f"digest/{__version__} (+mailto:{contact})", "Accept-Encoding": "gzip, deflate"}
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._budget = budget
        self._sleep = sleep
        self._turns: dict[str, float] = {}  # {host: when the next request to it may start}
        self._turns_lock = Lock()

    def deadline(self) -> float:
        """When a read that starts now must be over, for `fetch`."""
        return time.monotonic() + self._budget

    def fetch(self, url: str, known: Page, *, gap: float, deadline: float) -> Fetched:
        """What the address gives now, or that it is as `known`.

        Keeps `gap` seconds between two requests to a host, tries again where that may help, and is back by the deadline
        whatever happens: the work runs in a thread of its own, since neither name resolution nor a host that sends its
        headers drop by drop heeds the timeout of a socket.

        Raises:
            SourceError: nothing usable came; the text is a sentence for people.
        """
        results: Queue[Fetched | Exception] = Queue()
        Thread(target=lambda: results.put(self._result(url, known, gap, deadline)), daemon=True).start()
        while not self._is_stopping():
            try:
                result = results.get(timeout=min(max(_left(deadline), 0.0), HEED))
            except Empty:
                if _left(deadline) <= 0:
                    raise SourceError(f"{_host(url)} gave no complete answer in time") from None
                continue
            if isinstance(result, Exception):
                raise result
            return result
        raise SourceError(f"stopped before {_host(url)} had answered")

    def _result(self, url: str, known: Page, gap: float, deadline: float) -> Fetched | Exception:
        try:
            return self._try(url, known, gap, deadline)
        except Exception as error:  # raised again in the thread that waits
            return error

    def _try(self, url: str, known: Page, gap: float, deadline: float) -> Fetched:
        for attempt in count(1):
            try:
                with _sentences(url):
                    return self._follow(url, known, gap, deadline)
            except _PassingError as trouble:
                pause = pause_after(attempt, trouble.asked)
                if attempt >= self._attempts or pause > min(LONGEST_PAUSE, _left(deadline)):
                    raise SourceError(str(trouble)) from trouble
                self._sleep(pause)
        raise AssertionError  # count() never ends

    def _follow(self, url: str, known: Page, gap: float, deadline: float) -> Fetched:
        """One try, through redirects; every address on the way is checked."""
        with _Session() as session:
            for _ in range(REDIRECTS + 1):
                check_address(url)
                self._wait_for_turn(_host(url), gap)
                with self._ask(session, url, known, deadline) as response:
                    if response.status_code not in _MOVED:
                        return self._answer(response, known, deadline)
                    url = urljoin(url, response.headers.get("Location", ""))
        raise SourceError(f"{_host(url)} redirects more than {REDIRECTS} times")

    def _wait_for_turn(self, host: str, gap: float) -> None:
        with self._turns_lock:
            now = time.monotonic()
            start = max(now, self._turns.get(host, now))
            self._turns[host] = start + gap
        if start > now:
            self._sleep(start - now)

    def _ask(self, session: requests.Session, url: str, known: Page, deadline: float) -> requests.Response:
        left = _left(deadline)
        if left <= 0:
            raise SourceError(f"no time is left to ask {_host(url)}")
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
        sentence = f"{_host(response.url)} answered {status} {response.reason or ''}".rstrip()
        raise _PassingError(sentence, asked_pause(response.headers)) if status in _BUSY else SourceError(sentence)

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """The decompressed body, counted as it comes: a small archive can unfold into gigabytes."""
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise SourceError(f"{_host(response.url)} sent more than {self._max_bytes / 1e6:g} MB")
            if _left(deadline) < 0:
                raise SourceError(f"{_host(response.url)} gave no complete answer in time")
        return bytes(body)


def check_address(url: str) -> None:
    """Refuses an address that must not be asked; called for every hop.

    Raises:
        SourceError: it is not http(s), names no host, or carries a login.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_good = False
    if not is_good:
        raise SourceError(f"{url[:200]!r} is not an address that may be asked: it takes http(s), a host and no login")


class _PassingError(Exception):
    """A failure that another try may mend; `asked` is how long the host wants to be left alone, in seconds."""

    def __init__(self, sentence: str, asked: float | None = None) -> None:
        super().__init__(sentence)
        self.asked = asked


class _Session(requests.Session):
    """One that takes nothing from the environment, keeps no cookie, and leaves redirects and their bodies alone."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect, however large."""


@contextmanager
def _sentences(url: str) -> Iterator[None]:
    """Turns the errors of the HTTP library into ours."""
    host = _host(url)
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise SourceError(f"no secure connection to {host}: {_cause(error)}") from error
    except requests.Timeout as error:
        raise _PassingError(f"{host} did not answer in time") from error
    except requests.exceptions.ContentDecodingError as error:
        raise SourceError(f"{host} sent a damaged archive") from error
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, HTTPError) as error:
        raise _PassingError(f"{host} could not be reached or hung up: {_cause(error)}") from error
    except (requests.RequestException, ValueError) as error:
        raise SourceError(f"{url[:200]!r} cannot be asked: {error}") from error


def _cause(error: BaseException) -> str:
    """The innermost reason, without the library's wrapping."""
    while inner := (error.__cause__ or error.__context__):
        error = inner
    return str(error) or type(error).__name__


def _validators(known: Page) -> dict[str, str]:
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in named.items() if value}


def _left(deadline: float) -> float:
    return deadline - time.monotonic()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url[:200]
    except ValueError:
        return url[:200]
