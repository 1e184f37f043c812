"""RSS 0.9 to 2.0 and Atom 0.3 and 1.0: the stories of a document, mended where it is damaged.

Read by hand: the time that feedparser takes grows with the square of the length of an author's name, which is nine
seconds for one of 40 kB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from digest.errors import SourceError
from digest.model import Entry
from digest.sources.dates import printed_moment
from digest.sources.describe import describe
from digest.sources.feed.mend import mended
from digest.sources.feed.story import Story, collapsed, entry_of
from digest.sources.links import absolute
from digest.sources.markup import element_lines, html_lines
from digest.sources.people import names_in
from digest.sources.text import collapse

_ATOM = ("http://www.w3.org/2005/atom", "http://purl.org/atom/ns#")
#: {beginning of a namespace, in lower case: prefix that this file writes}
_PREFIXES = {
    **dict.fromkeys(_ATOM, ""),
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/": "",
    "http://channel.netscape.com/rdf/simple/": "",
    "http://backend.userland.com/": "",
    "http://purl.org/dc/": "dc:",
    "http://prismstandard.org/namespaces/": "prism:",
    "http://www.itunes.com/dtds/": "itunes:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "",
    "http://www.w3.org/1999/xhtml": "xhtml:",
}
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ROOTS = ("rss", "rdf", "feed")
_STORIES = ("item", "entry")
_TEXTS = ("description", "summary", "dc:description", "content:encoded", "content", "xhtml:body", "xhtml:div")
_DATES = ("published", "issued", "pubdate", "dc:date", "dc:issued", "prism:publicationdate")
_UPDATES = ("updated", "modified", "dc:modified", "created", "dc:created")
_TAGS = ("category", "dc:subject")
_IDENTIFIERS = ("prism:doi", "dc:identifier", "prism:url")

_DOCTYPE = re.compile(r"<!DOCTYPE(?!\s+html\b)", re.IGNORECASE)  # a page is told apart further on
_PROLOG_PART = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed)[\s>/]", re.IGNORECASE)
_STORY = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stories:
    """What a feed holds, in its order; None stands for a story that says nothing."""

    entries: tuple[Entry | None, ...]
    trouble: str = ""  #: what is wrong with the document, in words for people
    has_unread: bool = False  #: it speaks of stories, but not where a feed has them


def looks_like_xml_feed(text: str) -> bool:
    """Whether the root of a document is that of a feed."""
    return _ROOT.match(text, _root_at(text)) is not None


def read_xml(text: str, address: str | None) -> Stories:
    """The stories of an XML feed; `address` is where it was fetched from, which links may be relative to.

    A cut-off document gives the stories that are whole. Nothing is ever fetched for it.

    Raises:
        SourceError: it is no feed, or declares a document type, which no feed needs and attacks are made of.
    """
    at = _root_at(text)
    if _DOCTYPE.match(text, at):
        raise SourceError("a document type declaration, which is never read")
    if not looks_like_xml_feed(text):
        raise SourceError(f"not a feed: {describe(text.encode('utf-8', 'replace'))}")
    root, trouble = _parsed(mended(text[at:]))
    head = next((one for one in _children(root) if _name(one) == "channel"), root)
    found = [one for home in dict.fromkeys((head, root)) for one in _children(home) if _name(one) in _STORIES]
    whole = found[:-1] if trouble and found and _is_open(text, found[-1]) else found
    parts = _parts(head)
    bases = (address, _link_of(parts, address))
    # RFC 4287, 4.1.1: the authors of an Atom feed are those of its entries. The editor of a channel wrote none.
    people = _people_of(parts.get("author", ())) if head is root else ()
    entries = tuple(entry_of(_story(one, people, bases)) for one in whole)
    return Stories(entries, trouble, has_unread=not found and _STORY.search(text, at) is not None)


def _root_at(text: str) -> int:
    """Where the root begins, behind declaration, white space and comments."""
    at = 0
    while found := _PROLOG_PART.match(text, at):
        at = found.end()
    return at


def _parsed(text: str) -> tuple[etree._Element, str]:
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(text.encode("utf-8"), parser)
    errors = [error for error in parser.error_log if error.domain != etree.ErrorDomains.NAMESPACE]
    if root is None:
        raise SourceError("broken or cut-off XML")
    return root, f"broken or cut-off XML: {collapse(errors[0].message)}, line {errors[0].line}" if errors else ""


def _name(element: etree._Element) -> str:
    """The name in lower case, with the prefix that this file knows its namespace by; an undeclared one as written."""
    return _known_as(element.tag)


@lru_cache(maxsize=1000)
def _known_as(tag: str) -> str:
    namespace, _, local = tag.rpartition("}")
    if not namespace:
        return local.lower()
    uri = namespace[1:].lower()
    prefix = next((_PREFIXES[known] for known in _PREFIXES if uri.startswith(known)), "other:")
    return prefix + local.lower()


def _is_open(text: str, story: etree._Element) -> bool:
    """Whether the document ends within this story, its last."""
    name = (f"{story.prefix}:" if story.prefix else "") + story.tag.rpartition("}")[2]
    return text.rfind(f"</{name}") < text.rfind(f"<{name}")


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return iter(element.iterchildren(etree.Element))


def _parts(element: etree._Element) -> dict[str, list[etree._Element]]:
    """The children by their names."""
    parts: dict[str, list[etree._Element]] = {}
    for child in _children(element):
        parts.setdefault(_name(child), []).append(child)
    return parts


def _story(element: etree._Element, people: tuple[str, ...], bases: Sequence[str | None]) -> Story:
    parts = _parts(element)
    if not parts:
        return Story()
    dates = (printed_moment(_plain(parts[name][0])) for name in _DATES + _UPDATES if name in parts)
    titles = (" ".join(_rich(parts[name][0])) for name in ("title", "dc:title") if name in parts)
    ids = (*(_plain(one) for name in ("id", "guid") for one in parts.get(name, ())), element.get(_ABOUT))
    return Story(
        title=next(filter(None, titles), ""),
        id=next(iter(collapsed(ids)), ""),
        link=_link_of(parts, *bases),
        texts=(_rich(one) for name in _TEXTS for one in parts.get(name, ())),
        authors=_authors(parts) or people,
        published=next(filter(None, dates), None),
        categories=collapsed(one.get("term") or _plain(one) for name in _TAGS for one in parts.get(name, ())),
        named=[_plain(one) for name in _IDENTIFIERS for one in parts.get(name, ())],
    )


def _authors(parts: dict[str, list[etree._Element]]) -> tuple[str, ...]:
    for name in ("author", "dc:creator", "itunes:author"):
        if people := _people_of(parts.get(name, ())):
            return people
    return ()


def _people_of(elements: Iterable[etree._Element]) -> tuple[str, ...]:
    return collapsed(person for one in elements for person in _person(one))


def _person(element: etree._Element) -> tuple[str, ...]:
    """The name that Atom puts into an element of its own, or the names that the text lists."""
    name = next((one for one in _children(element) if _name(one) == "name"), None)
    if name is not None:
        return (_plain(name),)
    return names_in(_plain(element)) if not len(element) else ()


def _link_of(parts: dict[str, list[etree._Element]], *bases: str | None) -> str | None:
    """The address of a story or a feed: its link, else an id that is one, else the page of its comments."""
    return next(filter(None, _links(parts, bases)), None)


def _links(parts: dict[str, list[etree._Element]], bases: Sequence[str | None]) -> Iterator[str | None]:
    for one in parts.get("link", ()):
        if one.get("rel", "alternate") == "alternate":
            yield absolute(one.get("href") or _plain(one), *bases, one.base)
    for one in (*parts.get("guid", ()), *parts.get("id", ())):
        if one.get("isPermaLink") != "false":
            yield absolute(_plain(one))
    yield from (absolute(_plain(one), *bases) for one in parts.get("comments", ()))


def _plain(element: etree._Element) -> str:
    return collapse("".join(element.itertext()))


def _rich(element: etree._Element) -> list[str]:
    """The lines of a text, which is plain, escaped HTML or a tree, as its type says or its format has it."""
    is_atom = element.tag.lower().startswith(tuple(f"{{{uri}" for uri in _ATOM))
    kind = element.get("type", "text" if is_atom else "html").lower()
    if len(element):
        return element_lines(element)
    if kind in ("text", "text/plain", "plain"):
        return [text] if (text := _plain(element)) else []
    return html_lines("".join(element.itertext())) if kind in ("html", "text/html", "xhtml", "text/xml") else []
