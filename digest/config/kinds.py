"""The kinds of sources that config.yaml can name, and the keys that each of them takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator as Before
from pydantic import Field, Strict

from digest.config.fields import Block, Category, LastingSpan, Line, Name, Pattern, Selector, Url, listed, spelt


class HuggingFaceSource(Block):
    """Hugging Face Daily Papers."""

    name: Name
    kind: Literal["huggingface"]
    period: Literal["daily", "weekly", "monthly", "trending"] = "daily"
    url: Url | None = None


class ArxivSource(Block):
    """New papers in categories of arXiv."""

    name: Name
    kind: Literal["arxiv"]
    categories: Annotated[tuple[Category, ...], Before(listed), Field(min_length=1)]
    replacements: Annotated[bool, Strict()] = False


class RxivSource(Block):
    """New preprints on bioRxiv or medRxiv."""

    name: Name
    kind: Literal["biorxiv", "medrxiv"]
    categories: Annotated[tuple[Line, ...], Before(listed)] = ()


class PubmedSource(Block):
    """What a search on PubMed finds."""

    name: Name
    kind: Literal["pubmed"]
    query: Line


class FeedSource(Block):
    """A feed: RSS, Atom or JSON Feed."""

    name: Name
    kind: Literal["feed"]
    url: Url
    max_age: LastingSpan = spelt("7d")


class SelectorsBlock(Block):
    """Where a page keeps what it lists."""

    item: Selector
    title: Selector | None = None
    link: Selector | None = None
    abstract: Selector | None = None
    authors: Selector | None = None
    date: Selector | None = None


class WebpageSource(Block):
    """A page without a feed."""

    name: Name
    kind: Literal["webpage"]
    url: Url
    selectors: SelectorsBlock
    max_age: LastingSpan = spelt("7d")


class FolderSource(Block):
    """Listings saved as files."""

    name: Name
    kind: Literal["folder"]
    path: Pattern


class SampleSource(Block):
    """The listing that the program brings along."""

    name: Name
    kind: Literal["sample"]


#: every kind of source and the keys it takes; a new kind is one class and one word here
AnySource = Annotated[
    HuggingFaceSource
    | ArxivSource
    | RxivSource
    | PubmedSource
    | FeedSource
    | WebpageSource
    | FolderSource
    | SampleSource,
    Field(discriminator="kind"),
]
