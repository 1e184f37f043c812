"""What goes wrong between us and a host, in sentences for people."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from socket import gaierror
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from digest.errors import SourceError

_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH)


class HostError(Exception):
    """What a host did that makes its answer useless, as a predicate: "sent a damaged archive"."""


class PassingError(Exception):
    """A failure that another try may mend; `asked` is how long the host wants to be left alone, in seconds."""

    def __init__(self, sentence: str, asked: float | None = None) -> None:
        super().__init__(sentence)
        self.asked = asked


@contextmanager
def sentences(url: str) -> Iterator[None]:
    """Turns the errors of the HTTP library into ours.

    Raises:
        PassingError: another try may help.
        SourceError: it will not.
    """
    host = host_of(url)
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise SourceError(f"no secure connection to {host}: {_cause(error)}") from error
    except HostError as error:
        raise SourceError(f"{host} {error}") from error
    except (requests.Timeout, ReadTimeoutError) as error:
        raise PassingError(f"{host} did not answer in time") from error
    except (requests.ConnectionError, HTTPError) as error:
        cause = _cause(error)
        if isinstance(cause, gaierror) or getattr(cause, "errno", None) in _NO_WAY:  # a few seconds mend neither
            raise SourceError(f"{host} cannot be found: the name is wrong, or there is no network here") from error
        raise PassingError(f"{host} could not be reached or hung up: {str(cause) or type(cause).__name__}") from error
    except (requests.RequestException, ValueError) as error:
        raise SourceError(f"{url[:200]!r} cannot be asked: {error}") from error


def _cause(error: BaseException) -> BaseException:
    """The innermost error, without the library's wrapping."""
    while inner := (error.__cause__ or error.__context__):
        error = inner
    return error


def host_of(url: str) -> str:
    """The host that an address names, or the start of what is no address."""
    try:
        return urlsplit(url).hostname or url[:200]
    except ValueError:
        return url[:200]
