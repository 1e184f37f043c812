"""One paper of a letter: which words, names, numbers and links of it are printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from digest.letter.cutting import at_word, excerpt, short_title
from digest.letter.links import page, pdf_address, web_address
from digest.letter.marks import Piece, listed, pieces, spans
from digest.letter.view import Form, Link, Paper, Phrase, Reason
from digest.letter.words import Words
from digest.model import Field, Letter, LetterPick, Match, Site

_FULL_ABSTRACT = 3_000  # characters, as are the next ones; arXiv allows 1,920
_EXCERPT = 330
_TITLE = 300
_NAME = 80
_PHRASE = 60
_UNIT = re.compile(r"(?<=\d) (?=(?:%|°C?|[nμµmk]?[smgVWJ]|[kMGT]?(?:B|Hz|eV|bit))(?!\w))")
_REASONS = 3  # named in a reason line
_AUTHORS = 3  # named in a by-line


def paper(rank: int, pick: LetterPick, letter: Letter, site: Site, words: Words, form: Form, *, standing: int) -> Paper:
    """The paper as it is printed at this rank; `standing` is its place by score, which may stand in another section."""
    text, matches = pick.text, _ordered(pick.pick.matches)
    title = at_word(text.title, _TITLE)
    authors, more = _authors(pick)
    return Paper(
        rank=rank,
        short_title=short_title(title),
        title=pieces(title, _uncut(spans(matches, Field.TITLE), title, text.title)),
        url=web_address(text.url),
        reason=_reason(matches, words) if matches else None,
        authors=authors,
        authors_more=words.say("authors_more", more) if more else "",
        place=words.place(urlsplit(web_address(text.url) or "").hostname, at_word(text.source, _NAME)),
        categories=_categories(pick),
        notes=_notes(pick, matches, words),
        votes=words.say("votes", pick.popularity.upvotes) if pick.popularity.upvotes > 0 else "",
        abstract=_abstract(standing, pick, form),
        links=_links(rank, pick, letter, site, words),
    )


def phrase_of(match: Match) -> str:
    """The reader's words that occur, which may be fewer than the interest has."""
    return at_word(" ".join(match.words) or match.interest, _PHRASE)


def tenths(points: int) -> str:
    """Points as letters show them: 92 reads 9.2."""
    return f"{points // 10}.{points % 10}"


def _ordered(matches: Sequence[Match]) -> tuple[Match, ...]:
    """What speaks for the paper first, then what speaks against it."""
    return tuple(sorted(matches, key=lambda match: match.points < 0))


def _reason(matches: Sequence[Match], words: Words) -> Reason:
    follows = [Phrase(phrase_of(match)) for match in matches if match.points >= 0]
    less = [Phrase(phrase_of(match)) for match in matches if match.points < 0]
    more = [words.say("plus_more", len(group) - _REASONS) if len(group) > _REASONS else "" for group in (follows, less)]
    return Reason(tuple(follows[:_REASONS]), more[0], tuple(less[:_REASONS]), more[1])


def _notes(pick: LetterPick, matches: Sequence[Match], words: Words) -> tuple[str, ...]:
    notes = [words.say("revised")] if (pick.text.version or 1) > 1 else []
    return (*notes, words.say("score", sum=_sum(pick.pick.score, matches))) if matches else tuple(notes)


def _sum(score: int, matches: Sequence[Match]) -> str:
    """The score and its addends in the order of the reasons; those that the reason line only counts come as one."""
    groups = ([m.points for m in matches if m.points >= 0], [m.points for m in matches if m.points < 0])
    addends = [points for group in groups for points in (*group[:_REASONS], *_rest(group))]
    if len(addends) < 2:
        return _signed(score)
    first, *others = addends
    shown = "".join(f" {'−' if points < 0 else '+'}\u00a0{tenths(abs(points))}" for points in others)
    return f"{_signed(score)} = {_signed(first)}{shown}"


def _rest(group: Sequence[int]) -> list[int]:
    return [sum(group[_REASONS:])] if len(group) > _REASONS else []


def _signed(points: int) -> str:
    return ("−" if points < 0 else "") + tenths(abs(points))


def _authors(pick: LetterPick) -> tuple[tuple[tuple[Piece, ...], ...], int]:
    """Up to three names in the order of the paper, those the reader follows among them; and how many more there are."""
    names = listed(pick.text.authors, spans(pick.pick.matches, Field.AUTHOR))
    followed_first = sorted(range(len(names)), key=lambda at: not names[at][1])
    shown = [(name, marks) for name, marks in (names[at] for at in sorted(followed_first[:_AUTHORS])) if name.strip()]
    return tuple(_author(name, marks) for name, marks in shown), len(names) - len(shown)


def _author(name: str, marks: list[tuple[int, int]]) -> tuple[Piece, ...]:
    cut = at_word(name, _NAME)
    return pieces(cut, _uncut(marks, cut, name))


def _categories(pick: LetterPick) -> tuple[tuple[Piece, ...], ...]:
    """The first category, and any that the reader follows."""
    named = listed(pick.text.categories, spans(pick.pick.matches, Field.CATEGORY))
    shown = [each for at, each in enumerate(named) if at == 0 or each[1]][:_AUTHORS]
    return tuple(pieces(at_word(name, _NAME), marks) for name, marks in shown if name.strip())


def _bound(text: str) -> str:
    """The text with its numbers bound to their units, so that no line breaks between them; the length stays."""
    return _UNIT.sub("\u00a0", text)


def _abstract(standing: int, pick: LetterPick, form: Form) -> tuple[Piece, ...]:
    if standing > form.full + form.excerpts:
        return ()
    whole = _bound(pick.text.abstract)
    cut = excerpt(whole, _FULL_ABSTRACT if standing <= form.full else _EXCERPT)
    return pieces(cut, _uncut(spans(pick.pick.matches, Field.ABSTRACT), cut, whole))


def _uncut(marks: list[tuple[int, int]], cut: str, whole: str) -> list[tuple[int, int]]:
    """The marks that a cut has left whole: those before the "…" that it may have put in."""
    kept = len(cut) if whole.startswith(cut) else len(cut) - 1
    return [(start, end) for start, end in marks if end <= kept]


def _links(rank: int, pick: LetterPick, letter: Letter, site: Site, words: Words) -> tuple[Link, ...]:
    title = short_title(pick.text.title)
    url = web_address(pick.text.url)
    found = [("abstract", url), ("pdf", web_address(pdf_address(url))), ("code", web_address(pick.text.code_url))]
    links = [Link(words.say(key), to) for key, to in found if to]
    if site.is_public and letter.token is not None:
        for key, label in (("more", "more_like"), ("less", "less_like")):
            to = page(site, "l", letter.token, rank, key)
            links.append(Link(words.say(key), to, words.say(label, title=title), is_quiet=True))
    return tuple(links)
