"""bioRxiv and medRxiv: the pages of their common API, which lists what was posted on a day.

https://api.biorxiv.org describes it. A page holds as many records as it says (100 once, 30 lately), and each version
of a preprint is a record of its own.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from digest.errors import SourceError
from digest.model import AnnounceType, Entry, Outcome, Parsed, Past, Source
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.markup import html_lines
from digest.sources.markup.highwire import unglued
from digest.sources.rows import judged
from digest.sources.text import collapse, decode, moment

API = "https://api.biorxiv.org/details"
MOST_PAGES = 100  # of one day and category
FIRST_DAYS = 3  # days that a first read goes back
REACH = 14  # days that a later read goes back at most
OVERLAP = 1  # days read again: a day is that of New York, and preprints turn up in it late

_DOI = re.compile(r"(10\.[0-9]{4,9}/[^\s\"<>]{1,200}?)(?:v[0-9]{1,3})?", re.ASCII)
_NOTHING = "no posts found"


def parse(server: str, body: bytes) -> Parsed:
    """The preprints of a page; a record without a DOI or a title is left out and reported."""
    try:
        return _page(server, _load(body))
    except SourceError as error:
        return failed(server, str(error))


def looks_like(server: str, body: bytes) -> bool:
    """Whether it is a page of that server. Pages without preprints name none; they count as bioRxiv's."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{") or b'"messages"' not in start or b'"collection"' not in start:
        return False
    named = re.search(rb'"server"\s*:\s*"(\w{1,20})"', start)
    return (named[1].decode().lower() if named else "biorxiv") == server


def read(server: str, source: Source, past: Past, now: datetime) -> Reading:
    """Asks for today and for earlier days, newest first, back to the day before that of the last complete read."""
    base, today = (source.url or f"{API}/{server}").rstrip("/"), now.date()
    for back in range(_reach(past, today) + 1):
        for category in source.categories or (None,):
            yield from _read_day(base, today - timedelta(days=back), category)


def _reach(past: Past, today: date) -> int:
    if past.last_complete_at is None:
        return FIRST_DAYS
    return min(max((today - past.last_complete_at.date()).days, 0) + OVERLAP, REACH)


def _read_day(base: str, day: date, category: str | None) -> Reading:
    """Asks for the pages of one day, each where the one before ended, while they bring something new."""
    cursor, seen = 0, set[tuple[str | None, int | None]]()
    for _ in range(MOST_PAGES):
        parsed = yield Request(_address(base, day, cursor, category), day, category=category)
        listed = {(entry.id, entry.version) for entry in parsed.entries}
        if not parsed.has_more or listed <= seen:
            break
        seen |= listed
        cursor += len(parsed.entries)


def _address(base: str, day: date, cursor: int, category: str | None) -> str:
    asked = f"?{urlencode({'category': category.strip().lower().replace(' ', '_')})}" if category else ""
    return f"{base}/{day}/{day}/{cursor}/json{asked}"


# --- a page -------------------------------------------------------------------------------------------------------


def _load(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(decode(body)[0])
    except (ValueError, RecursionError) as error:
        raise SourceError(f"broken or cut-off JSON: {error}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("collection"), list):
        raise SourceError("JSON, but not a page of preprints")
    return answer


def _page(server: str, answer: dict[str, Any]) -> Parsed:
    rows, message = answer["collection"], _message(answer)
    if not rows:
        return _without_rows(server, message)
    found = [_entry(row) for row in rows]
    outcome, reason = judged(found)
    told = _number(message.get("count"))
    if outcome is Outcome.COMPLETE and told not in (None, len(rows)):
        outcome, reason = Outcome.PARTIAL, f"{len(rows)} rows are there, though the page tells of {told}"
    return Parsed(
        kind=server,
        outcome=outcome,
        reason=reason,
        entries=tuple(entry for entry in found if entry),  # a page may hold two versions of one preprint
        day=_day(message.get("interval")),
        has_more=(_number(message.get("cursor")) or 0) + len(rows) < (_number(message.get("total")) or 0),
    )


def _without_rows(server: str, message: dict[str, Any]) -> Parsed:
    """A quiet day says so; a page before the end of the list that holds nothing is a fault of the API."""
    status, total = collapse(message.get("status")), _number(message.get("total")) or 0
    if status.lower() != "ok" and _NOTHING not in status.lower():
        raise SourceError(f"the API answered: {status or 'nothing'}")
    if total > (_number(message.get("cursor")) or 0):
        return Parsed(kind=server, outcome=Outcome.SUSPICIOUS, reason=f"a page without any of {total} preprints")
    return Parsed(kind=server, outcome=Outcome.EMPTY, reason="no preprint is listed", day=_day(message.get("interval")))


def _message(answer: dict[str, Any]) -> dict[str, Any]:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return first if isinstance(first, dict) else {"status": first}


def _number(value: object) -> int | None:
    """A number that may be written as a string, as `total` was and is."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else None


def _day(interval: object) -> date | None:
    """The day of "2026-07-15:2026-07-15"; None for a longer interval."""
    first, _, last = collapse(interval).partition(":")
    found = moment(first) if first == last else None
    return found.date() if found else None


# --- a preprint ---------------------------------------------------------------------------------------------------


def _entry(row: Any) -> Entry | None:
    if not isinstance(row, dict):
        return None
    doi, title = _DOI.fullmatch(collapse(row.get("doi"))), _text(row.get("title"))
    if doi is None or not title:
        return None
    version, category = _number(row.get("version")), collapse(row.get("category"))
    return Entry(
        id=doi[1],
        title=title,
        url=f"https://doi.org/{quote(doi[1], safe='/:;()')}",
        abstract=unglued(_text(row.get("abstract"))),
        authors=_authors(row.get("authors")),
        published=moment(row.get("date")),
        announce_type=AnnounceType.REPLACE if version and version > 1 else AnnounceType.NEW,
        version=version,
        categories=(category,) if category else (),
        identifiers=(f"doi:{doi[1]}",),
    )


def _text(value: object) -> str:
    """JSON holds text as authors typed it into a form: with tags and references of HTML, here and there."""
    return " ".join(html_lines(value)) if isinstance(value, str) else ""


def _authors(value: object) -> tuple[str, ...]:
    """The names of "Last, F. M.; Last, F., Jr.; Some Consortium", given names first."""
    names = (part.split(",", 2) for part in _text(value).split(";"))
    turned = (" ".join([*rest[:1], last, *rest[1:]]) for last, *rest in names)
    return tuple(name for name in map(collapse, turned) if name)


def _kind(name: str, title: str, about: str) -> SourceKind:
    return SourceKind(
        name=name,
        parse=partial(parse, name),
        looks_like=partial(looks_like, name),
        read=partial(read, name),
        is_curated=False,
        attribution=f"Preprints from {title}, {about}; not affiliated with {title}.",
        gap=1.0,
        public_abstract="excerpt",  # the licence is each author's own choice
    )


KINDS = (
    _kind("biorxiv", "bioRxiv", "the preprint server for biology"),
    _kind("medrxiv", "medRxiv", "the preprint server for health sciences"),
)
