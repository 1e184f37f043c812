"""What a text of interests would have picked from the days behind us, as data: to try before saving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from digest.matching.compose import Batch, Reader, batches
from digest.matching.grammar import Understood, understand
from digest.matching.line import threshold
from digest.model import Field, Interest, LetterPick, Popularity, Profile, Sign, Strictness
from digest.pipeline.month import Day, Month

#: so many lines that say anything are tried, and so many interests
MOST_LINES = 50
#: an interest that fits this share of all papers hardly tells one from another
MOST_PAPERS = 0.4


class Doubt(StrEnum):
    """What is odd about a line."""

    NOTHING = "nothing"  #: no paper of the month fits it
    MOST = "most"  #: too many papers of the month fit it: it will hardly count
    TOO_MANY = "too-many"  #: the first line that was left out, since so many stand before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The same phrase with words that do occur."""

    phrase: str
    month: int  #: papers of the month that fit it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """One line, and what it does alone. An interest fits a paper that has `LEAST_SHARE` of it, whatever its weight."""

    number: int  #: 1-based; all interests that commas part on one line have its number
    text: str  #: the phrase as typed; of a line without an interest all of it
    interest: Interest | None = None  #: what was understood: phrase, weight, sign, field, topic
    problem: str | None = None  #: why nothing was understood, as the grammar says it
    week: int = 0  #: papers of the days shown that it fits, for a "!" those that it keeps out
    month: int = 0  #: the same over the month
    share: float = 0.0  #: of all papers of the month
    moved: int = 0  #: how many of the picks that the week has without "-" and "!" this one moves down or out
    doubt: Doubt | None = None
    suggestion: Suggestion | None = None  #: for a phrase that fits nothing, and has a word that does not occur


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDay:
    """One day on which something was announced."""

    day: date
    considered: int  #: papers announced
    picked: int  #: papers in that day's letter, had its reader been sent those of the days before


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What interests would have picked."""

    lines: tuple[TrialLine, ...] = ()  #: in the order typed
    days: tuple[TrialDay, ...] = ()  #: the last that had papers, oldest first; none before the first edition
    picks: tuple[LetterPick, ...] = ()  #: of the latest of these days, as its letter orders them
    considered: int = 0  #: different papers announced on these days
    picked: int = 0  #: of which letters name so many
    a_day: Mapping[Strictness, float]  #: papers that reach the line on such a day, whatever a letter holds
    thresholds: Mapping[Strictness, int]  #: the points that a paper needs


def try_out(profile: Profile, month: Month) -> Trial:
    """What a reader with this profile would have got."""
    said, refused = _read(profile.interests)
    interests = said.interests
    week = _compose(profile, interests, month.days)
    days = [
        TrialDay(day=day.day, considered=len(day.window.papers), picked=len(batch.chosen.picks))
        for day, batch in zip(month.days, week, strict=True)
    ]
    thresholds = {each: threshold(replace(profile, strictness=each), interests) for each in Strictness}
    problems = [TrialLine(number=each.line, text=each.text, problem=each.reason) for each in said.problems]
    lines = [*_lines(profile, interests, month), *problems, *refused]
    return Trial(
        lines=tuple(sorted(lines, key=lambda line: line.number)),
        days=tuple(days),
        picks=_letter(week[-1]) if week else (),
        considered=int(month.is_week.sum()),
        picked=sum(day.picked for day in days),
        a_day=_a_day(week, thresholds),
        thresholds=thresholds,
    )


def _read(text: str) -> tuple[Understood, list[TrialLine]]:
    """What the first lines of a text say, and the first that is one too many."""
    lines = text.splitlines(keepends=True)
    filled = [at for at, line in enumerate(lines) if line.strip()]
    refused = []
    for at in filled[MOST_LINES : MOST_LINES + 1]:
        refused = [TrialLine(number=at + 1, text=lines[at].strip(), doubt=Doubt.TOO_MANY)]
        del lines[at:]
    said = understand("".join(lines))
    # commas may part any number of them on one line
    for one in said.interests[MOST_LINES : MOST_LINES + 1]:
        refused = [TrialLine(number=one.line, text=one.phrase, doubt=Doubt.TOO_MANY)]
    return replace(said, interests=said.interests[:MOST_LINES]), refused


# --- the days -----------------------------------------------------------------------------------------------------


def _compose(profile: Profile, interests: Sequence[Interest], days: Iterable[Day]) -> list[Batch]:
    """The letter of each day for a reader who was sent those before it."""
    week, named = [], frozenset[int]()
    for day in days:
        [batch] = batches([Reader(profile=profile, interests=interests, excluded=named)], day.window)
        week.append(batch)
        named |= set(_picked(batch))
    return week


def _picked(batch: Batch) -> Iterator[int]:
    """The items in a reader's letter."""
    papers = batch.scored.paper[batch.chosen.picks].tolist()
    return (batch.window.papers[paper].text.item for paper in papers)


