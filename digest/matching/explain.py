"""Why a paper is in a reader's letter or not: read from what the letter is composed of, so that both agree."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from digest.matching.choose import rank
from digest.matching.compose import Batch, Reader, batches
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Digest, Interest, Match, Profile


class Decision(StrEnum):
    """What became of a paper."""

    PICKED = "picked"
    TRENDING = "trending"
    NEAR_MISS = "near-miss"
    OVER_CAP = "over-cap"
    BELOW_LINE = "below-line"
    VETOED = "vetoed"
    NO_CANDIDATE = "no-candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a paper is in a letter or not; the points of the matches sum to the score."""

    score: int = 0
    threshold: int
    matches: tuple[Match, ...] = ()
    decision: Decision
    reason: str  #: one phrase for people


def explain(
    profile: Profile,
    interests: Sequence[Interest],
    editions: Sequence[EditionScores],
    item: int,
    excluded: AbstractSet[int] = frozenset(),
) -> Explanation:
    """Why `compose` with the same arguments puts an item into the letter or leaves it out."""
    window = Window(editions)
    [batch] = batches([Reader(profile=profile, interests=interests, excluded=excluded)], window)
    [digest] = batch.digests()
    if item not in window.numbers or item in excluded:
        reason = "a letter has named it before" if item in excluded else "announced at another time"
        return Explanation(threshold=digest.line, decision=Decision.NO_CANDIDATE, reason=reason)
    place = np.flatnonzero(batch.scored.paper == window.numbers[item])
    decision, reason = _decide(batch, digest, item, place)
    [matches] = batch.rows(place).matches() if len(place) else [()]
    score = int(batch.scored.score[place].sum())
    return Explanation(score=score, threshold=digest.line, matches=matches, decision=decision, reason=reason)


def _decide(batch: Batch, digest: Digest, item: int, place: NDArray[np.int64]) -> tuple[Decision, str]:
    """What became of a candidate, and why in words; `place` is empty where no interest has anything of it."""
    if len(place) and batch.scored.is_out[place[0]]:
        return Decision.VETOED, f'kept out by "!{_veto(batch, place[0]).phrase}"'
    ranked = rank(batch.scored, np.flatnonzero(batch.scored.fits(batch.profiles)), batch.window.fame)
    if np.isin(place, ranked).any():
        return _decide_fitting(batch, digest, item, ranked.tolist().index(place[0]) + 1, len(ranked))
    standing = _standing(batch, digest.line, place)
    if any(each.item == item for each in digest.misses):
        return Decision.NEAR_MISS, f"{standing}; shown as a near miss, since no paper reached it"
    if any(each.item == item for each in digest.trending):
        return Decision.TRENDING, f"{standing}; among the most popular of the others"
    return Decision.BELOW_LINE, standing


def _decide_fitting(batch: Batch, digest: Digest, item: int, place: int, fitting: int) -> tuple[Decision, str]:
    cap = batch.readers[0].profile.max_items
    standing = f"ranked {place} of {fitting} that fit"
    if any(each.item == item for each in digest.picks):
        return Decision.PICKED, standing if place <= cap else f"{standing}; its interest had a turn"
    standing = f"{standing}; the letter holds {cap}"
    if any(each.item == item for each in digest.trending):
        return Decision.TRENDING, f"{standing}, but it is among the most popular of the others"
    return Decision.OVER_CAP, standing


def _standing(batch: Batch, line: int, place: NDArray[np.int64]) -> str:
    """How far below the line a paper is."""
    scored = batch.scored
    if not len(place) or scored.points[scored.first[place[0]]] <= 0:
        return "no interest fits it"
    score = int(scored.score[place[0]])
    return f"score {_tenths(score)}, {_tenths(line - score)} below the line of {_tenths(line)}"


def _veto(batch: Batch, place: int) -> Interest:
    """The interest that keeps a paper out: its cell is the last one."""
    slot = batch.scored.slots[batch.scored.last[place] - 1]
    return batch.window.wishes.interests[int(batch.wishes[slot])]


def _tenths(points: int) -> str:
    """Points as letters show them."""
    return f"{points / 10:.1f}"
