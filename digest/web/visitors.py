"""Where a request came from, as far as that can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNKNOWN = "unknown"


class Visitors:
    """Tells the network address of a visitor; only proxies that we trust are believed about whom they speak for."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def address(self, request: HTTPConnection) -> str:
        """The address nearest to us that is no proxy of ours."""
        peer = request.client.host if request.client else _UNKNOWN
        named = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for address in (peer, *(each.strip() for each in reversed(named))):
            if not self._is_trusted(address):
                return address if _is_address(address) else peer
            peer = address
        return peer

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self._trusted if network.version == found.version)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
