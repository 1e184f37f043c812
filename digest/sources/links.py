"""Addresses in listings: made absolute, freed of tracking, and the papers that they name."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from digest.sources.text import web_address

_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|mc_[ce]id|ref_src)(?:=.*)?", re.IGNORECASE | re.DOTALL)
#: https://info.arxiv.org/help/arxiv_identifier.html, where arXiv writes it: the class is no part of an old id
_ON_ARXIV = re.compile(
    r"https?://(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format)/"
    r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(\d{1,3}))?(?:\.pdf)?/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
#: readers of arXiv keep its ids in their own addresses: behind a word that says paper, and with a month that exists
_ELSEWHERE = re.compile(
    r"https?://[^/?#]+/(?:[^?#]*/)?(?:abs|arxiv|html|p|papers?|pdf)/"
    r"(\d\d(?:0[1-9]|1[0-2])\.\d{4,5})(?:v(\d{1,3}))?(?:\.pdf)?/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_OAI = re.compile(r"oai:arxiv\.org:([a-z.-]*/?[\d.]+?)(?:v(\d{1,3}))?", re.ASCII | re.IGNORECASE)
_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/|info:doi/)?(10\.\d{4,9}/\S+)", re.ASCII | re.IGNORECASE)


def absolute(link: object, *bases: str | None) -> str | None:
    """The http(s) address that a link stands for, each base being relative to the one before it; None if there is none.

    >>> absolute("b", "https://example.org/", "a/")
    'https://example.org/a/b'
    """
    whole = ""
    try:
        for part in (*bases, link):
            whole = urljoin(whole, part.strip()) if isinstance(part, str) else whole
    except ValueError:  # a bracket that is no IPv6 address
        return None
    return web_address(whole) if isinstance(link, str) and link.strip() else None


def without_tracking(address: str) -> str:
    """The same address without parameters that only say where a reader came from."""
    parts = urlsplit(address)
    kept = [pair for pair in parts.query.split("&") if not _TRACKING.fullmatch(pair)]
    return urlunsplit(parts._replace(query="&".join(kept)))


def host_of(address: str) -> str:
    """The host of an address in lower case, with and without www alike."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


def arxiv_id(address: str) -> tuple[str, int | None] | None:
    """The arXiv id that an address (or an OAI identifier) names, with its version where it has one."""
    found = _ON_ARXIV.fullmatch(address) or _ELSEWHERE.fullmatch(address) or _OAI.fullmatch(address)
    return (found[1], int(found[2]) if found[2] else None) if found else None


def doi(text: str) -> str | None:
    """The DOI that a text is, as an address or an identifier."""
    found = _DOI.fullmatch(text)
    return found[1] if found else None
