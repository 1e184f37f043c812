"""Pages of arXiv as people see them: /list/CATEGORY/new, recent and pastweek, as saved by a browser.

Written from https://github.com/arXiv/arxiv-browse, the site's own software. A row is a dt with the id and a dd with the
rest; headings between the rows say of what sort they are, or of which day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from digest.errors import SourceError
from digest.model import AnnounceType, Entry, Parsed
from digest.sources.arxiv.days import midnight
from digest.sources.arxiv.text import categories, listed, named
from digest.sources.dates import printed_moment
from digest.sources.markup import element_lines
from digest.sources.text import collapse, decode

_SORTS = (("new", AnnounceType.NEW), ("cross", AnnounceType.CROSS), ("replace", AnnounceType.REPLACE))
_DAY = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (?:20)?(\d\d)\b", re.ASCII)
_SHOWN = re.compile(r"\bshowing (?:first |last )?(\d{1,6}) of \d{1,6} entries", re.ASCII)
_TOTAL = re.compile(r"\btotal of (\d{1,6}) entries", re.ASCII | re.IGNORECASE)
_QUIET = re.compile(rb"<p>No updates (?:today|for this time period)\.</p>")
_CATEGORY = re.compile(r"\(([\w.-]+)\)(?=;|$)", re.ASCII)
_ADDRESS = re.compile(r"this \w{1,10} URL", re.ASCII)


def looks_like_list(body: bytes) -> bool:
    """Whether a page has the list of articles, or says in arXiv's words that there is none."""
    return b"arxiv" in body and (b"list-title mathjax" in body or _QUIET.search(body) is not None)


def parse_list(body: bytes) -> Parsed:
    """The rows of a page, in its order. What the page says of their number is compared with what is there.

    Raises:
        SourceError: the body is no text.
    """
    text, _ = decode(body)
    root = etree.fromstring(text.encode(), _parser())
    if root is None:
        raise SourceError("a page without content")
    page = _Page.of(root)
    troubles = [] if "</html>" in text else ["the page is cut off"]
    if not page.rows and not _QUIET.search(body):
        troubles.append("a page without papers")
    troubles += page.troubles
    return listed(page.rows, troubles=troubles, day=page.day, has_more=page.is_one_of_many)


@dataclass(frozen=True, slots=True)
class _Page:
    """What a page holds, and what it says that it holds."""

    rows: list[Entry | None]
    shown: int | None  #: rows on this page, as the headings add up; None where they do not say
    total: int | None  #: rows on all pages
    is_one_of_many: bool
    day: date | None  #: of a page for one day

    @classmethod
    def of(cls, root: etree._Element) -> _Page:
        parts = _parts(root)
        headings = [_line(part) for part in parts if part is not None and part.tag == "h3"]
        shown = [int(found[1]) for heading in headings if (found := _SHOWN.search(heading))]
        paging = next((block for block in root.iter("div") if block.get("class") == "paging"), None)
        total = _TOTAL.search(_line(paging))
        first = _moment_of(headings[0]) if headings and "listings for" in headings[0] else None
        return cls(
            rows=list(_rows(parts)),
            shown=sum(shown) if shown else None,
            total=int(total[1]) if total else None,
            is_one_of_many=paging is not None and paging.find(".//a") is not None,
            day=first.date() if first else None,
        )

    @property
    def troubles(self) -> list[str]:
        """Where the two differ. The total counts only on a page that holds all of them."""
        declared = [self.shown, None if self.is_one_of_many else self.total]
        missing = [number for number in declared if number is not None and number > len(self.rows)]
        return [f"{len(self.rows)} of {max(missing)} entries that the page declares"] if missing else []


def _parts(root: etree._Element) -> list[etree._Element | None]:
    """Headings and halves of rows, None for what stands within another: a damaged page, which is not searched twice."""
    tags = ("h3", "dt", "dd")
    return [None if next(part.iterancestors(tags), None) is not None else part for part in root.iter(tags)]


def _rows(parts: Iterable[etree._Element | None]) -> Iterator[Entry | None]:
    """The rows, None for one that names no paper: a dt and the dd after it, under the headings before it."""
    sort: AnnounceType | None = None
    day: datetime | None = None
    head: etree._Element | None = None
    for part in parts:
        if part is not None and part.tag == "dd" and head is not None:
            yield _entry(head, part, sort, day)
            head = None
            continue
        if head is not None or part is None or part.tag == "dd":
            yield None
        head = part if part is not None and part.tag == "dt" else None
        if part is not None and part.tag == "h3":
            heading = _line(part)
            day = _moment_of(heading) or day
            sort = next((known for word, known in _SORTS if heading.lower().startswith(word)), None)
    if head is not None:
        yield None


def _entry(head: etree._Element, body: etree._Element, sort: AnnounceType | None, day: datetime | None) -> Entry | None:
    links = (named(link.get("href")) or named(link.get("id")) for link in head.iter("a"))
    paper = next((found for found in links if found), None)
    parts = {f"{block.tag}.{name}": block for block in body.iter("div", "p") for name in block.get("class", "").split()}
    title = _line(parts.get("div.list-title")).removeprefix("Title:").strip()
    if paper is None or not title:
        return None
    kind = sort or (AnnounceType.CROSS if "(cross-list from" in _line(head) else None)
    return Entry(
        id=paper.id,
        title=title,
        url=paper.url,
        abstract=_line(_with_addresses(parts.get("p.mathjax"))),
        authors=_authors(parts.get("div.list-authors")),
        published=None if kind and kind.is_replacement else day,
        announce_type=kind,
        version=paper.version,
        categories=categories(_CATEGORY.findall(_line(parts.get("div.list-subjects")))),
        identifiers=(f"arxiv:{paper.written}",),
    )


def _authors(block: etree._Element | None) -> tuple[str, ...]:
    """The names, each of which is a link to a search; the last one may carry the "and" before it."""
    links = block.iter("a") if block is not None else ()
    return tuple(name for link in links if (name := _line(link).removeprefix("and ").strip()))


def _with_addresses(block: etree._Element | None) -> etree._Element | None:
    """The same, with the addresses that the page hides behind "this https URL"."""
    for link in block.iter("a") if block is not None else ():
        if _ADDRESS.fullmatch(collapse(link.text)):
            link.text = link.get("href")
    return block


def _line(element: etree._Element | None) -> str:
    return " ".join(element_lines(element)) if element is not None else ""


def _moment_of(heading: str) -> datetime | None:
    """The start in New York of the day that a heading names: when feeds say that its papers were published."""
    found = _DAY.search(heading)
    printed = printed_moment(f"{found[1]} {found[2]} 20{found[3]}") if found else None
    return midnight(printed.date()) if printed else None


def _parser() -> etree.HTMLParser:
    return etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
