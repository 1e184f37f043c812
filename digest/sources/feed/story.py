"""One story of a feed, whatever the format: the raw words judged and made an entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from digest.model import Entry
from digest.sources.links import arxiv_id, doi
from digest.sources.people import names_in
from digest.sources.text import collapse, web_address

_LONGEST_ABSTRACT = 5_000  # characters; some feeds carry whole articles
_LONGEST_TITLE = 100  # characters of a text that stands in for a missing title

_LABELS = {"abstract": "abstract", "summary": "abstract", "author": "authors", "authors": "authors"}
_LABEL = re.compile(r"(\w{1,20})\s*:\s*(.*)", re.DOTALL)
#: other things that a description may list beside the abstract, which end it
_OTHERS = re.compile("categor(?:y|ies)|code|comments?|date|doi|journal|keywords|links?|pdf|subjects?|upvotes")


class Story(NamedTuple):
    """What a feed says of one story: collapsed strings, and texts as their lines."""

    title: str = ""
    id: str = ""  #: as written
    link: str | None = None  #: absolute
    texts: Iterable[Sequence[str]] = ()  #: in order of preference; read once, and no further than needed
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    categories: tuple[str, ...] = ()
    named: Sequence[str] = ()  #: further identifiers, as written


def entry_of(story: Story) -> Entry | None:
    """The story as an entry, or None where it says nothing at all.

    An untitled one is called by its first words, or by its address. The abstract is its first text that says more than
    the title, without the labels that some feeds put into it.
    """
    told = next((lines for lines in story.texts if lines and " ".join(lines) != story.title), ())
    abstract, authors = _labelled(told)
    title = story.title or _shortened(" ".join(told), _LONGEST_TITLE) or (story.link or "").partition("://")[2]
    if not title:
        return None
    abstract = "" if abstract == title else _shortened(abstract, _LONGEST_ABSTRACT)
    number, version = _arxiv_of(story)
    return Entry(
        title=title,
        id=story.id or story.link,
        url=story.link,
        abstract=abstract,
        authors=story.authors or authors,
        published=story.published,
        version=version,
        categories=story.categories,
        identifiers=_identifiers(story, number),
    )


def _labelled(lines: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The abstract and the authors of a description that may say "Authors: …" and "Abstract: …" on lines of its own."""
    parts: dict[str, list[str]] = {}
    label = "before"
    for line in lines:
        found = _LABEL.match(line)
        word = found[1].lower() if found else ""
        is_labelled = word in _LABELS or _OTHERS.fullmatch(word) is not None
        label = _LABELS.get(word, word) if is_labelled else label
        parts.setdefault(label, []).append(found[2] if found and is_labelled else line)
    if "abstract" not in parts:
        return " ".join(lines), ()
    return " ".join(parts["abstract"]).strip(), names_in(" ".join(parts.get("authors", [])))


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    at = head.rfind(" ", longest // 2)  # a text without spaces is cut where it must be
    return (head[:at] if at > 0 else head).rstrip() + "…"


def _arxiv_of(story: Story) -> tuple[str | None, int | None]:
    found = (arxiv_id(address) for address in (story.link or "", story.id, *story.named))
    return next((one for one in found if one), (None, None))


def _identifiers(story: Story, number: str | None) -> tuple[str, ...]:
    """What names the work: its arXiv id, DOIs, and the feed's own id where that is an address of its own."""
    dois = (found for text in (story.id, story.link or "", *story.named) if (found := doi(text)))
    own = web_address(story.id)
    named = [f"arxiv:{number}"] if number else []
    named += [f"doi:{found}" for found in dois]
    named += [f"url:{own}"] if own and own != story.link else []
    return tuple(dict.fromkeys(named))


def collapsed(values: Iterable[object]) -> tuple[str, ...]:
    """The strings that say something, collapsed, each once, in order."""
    return tuple(dict.fromkeys(text for value in values if (text := collapse(value))))
