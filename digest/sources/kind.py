"""What a kind of source is: how its listings are recognised, parsed and asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from digest.model import Entry, Outcome, Parsed, Past, Source

MAX_BYTES = 20_000_000  #: the largest listing that is read, after decompression


@dataclass(frozen=True, slots=True)
class Request:
    """One page that a kind wants to see."""

    url: str
    day: date | None = None  #: the UTC day that is asked for, where the address names one
    is_index: bool = False  #: it only says what to ask for next: asked for in full each time, and not recorded
    category: str | None = None  #: only entries of this category are recorded

    def wants(self, entry: Entry) -> bool:
        """Whether an entry of the page is to be recorded; "cell_biology" and "Cell Biology" are one category."""
        if self.is_index or self.category is None:
            return not self.is_index
        return _words(self.category) in map(_words, entry.categories)


#: A read in progress. It yields what to ask for and is sent what each page said, so it never touches the network.
#: A page that is the same as last time may be sent as `unchanged` without entries; one that failed, as `failed`.
Reading: TypeAlias = Generator[Request, Parsed, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A way of publishing listings. docs/adding-a-source.md shows how to add one."""

    name: str
    parse: Callable[[bytes], Parsed]  #: pure; any bytes at all give a Parsed, never an error
    looks_like: Callable[[bytes], bool]  #: whether a saved file is of this kind; cheap, and true for a damaged one too
    read: Callable[[Source, Past, datetime], Reading] | None  #: None: exists only as saved files
    is_curated: bool  #: people chose what is listed, so a known work that appears is news again
    attribution: str  #: one sentence for the foot of letters and pages
    gap: float  #: seconds between two requests to one of its hosts, at least
    public_abstract: Literal["full", "excerpt", "none"]  #: how much of an abstract a public page may show
    has_history: bool = False  #: what is listed may be years old, so a first read announces only what is recent
    #: the parse that knows its source's settings, where a listing alone does not say how to read it
    parser_for: Callable[[Source], Callable[[bytes], Parsed]] | None = None
    publishes_at_once: bool = False  #: every day, and the day's list is whole from the start; else it grows all day


def _words(category: str) -> str:
    return " ".join(category.replace("_", " ").replace("-", " ").lower().split())


def failed(kind: str, reason: str) -> Parsed:
    """A listing that could not be read at all."""
    return Parsed(kind=kind, outcome=Outcome.FAILED, reason=reason)
