"""Feeds of any site: RSS, Atom and JSON Feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Source
from digest.sources.feed.json import looks_like_json_feed, read_json
from digest.sources.feed.xml import Stories, looks_like_xml_feed, read_xml
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.markup import decode_markup

NAME = "feed"


def parse(body: bytes, address: str | None = None) -> Parsed:
    """What a feed says, in its order. `address` is where it was fetched from, which its links may be relative to."""
    try:
        text, has_odd_bytes = decode_markup(body)
        is_json = text.lstrip().startswith(("{", "["))
        stories = read_json(text, address) if is_json else read_xml(text, address)
    except SourceError as error:
        return failed(NAME, str(error))
    if has_odd_bytes and not stories.trouble:
        stories = replace(stories, trouble="some bytes fit no character of the encoding that it declares")
    outcome, reason = _judged(stories)
    named = [entry for entry in stories.entries if entry]
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=_without_shared(named))


def looks_like(body: bytes) -> bool:
    """Whether the root of the document is that of a feed, or it is JSON that names the format."""
    try:
        text, _ = decode_markup(body)
    except SourceError:
        return False
    return looks_like_xml_feed(text) or looks_like_json_feed(text)


def read(source: Source, past: Past, now: datetime) -> Reading:
    """Asks for the one address of the feed.

    Raises:
        SourceError: the source names none.
    """
    if source.url is None:
        raise SourceError("no url is set")
    yield Request(source.url)


def parser_for(source: Source) -> Callable[[bytes], Parsed]:
    """A parser that knows where the feed stands."""
    return partial(parse, address=source.url)


def _judged(stories: Stories) -> tuple[Outcome, str]:
    total = len(stories.entries)
    broken = [number for number, entry in enumerate(stories.entries, start=1) if entry is None]
    if len(broken) < total and stories.trouble:
        return Outcome.PARTIAL, stories.trouble
    if stories.trouble:
        return Outcome.FAILED, stories.trouble
    if stories.has_unread:
        return Outcome.SUSPICIOUS, "there are stories in it, but not where a feed has them"
    if not total:
        return Outcome.EMPTY, "the feed lists nothing"
    if len(broken) == total:
        return Outcome.SUSPICIOUS, f"none of {total} stories says anything"
    if broken:
        return Outcome.PARTIAL, f"{len(broken)} of {total} stories say nothing, first number {broken[0]}"
    return Outcome.COMPLETE, ""


def _without_shared(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries, each without what it shares with one of another title: that names the feed, or nothing."""
    titles: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for one in entry.identifiers:
            titles[one].add(entry.title)
    return tuple(
        replace(entry, identifiers=tuple(one for one in entry.identifiers if len(titles[one]) == 1))
        for entry in entries
    )


KIND = SourceKind(
    name=NAME,
    parse=parse,
    parser_for=parser_for,
    looks_like=looks_like,
    read=read,
    is_curated=False,
    has_history=True,
    attribution="From the feed of the site that each entry links to; not affiliated with it.",
    gap=1.0,
    public_abstract="excerpt",
)
