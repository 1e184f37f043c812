"""Answers of arXiv's API: papers by date of submission, page by page, as Atom.

Written from https://info.arxiv.org/help/api/user-manual.html. The host is known to answer, now and then, with a page
that is empty or short although more was found: such a page is never taken for the end of the list.
"""

from __future__ import annotations

from lxml import etree

from digest.errors import SourceError
from digest.model import Entry, Parsed
from digest.sources.arxiv.text import categories, identifiers, listed, named
from digest.sources.text import moment, web_address
from digest.sources.xml import text_at

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_LONGEST_NUMBER = 10  # digits


def is_answer(root: etree._Element) -> bool:
    """Whether a feed is an answer of the API: only those say how much was found."""
    return root.find(f"{_OPENSEARCH}totalResults") is not None


def parse_answer(root: etree._Element) -> Parsed:
    """The papers of a page, in its order; `has_more` where more was found than the pages up to this one hold.

    Raises:
        SourceError: the API says that it cannot answer, or does not say how much it found.
    """
    rows = list(root.iterfind(f"{_ATOM}entry"))
    errors = [text_at(row, f"{_ATOM}summary") or "unnamed" for row in rows if _is_error(row)]
    total = _number(root, "totalResults")
    if total is None or (errors and len(errors) == len(rows)):
        raise SourceError(f"the API answered with an error: {errors[0] if errors else 'a list of unknown length'}")
    start = _number(root, "startIndex") or 0
    size = _number(root, "itemsPerPage") or len(rows) or total
    expected = max(min(size, total - start), 0)
    troubles = [f"the API answered with an error: {error}" for error in errors]
    if len(rows) < expected:
        troubles.append(f"{len(rows)} of the {expected} papers that this page should hold")
    found = [_entry(row) for row in rows if not _is_error(row)]
    return listed(found, troubles=troubles, has_more=start + len(rows) < total)


def _is_error(row: etree._Element) -> bool:
    """Whether an entry is no paper but says what went wrong."""
    return "/api/errors" in text_at(row, f"{_ATOM}id")


def _entry(row: etree._Element) -> Entry | None:
    """The paper of a row; None for one without an id or a title."""
    url, title = text_at(row, f"{_ATOM}id"), text_at(row, f"{_ATOM}title")
    paper = named(url)
    if paper is None or not title:
        return None
    primary = [term.get("term") for term in row.iterfind(f"{_ARXIV}primary_category")]
    return Entry(
        id=paper.written,
        title=title,
        url=web_address(url) or paper.url,
        abstract=text_at(row, f"{_ATOM}summary"),
        authors=tuple(name for author in row.iterfind(f"{_ATOM}author") if (name := text_at(author, f"{_ATOM}name"))),
        published=moment(text_at(row, f"{_ATOM}published")),
        version=paper.version,
        categories=categories([*primary, *(term.get("term") for term in row.iterfind(f"{_ATOM}category"))]),
        identifiers=identifiers(paper, text_at(row, f"{_ARXIV}doi")),
    )


def _number(root: etree._Element, name: str) -> int | None:
    written = text_at(root, f"{_OPENSEARCH}{name}")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < _LONGEST_NUMBER else None
