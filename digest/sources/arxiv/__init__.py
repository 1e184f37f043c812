"""arXiv: its feeds, the answers of its API, its list pages and its mailings; the feeds and the API are asked.

A feed holds one day. What was announced while nobody read is asked of the API by the time of submission, so that no
weekday is lost; see days.py. RSS is asked for, and not Atom: even an empty RSS feed says of which day it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, takewhile
from urllib.parse import quote, urlencode

from lxml import etree

from digest.errors import SourceError
from digest.model import Outcome, Parsed, Past, Source
from digest.sources.arxiv.api import is_answer, parse_answer
from digest.sources.arxiv.days import settled, submissions, weekdays
from digest.sources.arxiv.feed import parse_feed
from digest.sources.arxiv.list_page import looks_like_list, parse_list
from digest.sources.arxiv.mail import looks_like_mail, parse_mail
from digest.sources.arxiv.text import NAME
from digest.sources.describe import describe
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.xml import parse_xml

FEEDS = "https://rss.arxiv.org"
API = "https://export.arxiv.org"
LIMIT = 200  # papers asked for at once
REACH = timedelta(days=14)  # how far back missed days are asked for
#: Announcements that the oldest missed day takes in beside its own: moderators hold some papers back for a day or two,
#: and what is due on a holiday comes with the next announcement.
HELD = 2

_HEAD = 5_000  # bytes in which a feed says whose it is
_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed)\b[^<>]*>")
_ARXIV = re.compile(rb"//arxiv\.org/(?:schemas/atom|api/)|//rss\.arxiv\.org/")


def parse(body: bytes) -> Parsed:
    """What a listing says, whichever of the forms it has. A row without an id or a title is left out and reported."""
    try:
        if looks_like_list(body):
            return parse_list(body)
        if looks_like_mail(body):
            return parse_mail(body)
        if _FEED.search(body[:_HEAD]):
            return _parse_xml(parse_xml(body))
    except SourceError as error:
        return failed(NAME, str(error))
    return failed(NAME, f"not a listing of arXiv: {describe(body)}")


def _parse_xml(root: etree._Element) -> Parsed:
    return parse_answer(root) if is_answer(root) else parse_feed(root)


def looks_like(body: bytes) -> bool:
    """Whether it is a feed in arXiv's own words, one of its list pages, or a mailing."""
    head = body[:_HEAD]
    is_feed = _FEED.search(head) is not None and _ARXIV.search(head) is not None
    return is_feed or looks_like_list(body) or looks_like_mail(body)


def parser_for(source: Source) -> Callable[[bytes], Parsed]:
    """The parse of a source, which leaves new versions of older papers out unless they are wanted."""
    return parse if source.replacements else lambda body: _without_replacements(parse(body))


def read(source: Source, past: Past, now: datetime) -> Reading:
    """Asks for the feed of the day, and of the API for each weekday since the last complete read that it does not show.

    A first read is content with the newest announcement. A feed that is stale, empty, out of reach or too long to hold
    all of its day does not count: that day is asked of the API as well.

    Raises:
        SourceError: the source names no category.
    """
    if not source.categories:
        raise SourceError("no category of arXiv is set")
    feed = yield Request(feed_address(source))
    missed = _missed(past.last_complete_at, feed, now)
    for day in reversed(missed):
        held = HELD if past.last_complete_at and day == missed[0] else 0
        yield from _read_day(source, past, day, held)


def feed_address(source: Source) -> str:
    """The feed of all categories of a source together, so that one request a day is enough."""
    return f"{source.url or FEEDS}/rss/{'+'.join(quote(category, safe='') for category in source.categories)}"


def api_address(source: Source, since: datetime, until: datetime, page: int) -> str:
    """A page of what was submitted from one minute until before another: the API takes minutes, both included."""
    first, last = (f"{moment.astimezone(UTC):%Y%m%d%H%M}" for moment in (since, until - timedelta(minutes=1)))
    wanted = " OR ".join(f"cat:{name}" for category in source.categories for name in _searched(category))
    query = {
        "search_query": f"({wanted}) AND submittedDate:[{first} TO {last}]",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
        "start": page * LIMIT,
        "max_results": LIMIT,
    }
    return f"{source.url or API}/api/query?{urlencode(query)}"


def _searched(category: str) -> tuple[str, ...]:
    """Feeds of an archive ("math") hold its classes too, which the API must be told."""
    return (category,) if "." in category else (category, f"{category}.*")


def _missed(last: datetime | None, feed: Parsed, now: datetime) -> list[date]:
    """The weekdays to ask of the API, oldest first."""
    newest = settled(now)
    shown = feed.day if feed.entries and not feed.has_more else None
    if last is None:
        return [] if shown and shown >= newest else [newest]
    since = max(settled(last) + timedelta(days=1), (now - REACH).date())
    return [day for day in weekdays(since, newest) if day != shown]


def _read_day(source: Source, past: Past, day: date, held: int) -> Generator[Request, Parsed, None]:
    """Asks for the pages of one day, until one says that no other follows.

    Where an earlier read was cut short this one goes on from the last page that it got.
    """
    since, until = submissions(day, back=held)
    known = takewhile(lambda page: api_address(source, since, until, page) in past.pages, count())
    for page in count(max(len(list(known)) - 1, 0)):
        parsed = yield Request(api_address(source, since, until, page), day)
        if not parsed.has_more or parsed.outcome in (Outcome.FAILED, Outcome.SUSPICIOUS):
            return


def _without_replacements(parsed: Parsed) -> Parsed:
    kept = tuple(one for one in parsed.entries if not (one.announce_type and one.announce_type.is_replacement))
    if kept or parsed.outcome is not Outcome.COMPLETE or not parsed.entries:
        return replace(parsed, entries=kept)
    return replace(parsed, entries=(), outcome=Outcome.EMPTY, reason="only new versions of older papers are listed")


KIND = SourceKind(
    name=NAME,
    parse=parse,
    looks_like=looks_like,
    read=read,
    is_curated=False,
    attribution="Thank you to arXiv for use of its open access interoperability; not affiliated with arXiv.",
    gap=3.0,  # https://info.arxiv.org/help/api/tou.html: over all of its hosts together
    public_abstract="full",
    parser_for=parser_for,
    publishes_at_once=True,  # at weekends, too, if only an empty feed
)
