"""One paper of a letter: which words, names, numbers and links of it are printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from digest.letter.cutting import at_word, excerpt, short_title
from digest.letter.links import pdf_address, web_address
from digest.letter.marks import Piece, Span, listed, pieces, spans
from digest.letter.plain import plain
from digest.letter.view import Extent, Link, Paper, Phrase, Reason
from digest.letter.words import Words
from digest.model import Field, ItemText, LetterPick, Match

_FULL_ABSTRACT = 3_000  # characters, as are the next ones; arXiv allows 1,920
_EXCERPT = 330
_TITLE = 300
_NAME = 80
_PHRASE = 60
_PHRASES = 5_000  # kept, since every letter names some for those who only see its beginning
_UNBROKEN = 28
_RELATED = 2  # words that are named beside a phrase
_RELATED_WORD = 20
_UNIT = re.compile(r"(?<=\d) (?=(?:%|°C?|[nμµmk]?[smgVWJ]|[kMGT]?(?:B|Hz|eV|bit))(?!\w))")
REASONS = 3  #: named in a reason line
_AUTHORS = 3  # named in a by-line


def paper(
    rank: int, pick: LetterPick, words: Words, extent: Extent, acting: str | None, *, is_miss: bool = False
) -> Paper:
    """The paper as it is printed at this rank; `acting` is the address under which it can be asked for more or less."""
    text, matches = pick.text, pick.pick.matches
    title, abstract = title_of(text), abstract_of(text, extent)
    authors, more = _authors(pick)
    return Paper(
        rank=rank,
        short_title=short_title(title.shown),
        title=pieces(title.shown, title.uncut(spans(matches, Field.TITLE))),
        url=web_address(text.url),
        reason=_reason(matches, words, is_miss=is_miss) if matches else None,
        authors=authors,
        authors_more=words.say("authors_more", more) if more else "",
        place=words.place(urlsplit(web_address(text.url) or "").hostname, at_word(text.source, _NAME)),
        categories=_categories(pick),
        notes=notes_of(text, sum_of(pick.pick.score, [match.points for match in matches]), words, is_miss=is_miss),
        votes=votes_of(pick, words),
        abstract=pieces(abstract.shown, abstract.uncut(spans(matches, Field.ABSTRACT))),
        links=_links(text, acting, words) if not is_miss else (),
    )


class Cut(NamedTuple):
    """The beginning of a text, and how many of its characters are as they were."""

    shown: str
    kept: int

    def uncut(self, marks: Iterable[Span]) -> list[Span]:
        """The marks that the cut has left whole."""
        return [(start, end) for start, end in marks if end <= self.kept]


def title_of(text: ItemText) -> Cut:
    """The title as far as it is printed."""
    return _cut(at_word(text.title, _TITLE), text.title)


def abstract_of(text: ItemText, extent: Extent) -> Cut:
    """The abstract as far as it is printed."""
    if extent is Extent.TITLE:
        return Cut("", 0)
    whole = _bound(text.abstract)
    return _cut(excerpt(whole, _FULL_ABSTRACT if extent is Extent.WHOLE else _EXCERPT), whole)


def _cut(shown: str, whole: str) -> Cut:
    return Cut(shown, len(shown) if whole.startswith(shown) else len(shown) - 1)  # without the "…"


def votes_of(pick: LetterPick, words: Words) -> str:
    """How many people read it; "" for nobody."""
    return words.say("votes", pick.popularity.upvotes) if pick.popularity.upvotes > 0 else ""


def phrase_of(match: Match) -> str:
    """The reader's words that occur, which may be fewer than the interest has."""
    return _phrase(match.words, match.interest)


@lru_cache(maxsize=_PHRASES)
def _phrase(words: tuple[str, ...], interest: str) -> str:
    return at_word(" ".join(plain(" ".join(words) or interest).split()), _PHRASE)


def tenths(points: int) -> str:
    """Points as letters show them: 92 reads 9.2."""
    return f"{points // 10}.{points % 10}"


def phrase_in(match: Match, words: Words) -> Phrase:
    """The reader's phrase as a reason line names it, with the words of the paper that stood in for it."""
    said = phrase_of(match)
    related = [at_word(word, _RELATED_WORD) for word in match.related[:_RELATED]]
    aside = words.say("with_words", words=", ".join(related)) if related else ""
    return Phrase(said, len(said) <= _UNBROKEN, aside)


