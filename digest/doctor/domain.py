"""What large receivers ask of a sender's domain: SPF, DKIM, DMARC, alignment, a way back.

The rules are those that Gmail and Yahoo have held bulk senders to since February 2024, and Microsoft since May 2025.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from digest.app import App
from digest.config import Config
from digest.config.schema import DkimBlock
from digest.config.values import is_loopback
from digest.delivery.dkim import public_key, read_key
from digest.doctor.check import Examine, Trouble
from digest.doctor.names import Resolver, UnreachableError

_Ask = Callable[[], str | Trouble]

_OFFLINE = "ask again where the Internet can be reached"


def domain_checks(config: Config, resolver: Resolver) -> dict[str, Examine]:
    """{name: how to ask about it}."""
    domain = Domain(config.sender.address.rpartition("@")[2], resolver)
    dkim, smtp = config.delivery.dkim, config.delivery.smtp
    asks: dict[str, _Ask] = {
        "spf": domain.spf,
        "dkim": lambda: domain.dkim(dkim),
        "dmarc": domain.dmarc,
        "alignment": lambda: domain.alignment(dkim),
        "answers": domain.takes_mail,
    }
    if is_loopback(smtp.host):  # else the addresses of the relay are those that receivers look at
        asks["reverse name"] = lambda: domain.reverse_name(smtp.hello or socket.getfqdn())
    return {name: _online(ask) for name, ask in asks.items()}


def _online(ask: _Ask) -> Examine:
    def asked(_app: App) -> str | Trouble:
        try:
            return ask()
        except UnreachableError as error:
            return Trouble(str(error), _OFFLINE)

    return asked


@dataclass(frozen=True, slots=True)
class Domain:
    """The domain that letters come from, as others see it."""

    name: str
    resolver: Resolver

    def spf(self) -> str | Trouble:
        """Who may send for it (RFC 7208): exactly one record, that does not let in everybody."""
        records = [text for text in self.resolver.texts(self.name) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
        if len(records) != 1:
            found = "no SPF record" if not records else f"{len(records)} SPF records, of which none counts"
            return Trouble(
                f"{self.name} has {found}", f'publish one TXT record at {self.name}: "v=spf1 include:YOUR-RELAY ~all"'
            )
        if re.search(r" \+?all\b", records[0]):
            return Trouble(f"{records[0]} lets everybody send", "let it end in ~all or -all")
        return records[0]

    def dkim(self, block: DkimBlock) -> str | Trouble:
        """The key that signatures are verified with (RFC 6376), against the one that signs."""
        if block.key_file is None:
            return (
                "delivery.dkim is not set, so your relay has to sign: look for dkim=pass, and for both "
                "list-unsubscribe headers in h=, in a letter that has arrived"
            )
        wanted = f"v=DKIM1; k=rsa; p={public_key(read_key(block.key_file))}"
        place = f"{block.selector}._domainkey.{block.domain}"
        published = [_tag(text, "p") for text in self.resolver.texts(place)]
        if not any(published):
            return Trouble(f"{place} has no key", f'publish there, as TXT: "{wanted}"')
        if _tag(wanted, "p") not in published:
            return Trouble(f"{place} has another key than the one that signs", f'publish there, as TXT: "{wanted}"')
        return f"{place} has the key that signs"

    def dmarc(self) -> str | Trouble:
        """What to do with mail that fails (RFC 7489); a parent's record counts for its children."""
        for name in _upwards(self.name):
            for text in self.resolver.texts(f"_dmarc.{name}"):
                if text.lower().startswith("v=dmarc1") and _tag(text, "p") in ("none", "quarantine", "reject"):
                    return f"_dmarc.{name}: {text}"
        fix = f'publish at _dmarc.{self.name}, as TXT: "v=DMARC1; p=none; rua=mailto:YOU@{self.name}"'
        return Trouble(f"{self.name} has no DMARC record", fix)

    def alignment(self, block: DkimBlock) -> str | Trouble:
        """Whether what is verified is the domain that readers see (RFC 7489, 3.1), or one above or below it."""
        if block.domain is None:
            return f"the envelope is {self.name}, as From is"
        if not {self.name, block.domain} & set(_upwards(self.name)) & set(_upwards(block.domain)):
            fix = f"sign with d={self.name}: delivery.dkim.domain"
            return Trouble(f"letters come from {self.name} and are signed by {block.domain}", fix)
        return f"{block.domain} signs for {self.name}"

    def takes_mail(self) -> str | Trouble:
        """Whether answers and complaints have somewhere to go."""
        servers = self.resolver.mail_servers(self.name) or self.resolver.addresses(self.name)
        if not servers:
            return Trouble(f"nobody takes mail for {self.name}", f"publish an MX record at {self.name}")
        return f"mail for {self.name} goes to {', '.join(servers)}"

    def reverse_name(self, host: str) -> str | Trouble:
        """Whether a mail server of one's own has an address that points back to its name."""
        addresses = self.resolver.addresses(host)
        if not addresses:
            return Trouble(f"{host}, which greets other servers, has no address", "set delivery.smtp.hello, or its DNS")
        for address in addresses:
            if host.lower() not in (name.lower() for name in self.resolver.names(address)):
                return Trouble(
                    f"{address} does not point back to {host}", "ask who rents you that address for a PTR record"
                )
        return f"{host} is {', '.join(addresses)} and back"


def _upwards(name: str) -> Iterator[str]:
    """A domain and those above it, up to two labels."""
    labels = name.lower().split(".")
    for at in range(max(1, len(labels) - 1)):
        yield ".".join(labels[at:])


def _tag(record: str, name: str) -> str:
    """The value of a tag in a record such as "v=DKIM1; p=…"; empty where there is none."""
    for part in record.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return "".join(value.split())
    return ""