def _letter(batch: Batch) -> tuple[LetterPick, ...]:
    """The picks of a letter with the words to print."""
    [digest] = batch.digests()
    papers = {pick.item: batch.window.papers[batch.window.numbers[pick.item]] for pick in digest.picks}
    return tuple(
        LetterPick(pick=pick, text=papers[pick.item].text, popularity=Popularity(pick.votes)) for pick in digest.picks
    )


def _a_day(week: Sequence[Batch], thresholds: Mapping[Strictness, int]) -> Mapping[Strictness, float]:
    """How many papers reach each line, on an average day of a week."""
    scores = np.concatenate([np.empty(0, np.int64), *(day.scored.score[day.scored.is_wanted] for day in week)])
    return {each: int((scores >= line).sum()) / max(1, len(week)) for each, line in thresholds.items()}


# --- the lines ----------------------------------------------------------------------------------------------------


def _lines(profile: Profile, interests: Sequence[Interest], month: Month) -> list[TrialLine]:
    """What each interest does alone."""
    fitting = month.fitting(interests)
    suggested = _suggestions([each for each, some in zip(interests, fitting, strict=True) if not len(some)], month)
    lowered = _before_lowering(profile, interests, month)
    return [
        replace(
            _counted(each, some, month),
            moved=0 if each.sign is Sign.MORE else int(lowered[some].sum()),
            suggestion=suggested.get(each),
        )
        for each, some in zip(interests, fitting, strict=True)
    ]


def _counted(interest: Interest, fitting: NDArray[np.int32], month: Month) -> TrialLine:
    papers, found = len(month.scores.items), len(fitting)
    share = found / max(papers, 1)
    doubt = None
    if papers and not found:
        doubt = Doubt.NOTHING
    elif share >= MOST_PAPERS:
        doubt = Doubt.MOST
    return TrialLine(
        number=interest.line,
        text=interest.phrase,
        interest=interest,
        week=int(month.is_week[fitting].sum()),
        month=found,
        share=share,
        doubt=doubt,
    )


def _before_lowering(profile: Profile, interests: Sequence[Interest], month: Month) -> NDArray[np.bool_]:
    """By paper of the month: whether a letter of the week would name it if nothing lowered any paper."""
    raising = [each for each in interests if each.sign is Sign.MORE]
    if len(raising) == len(interests):
        return np.zeros(len(month.scores.items), bool)
    items = [item for batch in _compose(profile, raising, month.days) for item in _picked(batch)]
    return np.isin(month.scores.items, items)


def _suggestions(interests: Iterable[Interest], month: Month) -> dict[Interest, Suggestion]:
    """{interest that fits nothing: the same with its unknown words mended}, where that fits something."""
    mended = {
        each: replace(each, phrase=phrase)
        for each in interests
        if each.field in (None, Field.TITLE) and (phrase := month.spelling.mend(each.phrase))
    }
    return {
        each: Suggestion(phrase=better.phrase, month=len(some))
        for (each, better), some in zip(mended.items(), month.fitting(list(mended.values())), strict=True)
        if len(some)
    }
