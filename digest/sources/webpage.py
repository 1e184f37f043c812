"""Web pages without a feed: what their source's CSS selectors point at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Selectors, Source
from digest.sources.dates import printed_moment
from digest.sources.describe import describe
from digest.sources.feed.story import collapsed
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.links import absolute, arxiv_id, host_of, without_tracking
from digest.sources.markup import decode_markup, has_closing_tag, html_lines
from digest.sources.people import names_in
from digest.sources.rows import each_once, judged
from digest.sources.text import collapse

NAME = "webpage"
MOST_ITEMS = 2_000  # that are read of one page, which bounds the time that it takes
_MOST_PARTS = 100  # elements of one sort that are read of one item


def parse(body: bytes, selectors: Selectors | None = None, address: str | None = None) -> Parsed:
    """What the selectors find on a page that was fetched from `address`, each story once, in the order of the page.

    Links that lead to another host are left out, unless a selector of their own points at them. Nothing found is
    never a quiet day: pages change, and say so to nobody.
    """
    if selectors is None:
        return failed(NAME, "a page is read by the selectors of its source, and there are none")
    try:
        text, has_odd_bytes = decode_markup(body)
        page = BeautifulSoup("\n" + text.replace("<?", "&lt;?"), "lxml")  # it warns of XML and of bare addresses
        items = _outermost(_found(page, selectors.item, MOST_ITEMS))
        rows = list(_rows(items, selectors, (address, _base_of(page))))
    except SourceError as error:
        return failed(NAME, str(error))
    if not items:
        reason = f"nothing on {describe(body)} matches {selectors.item!r}"
        return Parsed(kind=NAME, outcome=Outcome.SUSPICIOUS, reason=reason)
    if not has_closing_tag(text):  # its last row may be half
        return _partial(rows[:-1], "no closing tag at its end: the page may be cut off")
    if has_odd_bytes:
        return _partial(rows, "some bytes fit no character of the encoding that it declares")
    if len(items) == MOST_ITEMS:
        return _partial(rows, f"{selectors.item!r} matches too much: the first {MOST_ITEMS:,} items were read")
    return _listing(rows)


def parser_for(source: Source) -> Callable[[bytes], Parsed]:
    """A parser that knows the source's selectors and address."""
    return partial(parse, selectors=source.selectors, address=source.url)


def read(source: Source, past: Past, now: datetime) -> Reading:
    """Asks for the one address of the page.

    Raises:
        SourceError: the source names none.
    """
    if source.url is None:
        raise SourceError("no url is set")
    yield Request(source.url)


def _partial(rows: list[Entry | None], reason: str) -> Parsed:
    entries = each_once(rows)
    return Parsed(kind=NAME, outcome=Outcome.PARTIAL if entries else Outcome.FAILED, reason=reason, entries=entries)


def _listing(rows: list[Entry | None]) -> Parsed:
    outcome, reason = judged(rows)
    if outcome is Outcome.EMPTY:
        outcome, reason = Outcome.SUSPICIOUS, "every item links to another site"
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=each_once(rows))


def _base_of(page: BeautifulSoup) -> str | None:
    base = page.find("base", href=True)
    return str(base["href"]) if isinstance(base, Tag) else None


def _outermost(items: list[Tag]) -> list[Tag]:
    """The items without those that stand within another, whose parts they are."""
    seen: set[int] = set()
    outer = []
    for item in items:
        if not any(id(parent) in seen for parent in item.parents):
            outer.append(item)
        seen.add(id(item))
    return outer


def _rows(items: list[Tag], selectors: Selectors, bases: tuple[str | None, str | None]) -> Iterator[Entry | None]:
    """The entry of each item; None for one that cannot be read. Items of other hosts are no items of this page."""
    for item in items:
        link = _link_of(item, selectors, bases)
        is_own = link is None or bases[0] is None or host_of(link) == host_of(bases[0])
        if is_own or selectors.link:
            yield _entry(item, selectors, link, _path_of(link) if is_own else link)


def _link_of(item: Tag, selectors: Selectors, bases: tuple[str | None, ...]) -> str | None:
    """The address that an item leads to: absolute, and free of tracking, so that a story is one however linked."""
    holders = _found(item, selectors.link) if selectors.link else [item, item.find("a", href=True)]
    written = (absolute(one.get("href"), *bases) for one in holders if isinstance(one, Tag))
    return next((without_tracking(link) for link in written if link), None)


def _entry(item: Tag, selectors: Selectors, link: str | None, name: str | None) -> Entry | None:
    title = " ".join(_texts(item, selectors.title)[:1] if selectors.title else _title_lines(item))
    paper = arxiv_id(link) if link else None
    if not title:
        return None
    return Entry(
        title=title,
        id=paper[0] if paper else name,
        url=link,
        abstract=" ".join(_texts(item, selectors.abstract)),
        authors=collapsed(name for text in _texts(item, selectors.authors) for name in names_in(text)),
        published=_date(item, selectors.date),
        version=paper[1] if paper else None,
        identifiers=(f"arxiv:{paper[0]}",) if paper else (),
    )


def _title_lines(item: Tag) -> list[str]:
    """The text of the link; of a link around a whole card, its first line."""
    link = item if item.name == "a" else item.find("a", href=True)
    return html_lines(str(link))[:1] if isinstance(link, Tag) else []


def _texts(item: Tag, selector: str | None) -> list[str]:
    """What each element that the selector finds in an item says."""
    return [text for one in _found(item, selector) if (text := _text(one))] if selector else []


def _text(element: Tag) -> str:
    return " ".join(html_lines(str(element)))


def _date(item: Tag, selector: str | None) -> datetime | None:
    elements = _found(item, selector) if selector else []
    moments = (printed_moment(one.get("datetime")) or printed_moment(_text(one)) for one in elements)
    return next(filter(None, moments), None)


def _path_of(link: str | None) -> str | None:
    """What names a page on its own site: path and query."""
    return urlunsplit(urlsplit(link)._replace(scheme="", netloc="", fragment="")) or "/" if link else None


def _found(within: Tag, selector: str, most: int = _MOST_PARTS) -> list[Tag]:
    try:
        return list(within.select(selector, limit=most))
    except (SelectorSyntaxError, NotImplementedError) as error:
        raise SourceError(f"{selector!r} is no CSS selector: {collapse(str(error))}") from error


KIND = SourceKind(
    name=NAME,
    parse=parse,
    parser_for=parser_for,
    looks_like=lambda body: False,
    read=read,
    is_curated=False,
    has_history=True,
    attribution="From the page of the site that each entry links to; not affiliated with it.",
    gap=1.0,
    public_abstract="excerpt",
)
