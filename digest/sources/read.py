"""One read of a source, and of all of them at once: a kind says what to ask for, the fetcher asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from digest.errors import DigestError, SourceError
from digest.model import Listing, Outcome, Page, Parsed, Past, Read, Source
from digest.sources import KINDS, sample
from digest.sources.fetch import Fetched, Fetcher
from digest.sources.folder import read_folder
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.outcome import add_up, is_recorded, judge_age, judge_counts

MOST_THREADS = 32
MOST_FAILURES = 2  # pages in a row; after that a host is left alone until the next read

_log = logging.getLogger(__name__)


def read_all(
    sources: Sequence[Source], past_of: Callable[[Source], Past], fetcher: Fetcher, now: datetime
) -> list[Read]:
    """How each source was read, in their order. They are read side by side, so that a slow one delays no other.

    `past_of` is called in the calling thread only.
    """
    pasts = [past_of(source) for source in sources]
    with ThreadPoolExecutor(max_workers=min(max(len(sources), 1), MOST_THREADS)) as pool:
        return list(pool.map(lambda source, past: read_source(source, past, fetcher, now), sources, pasts))


def read_source(source: Source, past: Past, fetcher: Fetcher, now: datetime) -> Read:
    """How reading one source went. Never raises: whatever happens to one source, the others go on."""
    try:
        return _read(source, past, fetcher, now)
    except DigestError as error:  # also a store too busy to give a turn
        return Read(source=source.name, outcome=Outcome.FAILED, reason=str(error))
    except Exception as error:
        _log.exception("source %s: a mistake in this program", source.name)
        return Read(source=source.name, outcome=Outcome.FAILED, reason=f"a mistake in this program: {error!r}")


def _read(source: Source, past: Past, fetcher: Fetcher, now: datetime) -> Read:
    if source.kind == "folder":
        return read_folder(source, past)
    if source.kind == sample.NAME:
        return sample.read_sample(source, past)
    kind = KINDS.get(source.kind)
    if kind is None or kind.read is None:
        raise SourceError(f"a source cannot be of the kind {source.kind!r}")
    reading = kind.read(source, past, now)
    if kind.parser_for is not None:
        kind = replace(kind, parse=kind.parser_for(source))
    pages = _believed(list(_pages(source.name, kind, reading, past, fetcher, now)), kind, past, now)
    outcome, reason = add_up([(page.parsed.day.isoformat() if page.parsed.day else "", page.parsed) for page in pages])
    recorded = tuple(page for page in pages if is_recorded(page.parsed.outcome))
    return Read(source=source.name, outcome=outcome, reason=reason, listings=recorded)


def _believed(pages: Sequence[Listing], kind: SourceKind, past: Past, now: datetime) -> list[Listing]:
    """The pages, each with the outcome that the history of the source makes of it."""
    known = [past.pages.get(page.url, Page()).entries for page in pages]
    parts = [page.parsed for page in pages]
    judged = judge_counts(parts, known, past.usual, now, at_once=kind.publishes_at_once)
    return [replace(page, parsed=parsed) for page, parsed in zip(pages, judged, strict=True)]


def _pages(
    source: str, kind: SourceKind, reading: Reading, past: Past, fetcher: Fetcher, now: datetime
) -> Iterator[Listing]:
    """Every page that the kind asks for, in that order; those that failed too."""
    deadline = fetcher.deadline()
    failures = 0
    request = next(reading, None)
    while request and failures < MOST_FAILURES:
        # Until a source was once read completely, all is asked for in full: a kind may need to see what is there.
        known = past.pages.get(request.url, Page()) if past.last_complete_at and not request.is_index else Page()
        page = _page(source, kind, request, known, fetcher, deadline)
        if kind.publishes_at_once and request.day is None:
            page = replace(page, parsed=judge_age(page.parsed, now))
        yield _wanted(page, request)
        failures = failures + 1 if page.parsed.outcome is Outcome.FAILED else 0
        request = _next(reading, page.parsed)


def _next(reading: Reading, parsed: Parsed) -> Request | None:
    try:
        return reading.send(parsed)
    except StopIteration:
        return None


def _wanted(page: Listing, request: Request) -> Listing:
    """What counts of a page: of an index its troubles and a quiet day alone, of any other the entries asked for."""
    parsed = page.parsed
    entries = tuple(entry for entry in parsed.entries if request.wants(entry))
    if parsed.outcome is Outcome.COMPLETE and not entries:
        nothing = Outcome.UNCHANGED if request.is_index else Outcome.EMPTY
        reason = "" if request.is_index else f"no paper of the category {request.category!r}"
        parsed = replace(parsed, outcome=nothing, reason=reason)
    return replace(page, parsed=replace(parsed, entries=entries))


def _page(source: str, kind: SourceKind, request: Request, known: Page, fetcher: Fetcher, deadline: float) -> Listing:
    try:
        fetched = fetcher.fetch(request.url, known, gap=kind.gap, deadline=deadline)
    except SourceError as error:
        parsed = replace(failed(kind.name, str(error)), day=request.day)
        return Listing(source=source, url=request.url, body=b"", parsed=parsed)
    parsed = _parsed(kind, request, fetched, known)
    # "Not modified" would hide whether another page follows, so a full one is always asked for without validators.
    etag, last_modified = (None, None) if parsed.has_more else (fetched.etag, fetched.last_modified)
    return Listing(
        source=source,
        url=request.url,
        body=fetched.body or b"",
        parsed=parsed,
        etag=etag,
        last_modified=last_modified,
    )


def _parsed(kind: SourceKind, request: Request, fetched: Fetched, known: Page) -> Parsed:
    """What a page says; the same entries as last time count as unchanged, though the host did not say so."""
    if fetched.body is None:
        return Parsed(kind=kind.name, outcome=Outcome.UNCHANGED, day=request.day)
    parsed = kind.parse(fetched.body)
    parsed = replace(parsed, day=parsed.day or request.day)
    is_same = parsed.outcome in (Outcome.COMPLETE, Outcome.EMPTY) and parsed.fingerprint == known.fingerprint
    return replace(parsed, outcome=Outcome.UNCHANGED) if is_same else parsed
