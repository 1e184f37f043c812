"""The rules of docs/matching.md written out for one reader, without arrays: slow, and what the fast way must equal."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from readers import column

from digest.matching.grammar import canonical
from digest.matching.line import threshold
from digest.matching.scores import EditionScores, match, precedence
from digest.model import Announced, Digest, Interest, Match, Pick, Profile, QuietDays, Sign


@dataclass(frozen=True)
class Judged:
    announced: Announced
    more: list[tuple[Interest, Match]]
    less: list[Match]
    exact: int  # thousandths of a point
    is_vetoed: bool

    @property
    def item(self) -> int:
        return self.announced.text.item

    @property
    def matches(self) -> tuple[Match, ...]:
        return (*(found for _, found in self.more), *self.less)

    @property
    def score(self) -> int:
        return sum(found.points for found in self.matches)

    @property
    def group(self) -> object:
        interest = self.more[0][0]
        return interest.topic or canonical(interest)

    @property
    def fame(self) -> tuple[int, int]:
        return -self.announced.popularity.upvotes, -self.announced.popularity.comments


def plain_letter(
    profile: Profile, interests: Sequence[Interest], editions: Sequence[EditionScores], excluded: AbstractSet[int]
) -> Digest:
    judged = [judge(each, edition, distinct(interests)) for each, edition in candidates(editions, excluded)]
    line = threshold(profile, interests)
    judged.sort(key=lambda each: (-each.score, each.fame, each.score * 1000 - each.exact, each.item))
    wanted = [each for each in judged if each.more and not each.is_vetoed]
    ranked = [each for each in wanted if each.score >= line]
    picks = by_topic(dealt(ranked, profile.max_items))
    is_quiet = not ranked and profile.quiet_days is QuietDays.LETTER
    misses = [each for each in wanted if each.score > 0][:3] if is_quiet else []
    named = [*picks, *misses]
    others = [each for each in judged if each.score >= 0 and not each.is_vetoed and each not in named]
    if not any(each.sign is Sign.MORE for each in interests):
        trending = sorted(others, key=lambda each: (each.fame, each.item))[: profile.max_items]
    elif named or profile.quiet_days is QuietDays.TRENDING:
        voted = [each for each in others if each.announced.popularity.upvotes]
        trending = sorted(voted, key=lambda each: (each.fame, each.item))[: profile.trending]
    else:
        trending = []
    return Digest(
        picks=tuple(map(pick, picks)),
        misses=tuple(map(pick, misses)),
        trending=tuple(
            Pick(item=each.item, revision=1, score=0, votes=each.announced.popularity.upvotes) for each in trending
        ),
        line=line,
        considered=len(judged),
    )


def candidates(editions: Sequence[EditionScores], excluded: AbstractSet[int]) -> list[tuple[Announced, EditionScores]]:
    every = [(each, edition) for edition in editions for each in edition.announced.values()]
    newest = {each.text.item: (each, edition) for each, edition in sorted(every, key=lambda pair: precedence(pair[0]))}
    return [pair for item, pair in newest.items() if item not in excluded]


def distinct(interests: Sequence[Interest]) -> list[Interest]:
    def spelling(each: Interest) -> tuple[object, ...]:
        return -each.weight, each.phrase, each.topic or "", each.field or "", each.exact

    spelled = sorted(interests, key=spelling, reverse=True)
    return list({(canonical(each), each.sign): each for each in spelled}.values())


def judge(announced: Announced, edition: EditionScores, interests: Sequence[Interest]) -> Judged:
    item = announced.text.item
    found = [(each, *column(edition, each)[item]) for each in interests if item in column(edition, each)]
    is_vetoed = any(is_whole for each, _, is_whole in found if each.sign is Sign.NEVER)
    counted = []
    for each, share, _ in found:
        if share and each.sign is not Sign.NEVER:
            evidence = replace(edition.evidence([each], [item])[0], share=share)
            points = match(each, evidence).points
            exact = 100 * each.weight * share * (1 if each.sign is Sign.MORE else -1)
            counted.append((points * 1000 + round((exact - points) * 1000), each, match(each, evidence)))
    return in_order(announced, counted, interests, is_vetoed=is_vetoed)


def in_order(announced: Announced, counted: list, interests: Sequence[Interest], *, is_vetoed: bool) -> Judged:
    counted.sort(key=lambda each: (-each[0], interests.index(each[1])))
    more = [each for each in counted if each[0] > 0][:3]
    less = [each for each in counted if each[0] < 0]
    exact = sum(each[0] for each in (*more, *less))
    return Judged(announced, [each[1:] for each in more], [each[2] for each in less], exact, is_vetoed)


def dealt(ranked: list[Judged], cap: int) -> list[Judged]:
    groups: dict[object, list[Judged]] = {}
    for each in ranked:
        groups.setdefault(each.group, []).append(each)
    turns = [turn[at] for at in range(cap) for turn in groups.values() if at < len(turn)][: cap // 2]
    rest = [each for each in ranked if each not in turns]
    chosen = [*turns, *rest][:cap]
    return [each for each in ranked if each in chosen]


def by_topic(picks: list[Judged]) -> list[Judged]:
    topics = list(dict.fromkeys(each.more[0][0].topic for each in picks))
    return sorted(picks, key=lambda each: topics.index(each.more[0][0].topic))


def pick(judged: Judged) -> Pick:
    topic = judged.more[0][0].topic
    return Pick(item=judged.item, revision=1, score=judged.score, matches=judged.matches, topic=topic)
