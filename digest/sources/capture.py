"""Plain-text captures of a Hugging Face papers page, as a browser's "save as text" or a clipboard gives them.

Three layouts occur. Blocks between blank lines, a title and an abstract by turns; the same with a third block under
each abstract ("• 4 authors", "·", a date); and one line each for title and abstract, without any blank line, where the
last word of the page's head, "Subscribe", is glued to the first title. There are no ids and no links in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import StringIO
from itertools import pairwise

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Popularity
from digest.sources.kind import SourceKind, failed
from digest.sources.pairing import PIVOT, Role, roles
from digest.sources.text import collapse, decode

NAME = "capture"

_BANNER = re.compile(r"Get trending papers in your email inbox\b.*")
_BYLINE = re.compile(r"by ?AK and the research community")
_NAVIGATION = re.compile(rf"new|Subscribe|Daily Papers|{_BANNER.pattern}|{_BYLINE.pattern}")
_DATE = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})(?:, (?P<year>\d{4}))?(?: (?P<comments>\d{1,9}))?", re.ASCII
)
_AUTHORS = re.compile(r"• *\d+ authors?", re.ASCII)
_DOT = "·"
_GLUED = re.compile(r"Subscribe(?=[^\s,:;.!?-])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEAD_LINES = 12  # how far down the page's head is looked for
_LONGEST_ORGANISATION = 120
_TAIL = 300  # characters in which the end of a text is looked at
#: how abstracts end: with a sentence, or with an address that stands without a stop
_SENTENCE_END = re.compile(r"""(?:[.!?…。！？][\])"'”’»$}]*|https?://\S+|\S+\.[a-z]{2,6}(?:/\S*)?)\s*$""")
_TOLD = 3  # how many oddities a reason lists


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together: a title, an abstract, a piece of the page's head, or details of a paper."""

    line: int  #: 1-based number of its first line
    lines: tuple[str, ...]  #: stripped, none empty
    is_detail: bool  #: who wrote a paper (a number, or an organisation) and when, as printed under an abstract

    @property
    def text(self) -> str:
        """All of it in one line."""
        return collapse(" ".join(self.lines))


def parse(body: bytes) -> Parsed:
    """The papers of a capture. What cannot be paired is left out, and the reason names its line."""
    try:
        text, is_cut = decode(body)
    except SourceError as error:
        return failed(NAME, str(error))
    head, content = _split_head(_blocks(text))
    day = _capture_day(head)
    found = [*_found(content, day.year if day else None), *(["the file ends within a character"] if is_cut else [])]
    entries = tuple(dict.fromkeys(one for one in found if isinstance(one, Entry)))
    outcome, reason = _judged(len(entries), [one for one in found if isinstance(one, str)])
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=entries, day=day)


def looks_like(body: bytes) -> bool:
    """Whether the words of the page's head are there, or a paper's details as the page prints them."""
    try:
        lines = _lines(decode(body)[0])
    except SourceError:
        return False
    head = [line for line in lines if line][:_HEAD_LINES]
    if any(_BANNER.fullmatch(line) or _BYLINE.fullmatch(line) for line in head):
        return True
    return any(_AUTHORS.fullmatch(line) and below == _DOT for line, below in pairwise(lines))


# --- from lines to blocks -----------------------------------------------------------------------------------------


def _lines(text: str) -> list[str]:
    """The lines as an editor counts them, stripped; str.splitlines would also break at signs within a text."""
    return [line.strip() for line in StringIO(text.rstrip(), newline=None)]


def _blocks(text: str) -> list[Block]:
    lines = _lines(text)
    has_gaps = _has_gaps(lines)
    groups: list[tuple[int, bool, list[str]]] = []
    for number, (above, line, below) in enumerate(zip(["", *lines], lines, [*lines[1:], ""], strict=False), start=1):
        if not line:
            continue
        is_detail = _is_detail(line, below)
        if above and groups[-1][1] is is_detail and (is_detail or _continues(above, line, has_gaps=has_gaps)):
            groups[-1][2].append(line)
        else:
            groups.append((number, is_detail, [line]))
    return [Block(number, tuple(group), is_detail) for number, is_detail, group in groups]


def _has_gaps(lines: Sequence[str]) -> bool:
    """Whether blank lines part the blocks; else each line is one, and a stray blank line means nothing."""
    for line, below in pairwise(lines):
        if _BANNER.fullmatch(line) and not _BANNER.fullmatch(below):
            return not below
    return "" in lines


def _is_detail(line: str, below: str) -> bool:
    if below == _DOT and 0 < len(line) < _LONGEST_ORGANISATION:
        return True
    return line == _DOT or bool(_AUTHORS.fullmatch(line) or _DATE.fullmatch(line))


