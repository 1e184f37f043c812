"""The rows of one paper: rendered, escaped and encoded once, then filled in with what a reader's letter says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from digest.letter.cache import Cache
from digest.letter.columns import COLUMNS, width, wrapped
from digest.letter.marks import Piece
from digest.letter.paper import abstract_of, notes_of, paper, title_of, votes_of
from digest.letter.plain import plain
from digest.letter.quoted import Markable, encoded, tag
from digest.letter.reasons import Reasons, Said, marks, said
from digest.letter.slots import Pattern, Sentence, slot
from digest.letter.templates import Templates
from digest.letter.view import Extent, Paper
from digest.model import ItemText, LetterPick, Match, Pick

_WORKS = 500
_LINES = 20_000
_WAYS = 40  # of printing one work; three extents in two kinds of section, first or not, are twelve

_IN_HTML = ("rank", "why", "title", "sum", "abstract", "acting")
_IN_TEXT = ("why", "sum", "acting")
_IN_WRAPPED_TEXT = ("why", "where", "acting")

Pair = tuple[bytes, bytes]  #: the same in the HTML and in the text, encoded
Row = tuple[Sequence[bytes], Sequence[bytes]]  #: likewise, in parts; joined, it ends at the start of a line


class _Way(NamedTuple):
    """What decides how a paper is printed, beside its words and what is its reader's."""

    macro: str  #: item, miss or read
    extent: Extent
    has_reasons: bool
    listed: tuple[Match, ...]
    is_first: bool
    heading: str
    can_act: bool  #: it can be asked for more or less
    upvotes: int


_Key = tuple[str, Extent, bool, tuple[Match, ...], bool, str, bool, int]  # a _Way, made faster


class _Set(NamedTuple):
    """A paper printed in one way, but for what is its reader's."""

    html: Pattern
    text: Pattern
    room: int  #: columns for the sum
    wrapped_text: Pattern  #: for a sum that needs more
    where: Sentence  #: the line with the sum


@dataclass(frozen=True, slots=True)
class _Work:
    """All that was set of one text; `found` as it came, `text` plain."""

    found: ItemText
    text: ItemText
    title: Markable
    abstracts: dict[Extent, Markable] = field(default_factory=dict)
    ways: Cache[tuple[object, ...], _Set] = field(default_factory=lambda: Cache(_WAYS))
    lines: Cache[int, Pair] = field(default_factory=lambda: Cache(_WAYS))  #: {rank: its line of the contents}


