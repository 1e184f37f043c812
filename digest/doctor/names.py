"""What name servers say: a narrow protocol, and the world's own."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Protocol


class UnreachableError(OSError):
    """No name server has answered: nothing can be said about any name."""


class Resolver(Protocol):
    """Asks name servers. A name that does not exist, or has no such record, has none of them.

    Every method raises UnreachableError where nobody answers.
    """

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece."""
        ...

    def mail_servers(self, name: str) -> list[str]:
        """The MX hosts of a name."""
        ...

    def addresses(self, name: str) -> list[str]:
        """The IP addresses of a name."""
        ...

    def names(self, address: str) -> list[str]:
        """The names that an IP address points back to."""
        ...


class WorldResolver:
    """Asks name servers, by default those that this machine is set up with."""

    def __init__(self, server: tuple[str, int] | None = None, *, patience: float = 5.0) -> None:
        """Wait `patience` seconds for each answer; `server` is another one to ask, as (IP address, port)."""
        self._server = server
        self._patience = patience

    def texts(self, name: str) -> list[str]:
        """See `Resolver`."""
        return [b"".join(one.strings).decode(errors="replace") for one in self._ask(name, "TXT")]

    def mail_servers(self, name: str) -> list[str]:
        """See `Resolver`."""
        return [one.exchange.to_text(omit_final_dot=True) for one in self._ask(name, "MX")]

    def addresses(self, name: str) -> list[str]:
        """See `Resolver`."""
        return [one.address for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def names(self, address: str) -> list[str]:
        """See `Resolver`."""
        pointer = ip_address(address).reverse_pointer
        return [one.target.to_text(omit_final_dot=True) for one in self._ask(pointer, "PTR")]

    def _ask(self, name: str, kind: str):  # type: ignore[no-untyped-def]  # records of as many types as kinds
        import dns.exception
        import dns.resolver

        try:
            resolver = dns.resolver.Resolver(configure=self._server is None)
            if self._server is not None:
                resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
            return list(resolver.resolve(name, kind, lifetime=self._patience))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise UnreachableError(f"no name server has answered for {name}: {type(error).__name__}") from error
