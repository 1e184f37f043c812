"""Saved listings on disk: every file that a pattern names, each of whatever kind it turns out to be."""

from __future__ import annotations

from dataclasses import replace
from glob import glob
from hashlib import sha256
from pathlib import Path

from digest.errors import SourceError
from digest.model import Listing, Outcome, Page, Parsed, Past, Read, Source
from digest.sources import UNKNOWN, parse_saved, too_large
from digest.sources.kind import MAX_BYTES, failed
from digest.sources.outcome import add_up, is_recorded


def read_folder(source: Source, past: Past) -> Read:
    """What the files that match `source.path` say, in the order of their names; unchanged ones are left out.

    A file that cannot be read makes the source `partial`, and its reason names the file.

    Raises:
        SourceError: no file matches.
    """
    files = [path for path in sorted(glob(source.path or "", recursive=True)) if Path(path).is_file()]  # noqa: PTH207
    if not files:
        raise SourceError(f"no file matches {source.path}" if source.path else "no path is set")
    listings = [_read_file(source.name, path, past.pages.get(path, Page())) for path in files]
    outcome, reason = add_up([(Path(listing.url).name, listing.parsed) for listing in listings])
    recorded = tuple(listing for listing in listings if is_recorded(listing.parsed.outcome))
    return Read(source=source.name, outcome=outcome, reason=reason, listings=recorded)


def _read_file(source: str, path: str, known: Page) -> Listing:
    body = b""
    try:
        size = Path(path).stat().st_size
        body = Path(path).read_bytes() if size <= MAX_BYTES else b""
        parsed = _parse(body, known) if size <= MAX_BYTES else failed(UNKNOWN, too_large(size))
    except OSError as error:
        parsed = failed(UNKNOWN, error.strerror or "cannot be read")
    return Listing(source=source, url=path, body=body, parsed=parsed)


def _parse(body: bytes, known: Page) -> Parsed:
    if sha256(body).hexdigest() == known.sha256:
        return Parsed(kind=UNKNOWN, outcome=Outcome.UNCHANGED)
    return _with_titles(parse_saved(body))


def _with_titles(parsed: Parsed) -> Parsed:
    """What can be recorded: the answer to a search may name papers, but tells nothing of them."""
    entries = tuple(entry for entry in parsed.entries if entry.title)
    if parsed.entries and not entries:
        reason = f"{len(parsed.entries)} papers are named, but none of their titles"
        return replace(parsed, outcome=Outcome.SUSPICIOUS, reason=reason, entries=())
    return replace(parsed, entries=entries)
