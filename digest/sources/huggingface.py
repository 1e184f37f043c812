"""Hugging Face Daily Papers: the JSON of its API in every shape seen since 2024, and the page that people see."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import mode
from typing import Any
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Popularity, Source
from digest.sources.describe import describe
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.markup import has_closing_tag
from digest.sources.rows import each_once, judged
from digest.sources.text import collapse, count, decode, moment, web_address

NAME = "huggingface"
API = "https://huggingface.co/api/daily_papers"
TRENDING = "trending"
LIMIT = 100  # rows asked for at once: the most that the API gives
MOST_PAGES = 10  # of one list; the fullest day on record had fewer than a hundred rows
FIRST_REACH = 10  # days that a first read looks back
REACH = 14  # days that a later read looks back
#: {period: parameter of the API, how it names the list of a day, lists with papers that a first read goes back to}
PERIODS = {
    "daily": ("date", "%Y-%m-%d", 3),  # so that a weekend has something too
    "weekly": ("week", "%G-W%V", 1),
    "monthly": ("month", "%Y-%m", 1),
}

_ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z][a-z.-]{1,15}(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_PROLOG = re.compile(r"\A\s*<\?[^>]*>")  # Beautiful Soup warns of XML in what is meant as HTML


def parse(body: bytes) -> Parsed:
    """What a day of the API, or the page of a day, says. A row without an id or a title is left out and reported."""
    try:
        text, _ = decode(body)
        return _parse_page(text) if text.lstrip().startswith("<") else _parse_answer(_load(text))
    except SourceError as error:
        return failed(NAME, str(error))


def looks_like(body: bytes) -> bool:
    """Whether it is a JSON list of rows that hold a paper (or none), or a page that links papers."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return b'"paper"' in start or start[1:].strip() == b"]"
    return start.startswith(b"<") and (b"DailyPapers" in start or b'href="/papers/' in start)


def read(source: Source, past: Past, now: datetime) -> Reading:
    """Asks for the lists of the source's period, newest first.

    A first read ends with the last three days that have papers, or with one week or month. A later one goes back to
    the day of the last complete read, and reads its list again: lists grow until midnight UTC. What is trending is one
    list of the most read, without a day or an end; its first page is asked for.

    Raises:
        SourceError: there are no lists of such a period.
    """
    base = source.url or API
    if source.period == TRENDING:
        yield Request(_address(base, {"sort": TRENDING}, 0))
        return
    if source.period not in PERIODS:
        raise SourceError(f"no lists of Hugging Face are {source.period!r}: {', '.join([*PERIODS, TRENDING])}")
    parameter, form, first = PERIODS[source.period]
    seen = 0
    for name, day in {format(day, form): day for day in _days(past, now.date())}.items():
        has_papers = yield from _read_list(base, {parameter: name}, day if source.period == "daily" else None)
        seen += has_papers
        if past.last_complete_at is None and seen == first:
            return


def parser_for(source: Source) -> Callable[[bytes], Parsed]:
    """A parser that takes only a daily list for that of a day: in the others stand papers of many."""
    return parse if source.period == "daily" else lambda body: replace(parse(body), day=None)


def _days(past: Past, today: date) -> Iterator[date]:
    reach = FIRST_REACH
    if past.last_complete_at is not None:
        reach = min(max((today - past.last_complete_at.date()).days, 0), REACH)
    return (today - timedelta(days=back) for back in range(reach + 1))


def _read_list(base: str, named: Mapping[str, str], day: date | None) -> Generator[Request, Parsed, bool]:
    """Asks for the pages of one list; returns whether it has papers."""
    has_papers = False
    for page in range(MOST_PAGES):
        parsed = yield Request(_address(base, named, page), day)
        has_papers = has_papers or bool(parsed.entries)
        if not parsed.has_more:
            break
    return has_papers


def _address(base: str, named: Mapping[str, str], page: int) -> str:
    joint = "&" if "?" in base else "?"
    return base + joint + urlencode({**named, "limit": LIMIT, "p": page})


def _parse_answer(rows: Any) -> Parsed:
    if isinstance(rows, dict) and "error" in rows:
        raise SourceError(f"the API answered with an error: {collapse(rows['error']) or 'unnamed'}")
    if not isinstance(rows, list):
        raise SourceError("JSON, but not a list of papers")
    return _listing(rows, mode(days) if (days := [day for row in rows if (day := _day_of(row))]) else None)


