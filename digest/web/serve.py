"""Serving the site: in a process of its own, or in a thread beside the scheduler."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from digest.app import App
from digest.errors import UsageError
from digest.web.site import build_site

#: connections at a time; what comes beyond waits to be accepted
_MOST_AT_ONCE = 512

#: seconds after which pages that are still being answered are cut off at the end
_GRACE = 20


def serve(app: App) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        UsageError: the address cannot be listened at.
        StoreError: the store lives in another time.
    """
    app.check_clock()
    server = _server(app)
    server.run(sockets=[_ear(app.config.web.listen)])


@contextmanager
def serving(app: App) -> Iterator[None]:
    """Serve in a thread for as long as the block runs.

    Raises:
        UsageError: the address cannot be listened at.
    """
    server = _server(app)
    ear = _ear(app.config.web.listen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [ear]}, name="web")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=_GRACE + 10)


def _ear(listen: str) -> socket.socket:
    """A socket that listens there; bound before any thread is started, so that a mistake is told at once."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ear = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio sets no TCP_NODELAY
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        ear.bind((host, int(port)))
    except OSError as error:
        ear.close()
        raise UsageError(
            f"web.listen: nothing can listen at {listen}: {error.strerror}. Is another digest running?"
        ) from error
    return ear


def _server(app: App) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            build_site(app),
            log_level="warning",
            access_log=False,  # who reads what is nobody's business
            server_header=False,
            proxy_headers=False,  # `Visitors` decides whom to believe
            limit_concurrency=_MOST_AT_ONCE,
            timeout_graceful_shutdown=_GRACE,
        )
    )
