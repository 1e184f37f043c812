"""One reader's letter as data: what fits best, in order, with reasons that add up; and why a paper is in it or not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.matching.evidence import Evidence
from digest.matching.grammar import canonical
from digest.matching.scores import EditionScores, match, precedence
from digest.model import Announced, Digest, Field, Interest, Match, Pick, Profile, QuietDays, Sign, Strictness

#: the points that a paper needs to be picked
LINES = {Strictness.STRICT: 60, Strictness.NORMAL: 40, Strictness.BROAD: 25}
#: how many interests may raise a score: a paper that grazes many is no better than one that meets a few
STRONGEST = 3


class Decision(StrEnum):
    """What became of a paper."""

    PICKED = "picked"
    TRENDING = "trending"
    OVER_CAP = "over-cap"
    BELOW_LINE = "below-line"
    VETOED = "vetoed"
    NO_CANDIDATE = "no-candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a paper is in a letter or not; the points of the matches sum to the score."""

    score: int
    threshold: int
    matches: tuple[Match, ...]
    decision: Decision
    reason: str  #: one phrase for people


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate as one reader sees it."""

    announced: Announced
    matches: tuple[Match, ...]  #: those that count: the strongest first, negative ones last
    topic: str | None
    veto: Interest | None  #: the interest that keeps it out

    @property
    def item(self) -> int:
        return self.announced.text.item

    @property
    def score(self) -> int:
        return sum(each.points for each in self.matches)

    def is_pick(self, threshold: int) -> bool:
        has_reason = any(each.points > 0 for each in self.matches)
        return self.veto is None and has_reason and self.score >= threshold


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What goes into a letter, and what it was chosen from."""

    ranked: list[_Judged]  #: everything that fits, best first
    picks: list[_Judged]
    trending: list[_Judged]
    cap: int


def compose(
    profile: Profile, interests: Sequence[Interest], editions: Sequence[EditionScores], excluded: Container[int]
) -> Digest:
    """The digest of one reader from what these editions announce, without the excluded items.

    A reader who names nothing to look for gets the most popular papers instead.
    """
    judged = _judge_all(interests, editions, excluded)
    chosen = _choose(profile, interests, judged)
    return Digest(
        picks=tuple(_pick(each) for each in _by_topic(chosen.picks)),
        trending=tuple(_trend(each) for each in chosen.trending),
        considered=len(judged),
    )


def explain(
    profile: Profile,
    interests: Sequence[Interest],
    editions: Sequence[EditionScores],
    item: int,
    excluded: Container[int] = (),
) -> Explanation:
    """Why `compose` with the same arguments puts an item into the letter or leaves it out."""
    judged = _judge_all(interests, editions, excluded)
    line = threshold(profile, interests)
    this = next((each for each in judged if each.item == item), None)
    if this is None:
        reason = "it is not among the papers of this letter: announced at another time, or mentioned before"
        return Explanation(score=0, threshold=line, matches=(), decision=Decision.NO_CANDIDATE, reason=reason)
    decision, reason = _decide(this, _choose(profile, interests, judged), line)
    return Explanation(score=this.score, threshold=line, matches=this.matches, decision=decision, reason=reason)


def threshold(profile: Profile, interests: Iterable[Interest]) -> int:
    """The points a paper needs; none beyond a hit for a reader of whole categories, whose hits are small on purpose."""
    fields = {each.field for each in interests if each.sign is Sign.MORE}
    return 0 if fields == {Field.CATEGORY} else LINES[profile.strictness]


def _judge_all(
    interests: Sequence[Interest], editions: Sequence[EditionScores], excluded: Container[int]
) -> list[_Judged]:
    """Every candidate, judged; of a work announced twice only the newest announcement."""
    newest: dict[int, Announced] = {}
    for announced in (each for scores in editions for each in scores.announced.values()):
        rival = newest.get(announced.text.item)
        if rival is None or precedence(announced) > precedence(rival):
            newest[announced.text.item] = announced
    judged: dict[int, _Judged] = {}
    for scores in editions:
        columns = [(interest, scores.column(interest)) for interest in _distinct(interests)]
        for item, announced in scores.announced.items():
            if newest[item] is announced and item not in excluded:
                judged[item] = _judge(announced, columns)
    return list(judged.values())