def _parse_page(text: str) -> Parsed:
    soup = BeautifulSoup(_PROLOG.sub("", text), "lxml")
    holder = soup.select_one('[data-target="DailyPapers"]')
    try:
        props = _load(str(holder["data-props"])) if holder else None
    except (KeyError, SourceError):
        props = None
    if isinstance(props, dict) and isinstance(props.get("dailyPapers"), list):
        listing = _listing(props["dailyPapers"], _date(props.get("date") or props.get("dateString")))
        if listing.outcome is Outcome.COMPLETE and not has_closing_tag(text):
            reason = "no closing tag at its end: the page may be cut off"
            return replace(listing, outcome=Outcome.PARTIAL, reason=reason)
        return listing
    entries = each_once(_entry_of_card(link) for link in soup.select('article h3 a[href^="/papers/"]'))
    if not entries:
        raise SourceError(f"{describe(text.encode())}, without a list of papers")
    reason = "the data of the page is missing or damaged: titles alone were read from its cards"
    return Parsed(kind=NAME, outcome=Outcome.PARTIAL, reason=reason, entries=entries)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:  # also a number of thousands of digits
        raise SourceError(f"broken or cut-off JSON: {error}") from error
    except RecursionError as error:
        raise SourceError("JSON nested too deeply to be a listing") from error


def _listing(rows: list[Any], day: date | None) -> Parsed:
    found = [_entry(row) for row in rows]
    outcome, reason = judged(found)
    return Parsed(
        kind=NAME,
        outcome=outcome,
        reason=reason,
        entries=each_once(found),
        day=day,
        has_more=len(rows) >= LIMIT,
    )


def _entry(row: Any) -> Entry | None:
    paper = row.get("paper") if isinstance(row, dict) else None
    if not isinstance(paper, dict):
        return None
    return _named(
        paper.get("id"),
        collapse(row.get("title")) or collapse(paper.get("title")),
        abstract=collapse(paper.get("summary")) or collapse(row.get("summary")),
        authors=_authors(paper.get("authors")),
        published=moment(paper.get("publishedAt")),
        popularity=Popularity(upvotes=count(paper.get("upvotes")), comments=count(row.get("numComments"))),
        code_url=web_address(paper.get("githubRepo")),
    )


def _entry_of_card(link: Tag) -> Entry | None:
    return _named(str(link["href"]).removeprefix("/papers/"), collapse(link.get_text()))


def _named(written: object, title: str, **rest: Any) -> Entry | None:
    """The entry of a row that names a paper, else None. arXiv ids lose their version: the listing means the work."""
    text = collapse(written)
    arxiv = _ARXIV_ID.fullmatch(text)
    found = arxiv[1] if arxiv else text
    if not (title and _ID.fullmatch(found)):
        return None
    known = (f"arxiv:{found}",) if arxiv else ()
    return Entry(id=found, title=title, url=f"https://huggingface.co/papers/{found}", identifiers=known, **rest)


def _authors(people: Any) -> tuple[str, ...]:
    if not isinstance(people, list):
        return ()
    shown = (person for person in people if isinstance(person, dict) and person.get("hidden") is not True)
    return tuple(name for person in shown if (name := collapse(person.get("name"))))


def _day_of(row: Any) -> date | None:
    """The UTC day a row was listed for.

    Rows of 2024 have no `submittedOnDailyAt`; their outer `publishedAt` is the moment of listing. In later rows it is
    the paper's own date shifted back by a few hours, and never after it.
    """
    paper = row.get("paper") if isinstance(row, dict) else None
    if not isinstance(paper, dict):
        return None
    if listed := moment(paper.get("submittedOnDailyAt")):
        return listed.date()
    outer, inner = moment(row.get("publishedAt")), moment(paper.get("publishedAt"))
    return outer.date() if outer and inner and outer > inner else None


def _date(value: object) -> date | None:
    found = moment(value)
    return found.date() if found else None


KIND = SourceKind(
    name=NAME,
    parse=parse,
    parser_for=parser_for,
    looks_like=looks_like,
    read=read,
    is_curated=True,
    attribution="Daily Papers listing by Hugging Face; not affiliated with Hugging Face.",
    gap=1.0,
    public_abstract="excerpt",
)