def _continues(above: str, line: str, *, has_gaps: bool) -> bool:
    """Whether a line goes on with the text of the line above: an abstract broken in two, or text of a fixed width."""
    if len(above) > PIVOT and not _is_ended(above) and (has_gaps or line[:1].islower()):
        return True
    longer, shorter = max(len(above), len(line)), min(len(above), len(line))
    return has_gaps and longer < max(PIVOT, 3 * shorter)  # else the blank line between title and abstract is lost


def _is_ended(text: str) -> bool:
    """Whether a text ends as an abstract does: with a sentence, or with a bare address."""
    word = text.split()[-1]
    return word.endswith(("!", "?", "…", ")", "]", "}", '"', "”", "’")) or "." in word or "/" in word


def _split_head(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """The page's own words, and the papers below them."""
    size = next((index for index, block in enumerate(blocks) if not _is_navigation(block)), len(blocks))
    head, content = [*blocks[:size]], [*blocks[size:]]
    if head and content and _BANNER.fullmatch(head[-1].lines[-1]):
        content[0] = _unglued(content[0])
    return head, content


def _is_navigation(block: Block) -> bool:
    return all(_NAVIGATION.fullmatch(line) or _DATE.fullmatch(line) for line in block.lines)


def _unglued(block: Block) -> Block:
    """The block without a "Subscribe" that sticks to its title; a title of that word goes on with a space or a sign."""
    first, *rest = block.lines
    return replace(block, lines=(_GLUED.sub("", first), *rest))


# --- from blocks to papers ----------------------------------------------------------------------------------------


def _found(content: Sequence[Block], year: int | None) -> Iterator[Entry | str]:
    """The papers in order and, between them, a phrase for each thing that has to be left out.

    `year` is that of the capture, where known: the page prints no year for dates in its own.
    """
    texts: list[Block] = []
    for block in content:
        if not block.is_detail:
            texts.append(block)
            continue
        if not texts:
            yield f"line {block.line}: a date or author line without a paper above it"
        yield from _paired(texts, block, year)
        texts = []
    last: Entry | str = ""
    for last in _paired(texts, None, year):
        yield last
    if 0 < len(texts) < len(content):
        yield "the last paper has no date below it: the file may be cut off"
    elif isinstance(last, Entry) and not _SENTENCE_END.search(last.abstract[-_TAIL:]):
        yield "the last abstract stops within a sentence: the file may be cut off"


def _paired(texts: Sequence[Block], detail: Block | None, year: int | None) -> Iterator[Entry | str]:
    """What stands between two details; a detail is that of the abstract right above it."""
    title: Block | None = None
    for block, role in zip(texts, roles([len(block.text) for block in texts]), strict=True):
        if role is Role.TITLE:
            if title:
                yield f"line {title.line}: a title without an abstract"
            title = block
        elif title is None:
            yield f"line {block.line}: an abstract without a title"
        else:
            yield _entry(title, block, detail if block is texts[-1] else None, year)
            title = None
    if title:
        yield f"line {title.line}: a title without an abstract"


def _entry(title: Block, abstract: Block, detail: Block | None, year: int | None) -> Entry:
    dates = (_DATE.fullmatch(line) for line in detail.lines) if detail else ()
    found = next((date for date in dates if date), None)
    return Entry(
        title=title.text,
        abstract=abstract.text,
        published=_moment(found, year) if found else None,
        popularity=Popularity(comments=int(found["comments"] or 0) if found else 0),
    )


def _moment(found: re.Match[str], year: int | None) -> datetime | None:
    """Midnight UTC of a printed date; None where its year is not known, or there is no such day."""
    printed = int(found["year"]) if found["year"] else year
    if printed is None or found["month"] not in _MONTHS:
        return None
    try:
        return datetime(printed, _MONTHS.index(found["month"]) + 1, int(found["day"]), tzinfo=UTC)
    except ValueError:
        return None


def _capture_day(head: Sequence[Block]) -> date | None:
    """The day of the capture, where the head prints it with its year."""
    dates = (_DATE.fullmatch(line) for block in head for line in block.lines)
    return next((moment.date() for found in dates if found and (moment := _moment(found, None))), None)


def _judged(papers: int, oddities: Sequence[str]) -> tuple[Outcome, str]:
    told = "; ".join(oddities[:_TOLD]) + (f"; and {len(oddities) - _TOLD} more" if len(oddities) > _TOLD else "")
    if not papers:
        return Outcome.SUSPICIOUS, f"no paper found: {told or 'only the head of a page'}"
    return (Outcome.PARTIAL, told) if oddities else (Outcome.COMPLETE, "")


KIND = SourceKind(
    name=NAME,
    parse=parse,
    looks_like=looks_like,
    read=None,
    is_curated=False,  # such a page is the result of a search
    attribution="Papers page of Hugging Face, as saved; not affiliated with Hugging Face.",
    gap=0.0,
    public_abstract="excerpt",
)
