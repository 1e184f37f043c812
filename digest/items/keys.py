"""The identity of a work: keys that stay the same over versions, sources, re-wrapped titles and rewritten links."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from digest.model import Entry, key_strength

#: https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN(N) since 0704, before that archive(.CLASS)/YYMMNNN,
#: where the class is no part of the identity: math.GT/0309136 and math/0309136 are one paper
_ARXIV = re.compile(
    r"(?:(?:oai:)?arxiv(?:\.org)?\s*:\s*)?(?:([0-9]{4}\.[0-9]{4,5})|([a-z-]+)(?:\.[a-z-]+)?/([0-9]{7}))(?:v[0-9]+)?/?",
    re.ASCII | re.IGNORECASE,
)
_DOI = re.compile(r"(?:doi\s*:\s*)?(10\.[0-9]{4,9}/\S+)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)")
#: bioRxiv and medRxiv: all versions of a preprint have one DOI, which links and feeds write with the version behind it
_VERSIONED_DOI = re.compile(r"(10\.(?:1101|64898)/(?:[0-9]{4}\.[0-9]{2}\.[0-9]{2}\.)?[0-9]{6,})v[0-9]+")

_LABEL = re.compile(r"\A(?:arxiv|doi|url)\s*:\s*(?=https?://)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(.+)|url:(\S+)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[\w.-]+|\[[0-9a-f:.]+\]")
_PLAIN = "/:@!$&'()*+,;="  # stands in a path as it is (RFC 3986, 3.3), beside letters and digits
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref_src", re.IGNORECASE)
#: addresses that name an arXiv id or a DOI
_WORK_PAGES = (
    re.compile(r"(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format|e-print|src)/(.+?)(?:\.pdf)?"),
    re.compile(r"(?:huggingface|hf)\.co/papers/(.+)"),
    re.compile(r"(?:dx\.)?doi\.org/(.+)"),
    re.compile(r"(?:bio|med)rxiv\.org/content/(10\.[0-9]{4,9}/[0-9.]*[0-9]).*"),
)

#: longer keys end in a hash: an index takes no key of any length
_LONGEST = 200
_SHORTENED = re.compile(r"(?:doi|url|title):.*#[0-9a-f]{16}", re.DOTALL)

#: what no database keeps as text
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def keys_of(entry: Entry) -> tuple[str, ...]:
    """The identity keys of an entry, strongest first: arXiv id, DOI, address, title. At least one.

    What is said to be an identifier or an address and is none says nothing of the work; nor does a missing title.
    """
    named = {key_of(text) for text in (*entry.identifiers, entry.url or "")}
    strong = {key for key in named if not is_title_key(key)}
    title = title_key(entry.title)
    return tuple(sorted(strong if strong and title == title_key("") else strong | {title}, key=key_strength))


def key_of(text: str) -> str:
    """The key that an identifier, an address or a title stands for, in any of the ways in which people write them.

    A key stands for itself.

    >>> key_of("https://arxiv.org/pdf/2408.00714v2.pdf")
    'arxiv:2408.00714'
    """
    text = _storable(text).strip()
    if len(text) == _LONGEST and _SHORTENED.fullmatch(text):
        return text
    text = _LABEL.sub("", text)
    return _arxiv_key(text) or _doi_key(text) or _address_key(text) or title_key(text.removeprefix("title:"))


def title_key(title: str) -> str:
    """The key of a title, however it is wrapped, spaced, punctuated and capitalised."""
    return _bounded("title:" + folded(title))


def folded(text: str) -> str:
    """The words of a text: NFKC, case-folded, everything but letters and digits one space; signs only if all are."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _storable(text)).casefold())
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return " ".join(words or plain.split())


def is_title_key(key: str) -> bool:
    """Whether a key is the weakest kind, which needs a second opinion."""
    return key.startswith("title:")


def is_address_key(key: str) -> bool:
    """Whether a key is an address that names no identifier; a page may list many works."""
    return key.startswith("url:")


def _arxiv_key(text: str) -> str | None:
    found = _ARXIV.fullmatch(text)
    if found is None:
        return None
    number, archive, old_number = found.groups()
    return f"arxiv:{number or f'{archive.lower()}/{old_number}'}"


def _doi_key(text: str) -> str | None:
    found = _DOI.fullmatch(text)
    if found is None:
        return None
    doi = found[1].lower()
    if (of_arxiv := _ARXIV_DOI.fullmatch(doi)) and (key := _arxiv_key(of_arxiv[1])):
        return key
    return _bounded("doi:" + _VERSIONED_DOI.sub(r"\1", doi))


def _address_key(text: str) -> str | None:
    """One key for http and https, with and without www, trailing slash, fragment and tracking parameters.

    Pages of a work are known without the scheme, too; of anything else that would be guessing.
    """
    found = _ADDRESS.fullmatch(text)
    try:
        parts = urlsplit("//" + (found[1] or found[2] if found else text))
        host = re.sub(r"\A(?:www\.)+", "", parts.hostname or "")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:  # a bracket that is no IPv6 address, a port that is no number
        return None
    path = unquote(parts.path).rstrip("/")
    if key := _work_key(host + port + path):
        return key
    host = f"[{host}]" if ":" in host else host
    if found is None or not _HOST.fullmatch(host):
        return None
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted((name, value) for name, value in query if not _TRACKING.fullmatch(name))
    return _bounded(f"url:{host}{port}{quote(path, safe=_PLAIN)}" + (f"?{urlencode(kept)}" if kept else ""))


def _work_key(page: str) -> str | None:
    for pattern in _WORK_PAGES:
        if found := pattern.fullmatch(page):
            return _arxiv_key(found[1]) or _doi_key(found[1])
    return None


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _bounded(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    return f"{key[: _LONGEST - 17]}#{hashlib.sha256(key.encode()).hexdigest()[:16]}"
