"""Turns at asking a site, within one process."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Lock
from urllib.parse import urlsplit

from digest.ports import LONGEST_REST, Turn


def site_of(url: str) -> str:
    """Whose patience a request costs: the last two labels of its host, so that a site's hosts share its turns.

    A machine without such a name (an IP address, "localhost") may serve many sites, one on each port.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    labels = host.split(".")
    if len(labels) < 2 or _is_ip_address(host):
        return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    return ".".join(labels[-2:])


@dataclass(slots=True)
class _Site:
    free_at: float = 0.0  #: when the next request may start
    lease_until: float = 0.0  #: one is under way until then at most
    token: str | None = None  #: whose


class LocalTurns:
    """Turns that the threads of this process share, as `digest.ports.HostTurns` asks.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sites: dict[str, _Site] = {}
        self._lock = Lock()

    def take(self, site: str, *, gap: float, lease: float) -> Turn:
        """As `HostTurns.take`."""
        with self._lock:
            now = self._clock()
            one = self._sites.setdefault(site, _Site())
            if now < one.free_at:
                return Turn(site=site, rest=one.free_at - now)
            if one.token and now < one.lease_until:
                return Turn(site=site)
            one.free_at, one.lease_until, one.token = now + gap, now + lease, secrets.token_hex(8)
            return Turn(site=site, token=one.token)

    def end(self, turn: Turn, *, rest: float) -> None:
        """As `HostTurns.end`."""
        with self._lock:
            one = self._sites[turn.site]
            if one.token == turn.token:
                one.token = None
                one.free_at = max(one.free_at, self._clock() + min(rest, LONGEST_REST))


def _is_ip_address(host: str) -> bool:
    try:
        return bool(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