def _distinct(interests: Iterable[Interest]) -> list[Interest]:
    """Interests that look for different things; of two spellings of one the heavier counts, once."""
    heaviest: dict[object, Interest] = {}
    for interest in interests:
        key = canonical(interest), interest.sign
        if key not in heaviest or interest.weight > heaviest[key].weight:
            heaviest[key] = interest
    return list(heaviest.values())


def _judge(announced: Announced, columns: Iterable[tuple[Interest, Mapping[int, Evidence]]]) -> _Judged:
    more: list[tuple[Interest, Match]] = []
    less: list[Match] = []
    veto = None
    for interest, column in columns:
        evidence = column.get(announced.text.item)
        if evidence is None:
            continue
        if interest.sign is Sign.NEVER:
            veto = interest if veto is None and evidence.is_whole else veto
        elif evidence.fits and interest.sign is Sign.LESS:
            less.append(match(interest, evidence))
        elif evidence.fits:
            more.append((interest, match(interest, evidence)))
    more.sort(key=lambda each: -each[1].points)
    less.sort(key=lambda each: each.points)
    matches = (*(found for _, found in more[:STRONGEST]), *less)
    return _Judged(announced, matches, more[0][0].topic if more else None, veto)


def _choose(profile: Profile, interests: Sequence[Interest], judged: Sequence[_Judged]) -> _Chosen:
    """What goes into the letter; of equal scores the more popular first, then the one that was stored first."""
    line = threshold(profile, interests)
    ranked = sorted((each for each in judged if each.is_pick(line)), key=lambda each: (-each.score, *_fame(each)))
    picks = ranked[: profile.max_items]
    picked = {each.item for each in picks}
    # what a reader wants less of does not come in by the side door either
    others = [each for each in judged if each.veto is None and each.score >= 0 and each.item not in picked]
    if not _is_seeking(interests):
        trending = sorted(others, key=lambda each: (*_fame(each)[:2], -_published(each), each.item))
        return _Chosen(ranked, picks, trending[: profile.max_items], profile.max_items)
    if not picks and profile.quiet_days is QuietDays.SKIP:
        return _Chosen(ranked, picks, [], profile.max_items)
    trending = sorted((each for each in others if each.announced.popularity.upvotes > 0), key=_fame)
    return _Chosen(ranked, picks, trending[: profile.trending], profile.max_items)


def _decide(this: _Judged, chosen: _Chosen, threshold: int) -> tuple[Decision, str]:
    """What became of a candidate, and why in words."""
    if this.veto:
        return Decision.VETOED, f'kept out by "!{this.veto.phrase}"'
    if this in chosen.trending:
        return Decision.TRENDING, "not picked, but among the most popular of the others"
    if this in chosen.ranked:
        place = f"ranked {chosen.ranked.index(this) + 1} of {len(chosen.ranked)} that fit"
        if this in chosen.picks:
            return Decision.PICKED, place
        return Decision.OVER_CAP, f"{place}; the letter holds {chosen.cap}"
    if not any(each.points > 0 for each in this.matches):
        return Decision.BELOW_LINE, "no interest fits it"
    below = _tenths(threshold - this.score)
    return Decision.BELOW_LINE, f"score {_tenths(this.score)}, {below} below the line of {_tenths(threshold)}"


def _is_seeking(interests: Iterable[Interest]) -> bool:
    return any(each.sign is Sign.MORE for each in interests)


def _pick(judged: _Judged) -> Pick:
    return Pick(
        item=judged.item,
        revision=judged.announced.text.revision,
        score=judged.score,
        matches=judged.matches,
        topic=judged.topic,
    )


def _by_topic(picks: Sequence[_Judged]) -> list[_Judged]:
    """The papers of one topic together, topics in the order of their best; ranks then grow down the letter."""
    order = list(dict.fromkeys(each.topic for each in picks))
    return sorted(picks, key=lambda each: order.index(each.topic))


def _trend(judged: _Judged) -> Pick:
    votes = judged.announced.popularity.upvotes
    return Pick(item=judged.item, revision=judged.announced.text.revision, score=0, votes=votes)


def _fame(judged: _Judged) -> tuple[int, int, int]:
    popularity = judged.announced.popularity
    return -popularity.upvotes, -popularity.comments, judged.item


def _published(judged: _Judged) -> float:
    published = judged.announced.text.published
    return published.timestamp() if published else 0.0


def _tenths(points: int) -> str:
    """Points as letters show them."""
    return f"{points / 10:.1f}"
