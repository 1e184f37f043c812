"""Letters as data, and the reasons of those who are in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import plain_letter
from readers import INTERESTS, LINES_OF_TEXT, NAMES, PAPERS, PROFILES, READERS, column
from shelf import announced, one, paper, scores

from digest.matching.compose import Reader, compose, compose_all
from digest.matching.explain import Decision, explain
from digest.matching.grammar import understand
from digest.matching.line import LINES, threshold
from digest.matching.window import Window
from digest.model import Announced, Digest, Interest, Profile, QuietDays, Sign, Strictness

BROAD = Profile(strictness=Strictness.BROAD)
LAW = settings(deadline=None)
NOTHING: frozenset[int] = frozenset()


def letter(
    interests: str, papers: list[Announced], profile: Profile = BROAD, excluded: frozenset[int] = NOTHING
) -> Digest:
    return compose(profile, understand(f"{interests}\n").interests, [scores(papers)], excluded)


def items(digest: Digest) -> tuple[list[int], list[int]]:
    return [each.item for each in digest.picks], [each.item for each in digest.trending]


def test_the_best_come_first_with_reasons_that_sum() -> None:
    papers = [
        announced(paper(1, "Rough weather")),
        announced(paper(2, "Rough paths for tea", "Tea and rough paths.")),
        announced(paper(3, "Rough paths")),
        announced(paper(4, "Birds")),
    ]
    digest = letter("rough paths\ntea\n-weather", papers)
    assert items(digest) == ([2, 3], [])
    assert [each.interest for each in digest.picks[0].matches] == ["rough paths", "tea"]
    assert digest.considered == 4


def test_negative_matches_count_all_and_stand_last() -> None:
    [pick] = letter("tea ^3\n-rough\n-birds", [announced(paper(1, "Tea for rough birds"))]).picks
    assert [each.points > 0 for each in pick.matches] == [True, False, False]
    assert pick.score == sum(each.points for each in pick.matches)


def test_only_the_strongest_positive_matches_count() -> None:
    [pick] = letter("tea\nbirds\nrough\npaths", [announced(paper(1, "Tea birds rough paths"))]).picks
    assert len(pick.matches) == 3


def test_two_spellings_of_one_interest_count_once() -> None:
    papers = [announced(paper(1, "Rough paths"))]
    [pick] = letter("Rough path\nrough paths ^2\nrough paths", papers).picks
    [alone] = letter("rough paths ^2", papers).picks
    assert pick == alone


def test_the_topic_is_that_of_the_strongest_match() -> None:
    [pick] = letter("Food:\ntea\nAnalysis:\nrough paths ^3", [announced(paper(1, "Tea on rough paths"))]).picks
    assert pick.topic == "Analysis"


@pytest.mark.parametrize("never", ["!birds", "!author: LeCun", "!category: cs", '!"rough birds"'])
def test_never_keeps_a_paper_out_of_everything(never: str) -> None:
    text = paper(1, "Rough birds drink tea", authors=NAMES, categories=("cs.CL",))
    profile = replace(BROAD, quiet_days=QuietDays.TRENDING)
    assert items(letter(f"tea\n{never}", [announced(text, upvotes=9)], profile)) == ([], [])


def test_never_needs_the_whole_phrase() -> None:
    assert items(letter("tea\n!neural birds", [announced(paper(1, "Birds watch birds at tea"))])) == ([1], [])


def test_the_cap_holds_and_the_popular_win_ties() -> None:
    papers = [announced(paper(item, "Tea"), upvotes=item % 3, comments=item // 3) for item in range(1, 7)]
    assert items(letter("tea", papers, replace(BROAD, max_items=4)))[0] == [5, 2, 4, 1]


def test_the_line_depends_on_the_strictness() -> None:
    assert [threshold(Profile(strictness=each), [one("tea")]) for each in LINES] == [60, 42, 33]


def test_a_reader_of_whole_categories_gets_every_hit() -> None:
    papers = [announced(paper(1, "Tea", categories=("cs.CL",))), announced(paper(2, "Tea", categories=("math.PR",)))]
    assert items(letter("category: cs", papers)) == ([1], [])
    assert items(letter("category: cs\nbirds", papers)) == ([], [])
    assert items(letter("category: cs\n-tea", papers)) == ([], [])


def test_the_newest_announcement_of_a_work_counts_once() -> None:
    older, newer = scores([announced(paper(1, "Tea"))]), scores([announced(paper(1, "Tea, with milk"), edition=2)])
    for editions in ([older, newer], [newer, older]):
        digest = compose(BROAD, [one("tea"), one("milk")], editions)
        [pick] = digest.picks
        assert {each.interest for each in pick.matches} == {"tea", "milk"}
        assert digest.considered == 1


def test_excluded_papers_are_not_considered() -> None:
    papers = [announced(paper(1, "Tea"), upvotes=5), announced(paper(2, "Tea"))]
    digest = letter("tea", papers, excluded=frozenset({1}))
    assert (items(digest), digest.considered) == (([2], []), 1)


def test_what_is_popular_ends_a_letter() -> None:
    liked = {2: (5, 0), 3: (7, 0), 4: (7, 2), 5: (0, 9), 6: (1, 0)}
    papers = [announced(paper(1, "Tea"), upvotes=99)]
    papers += [announced(paper(item, "Birds"), upvotes=up, comments=said) for item, (up, said) in liked.items()]
    digest = letter("tea", papers)
    assert items(digest) == ([1], [4, 3, 2])
    assert all((each.score, each.matches) == (0, ()) for each in digest.trending)


def test_what_a_reader_wants_less_of_does_not_come_in_as_popular() -> None:
    papers = [announced(paper(1, "Tea")), announced(paper(2, "Birds"), upvotes=50)]
    assert items(letter("tea\n-birds", papers)) == ([1], [])


@pytest.mark.parametrize(
    ("quiet_days", "trending"), [(QuietDays.SKIP, []), (QuietDays.TRENDING, [1]), (QuietDays.LETTER, [])]
)
def test_a_day_when_nothing_fits(quiet_days: QuietDays, trending: list[int]) -> None:
    papers = [announced(paper(1, "Birds"), upvotes=5), announced(paper(2, "Birds"))]
    digest = letter("tea", papers, replace(BROAD, quiet_days=quiet_days))
    assert items(digest) == ([], trending)
    assert digest.considered == 2


def test_explanations_tell_of_turns_near_misses_and_former_letters() -> None:
    papers = [*(announced(paper(item, "Tea")) for item in range(1, 5)), announced(paper(5, "Birds over a wall"))]
    interests = understand("tea ^3\nbirds").interests
    turn = explain(replace(BROAD, max_items=2), interests, [scores(papers)], 1)
    assert turn.reason == "ranked 1 of 5 that fit"
    turn = explain(replace(BROAD, max_items=4), interests, [scores(papers)], 5)
    assert (turn.decision, turn.reason) == (Decision.PICKED, "ranked 5 of 5 that fit; its interest had a turn")
    quiet = replace(BROAD, quiet_days=QuietDays.LETTER)
    miss = explain(quiet, [one("birds ^0.2")], [scores(papers)], 5)
    assert miss.decision is Decision.NEAR_MISS
    assert miss.reason.endswith("below the line of 3.3; shown as a near miss, since no paper reached it")
    former = explain(quiet, interests, [scores(papers)], 5, frozenset({5}))
    assert (former.decision, former.reason) == (Decision.NO_CANDIDATE, "a letter has named it before")


NEAR = [
    announced(paper(1, "Tea")),
    announced(paper(2, "On a much longer way to milk and honey", "Milk.")),
    announced(paper(3, "Tea stones")),
]


def test_the_letter_of_a_quiet_day_shows_the_nearest_misses_and_what_is_popular() -> None:
    papers = [*NEAR, announced(paper(4, "Tea water")), announced(paper(5, "Stones"), upvotes=3)]
    digest = letter("tea ^0.2\n!water\nmilk ^0.1", papers, replace(BROAD, quiet_days=QuietDays.LETTER))
    assert items(digest) == ([], [5])
    assert [each.item for each in digest.misses] == [1, 3, 2]
    assert all(0 < each.score < digest.line and each.matches for each in digest.misses)
    assert [each.score for each in digest.misses] == sorted((each.score for each in digest.misses), reverse=True)


@pytest.mark.parametrize("quiet_days", [QuietDays.SKIP, QuietDays.TRENDING])
def test_only_who_wants_a_letter_on_quiet_days_is_shown_misses(quiet_days: QuietDays) -> None:
    assert letter("tea ^0.2", NEAR, replace(BROAD, quiet_days=quiet_days)).misses == ()


def test_a_letter_with_picks_has_no_misses() -> None:
    digest = letter("tea\nmilk ^0.1", NEAR, replace(BROAD, quiet_days=QuietDays.LETTER))
    assert items(digest) == ([1, 3], [])
    assert digest.misses == ()


def test_no_interest_starves_beside_a_loud_one() -> None:
    papers = [announced(paper(item, "Tea")) for item in range(1, 9)]
    papers += [announced(paper(9, "Birds of passage")), announced(paper(10, "Rough birds at dawn"))]
    digest = letter("tea ^3\nbirds", papers, replace(BROAD, max_items=4))
    assert items(digest)[0] == [1, 2, 3, 9]
    assert items(letter("tea ^3\nbirds", papers, replace(BROAD, max_items=1)))[0] == [1]


def test_a_topic_takes_turns_as_one_and_stands_together() -> None:
    papers = [announced(paper(item, "Tea")) for item in range(1, 5)]
    papers += [announced(paper(5, "Milk and so on")), announced(paper(6, "Birds over a wall"))]
    interests = "birds\nFood:\ntea ^3\nmilk ^2"
    assert items(letter(interests, papers, replace(BROAD, max_items=4)))[0] == [1, 2, 3, 6]
    assert items(letter(interests, papers, replace(BROAD, max_items=6)))[0] == [1, 2, 3, 4, 5, 6]


def test_a_topic_stands_where_its_best_paper_does() -> None:
    papers = [announced(paper(1, "Tea")), announced(paper(2, "Birds")), announced(paper(3, "Milk"))]
    digest = letter("Food:\ntea ^3\nmilk\nSky:\nbirds ^2", papers)
    assert items(digest)[0] == [1, 3, 2]
    assert [each.topic for each in digest.picks] == ["Food", "Food", "Sky"]


@pytest.mark.parametrize(
    ("upvotes", "expected"), [((0, 0, 0), [2, 3, 1]), ((1, 0, 3), [3, 1, 2])], ids=["newest", "most popular"]
)
def test_a_reader_without_wishes_gets_a_trending_letter(upvotes: tuple[int, ...], expected: list[int]) -> None:
    days = (None, datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    papers = [
        announced(paper(item, "Tea", published=day), upvotes=votes)
        for item, (day, votes) in enumerate(zip(days, upvotes, strict=True), start=1)
    ]
    assert items(letter("", papers)) == ([], expected)
    assert items(letter("-birds", papers, replace(BROAD, max_items=1))) == ([], expected[:1])


@pytest.mark.parametrize(
    ("interests", "item", "decision", "reason"),
    [
        ("tea", 1, Decision.PICKED, "ranked 1 of 2 that fit"),
        ("tea", 2, Decision.OVER_CAP, "ranked 2 of 2 that fit; the letter holds 1"),
        ("tea\n!milk", 2, Decision.VETOED, 'kept out by "!milk"'),
        ("tea", 3, Decision.BELOW_LINE, "no interest fits it"),
        ("tea\nbirds ^0.1", 3, Decision.BELOW_LINE, "below the line of 3.3"),
        ("tea", 4, Decision.TRENDING, "no interest fits it; among the most popular"),
        ("tea\nstones ^0.1", 4, Decision.TRENDING, "below the line of 3.3; among the most popular"),
        ("tea", 9, Decision.NO_CANDIDATE, "announced at another time"),
    ],
)
def test_explanations_say_what_happened(interests: str, item: int, decision: Decision, reason: str) -> None:
    papers = [
        announced(paper(1, "Tea", "Tea.")),
        announced(paper(2, "Tea and milk")),
        announced(paper(3, "Birds")),
        announced(paper(4, "Stones"), upvotes=4),
    ]
    profile = replace(BROAD, max_items=1)
    explained = explain(profile, understand(f"{interests}\n").interests, [scores(papers)], item)
    assert explained.decision is decision
    assert reason in explained.reason


@LAW
@given(PROFILES, INTERESTS, PAPERS, st.sets(st.integers(1, 7), max_size=2))
def test_laws_of_a_letter(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], excluded: set[int]
) -> None:
    edition = scores(papers)
    digest = compose(profile, interests, [edition], frozenset(excluded))
    chosen = [each.item for each in digest.all_picks]
    assert len(set(chosen)) == len(chosen)
    assert len(digest.picks) <= profile.max_items
    assert not excluded & set(chosen)
    assert all(each.score == sum(match.points for match in each.matches) for each in digest.all_picks)
    never = [each for each in interests if each.sign is Sign.NEVER]
    assert not any(
        item in column(edition, each) and column(edition, each)[item][1] for each in never for item in chosen
    )


@LAW
@given(PROFILES, INTERESTS, PAPERS, st.randoms())
def test_the_order_of_papers_and_interests_does_not_matter(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], chance: Random
) -> None:
    digest = compose(profile, interests, [scores(papers)])
    assert digest == compose(profile, interests, [scores(chance.sample(papers, len(papers)))])
    assert digest == compose(profile, chance.sample(interests, len(interests)), [scores(papers)])


@LAW
@given(PROFILES, INTERESTS, PAPERS, st.frozensets(st.integers(1, 7), max_size=2))
def test_a_letter_is_what_the_rules_say(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], excluded: frozenset[int]
) -> None:
    editions = [scores(each for each in papers if each.edition == number) for number in (1, 2)]
    assert compose(profile, interests, editions, excluded) == plain_letter(profile, interests, editions, excluded)


@LAW
@given(st.lists(READERS, max_size=6), PAPERS)
def test_readers_do_not_disturb_each_other(readers: list[Reader], papers: list[Announced]) -> None:
    editions = [scores(each for each in papers if each.edition == number) for number in (1, 2)]
    alone = [compose(each.profile, each.interests, editions, each.excluded) for each in readers]
    window = Window(editions)
    assert compose_all(readers, window) == alone
    assert compose_all(readers[::-1], window) == alone[::-1]


@LAW
@given(INTERESTS, LINES_OF_TEXT.filter(lambda line: line[0] not in "-!"), PAPERS)
def test_one_more_wish_never_lowers_a_score(
    interests: tuple[Interest, ...], line: str, papers: list[Announced]
) -> None:
    edition = scores(papers)
    for each in papers:
        before = explain(BROAD, interests, [edition], each.text.item)
        after = explain(BROAD, [*interests, one(line)], [edition], each.text.item)
        assert after.score >= before.score


@LAW
@given(PROFILES, INTERESTS, PAPERS, st.sets(st.integers(1, 7), max_size=2))
def test_explanations_agree_with_the_letter(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], excluded: set[int]
) -> None:
    editions = [scores(each for each in papers if each.edition == number) for number in (1, 2)]
    digest = compose(profile, interests, editions, excluded)
    picks = {each.item: each for each in digest.picks}
    trending = {each.item for each in digest.trending}
    misses = {each.item: each for each in digest.misses}
    for item in range(1, 9):
        why = explain(profile, interests, editions, item, excluded)
        assert (why.decision is Decision.PICKED) == (item in picks)
        assert (why.decision is Decision.TRENDING) == (item in trending)
        assert (why.decision is Decision.NO_CANDIDATE) == (item in excluded or item > len(papers))
        assert why.score == sum(each.points for each in why.matches)
        assert (why.decision is Decision.NEAR_MISS) == (item in misses)
        named = (picks | misses).get(item)
        if named:
            assert (why.score, why.matches) == (named.score, named.matches)
