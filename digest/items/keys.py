"""The identity of a work: keys that stay the same over versions, sources, re-wrapped titles and rewritten links."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from digest.model import Entry, key_strength

#: https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN(N) since 0704, before that archive(.SUBJECT)/YYMMNNN
_ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Za-z-]+)?/\d{7})(v\d+)?")
_ARXIV_URL = re.compile(r"(?:\w+\.)?arxiv\.org/(?:abs|pdf|html|format)/(.+?)(?:\.pdf)?$")
_PAPERS_URL = re.compile(r"(?:www\.)?huggingface\.co/papers/(.+?)$")
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref_src")

#: longer keys end in a hash: an index takes no key of any length
_LONGEST = 200


def keys_of(entry: Entry) -> tuple[str, ...]:
    """The identity keys of an entry, strongest first: arXiv id, DOI, address, title. At least one."""
    candidates = [key_of(identifier) for identifier in entry.identifiers]
    if entry.url:
        candidates.append(key_of(entry.url))
    return tuple(sorted({*candidates, title_key(entry.title)}, key=key_strength))


def key_of(text: str) -> str:
    """The key that an identifier, an address or a title stands for, in any of the ways in which people write them.

    >>> key_of("https://arxiv.org/pdf/2408.00714v2.pdf")
    'arxiv:2408.00714'
    """
    text = text.strip()
    prefix, _, rest = text.partition(":")
    match prefix.lower():
        case "arxiv":
            return _arxiv_key(rest) or title_key(text)
        case "doi":
            return _doi_key(rest) or title_key(text)
        case "oai" if rest.lower().startswith("arxiv.org:"):
            return _arxiv_key(rest[len("arxiv.org:") :]) or title_key(text)
        case "http" | "https":
            return _address_key(text)
        case "url":
            return _address_key(rest)
        case "title":
            return title_key(rest)
    return _arxiv_key(text) or _doi_key(text) or title_key(text)


def title_key(title: str) -> str:
    """The key of a title: NFKC, case-folded, everything but letters and digits one space."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    return _bounded("title:" + (" ".join(words) or folded.strip()))


def is_title_key(key: str) -> bool:
    """Whether a key is the weakest kind, which needs a second opinion."""
    return key.startswith("title:")


def _arxiv_key(text: str) -> str | None:
    found = _ARXIV_ID.fullmatch(text.strip().rstrip("/"))
    return f"arxiv:{found[1].lower()}" if found else None


def _doi_key(text: str) -> str | None:
    text = text.strip()
    if found := _ARXIV_DOI.fullmatch(text):
        return _arxiv_key(found[1])
    return _bounded(f"doi:{text.lower()}") if _DOI.fullmatch(text) else None


def _address_key(address: str) -> str:
    """One key for http and https, with and without www, trailing slash, fragment and tracking parameters."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:  # a bracket that is no IPv6 address, a port that is no number
        return title_key(address)
    path = parts.path.rstrip("/")
    for pattern in (_ARXIV_URL, _PAPERS_URL):
        if (found := pattern.fullmatch(host + path)) and (key := _arxiv_key(unquote(found[1]))):
            return key
    if host in ("doi.org", "dx.doi.org") and (key := _doi_key(unquote(path.lstrip("/")))):
        return key
    query = [(name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(name.lower())]
    return _bounded(f"url:{host}{port}{path}" + (f"?{urlencode(sorted(query))}" if query else ""))


def _bounded(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    return f"{key[: _LONGEST - 17]}#{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"
