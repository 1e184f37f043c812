"""How often an address, a network and everybody together may ask, and what counts as the same one. Pure."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

#: (most, in which span): mails that an address gets because somebody typed it
OF_ADDRESS = ((1, DAY), (3, timedelta(days=30)))

#: mails with a fresh link, which go only to people who are here already
OF_LINKS = ((3, HOUR), (10, DAY))

#: what asks from one network, to one recipient domain, and what asks at all
OF_NETWORK = ((30, HOUR), (100, DAY))
OF_DOMAIN = ((300, HOUR),)

#: The brake: this many in an hour whatever the week before was like, and so many times its busiest hour's mean.
BRAKE_LEAST, BRAKE_TIMES = 100, 10

#: an errand that a limit holds back is looked at again after this time, and dropped in the end
LOOK_AGAIN, LONGEST_WAIT = timedelta(minutes=5), DAY

#: everything that a limit could still count
LONGEST_SPAN = timedelta(days=30)

_DOTLESS = frozenset(("gmail.com", "googlemail.com"))


def same_mailbox(address: str) -> str:
    """One name for all spellings of an address that are known to reach one mailbox; never to be written to."""
    local, _, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def same_network(address: str) -> str:
    """The network that an address is in: 256 addresses of IPv4, or what one customer is given of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket without an address: everything that comes that way is one
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    length = 24 if found.version == 4 else 56
    return str(ipaddress.ip_network((found, length), strict=False))


def brake(mails_in_week: int) -> int:
    """How many sign-up mails may leave in an hour, given how many have left in the week before."""
    return max(BRAKE_LEAST, BRAKE_TIMES * mails_in_week // (7 * 24))
