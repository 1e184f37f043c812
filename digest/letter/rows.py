"""The rows of a letter: papers that were printed once, filled in with what a reader's letter says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from digest.letter.cache import Cache
from digest.letter.columns import wrapped
from digest.letter.marks import Piece
from digest.letter.paper import votes_of
from digest.letter.quoted import encoded, tag
from digest.letter.reasons import Reasons, Said, marks, said
from digest.letter.slots import Pattern, Sentence, slot
from digest.letter.templates import Templates
from digest.letter.view import Extent
from digest.letter.works import Pair, Setting, Way, Works
from digest.model import ItemText, LetterPick, Match

_ITEMS = 20_000  # about 1 kB each; what fills most of them is shared with others
_REASONS = 20_000

Row = tuple[Sequence[bytes], Sequence[bytes]]  #: in HTML and text, in parts; joined, it ends at the start of a line


#: parts, and where among them the first and where the second of two values is to be put
_Gapped = tuple[tuple[bytes, ...], tuple[int, ...], tuple[int, ...]]


class _Item(NamedTuple):
    """A paper with a reader's reasons, but for its rank and the address under which it is acted on."""

    found: ItemText  #: the text it was made of
    html: _Gapped  #: for rank and address
    text: _Gapped  #: for the line with rank and reason, and address
    rests: tuple[bytes | None, ...]  #: what follows a rank of one digit in that line, and one of two; or None
    why: str
    matches: tuple[Match, ...]  #: the reasons, kept so that no others can come to stand where they do


class Rows:
    """Rows in one language."""

    def __init__(self, templates: Templates) -> None:
        self._words = templates.words
        self._works = Works(templates)
        self._reasons = Reasons(templates)
        self._near_reasons = Reasons(templates, is_miss=True)
        opening, closing = templates.html_part("marked", (Piece(slot("words"), is_marked=True),)).split(slot("words"))
        self._mark = tag(opening), tag(closing)
        self._items: Cache[tuple[object, ...], _Item] = Cache(_ITEMS)
        self._rests: Cache[str, tuple[bytes | None, ...]] = Cache(_REASONS)
        self._numbered = Sentence(templates.text_part("numbered", slot("rank"), slot("why")), ("rank", "why"))

    def items(
        self, picks: Sequence[LetterPick], extents: Sequence[Extent], rank: int, heading: str, acting: Pair | None
    ) -> Row:
        """The numbered papers of one section, from this rank on.

        `acting` is the address under which this letter's papers can be asked for more or less, up to the rank.
        """
        html: list[bytes] = []
        text: list[bytes] = []
        html_acting, text_acting = acting or (b"", b"")
        is_first, can_act = True, acting is not None
        for pick, extent in zip(picks, extents, strict=True):
            _, in_html, in_text, rests, why, _ = self._item(pick, extent, is_first, heading, can_act)
            number = b"%d" % rank
            rest = rests[rank > 9] if rank < 100 else None
            line = self._numbered_line(rank, why) if rest is None else number + rest
            _fill(html, in_html, number, html_acting + number)
            _fill(text, in_text, line, text_acting + number)
            rank, is_first = rank + 1, False
        return html, text

    def _item(self, pick: LetterPick, extent: Extent, is_first: bool, heading: str, can_act: bool) -> _Item:  # noqa: FBT001
        """The item as it was printed for any reader of whom the same is said.

        Reasons are known by where they stand: readers who share one share the object, as the ledger unpacks it, and
        as long as an item is kept, so are its reasons. To compare what they say would take longer than all else here.
        """
        chosen, text = pick.pick, pick.text
        total = chosen.score if chosen.matches else pick.popularity.upvotes
        key = (text.item, text.revision, total, extent, is_first, heading, can_act, *map(id, chosen.matches))
        item = self._items.get(key)
        if item is None or (item.found is not text and item.found != text):
            way = Way("item", extent, is_first, heading, can_act, bool(chosen.matches))
            return self._items.keep(key, self._made(pick, way))
        return item

    def _made(self, pick: LetterPick, way: Way) -> _Item:
        work, matches = self._works.of(pick.text), pick.pick.matches
        why, total = self._why(self._reasons, pick), self._reasons.sum(pick.pick.score, matches)
        title, abstract, listed = marks(matches)
        setting = self._works.setting(work, pick, way._replace(listed=listed) if listed else way)
        words = self._works.abstract(work, way.extent).marked(abstract, self._mark)
        html = setting.html.parts(why.html, work.title.marked(title, self._mark), total.html, words, b"", b"")
        text, where = _text(setting, total)
        rests = self._rests.get(why.text) or self._rests.keep(why.text, self._rests_of(why.text))
        *_, ranks, html_addresses = setting.html.places
        *_, lines, text_addresses = text.places
        in_text = text.parts(where, b"", b"")
        return _Item(
            found=work.found,
            html=(html, ranks, html_addresses),
            text=(in_text, lines, text_addresses),
            rests=rests,
            why=why.text,
            matches=matches,
        )

    def _numbered_line(self, rank: int, why: str) -> bytes:
        """A reason in the text, after the rank."""
        return encoded(wrapped(self._numbered.filled(str(rank), why)))

    def _rests_of(self, why: str) -> tuple[bytes | None, ...]:
        """What follows a rank of one digit in that line, and one of two; None where the line does not begin with it."""
        lines = [(b"%d" % rank, self._numbered_line(rank, why)) for rank in (1, 10)]
        return tuple([line[len(number) :] if line.startswith(number) else None for number, line in lines])

    def miss(self, pick: LetterPick, *, is_first: bool) -> Row:
        """A paper that did not come near enough."""
        work, matches = self._works.of(pick.text), pick.pick.matches
        why, total = self._why(self._near_reasons, pick), self._near_reasons.sum(pick.pick.score, matches)
        title, _, listed = marks(matches)
        way = Way("miss", is_first=is_first, has_reasons=bool(matches), listed=listed)
        setting = self._works.setting(work, pick, way)
        html = setting.html.parts(why.html, work.title.marked(title, self._mark), total.html, b"", b"", b"")
        text, where = _text(setting, total)
        return html, text.parts(where, encoded(wrapped(why.text)), b"")

    def read(self, pick: LetterPick, *, is_first: bool) -> Row:
        """A paper that others read."""
        work = self._works.of(pick.text)
        setting = self._works.setting(work, pick, Way("read", is_first=is_first, upvotes=pick.popularity.upvotes))
        html = setting.html.parts(b"", work.title.marked((), self._mark), b"", b"", b"", b"")
        return html, setting.text.parts(b"", b"", b"")

    def line(self, pick: LetterPick, rank: int) -> Pair:
        """A line of the contents."""
        return self._works.line(self._works.of(pick.text), pick, rank)

    def _why(self, reasons: Reasons, pick: LetterPick) -> Said:
        """The reader's reasons; where there are none, how many people read the paper."""
        return reasons.sentence(pick.pick.matches) if pick.pick.matches else said(votes_of(pick, self._words))


def _fill(parts: list[bytes], row: _Gapped, one: bytes, other: bytes) -> None:
    """Adds the row with its two values, without a look at the parts that are known."""
    end = len(parts)
    known, first, second = row
    parts += known
    for at in first:
        parts[end + at] = one
    for at in second:
        parts[end + at] = other


def _text(setting: Setting, total: Said) -> tuple[Pattern, bytes]:
    """The row in the text, and its first value. A sum is of digits and signs: none is wide, or escaped in HTML."""
    if len(total.text) <= setting.room:
        return setting.text, total.html
    return setting.wrapped_text, encoded(wrapped(setting.where.filled(total.text)))
