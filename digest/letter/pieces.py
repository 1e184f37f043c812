"""How the press sets a letter: rows that were set once, joined for each reader as bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import escape

from digest.letter import frame, layout
from digest.letter.addressed import Addressed, set_paragraph
from digest.letter.cache import Cache
from digest.letter.columns import wrapped
from digest.letter.cutting import at_word
from digest.letter.links import acting_address
from digest.letter.quoted import encoded
from digest.letter.rows import Row, Rows
from digest.letter.slots import Pattern, Sentence, slot
from digest.letter.templates import Templates
from digest.letter.view import Extent, Form, Link, View
from digest.letter.works import Pair
from digest.model import Letter, LetterPick, Site

_SENTENCES = 2_000
_SHELLS = 50
_HEAD = ("name", "note", "title")
_QUOTED_TOKEN = quote(slot("token"), safe="")
_NOTHING = (b"", b"")
_EMAIL = slot("email")


_Patterns = tuple[Pattern, Pattern]  # of the HTML and of the text


class _Shape(NamedTuple):
    """What stands around the rows of a letter, but for its words."""

    has_token: bool
    is_vouched: bool
    paragraphs: int  #: of the footer, after the first


class _Sentences(NamedTuple):
    """What a letter says beside its papers and to more than one reader."""

    notices: list[Row]
    around: tuple[Pair, ...]  #: headline, lead and the footer after its first paragraph
    goes_to: Addressed  #: that first paragraph
    vouched: Addressed | None
    paragraphs: int  #: after it


class Pieces:
    """Letters of one site in one language.

    It asks the same templates as the reference, once, with slots for what is not known yet. So it can only follow
    templates that print what they are given: one that asks what a slot holds comes out differently, or fails.
    """

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._templates = templates
        self._rows = Rows(templates)
        self._said: Cache[tuple[str, int], Pair] = Cache(_SENTENCES)
        self._shared: Cache[tuple[object, ...], _Sentences] = Cache(_SENTENCES)
        self._paragraphs: Cache[str, Pair] = Cache(_SENTENCES)
        self._because: Cache[tuple[tuple[str, ...], int], Pair] = Cache(_SENTENCES)
        self._shells: Cache[tuple[bool, bool, int], tuple[_Patterns, _Patterns]] = Cache(_SHELLS)
        self._notice = self._printed(("notice", slot("sentence")), ("sentence",))
        self._contents = self._printed(("contents", slot("lines"), ""), ("lines",))
        self._longer_contents = self._printed(("contents", slot("lines"), slot("more")), ("lines", "more"))
        self._nameless_head = _filled(self._printed(("nameless_head",), ()))
        self._head = (
            Pattern(templates.html_part("section_head", slot("name"), slot("note")), _HEAD, is_row=True),
            Pattern(templates.text_part("section_head", slot("title")), _HEAD, is_row=True),
        )
        title = templates.text_part("section_title", slot("name"), slot("note"))
        self._title = Sentence(title, ("name", "note"))
        self._heads: Cache[tuple[str | None, int], Row] = Cache(_SENTENCES)
        self._trending_head = self._head_of(templates.words.say("trending"), templates.words.say("trending_note"))
        self._acting = self._addressed(acting_address(site, slot("token")))

    def set(self, letter: Letter, subject: str, form: Form) -> Pair:
        """HTML and text of the letter in this form, encoded."""
        return _joined(self.parts(letter, subject, form))

    def parts(self, letter: Letter, subject: str, form: Form) -> Row:
        """The same, not yet joined."""
        token = encoded(quote(letter.token, safe="")) if letter.token is not None else b""
        before, notices, after = self._framed(letter, subject, token)
        html, text = list(before[0]), list(before[1])
        for row in (*notices, *self._body(letter, token, form), after):
            html += row[0]
            text += row[1]
        return html, text

    # --- rows, in the order of the letter ---

    def _body(self, letter: Letter, token: bytes, form: Form) -> Iterator[Row]:
        picks = frame.main_picks(letter)
        shown = picks[: form.shown]
        if len(shown) >= layout.FEWEST_WITH_CONTENTS:
            yield self._listed(shown)
        yield from self._papers(shown, layout.extents(picks, form), letter, token)
        if misses := layout.near_misses(letter):
            yield self._head_of(*layout.misses_head(letter, self._templates.words))
            yield from (self._rows.miss(pick, is_first=pick is misses[0]) for pick in misses)
        if hidden := layout.left_out(letter, form):
            yield _filled(self._notice, self._say("left_out", hidden))
        if read := layout.also_read(letter)[: form.trending]:
            yield self._trending_head
            yield from (self._rows.read(pick, is_first=pick is read[0]) for pick in read)

    def _listed(self, picks: Sequence[LetterPick]) -> Row:
        """The contents."""
        lines = [self._rows.line(pick, rank) for rank, pick in enumerate(picks[: layout.CONTENTS], 1)]
        joined = b"".join([line[0] for line in lines]), b"".join([line[1] for line in lines])
        hidden = len(picks) - layout.CONTENTS
        if hidden <= 0:
            return _filled(self._contents, joined)
        return _filled(self._longer_contents, joined, self._say("more_below", hidden))

    def _papers(
        self, picks: Sequence[LetterPick], extents: Sequence[Extent], letter: Letter, token: bytes
    ) -> Iterator[Row]:
        topics = [pick.pick.topic for pick in picks]
        has_heads = layout.has_heads(topics)
        acting = _joined(_filled(self._acting, (token, token))) if self._acting and letter.token is not None else None
        rank = 0
        for topic, count in _runs(topics) if has_heads else [(None, len(picks))] * bool(picks):
            yield self._section(topic, count) if has_heads else self._nameless_head
            end = rank + count
            yield self._rows.items(picks[rank:end], extents[rank:end], rank + 1, "h3" if has_heads else "h2", acting)
            rank = end

    def _section(self, topic: str | None, count: int) -> Row:
        key = (topic, count)
        head = layout.section_head
        return self._heads.get(key) or self._heads.keep(key, self._head_of(*head(topic, count, self._templates.words)))

    def _head_of(self, name: str, note: str) -> Row:
        title = encoded(wrapped(self._title.filled(name, note)))
        return _filled(self._head, set_paragraph(name), set_paragraph(note), (b"", title))

    # --- what stands around them ---

    def _framed(self, letter: Letter, subject: str, token: bytes) -> tuple[Row, list[Row], Row]:
        """What stands before the rows, the notices that come first among them, and what stands after them."""
        sentences = self._sentences(letter)
        vouched, goes_to = sentences.vouched, sentences.goes_to.to(letter.recipient)
        own = self._paragraph(subject), self._preheader(letter), vouched.to(letter.recipient) if vouched else _NOTHING
        html, text = zip(*own, goes_to, (token, token), *sentences.around, strict=True)
        shape = (letter.token is not None, vouched is not None, sentences.paragraphs)
        before, after = self._shells.get(shape) or self._shells.keep(shape, self._shell(letter, _Shape(*shape)))
        return (
            (before[0].parts(*html), before[1].parts(*text)),
            sentences.notices,
            (after[0].parts(*html), after[1].parts(*text)),
        )

    def _paragraph(self, said: str) -> Pair:
        return self._paragraphs.get(said) or self._paragraphs.keep(said, set_paragraph(said))

    def _preheader(self, letter: Letter) -> Pair:
        """Why the letter came. Most readers who follow the same phrases are told the same."""
        phrases, words = frame.phrases(letter), self._templates.words
        if not phrases:
            return self._paragraph(frame.preheader(letter, words))
        key = (phrases, frame.others(letter))
        return self._because.get(key) or self._because.keep(key, set_paragraph(frame.because(*key, words)))

    def _sentences(self, letter: Letter) -> _Sentences:
        """What this letter says to everybody of whom the same is true."""
        key = (
            letter.day, letter.since, letter.considered, len(letter.picks), len(letter.trending), letter.has_interests,
            letter.is_first, letter.vouched_by, letter.is_sample, letter.is_test, letter.days, letter.send_at,
            letter.unread, letter.attributions,
        )  # fmt: skip
        return self._shared.get(key) or self._shared.keep(key, self._say_all(letter))

    def _say_all(self, letter: Letter) -> _Sentences:
        words, count = self._templates.words, len(frame.main_picks(letter))
        notices = [_filled(self._notice, set_paragraph(sentence)) for sentence in frame.notices(letter, words)]
        footer = frame.footer(letter, self._site, words)
        around = (frame.headline(letter, words, count), frame.lead(letter, words), *footer)
        vouched = frame.vouched(replace(letter, recipient=_EMAIL), words)
        return _Sentences(
            notices=notices,
            around=tuple(map(set_paragraph, around)),
            goes_to=_addressed(words.goes_to(_EMAIL, letter.days, letter.send_at)),
            vouched=_addressed(vouched) if vouched else None,
            paragraphs=len(footer),
        )

    def _shell(self, letter: Letter, shape: _Shape) -> tuple[_Patterns, _Patterns]:
        """What stands before and after the rows of a letter of this shape, for the values of `set`."""
        paragraphs = [f"paragraph{at}" for at in range(shape.paragraphs)]
        names = ["subject", "preheader", "vouched", "goes_to", "token", "headline", "lead", *paragraphs]
        alike, words = replace(letter, token=slot("token") if shape.has_token else None), self._templates.words
        leave = frame.leave(alike, self._site, words)
        view = View(
            site_name=at_word(self._site.name, layout.NAME),
            leave=_unquoted(leave) if leave else None,
            headline=slot("headline"),
            lead=slot("lead"),
            preheader=slot("preheader"),
            vouched=slot("vouched") if shape.is_vouched else "",
            footer_links=tuple(map(_unquoted, frame.footer_links(alike, self._site, words))),
            footer=tuple(map(slot, ("goes_to", *paragraphs))),
        )
        html = self._templates.html_shell(view, slot("subject"), slot("rows")).split(slot("rows"))
        text = self._templates.text_shell(view, slot("rows")).split(slot("rows"))
        before, after = zip(html, text, strict=True)  # a shell that prints its rows not once fails here
        return _patterns(*before, names, is_row=True), _patterns(*after, names, is_row=False)

    def _addressed(self, base: str | None) -> _Patterns | None:
        """The address under which papers can be acted on, up to their rank, for a token."""
        if base is None:
            return None
        url = f"{base.replace(_QUOTED_TOKEN, slot('token'))}/"
        return _patterns(str(escape(url)), url, ("token",))

    def _say(self, key: str, n: int) -> Pair:
        """A sentence that many letters say."""
        return self._said.get((key, n)) or self._said.keep((key, n), set_paragraph(self._templates.words.say(key, n)))

    def _printed(self, macro: tuple[Any, ...], names: Sequence[str] = ()) -> _Patterns:
        return _patterns(self._templates.html_part(*macro), self._templates.text_part(*macro), names)


def _patterns(html: str, text: str, names: Sequence[str], *, is_row: bool = True) -> _Patterns:
    return Pattern(html, names, is_row=is_row), Pattern(text, names, is_row=is_row)


def _addressed(sentence: str) -> Addressed:
    return Addressed(Sentence(sentence, ("email",)))


def _filled(patterns: _Patterns, *values: Pair) -> Row:
    html, text = zip(*values, strict=True) if values else ((), ())
    return patterns[0].parts(*html), patterns[1].parts(*text)


def _joined(row: Row) -> Pair:
    return b"".join(row[0]), b"".join(row[1])


def _runs(topics: Sequence[str | None]) -> Iterator[tuple[str | None, int]]:
    """Each topic with how many of its papers stand together."""
    return ((topic, len(list(papers))) for topic, papers in groupby(topics))


def _unquoted(link: Link) -> Link:
    """The link with the slot for a token that has been quoted like a token."""
    return replace(link, url=link.url.replace(_QUOTED_TOKEN, slot("token")))
