"""Papers as the templates print them: rendered, escaped and encoded once for each text and way of printing it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from digest.letter.cache import Cache
from digest.letter.columns import COLUMNS, width
from digest.letter.marks import Piece
from digest.letter.paper import abstract_of, notes_of, paper, title_of
from digest.letter.plain import plain
from digest.letter.quoted import Markable
from digest.letter.slots import Pattern, Sentence, slot
from digest.letter.templates import Templates
from digest.letter.view import Extent, Paper
from digest.model import ItemText, LetterPick, Match, Pick

_WORKS = 500
_WAYS = 40  # of printing one work; three extents in two kinds of section, first or not, are twelve

_IN_HTML = ("why", "title", "sum", "abstract", "rank", "acting")
_IN_TEXT = ("sum", "why", "acting")
_IN_WRAPPED_TEXT = ("where", "why", "acting")

Pair = tuple[bytes, bytes]  #: the same in the HTML and in the text, encoded


class Way(NamedTuple):
    """What decides how a paper is printed, beside its words and what is its reader's."""

    macro: str  #: item, miss or read
    extent: Extent = Extent.TITLE
    is_first: bool = False
    heading: str = ""
    can_act: bool = False  #: it can be asked for more or less
    has_reasons: bool = False
    listed: tuple[Match, ...] = ()  #: matches in names and categories
    upvotes: int = 0


class Setting(NamedTuple):
    """A paper printed in one way, but for what is its reader's."""

    html: Pattern  #: for reason, title, sum, abstract, rank and address
    text: Pattern  #: for sum, reason and address
    room: int  #: columns for the sum
    wrapped_text: Pattern  #: for the line with a sum that needs more, reason and address
    where: Sentence  #: that line


@dataclass(frozen=True, slots=True)
class Work:
    """All that was set of one text; `found` as it came, `text` plain."""

    found: ItemText
    text: ItemText
    title: Markable
    abstracts: dict[Extent, Markable] = field(default_factory=dict)
    ways: Cache[Way, Setting] = field(default_factory=lambda: Cache(_WAYS))
    lines: Cache[int, Pair] = field(default_factory=lambda: Cache(_WAYS))  #: {rank: its line of the contents}


class Works:
    """Papers in one language."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._works: Cache[tuple[int, int], Work] = Cache(_WORKS)

    def of(self, text: ItemText) -> Work:
        """What was set of this text. Its number is only where to look: previews number their own papers."""
        key = (text.item, text.revision)
        work = self._works.get(key)
        if work is None or (work.found is not text and work.found != text):
            return self._works.keep(key, _work_of(text))
        return work

    def setting(self, work: Work, pick: LetterPick, way: Way) -> Setting:
        """The paper printed in this way."""
        return work.ways.get(way) or work.ways.keep(way, self._set(replace(pick, text=work.text), way))

    def abstract(self, work: Work, extent: Extent) -> Markable:
        """Its abstract, as far as it is printed."""
        if extent not in work.abstracts:
            work.abstracts[extent] = Markable(*abstract_of(work.text, extent))
        return work.abstracts[extent]

    def line(self, work: Work, pick: LetterPick, rank: int) -> Pair:
        """Its line of the contents."""
        return work.lines.get(rank) or work.lines.keep(rank, self._line(replace(pick, text=work.text), rank))

    # --- once for each text and way ---

    def _set(self, pick: LetterPick, way: Way) -> Setting:
        shown = self._paper(pick, way)
        text = self._text(shown, way)
        where = self._templates.text_part("byline" if way.macro == "miss" else "place", shown)
        line = Sentence(where, ("sum",))
        return Setting(
            html=Pattern(self._html(shown, way), _IN_HTML, is_row=True),
            text=Pattern(text.replace(slot("where"), where), _IN_TEXT, is_row=True),
            room=COLUMNS - width(line.filled("")),
            wrapped_text=Pattern(text, _IN_WRAPPED_TEXT, is_row=True),
            where=line,
        )

    def _paper(self, pick: LetterPick, way: Way) -> Paper:
        """The paper with slots for the sum and for where it can be acted on."""
        listed = replace(pick, pick=Pick(item=0, revision=0, score=0, matches=way.listed))
        words, is_miss = self._templates.words, way.macro == "miss"
        shown = paper(0, listed, words, way.extent, slot("acting") if way.can_act else None, is_miss=is_miss)
        total = slot("sum") if way.has_reasons else ""
        return replace(shown, notes=notes_of(pick.text, total, words, is_miss=is_miss))

    def _html(self, shown: Paper, way: Way) -> str:
        title = (Piece(slot("title")),) if shown.title else ()
        abstract = (Piece(slot("abstract")),) if shown.abstract else ()
        shown = replace(shown, rank=slot("rank"), title=title, abstract=abstract)
        if way.macro == "read":
            return self._templates.html_part("read", shown, way.is_first)
        heading = [way.heading] if way.macro == "item" else []
        return self._templates.html_part(way.macro, shown, slot("why"), *heading, way.is_first)

    def _text(self, shown: Paper, way: Way) -> str:
        if way.macro == "read":
            return self._templates.text_part("read", shown)
        is_first = [way.is_first] if way.macro == "item" else []
        return self._templates.text_part(way.macro, shown, slot("why"), slot("where"), *is_first)

    def _line(self, pick: LetterPick, rank: int) -> Pair:
        shown = paper(rank, pick, self._templates.words, Extent.TITLE, None)
        parts = (self._templates.html_part("contents_line", shown), self._templates.text_part("contents_line", shown))
        html, text = (Pattern(part, is_row=True).filled() for part in parts)
        return html, text


def _work_of(found: ItemText) -> Work:
    text = plain(found)
    return Work(found, text, Markable(*title_of(text)))
