"""PubMed: a search for what was added lately (JSON of numbers), and the records of what it found (XML).

https://www.ncbi.nlm.nih.gov/books/NBK25499/ describes both; the elements are those of NLM's PubMed DTD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from lxml import etree

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Source
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.markup.jats import text_of
from digest.sources.rows import each_once, judged
from digest.sources.text import collapse, decode, labelled
from digest.sources.xml import parse_xml

NAME = "pubmed"
API = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
LIMIT = 200  # records asked for at once: as many numbers as an address should hold
MOST_PAGES = 50  # of one search, which gives no more than its first 10,000 numbers
FIRST_DAYS = 3  # days that a first read goes back
REACH = 14  # days that a later read goes back at most
OVERLAP = 1  # days read again: PubMed's days are those of Washington, and fill up until their midnight

_ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet")
_RECORDS = ("PubmedArticle", "PubmedBookArticle")
#: where a date of publication stands, most telling first: print dates may lie a year ahead
_DATES = (
    "MedlineCitation/Article/ArticleDate",
    "MedlineCitation/Article/Journal/JournalIssue/PubDate",
    "BookDocument/ContributionDate",
    "BookDocument/Book/PubDate",
    "PubmedData/History/PubMedPubDate[@PubStatus='pubmed']",
    "PubmedBookData/History/PubMedPubDate[@PubStatus='pubmed']",
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PRINTED = re.compile(r"\b(\d{4})\b(?:[\s/-]+([A-Za-z]{3,9}|\d{1,2})\b)?(?:[\s/-]+(\d{1,2})\b)?", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,11}")


def parse(body: bytes) -> Parsed:
    """The records of an answer, or of a search the bare numbers: entries without a title, which say what to ask for."""
    try:
        return _search(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else _records(parse_xml(body))
    except SourceError as error:
        return failed(NAME, str(error))


def looks_like(body: bytes) -> bool:
    """Whether it names the root of PubMed's records, or is the answer to a search."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1000]
    if start.startswith(b"{"):
        return b'"esearchresult"' in start
    return start.startswith(b"<") and any(root in start for root in (b"<PubmedArticleSet", b"<eFetchResult"))


def read(source: Source, past: Past, now: datetime) -> Reading:
    """Searches what was added from the day of the last complete read on, and asks for the records of each page."""
    if not source.query:
        raise SourceError("no query is set")
    base, first, seen = (source.url or API).rstrip("/"), _first_day(past, now.date()), set[str | None]()
    for _ in range(MOST_PAGES):
        found = yield Request(_search_address(base, source.query, first, now.date(), len(seen)), is_index=True)
        added = [entry.id for entry in found.entries if entry.id not in seen]
        seen.update(added)
        if added:
            yield Request(_records_address(base, added))
        if not (added and found.has_more):
            break


def _first_day(past: Past, today: date) -> date:
    if past.last_complete_at is None:
        return today - timedelta(days=FIRST_DAYS)
    return max(past.last_complete_at.date() - timedelta(days=OVERLAP), today - timedelta(days=REACH))


def _search_address(base: str, query: str, first: date, last: date, start: int) -> str:
    days = {"datetype": "edat", "mindate": f"{first:%Y/%m/%d}", "maxdate": f"{last:%Y/%m/%d}"}
    part = {"retmode": "json", "retstart": start, "retmax": LIMIT, "tool": "digest"}
    return f"{base}/esearch.fcgi?{urlencode({'db': 'pubmed', 'term': query} | days | part)}"


def _records_address(base: str, ids: Sequence[str | None]) -> str:
    asked = {"db": "pubmed", "id": ",".join(filter(None, ids)), "retmode": "xml", "tool": "digest"}
    return f"{base}/efetch.fcgi?{urlencode(asked, safe=',')}"


# --- the answer to a search ---------------------------------------------------------------------------------------


def _search(body: bytes) -> Parsed:
    try:
        result = json.loads(decode(body)[0])["esearchresult"]
        numbers, start, total = result["idlist"], int(result.get("retstart", 0)), int(result["count"])
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"PubMed's search failed, or its answer is cut off: {_complaint(body) or error}") from error
    if not isinstance(numbers, list):
        raise SourceError("the answer to a search, without a list of numbers")
    if total == 0 and not numbers:
        return Parsed(kind=NAME, outcome=Outcome.EMPTY, reason="the search finds nothing")
    listing = _listing([_named(number) for number in numbers])
    return replace(listing, has_more=bool(listing.entries) and start + len(numbers) < total)


def _named(number: object) -> Entry | None:
    """All that a search says of a record."""
    return Entry(id=number, url=_url(number), title="") if isinstance(number, str) and _ID.fullmatch(number) else None


def _complaint(body: bytes) -> str:
    """What PubMed itself says of a search that failed."""
    found = re.search(rb'"(?:error|ERROR)"\s*:\s*"([^"\\]{1,300})', body[:10_000])
    return collapse(found[1].decode(errors="replace")) if found else ""


