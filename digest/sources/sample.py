"""The shipped sample: invented papers that show what a letter looks like while no source answers."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files
from typing import Any

from digest.errors import SourceError
from digest.model import Entry, Listing, Outcome, Page, Parsed, Past, Popularity, Read, Source
from digest.sources.kind import SourceKind, failed
from digest.sources.text import collapse, count, decode, web_address

NAME = "sample"
_MARK = "invented_papers"  # the key that holds the papers, and says what they are
_FILE = "sample.json"


def read_sample(source: Source, past: Past) -> Read:
    """The sample as a listing; unchanged once it was read."""
    body = files("digest.sources").joinpath(_FILE).read_bytes()
    if past.pages.get(_FILE, Page()).sha256 == sha256(body).hexdigest():
        return Read(source=source.name, outcome=Outcome.UNCHANGED, reason="the same as last time")
    listing = Listing(source=source.name, url=_FILE, body=body, parsed=parse(body))
    return Read(source=source.name, outcome=listing.parsed.outcome, listings=(listing,))


def parse(body: bytes) -> Parsed:
    """The papers of a file in the shape of the sample: all of them, or `failed`."""
    try:
        papers = json.loads(decode(body)[0])[_MARK]
        entries = tuple(_entry(paper) for paper in papers)
    except (SourceError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return failed(NAME, f"not in the shape of the shipped sample: {error}")
    if not entries:
        return Parsed(kind=NAME, outcome=Outcome.EMPTY, reason="no paper is listed")
    return Parsed(kind=NAME, outcome=Outcome.COMPLETE, entries=entries)


def looks_like(body: bytes) -> bool:
    """Whether it has the key that holds invented papers."""
    return body.lstrip().startswith(b"{") and f'"{_MARK}"'.encode() in body[:1000]


def _entry(paper: Any) -> Entry:
    title, url = collapse(paper["title"]), web_address(paper["url"])
    if not (title and url):
        raise SourceError("a paper without a title or an address")
    return Entry(
        id=url.rsplit("/", 1)[-1],
        title=title,
        url=url,
        abstract=collapse(paper["abstract"]),
        authors=tuple(collapse(name) for name in paper["authors"]),
        categories=tuple(collapse(name) for name in paper["categories"]),
        popularity=Popularity(upvotes=count(paper["upvotes"])),
    )


KIND = SourceKind(
    name=NAME,
    parse=parse,
    looks_like=looks_like,
    read=None,
    is_curated=False,
    attribution="Invented papers that ship with this program: no source has been read.",
    gap=0.0,
    public_abstract="full",
)
