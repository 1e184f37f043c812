"""The order of a letter: what comes first, what is grouped, what is only counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from digest.letter import frame
from digest.letter.cutting import at_word
from digest.letter.links import acting_address
from digest.letter.paper import paper, tenths
from digest.letter.plain import plain
from digest.letter.view import Extent, Form, Paper, Section, View
from digest.letter.words import Words
from digest.model import Letter, LetterPick, Site

CONTENTS = 5  #: lines
FEWEST_WITH_CONTENTS = 4  #: papers
MISSES = 3
NAME = 80  #: characters of a name, ours or a topic's
_TITLE, _EXCERPT, _WHOLE = Extent


def lay_out(letter: Letter, site: Site, words: Words, form: Form) -> View:
    """What the letter shows in this form; the texts are already plain."""
    best = frame.main_picks(letter)
    base = acting_address(site, letter.token)
    papers = tuple(
        paper(rank, pick, words, extent, f"{base}/{rank}" if base else None)
        for rank, (pick, extent) in enumerate(zip(best, extents(best, form), strict=True), 1)
    )
    shown = papers[: form.shown]
    contents = shown if len(shown) >= FEWEST_WITH_CONTENTS else ()
    hidden = left_out(letter, form)
    return View(
        site_name=at_word(site.name, NAME),
        leave=frame.leave(letter, site, words),
        headline=frame.headline(letter, words, len(best)),
        lead=frame.lead(letter, words),
        preheader=frame.preheader(letter, words),
        notices=frame.notices(letter, words),
        vouched=frame.vouched(letter, words),
        contents=contents[:CONTENTS],
        contents_more=words.say("more_below", len(contents) - CONTENTS) if len(contents) > CONTENTS else "",
        sections=_sections(best, shown, words),
        misses=_misses(letter, words),
        left_out=words.say("left_out", hidden) if hidden else "",
        trending=tuple(
            paper(rank, _unmarked(pick), words, Extent.TITLE, None)
            for rank, pick in enumerate(also_read(letter)[: form.trending], len(best) + 1)
        ),
        footer_links=frame.footer_links(letter, site, words),
        footer=(words.goes_to(letter.recipient, letter.days, letter.send_at), *frame.footer(letter, site, words)),
    )


def extents(picks: Sequence[LetterPick], form: Form) -> list[Extent]:
    """How much is printed of each pick: most of those with the highest scores, which may stand in later sections."""
    scores = [pick.pick.score for pick in picks]
    best_first = sorted(range(len(picks)), key=scores.__getitem__, reverse=True)
    has_rest = form.full + form.excerpts < len(picks)
    found = [_TITLE if has_rest else _EXCERPT] * len(picks)
    for at in best_first[: form.full]:
        found[at] = _WHOLE
    for at in best_first[form.full : form.full + form.excerpts] if has_rest else ():
        found[at] = _EXCERPT
    return found


def also_read(letter: Letter) -> tuple[LetterPick, ...]:
    """What others read, where it does not make up the letter itself."""
    return letter.trending if letter.has_interests else ()


def _unmarked(pick: LetterPick) -> LetterPick:
    """A paper that is not there for its reader's words."""
    return replace(pick, pick=replace(pick.pick, matches=()))


def left_out(letter: Letter, form: Form) -> int:
    """How many papers this form only counts."""
    picks, extra = len(frame.main_picks(letter)), len(also_read(letter))
    return max(picks - form.shown, 0) + max(extra - form.trending, 0)


def near_misses(letter: Letter) -> tuple[LetterPick, ...]:
    """The nearest papers, in the letter of a day on which none was near enough."""
    return letter.misses[:MISSES] if not frame.main_picks(letter) else ()


def _misses(letter: Letter, words: Words) -> Section | None:
    picks = near_misses(letter)
    papers = tuple(paper(rank, pick, words, Extent.TITLE, None, is_miss=True) for rank, pick in enumerate(picks, 1))
    return Section(*misses_head(letter, words), papers) if papers else None


def misses_head(letter: Letter, words: Words) -> tuple[str, str]:
    """The name of the section of near misses, and beside it what a paper needed."""
    return words.say("nearest", len(near_misses(letter))), words.say("your_line", points=tenths(letter.line))


def _sections(picks: Sequence[LetterPick], shown: Sequence[Paper], words: Words) -> tuple[Section, ...]:
    """The papers by topic, as they come; all under one nameless head if there is one."""
    topics = [pick.pick.topic for pick in picks[: len(shown)]]
    if not has_heads(topics):
        return (Section("", "", tuple(shown)),) if shown else ()
    by_topic = groupby(zip(topics, shown, strict=True), key=lambda each: each[0])
    return tuple(_section(topic, tuple(paper for _, paper in papers), words) for topic, papers in by_topic)


def _section(topic: str | None, papers: tuple[Paper, ...], words: Words) -> Section:
    return Section(*section_head(topic, len(papers), words), papers)


def has_heads(topics: Sequence[str | None]) -> bool:
    """Whether the papers of these topics stand in sections with names."""
    return len(set(topics)) > 1


def section_head(topic: str | None, count: int, words: Words) -> tuple[str, str]:
    """The name of a section, and beside it how many papers it has."""
    return at_word(plain(topic), NAME) if topic else words.say("no_topic"), words.say("papers", count)