class Rows:
    """Rows in one language."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._reasons = Reasons(templates)
        self._near_reasons = Reasons(templates, is_miss=True)
        self._works: Cache[tuple[int, int], _Work] = Cache(_WORKS)
        opening, closing = templates.html_part("marked", (Piece(slot("words"), is_marked=True),)).split(slot("words"))
        self._mark = tag(opening), tag(closing)
        self._lines: Cache[tuple[str, int], bytes] = Cache(_LINES)
        self._numbered = Sentence(templates.text_part("numbered", slot("rank"), slot("why")), ("rank", "why"))

    def items(
        self, picks: Sequence[LetterPick], extents: Sequence[Extent], rank: int, heading: str, acting: Pair | None
    ) -> Row:
        """The numbered papers of one section, from this rank on.

        `acting` is the address under which this letter's papers can be asked for more or less, up to the rank.
        """
        html: list[bytes] = []
        text: list[bytes] = []
        is_first = True
        for pick, extent in zip(picks, extents, strict=True):
            row = self._item(pick, rank, extent, heading, acting, is_first=is_first)
            html += row[0]
            text += row[1]
            rank, is_first = rank + 1, False
        return html, text

    def _item(
        self, pick: LetterPick, rank: int, extent: Extent, heading: str, acting: Pair | None, *, is_first: bool
    ) -> Row:
        work, matches = self._work(pick.text), pick.pick.matches
        why = self._why(self._reasons, pick)
        total = self._reasons.sum(pick.pick.score, matches)
        title, abstract, listed = marks(matches)
        key = ("item", extent, bool(matches), listed, is_first, heading, acting is not None, 0)
        found = work.ways.get(key) or self._kept(work, pick, key)
        number = b"%d" % rank
        here = (acting[0] + number, acting[1] + number) if acting else (b"", b"")
        words = work.title.marked(title, self._mark), total.html, work.abstracts[extent].marked(abstract, self._mark)
        line = self._line_of(why.text, rank, number)
        return found.html.parts(number, why.html, *words, here[0]), _text(found, line, total, here[1])

    def _line_of(self, why: str, rank: int, number: bytes) -> bytes:
        """A reason in the text, after the rank. What follows the rank is the same for all ranks of so many digits."""
        key = (why, len(number))
        if (rest := self._lines.get(key)) is not None:
            return number + rest
        line = encoded(wrapped(self._numbered.filled(str(rank), why)))
        if line.startswith(number):
            self._lines.keep(key, line[len(number) :])
        return line

    def miss(self, pick: LetterPick, *, is_first: bool) -> Row:
        """A paper that did not come near enough."""
        work, matches = self._work(pick.text), pick.pick.matches
        why, total = self._why(self._near_reasons, pick), self._near_reasons.sum(pick.pick.score, matches)
        title, _, listed = marks(matches)
        key = ("miss", Extent.TITLE, bool(matches), listed, is_first, "", False, 0)
        found = work.ways.get(key) or self._kept(work, pick, key)
        html = found.html.parts(b"", why.html, work.title.marked(title, self._mark), total.html, b"", b"")
        return html, _text(found, encoded(wrapped(why.text)), total, b"")

    def read(self, pick: LetterPick, *, is_first: bool) -> Row:
        """A paper that others read."""
        work = self._work(pick.text)
        key = ("read", Extent.TITLE, False, (), is_first, "", False, pick.popularity.upvotes)
        found = work.ways.get(key) or self._kept(work, pick, key)
        html = found.html.parts(b"", b"", work.title.marked((), self._mark), b"", b"", b"")
        return html, found.text.parts(b"", b"", b"")

    def line(self, pick: LetterPick, rank: int) -> Pair:
        """A line of the contents."""
        work = self._work(pick.text)
        return work.lines.get(rank) or work.lines.keep(rank, self._line(replace(pick, text=work.text), rank))

    def _why(self, reasons: Reasons, pick: LetterPick) -> Said:
        """The reader's reasons; where there are none, how many people read the paper."""
        return reasons.sentence(pick.pick.matches) if pick.pick.matches else said(votes_of(pick, self._templates.words))

    def _kept(self, work: _Work, pick: LetterPick, key: _Key) -> _Set:
        way = _Way(*key)
        if way.extent not in work.abstracts:
            work.abstracts[way.extent] = Markable(*abstract_of(work.text, way.extent))
        return work.ways.keep(key, self._set(replace(pick, text=work.text), way))

    def _work(self, text: ItemText) -> _Work:
        """What was set of this text. Its number is only where to look: previews number their own papers."""
        key = (text.item, text.revision)
        work = self._works.get(key)
        if work is None or (work.found is not text and work.found != text):
            return self._works.keep(key, _work_of(text))
        return work

    # --- once for each text and way ---

    def _set(self, pick: LetterPick, way: _Way) -> _Set:
        shown = self._paper(pick, way)
        text = self._text(shown, way)
        where = self._templates.text_part("byline" if way.macro == "miss" else "place", shown)
        line = Sentence(where, ("sum",))
        return _Set(
            html=Pattern(self._html(shown, way), _IN_HTML, is_row=True),
            text=Pattern(text.replace(slot("where"), where), _IN_TEXT, is_row=True),
            room=COLUMNS - width(line.filled("")),
            wrapped_text=Pattern(text, _IN_WRAPPED_TEXT, is_row=True),
            where=line,
        )

    def _paper(self, pick: LetterPick, way: _Way) -> Paper:
        """The paper with slots for the sum and for where it can be acted on."""
        listed = replace(pick, pick=Pick(item=0, revision=0, score=0, matches=way.listed))
        words, is_miss = self._templates.words, way.macro == "miss"
        shown = paper(0, listed, words, way.extent, slot("acting") if way.can_act else None, is_miss=is_miss)
        total = slot("sum") if way.has_reasons else ""
        return replace(shown, notes=notes_of(pick.text, total, words, is_miss=is_miss))

    def _html(self, shown: Paper, way: _Way) -> str:
        title = (Piece(slot("title")),) if shown.title else ()
        abstract = (Piece(slot("abstract")),) if shown.abstract else ()
        shown = replace(shown, rank=slot("rank"), title=title, abstract=abstract)
        if way.macro == "read":
            return self._templates.html_part("read", shown, way.is_first)
        heading = [way.heading] if way.macro == "item" else []
        return self._templates.html_part(way.macro, shown, slot("why"), *heading, way.is_first)

    def _text(self, shown: Paper, way: _Way) -> str:
        if way.macro == "read":
            return self._templates.text_part("read", shown)
        is_first = [way.is_first] if way.macro == "item" else []
        return self._templates.text_part(way.macro, shown, slot("why"), slot("where"), *is_first)

    def _line(self, pick: LetterPick, rank: int) -> Pair:
        shown = paper(rank, pick, self._templates.words, Extent.TITLE, None)
        parts = (self._templates.html_part("contents_line", shown), self._templates.text_part("contents_line", shown))
        html, text = (Pattern(part, is_row=True).filled() for part in parts)
        return html, text


def _work_of(found: ItemText) -> _Work:
    text = plain(found)
    return _Work(found, text, Markable(*title_of(text)))


def _text(found: _Set, line: bytes, total: Said, acting: bytes) -> Sequence[bytes]:
    """The row in the text. A sum is made of digits and signs: nothing in it is wide, or escaped in HTML."""
    if len(total.text) <= found.room:
        return found.text.parts(line, total.html, acting)
    return found.wrapped_text.parts(line, encoded(wrapped(found.where.filled(total.text))), acting)
