"""A day of arXiv as its feeds give it: RSS and Atom of rss.arxiv.org.

Written from https://info.arxiv.org/help/rss.html and from what the feeds hold. Every entry names its announcement, not
its submission: all of a day have the same date, midnight in New York. At weekends and on holidays a feed is empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from statistics import mode

from lxml import etree

from digest.errors import SourceError
from digest.model import AnnounceType, Entry, Parsed
from digest.sources.arxiv.text import categories, identifiers, listed, named, names
from digest.sources.dates import printed_moment
from digest.sources.text import web_address
from digest.sources.xml import text_at

FULL = 2_000  # entries that a feed holds at most: https://info.arxiv.org/help/rss_specifications.html

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_DESCRIPTION = re.compile(r"arXiv:\S+ Announce Type: ([a-z-]+) ?(?:Abstract: ?)?(.*)", re.ASCII)


def parse_feed(root: etree._Element) -> Parsed:
    """The announcements of a feed, in its order. One without entries is a day on which none was made.

    Raises:
        SourceError: the document is neither RSS nor Atom.
    """
    if root.tag == f"{_ATOM}feed":
        found = [_entry_of_atom(row) for row in root.iterfind(f"{_ATOM}entry")]
        printed = text_at(root, f"{_ATOM}updated")
    elif root.tag == "rss" and (channel := root.find("channel")) is not None:
        found = [_entry_of_rss(row) for row in channel.iterfind("item")]
        printed = text_at(channel, "pubDate") or text_at(channel, "lastBuildDate")
    else:
        raise SourceError("XML, but not a feed of arXiv")
    day = _day(found, printed)
    return listed(found, day=day, has_more=len(found) >= FULL)


def _entry_of_rss(row: etree._Element) -> Entry | None:
    return _entry(
        row,
        guid=text_at(row, "guid"),
        link=text_at(row, "link"),
        title=text_at(row, "title"),
        description=text_at(row, "description"),
        published=text_at(row, "pubDate"),
        terms=[term.text for term in row.iterfind("category")],
    )


def _entry_of_atom(row: etree._Element) -> Entry | None:
    links = [link.get("href") for link in row.iterfind(f"{_ATOM}link") if link.get("rel", "alternate") == "alternate"]
    return _entry(
        row,
        guid=text_at(row, f"{_ATOM}id"),
        link=links[0] if links else None,
        title=text_at(row, f"{_ATOM}title"),
        description=text_at(row, f"{_ATOM}summary"),
        published=text_at(row, f"{_ATOM}published"),
        terms=[term.get("term") for term in row.iterfind(f"{_ATOM}category")],
    )


def _entry(
    row: etree._Element,
    *,
    guid: str,
    link: str | None,
    title: str,
    description: str,
    published: str,
    terms: Sequence[str | None],
) -> Entry | None:
    """The announcement of a row; None for one that names no paper, or has no title."""
    paper = named(guid) or named(link)
    if paper is None or not title:
        return None
    told = _DESCRIPTION.fullmatch(description)
    return Entry(
        id=guid or paper.id,
        title=title,
        url=web_address(link) or paper.url,
        abstract=told[2] if told else description,
        authors=tuple(name for creator in row.iterfind(_CREATOR) for name in names(creator.text)),
        published=printed_moment(published),
        announce_type=_announce_type(text_at(row, f"{_ARXIV}announce_type") or (told[1] if told else "")),
        version=paper.version,
        categories=categories(terms),
        identifiers=identifiers(paper, text_at(row, f"{_ARXIV}DOI")),
    )


def _announce_type(written: str) -> AnnounceType | None:
    with suppress(ValueError):
        return AnnounceType(written)
    return None


def _day(found: Sequence[Entry | None], printed: str) -> date | None:
    """The day of most entries; of an empty feed the one that it prints: Atom prints when it was built, RSS its day."""
    days = [entry.published.date() for entry in found if entry and entry.published]
    built = printed_moment(printed)
    return mode(days) if days else built and built.date()
