"""One read of a source, and of all of them at once: a kind says what to ask for, the fetcher asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from digest.errors import SourceError
from digest.model import Listing, Outcome, Page, Parsed, Past, Read, Source
from digest.sources import KINDS, sample
from digest.sources.fetch import Fetched, Fetcher
from digest.sources.folder import read_folder
from digest.sources.kind import Reading, Request, SourceKind, failed
from digest.sources.outcome import add_up, is_recorded

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
    except SourceError as error:
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
    pages = list(_pages(source.name, kind, kind.read(source, past, now), past, fetcher))
    outcome, reason = add_up([(page.parsed.day.isoformat() if page.parsed.day else "", page.parsed) for page in pages])
    recorded = tuple(page for page in pages if is_recorded(page.parsed.outcome))
    return Read(source=source.name, outcome=outcome, reason=reason, listings=recorded)


def _pages(source: str, kind: SourceKind, reading: Reading, past: Past, fetcher: Fetcher) -> Iterator[Listing]:
    """Every page that the kind asks for, in that order; those that failed too."""
    deadline = fetcher.deadline()
    failures = 0
    request = next(reading, None)
    while request and failures < MOST_FAILURES:
        # Until a source was once read completely, all is asked for in full: a kind may need to see what is there.
        known = past.pages.get(request.url, Page()) if past.last_complete_at else Page()
        page = _page(source, kind, request, known, fetcher, deadline)
        yield page
        failures = failures + 1 if page.parsed.outcome is Outcome.FAILED else 0
        request = _next(reading, page.parsed)


def _next(reading: Reading, parsed: Parsed) -> Request | None:
    try:
        return reading.send(parsed)
    except StopIteration:
        return None


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
    """What a page says; the same bytes as last time count as unchanged, though the host did not say so."""
    if fetched.body is None:
        return Parsed(kind=kind.name, outcome=Outcome.UNCHANGED, day=request.day)
    parsed = kind.parse(fetched.body)
    is_same = parsed.outcome in (Outcome.COMPLETE, Outcome.EMPTY) and sha256(fetched.body).hexdigest() == known.sha256
    return replace(parsed, day=parsed.day or request.day, outcome=Outcome.UNCHANGED if is_same else parsed.outcome)
