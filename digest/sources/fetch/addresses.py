"""Which addresses may be asked: the public web, and what the operator names beside it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

from digest.errors import SourceError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

#: ports of a public host: those of the web and IANA's two alternates. A redirect may name any other to make us knock
#: at a mail server or a database; a host that publishes elsewhere is named in fetch.allow_private.
PORTS = (80, 443, 8080, 8443)

#: The only part of IPv6 that is handed out to hosts (RFC 4291). What else looks public is not: 64:ff9b::/96 and ::/96
#: wrap an IPv4 address, and fc00::/7, fe80::/10, fec0::/10 and ff00::/8 stay within a site or name a group.
_GLOBAL_UNICAST = ip_network("2000::/3")

#: Special-purpose blocks of IANA's registries (RFC 6890), written out since the standard library's view of them
#: changes between versions, and takes wrapped addresses, multicast and shared space for public ones.
_REFUSED = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's NAT; also the metadata service of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host's own service on Azure
        "169.254.0.0/16",  # link-local: the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; also the metadata service of Oracle
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo wraps an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 wraps an IPv4 address
        "3fff::/20",  # documentation
    )
)

_ODD_HOST = re.compile(r"[\x00-\x20\x7f%\\]")  # libraries disagree about where such a host ends


@dataclass(frozen=True, slots=True)
class Fence:
    """What keeps us out of private places, but for the hosts and networks that the operator lets in."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def open_to(cls, places: Iterable[str]) -> Fence:
        """A fence with gates for these host names, addresses and networks: the list `fetch.allow_private`."""
        networks = {place: network for place in places if (network := _network(place))}
        hosts = frozenset(_plain(place) for place in places if place not in networks)
        return cls(hosts, tuple(networks.values()))

    def refusal(self, host: str, port: int, address: str) -> str | None:
        """Why a connection to one address of a host must not be made, in a few words; None where it may.

        A name or network that the operator lets in may be asked on any port.
        """
        found = _unwrapped(address)
        if _plain(host) in self.hosts or any(found in network for network in self.networks):
            return None
        if not _is_public(found):
            return f"{found} is not a public address"
        return None if port in PORTS else f"port {port} is not one of the web's"


def check_url(url: str) -> None:
    """Refuses an address by its looks; called for every hop. Where its host leads is checked when it is connected to.

    Raises:
        SourceError: it is not http(s), names no host, names one oddly, or carries a login.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        is_good = is_good and parts.port != 0 and not _ODD_HOST.search(_without_scope(parts.hostname or ""))
    except ValueError:
        is_good = False
    if not is_good:
        raise SourceError(f"{url[:200]!r} is not an address that may be asked: it takes http(s), a host and no login")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in block for block in _REFUSED)


def _unwrapped(address: str) -> Address:
    """The address as it counts: without a scope, and as IPv4 where it is one (::ffff:127.0.0.1)."""
    found = ip_address(_without_scope(address))
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _without_scope(address: str) -> str:
    return address.partition("%")[0] if ":" in address else address


def _network(place: str) -> Network | None:
    try:
        return ip_network(place)
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
