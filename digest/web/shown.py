"""Papers and trials as pages print them: the same words and marks as in a letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from digest.letter.paper import paper, tenths
from digest.letter.plain import plain
from digest.letter.view import Extent, Paper
from digest.letter.words import Words
from digest.model import Field, LetterPick, Sign, Strictness
from digest.pipeline.trial import Doubt, Trial, TrialLine

#: of a preview: papers, and how many of them with the beginning of their abstracts
PAPERS, _EXCERPTS = 5, 2


def picks_of(picks: Sequence[LetterPick], words: Words) -> list[Paper]:
    """The first few papers of a letter."""
    return [
        paper(rank, plain(pick), words, Extent.EXCERPT if rank <= _EXCERPTS else Extent.TITLE, None)
        for rank, pick in enumerate(picks[:PAPERS], 1)
    ]


def trial_of(trial: Trial, strictness: Strictness, words: Words) -> dict[str, Any]:
    """What the live preview prints, and what the API tells: plain values."""
    latest = trial.days[-1] if trial.days else None
    return {
        "lines": [line_of(line, words) for line in trial.lines],
        "days": [
            {"name": words.weekday(day.day)[:3], "date": day.day, "picked": day.picked, "considered": day.considered}
            for day in trial.days
        ],
        "papers": picks_of(trial.picks, words),
        "picked": trial.picked,
        "considered": trial.considered,
        "latest": words.weekday(latest.day) if latest else "",
        "of_latest": latest.picked if latest else 0,
        "a_day": _papers_a_day(trial.a_day[strictness]),
        "strictness": {
            each.value: f"{_about(trial.a_day[each])} a day, line at {tenths(trial.thresholds[each])}"
            for each in Strictness
        },
    }


def line_of(line: TrialLine, words: Words) -> dict[str, Any]:
    """One line of what we understood: its text, its count, and a doubt in a sentence."""
    return {
        "text": _text(line),
        "times": f"×{line.interest.weight:g}" if line.interest and line.interest.weight != 1 else "",
        "count": _count(line, words),
        "doubt": _doubt(line, words),
        "suggestion": line.suggestion.phrase if line.suggestion else "",
        "suggested": words.figures(line.suggestion.month) if line.suggestion else "",
        "number": line.number,
        "typed": line.text,
    }


def _text(line: TrialLine) -> str:
    one = line.interest
    if one is None:
        return line.text
    said = f'"{one.phrase}"' if one.exact else one.phrase
    said = f"{one.field}: {said}" if one.field in (Field.AUTHOR, Field.CATEGORY, Field.TITLE) else said
    return {Sign.MORE: said, Sign.LESS: f"less of {said}", Sign.NEVER: f"never {said}"}[one.sign]


def _count(line: TrialLine, words: Words) -> str:
    if line.interest is None or line.doubt is Doubt.NOTHING:
        return ""
    if line.interest.sign is Sign.MORE:
        return f"{words.figures(line.week)} this week"
    if not line.moved:
        return ""
    moves = "keeps out" if line.interest.sign is Sign.NEVER else "moves down"
    return f"{moves} {words.figures(line.moved)}"


def _doubt(line: TrialLine, words: Words) -> str:
    if line.problem:
        return line.problem
    match line.doubt:
        case Doubt.NOTHING:
            return "nothing in 30 days"
        case Doubt.MOST:
            return f"fits {line.share:.0%} of all papers; it will hardly count"
        case Doubt.TOO_MANY:
            return f"more lines than can count: the first {words.figures(line.number - 1)} do"
    return ""


def _papers_a_day(papers: float) -> str:
    """The same as a sentence without its stop."""
    if papers == 0:
        return "No papers"
    if papers < 1:
        return "Less than one paper a day"
    return "About one paper a day" if papers < 1.5 else f"About {papers:.0f} papers a day"


def _about(papers: float) -> str:
    """A rough number, ready to be followed by "a day"."""
    if papers == 0:
        return "none"
    return f"about {papers:.0f}" if papers >= 1 else "less than one"