def _reason(matches: Sequence[Match], words: Words, *, is_miss: bool) -> Reason:
    follows = [phrase_in(match, words) for match in matches if match.points >= 0]
    less = [phrase_in(match, words) for match in matches if match.points < 0]
    return reason_of(follows, less, words, is_miss=is_miss)


def reason_of(follows: Sequence[Phrase | str], less: Sequence[Phrase | str], words: Words, *, is_miss: bool) -> Reason:
    """The sentence about these phrases; of each group three are named and the rest is counted."""
    more = [words.say("plus_more", len(group) - REASONS) if len(group) > REASONS else "" for group in (follows, less)]
    opening = words.say("a_little_of" if is_miss else "you_follow")
    return Reason(opening, tuple(follows[:REASONS]), more[0], tuple(less[:REASONS]), more[1])


def notes_of(text: ItemText, total: str, words: Words, *, is_miss: bool) -> tuple[str, ...]:
    """What stands after the place of a paper; `total` is its score as a sum, "" for none."""
    revised = [words.say("revised")] if (text.version or 1) > 1 and not is_miss else []
    return (*revised, words.say("score", sum=total)) if total else tuple(revised)


def sum_of(score: int, points: Sequence[int]) -> str:
    """The score and its addends in the order of the reasons; those that the reason line only counts come as one.

    "" for a paper that is there for no reason of the reader's.
    """
    if len(points) < 2:
        return _signed(score) if points else ""
    first, *others = _addends(points)
    shown = "".join([f" {'−' if each < 0 else '+'}\u00a0{tenths(abs(each))}" for each in others])
    return f"{_signed(score)} = {_signed(first)}{shown}"


def _addends(points: Sequence[int]) -> Sequence[int]:
    if len(points) <= REASONS and min(points) >= 0:
        return points
    groups = ([each for each in points if each >= 0], [each for each in points if each < 0])
    return [each for group in groups for each in (*group[:REASONS], *_rest(group))]


def _rest(group: Sequence[int]) -> list[int]:
    return [sum(group[REASONS:])] if len(group) > REASONS else []


def _signed(points: int) -> str:
    return ("−" if points < 0 else "") + tenths(abs(points))


def _authors(pick: LetterPick) -> tuple[tuple[tuple[Piece, ...], ...], int]:
    """Up to three names in the order of the paper, those the reader follows among them; and how many more there are."""
    names = listed(pick.text.authors, spans(pick.pick.matches, Field.AUTHOR))
    followed_first = sorted(range(len(names)), key=lambda at: not names[at][1])
    shown = [(name, marks) for name, marks in (names[at] for at in sorted(followed_first[:_AUTHORS])) if name.strip()]
    return tuple(_author(name, marks) for name, marks in shown), len(names) - len(shown)


def _author(name: str, marks: list[Span]) -> tuple[Piece, ...]:
    cut = _cut(at_word(name, _NAME), name)
    return pieces(cut.shown, cut.uncut(marks))


def _categories(pick: LetterPick) -> tuple[tuple[Piece, ...], ...]:
    """The first category, and any that the reader follows."""
    named = listed(pick.text.categories, spans(pick.pick.matches, Field.CATEGORY))
    shown = [each for at, each in enumerate(named) if at == 0 or each[1]][:_AUTHORS]
    return tuple(pieces(at_word(name, _NAME), marks) for name, marks in shown if name.strip())


def _bound(text: str) -> str:
    """The text with its numbers bound to their units, so that no line breaks between them; the length stays."""
    return _UNIT.sub("\u00a0", text)


def _links(text: ItemText, acting: str | None, words: Words) -> tuple[Link, ...]:
    title = short_title(text.title)
    url = web_address(text.url)
    found = [("abstract", url), ("pdf", web_address(pdf_address(url))), ("code", web_address(text.code_url))]
    links = [Link(words.say(key), to) for key, to in found if to]
    if acting is not None:
        for key, label in (("more", "more_like"), ("less", "less_like")):
            links.append(Link(words.say(key), f"{acting}/{key}", words.say(label, title=title), is_quiet=True))
    return tuple(links)
