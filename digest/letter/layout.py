"""The order of a letter: what comes first, what is grouped, what is only counted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from digest.letter import frame
from digest.letter.cutting import at_word
from digest.letter.paper import paper
from digest.letter.view import Form, Paper, Section, View
from digest.letter.words import Words
from digest.model import Letter, LetterPick, Site

_TITLE_ALONE = Form(full=0, excerpts=0, shown=0, trending=0)
_CONTENTS = 5  # lines
_FEWEST_WITH_CONTENTS = 4  # papers
_NAME = 80  # characters


def lay_out(letter: Letter, site: Site, words: Words, form: Form) -> View:
    """What the letter shows in this form; the texts are already plain."""
    best = frame.main_picks(letter)
    by_score = sorted(range(len(best)), key=lambda place: -best[place].pick.score)
    papers = tuple(
        paper(rank, pick, letter, site, words, form, standing=by_score.index(rank - 1) + 1)
        for rank, pick in enumerate(best, 1)
    )
    shown = papers[: form.shown]
    extra = letter.trending if letter.has_interests else ()
    hidden = max(len(papers) - form.shown, 0) + max(len(extra) - form.trending, 0)
    contents = shown if len(shown) >= _FEWEST_WITH_CONTENTS else ()
    return View(
        site_name=at_word(site.name, _NAME),
        leave=frame.leave(letter, site, words),
        headline=frame.headline(letter, words, len(best)),
        lead=frame.lead(letter, words),
        preheader=frame.preheader(letter, words),
        notices=frame.notices(letter, words),
        vouched=frame.vouched(letter, words),
        contents=contents[:_CONTENTS],
        contents_more=words.say("more_below", len(contents) - _CONTENTS) if len(contents) > _CONTENTS else "",
        sections=_sections(best, shown, words),
        left_out=words.say("left_out", hidden) if hidden else "",
        trending=tuple(
            paper(rank, pick, letter, site, words, _TITLE_ALONE, standing=rank)
            for rank, pick in enumerate(extra[: form.trending], len(best) + 1)
        ),
        footer_links=frame.footer_links(letter, site, words),
        footer=frame.footer(letter, site, words),
    )


def _sections(picks: Sequence[LetterPick], shown: Sequence[Paper], words: Words) -> tuple[Section, ...]:
    """The papers by topic, as they come; all under one nameless head if there is one."""
    topics = [pick.pick.topic for pick in picks[: len(shown)]]
    if len(set(topics)) < 2:
        return (Section("", "", tuple(shown)),) if shown else ()
    by_topic = groupby(zip(topics, shown, strict=True), key=lambda each: each[0])
    return tuple(_section(topic, tuple(paper for _, paper in papers), words) for topic, papers in by_topic)


def _section(topic: str | None, papers: tuple[Paper, ...], words: Words) -> Section:
    name = at_word(topic, _NAME) if topic else words.say("no_topic")
    return Section(name, words.say("papers", len(papers)), papers)
