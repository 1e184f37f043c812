"""arXiv's daily mailing in plain text, as people save it: https://info.arxiv.org/help/subscribe.html.

An item stands between a line of two backslashes and one of two backslashes with its address. Two more backslashes part
its header from its abstract, which replacements do not have. A line of %%%--- comes after the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.model import AnnounceType, Entry, Parsed
from digest.sources.arxiv.text import categories, identifiers, listed, named, names
from digest.sources.dates import printed_moment
from digest.sources.text import collapse, decode

_LOOKS = re.compile(rb"^(?:\\\\\r?\n(?:arXiv|Paper): ?\S| ?received from .{1,60} to )", re.MULTILINE)
_ITEM = re.compile(r"^\\\\\n(?=(?:arXiv|Paper): ?\S)", re.MULTILINE)
_END = re.compile(r"^\\\\ \(.*\n?", re.MULTILINE)
_LONE = re.compile(r"^\\\\$", re.MULTILINE)
_REPLACEMENTS = re.compile(r"^%%--%%--", re.MULTILINE)
_LAST = re.compile(r"^(?:%%%---){12}", re.MULTILINE)
_DATE = re.compile(r"^Date: (.*)", re.MULTILINE)
_PAPER = re.compile(r"\S+: ?(\S+)(.*)")
_FIELD = re.compile(r"([A-Z][A-Za-z-]{2,20}): ?(.*)")
_AND = re.compile(r",? and |; |: ")
_TYPES = {  # by whether it is a replacement and a cross-list
    (False, False): AnnounceType.NEW,
    (False, True): AnnounceType.CROSS,
    (True, False): AnnounceType.REPLACE,
    (True, True): AnnounceType.REPLACE_CROSS,
}


def looks_like_mail(body: bytes) -> bool:
    """Whether it has the head of an item, or says from when to when the submissions came."""
    return _LOOKS.search(body) is not None


def parse_mail(body: bytes) -> Parsed:
    """The items of a mailing, in its order.

    Raises:
        SourceError: the body is no text.
    """
    text = decode(body)[0].replace("\r\n", "\n")
    before, *items = _ITEM.split(text)
    sent = _DATE.search(before)
    moment = printed_moment(sent[1]) if sent else None
    troubles = [] if _is_whole(text) else ["the mailing is cut off"]
    return listed(list(_rows(before, items)), troubles=troubles, day=moment.date() if moment else None)


def _is_whole(text: str) -> bool:
    """Whether the last rule is there, and what follows it (how to subscribe) does not stop within a line."""
    last = _LAST.search(text)
    return last is not None and (text.endswith("\n") or "\n" not in text[last.start() :])


def _rows(before: str, items: Iterable[str]) -> Iterator[Entry | None]:
    """The items, None for one that is damaged or does not end."""
    is_replacement = bool(_REPLACEMENTS.search(before))
    yield from _nameless(before)
    for item in items:
        content, *after = _END.split(item, maxsplit=1)
        yield _entry(content, is_replacement=is_replacement) if after else None
        yield from _nameless("".join(after))
        is_replacement = is_replacement or bool(_REPLACEMENTS.search(item))


def _nameless(text: str) -> Iterator[None]:
    """One row if an item begins between two others, or before all of them: its first line names no paper."""
    if _LONE.search(text):
        yield None


def _entry(content: str, *, is_replacement: bool) -> Entry | None:
    header, _, abstract = content.partition("\n\\\\\n")
    first, *lines = header.splitlines()
    found = _PAPER.match(first)
    paper = named(found[1]) if found else None
    fields = _fields(lines)
    if found is None or paper is None or not fields.get("Title"):
        return None
    is_revised = is_replacement or any(line.startswith("replaced with") for line in lines)
    return Entry(
        id=paper.id,
        title=fields["Title"],
        url=paper.url,
        abstract=collapse(abstract),
        authors=_authors(fields.get("Authors") or fields.get("Author") or ""),
        published=None if is_revised else printed_moment(fields.get("Date", "").partition("(")[0]),
        announce_type=_TYPES[is_revised, "cross-listing" in found[2]],
        version=paper.version,
        categories=categories(fields.get("Categories", "").split()),
        identifiers=identifiers(paper, fields.get("DOI")),
    )


def _fields(lines: Iterable[str]) -> dict[str, str]:
    """The fields of a header, each on one line: a long one goes on in the next, behind two spaces."""
    fields: dict[str, list[str]] = {}
    last: list[str] = []  # what stands before the first field belongs to none
    for line in lines:
        found = None if line[:1].isspace() else _FIELD.fullmatch(line)
        if found:
            last = fields.setdefault(found[1], [])
        last.append(found[2] if found else line)
    return {name: collapse(" ".join(parts)) for name, parts in fields.items()}


def _authors(line: str) -> tuple[str, ...]:
    return names(_AND.sub(", ", _without_affiliations(line)))


def _without_affiliations(line: str) -> str:
    """Names without what authors write in parentheses behind them, however deep; untouched if one is left open."""
    depth, kept = 0, []
    for sign in line:
        depth += sign == "("
        if depth == 0:
            kept.append(sign)
        depth -= sign == ")" and depth > 0
    return "".join(kept) if depth == 0 else line
