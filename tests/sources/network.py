"""A network for tests: time that passes only while somebody waits, and names that lead to this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from digest.sources.fetch import Fetcher
from digest.sources.fetch.addresses import Fence
from digest.sources.fetch.connect import Place

#: the servers of tests stand where a fence would keep us out
LOOPBACK = Fence.open_to(["127.0.0.0/8", "::1"])


class Watch:
    """A clock, and a sleep that takes no time; remembers how long it was slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def fetcher_on(watch: Watch | None = None, **changes: Any) -> Fetcher:
    """A fetcher that may ask the servers of tests, and lives in the time of a watch."""
    watch = watch or Watch()
    settings: dict[str, Any] = {"contact": "owner@example.org", "fence": LOOPBACK, "attempts": 3}
    return Fetcher(**settings | {"clock": watch, "sleep": watch.sleep} | changes)


def place(address: str, port: int) -> Place:
    """Where a name leads."""
    if ":" in address:
        return socket.AF_INET6, (address, port, 0, 0)
    return socket.AF_INET, (address, port)


def leads_to(*addresses: str) -> Callable[[str, int], list[Place]]:
    """A resolver for which every name stands for these addresses."""
    return lambda _host, port: [place(address, port) for address in addresses]
