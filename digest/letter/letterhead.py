"""The header lines of a digest letter: those that all letters of a site share, and its reader's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from digest.letter import headers
from digest.letter.links import leaving_addresses, mailto, page
from digest.model import Sender, Site

_SUBJECTS = 2_000  # of a morning: the best paper and how many more there are, for many readers the same
_TOKENS = 20  # lengths of tokens
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]+")  # stands in every address as it is


class Letterhead:
    """Header lines for the letters of one site.

    Raises:
        ValueError: an address of the site or the sender cannot stand in a header.
    """

    def __init__(self, site: Site, sender: Sender) -> None:
        self._site = site
        self._from = headers.address_header("From", sender.address, sender.name)
        self._shared = b"".join(_shared(site, sender))
        self._date = lru_cache(maxsize=8)(headers.date_header)  # most letters of a morning have the same
        self._subject = lru_cache(maxsize=_SUBJECTS)(headers.text_header)
        self._around_token = lru_cache(maxsize=_TOKENS)(self._around_any_token)

    def lines(
        self, recipient: str, subject: str, *, message_id: str, date: datetime, token: str | None
    ) -> Iterator[bytes]:
        """All lines but those about the body. Without a token there is none that a mail program could act on.

        Raises:
            ValueError: the recipient or the message id (with its angle brackets) cannot stand in a header.
        """
        yield self._from
        yield headers.address_header("To", recipient)
        yield self._subject("Subject", subject)
        yield self._date(date)
        yield headers.message_id_header(message_id)
        yield self._shared
        if token is not None:
            yield self._leaving(token)
        yield b"Auto-Submitted: auto-generated\r\n"

    def _leaving(self, token: str) -> bytes:
        around = self._around_token(len(token)) if _PLAIN_TOKEN.fullmatch(token) else None
        return token.encode().join(around) if around else self._leaving_with(token)

    def _around_any_token(self, length: int) -> list[bytes] | None:
        """What stands around a plain token of this length; None where that cannot be told from the lines for another.

        Addresses are cut and lines folded by their length alone.
        """
        other = "x" * length
        parts = self._leaving_with(other).split(other.encode())
        return parts if len(parts) == 1 + len(leaving_addresses(self._site, other, headers.LONGEST_URI)) else None

    def _leaving_with(self, token: str) -> bytes:
        addresses = leaving_addresses(self._site, token, headers.LONGEST_URI)
        lines = headers.list_header("List-Unsubscribe", addresses) if addresses else b""
        return lines + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" * self._site.is_public


def _shared(site: Site, sender: Sender) -> Iterator[bytes]:
    if sender.reply_to:
        yield headers.address_header("Reply-To", sender.reply_to)
    yield headers.list_id_header(sender.address)
    help_address = mailto(headers.address_spec(site.contact), "help")
    if len(help_address) <= headers.LONGEST_URI:
        yield headers.list_header("List-Help", [help_address])
    if site.is_public:
        yield headers.list_header("List-Archive", [page(site, "archive")])