# --- records ------------------------------------------------------------------------------------------------------


def _records(root: etree._Element) -> Parsed:
    if root.tag == "eFetchResult":
        raise SourceError(f"PubMed answered with an error: {text_of(root) or 'unnamed'}")
    if root.tag not in _ROOTS:
        raise SourceError("XML, but not a set of PubMed's records")
    return _listing([_entry(child) for child in root if child.tag in _RECORDS])


def _listing(found: Sequence[Entry | None]) -> Parsed:
    if not found:  # a search that finds nothing says so, and records are asked for by number
        return Parsed(kind=NAME, outcome=Outcome.SUSPICIOUS, reason="an answer without any record")
    outcome, reason = judged(found)
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=each_once(found))


def _entry(record: etree._Element) -> Entry | None:
    """The entry of an article, or of a book or one of its chapters; None for a record without number or title."""
    paper = record.find("MedlineCitation/Article")
    paper = record.find("BookDocument") if paper is None else paper
    id_ = _text(record, "MedlineCitation/PMID", "BookDocument/PMID")
    title = _text(paper, "ArticleTitle", "VernacularTitle", "Book/BookTitle") if paper is not None else ""
    if paper is None or not title or not _ID.fullmatch(id_):
        return None
    return Entry(
        id=id_,
        title=title,
        url=_url(id_),
        abstract=" ".join(filter(None, map(_paragraph, paper.findall("Abstract/AbstractText")))),
        authors=_authors(paper),
        published=_published(record),
        identifiers=(f"pmid:{id_}", *dict.fromkeys(_identifiers(record))),
    )


def _url(id_: str) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{id_}/"


def _text(element: etree._Element, *paths: str) -> str:
    """The text at the first of the paths that holds any."""
    found = (text_of(child) for path in paths if (child := element.find(path)) is not None)
    return next(filter(None, found), "")


def _paragraph(part: etree._Element) -> str:
    """A part of an abstract behind its label: "Results: We …"."""
    text, label = text_of(part), collapse(part.get("Label", ""))
    return text if not text or label.upper() in ("", "UNLABELLED") else labelled(label, text)


def _authors(paper: etree._Element) -> tuple[str, ...]:
    lists = [found for path in ("AuthorList", "Book/AuthorList") for found in paper.findall(path)]
    authors = next((found for found in lists if found.get("Type") != "editors"), ())
    return tuple(name for author in authors if author.tag == "Author" and (name := _name(author)))


def _name(author: etree._Element) -> str:
    parts = (_text(author, "ForeName", "Initials"), _text(author, "LastName"), _text(author, "Suffix"))
    return _text(author, "CollectiveName") or " ".join(filter(None, parts))


def _identifiers(record: etree._Element) -> Iterator[str]:
    """Those of the record itself: a list of references holds identifiers of other papers."""
    for found in record.iterfind("MedlineCitation/Article/ELocationID"):
        if found.get("EIdType") == "doi" and found.get("ValidYN") != "N":
            yield f"doi:{text_of(found)}"
    for holder in ("PubmedData", "PubmedBookData", "BookDocument"):
        for found in record.iterfind(f"{holder}/ArticleIdList/ArticleId"):
            if found.get("IdType") in ("doi", "pmc"):
                yield f"{found.get('IdType')}:{text_of(found)}"


def _published(record: etree._Element) -> datetime | None:
    """The first date that names a day, else the first of all; journals print months, seasons and ranges."""
    found = [date for path in _DATES for one in record.iterfind(path) if (date := _printed(_date_text(one)))]
    return next((moment for moment, names_day in found if names_day), found[0][0] if found else None)


def _date_text(element: etree._Element) -> str:
    parts = (_text(element, part) for part in ("Year", "Month", "Day"))
    return _text(element, "MedlineDate") or " ".join(filter(None, parts))


def _printed(text: str) -> tuple[datetime, bool] | None:
    """The start of what a printed date names, and whether it names a day: "2019 Dec 21-28", "Spring 2020"."""
    found = _PRINTED.search(text)
    if found is None:
        return None
    month = _month(found[2] or "")
    day = int(found[3]) if month and found[3] else 1
    try:
        return datetime(int(found[1]), month or 1, day, tzinfo=UTC), bool(month and found[3])
    except ValueError:
        return None


def _month(word: str) -> int:
    """1 to 12, or 0 for a season or nothing."""
    if word.isdecimal():
        return int(word)
    return _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else 0


KIND = SourceKind(
    name=NAME,
    parse=parse,
    looks_like=looks_like,
    read=read,
    is_curated=False,
    attribution="Records from PubMed of the U.S. National Library of Medicine; not affiliated with it.",
    gap=0.4,  # without a key three requests a second are allowed
    public_abstract="excerpt",  # abstracts belong to their publishers
)
