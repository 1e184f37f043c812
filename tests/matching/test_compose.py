"""Letters as data, and the reasons of those who are in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import announced, one, paper, scores

from digest.matching.compose import LINES, Decision, compose, explain, threshold
from digest.matching.grammar import understand
from digest.model import Announced, Digest, Interest, Profile, QuietDays, Sign, Strictness

BROAD = Profile(strictness=Strictness.BROAD)
NAMES = ("Ada Byron", "Yann LeCun")


def letter(interests: str, papers: list[Announced], profile: Profile = BROAD, excluded: tuple[int, ...] = ()) -> Digest:
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
    assert [threshold(Profile(strictness=each), [one("tea")]) for each in LINES] == [60, 40, 25]


def test_a_reader_of_whole_categories_gets_every_hit() -> None:
    papers = [announced(paper(1, "Tea", categories=("cs.CL",))), announced(paper(2, "Tea", categories=("math.PR",)))]
    assert items(letter("category: cs", papers)) == ([1], [])
    assert items(letter("category: cs\nbirds", papers)) == ([], [])
    assert items(letter("category: cs\n-tea", papers)) == ([], [])


def test_the_newest_announcement_of_a_work_counts_once() -> None:
    older, newer = scores([announced(paper(1, "Tea"))]), scores([announced(paper(1, "Tea, with milk"), edition=2)])
    for editions in ([older, newer], [newer, older]):
        digest = compose(BROAD, [one("tea"), one("milk")], editions, ())
        [pick] = digest.picks
        assert {each.interest for each in pick.matches} == {"tea", "milk"}
        assert digest.considered == 1


def test_excluded_papers_are_not_considered() -> None:
    papers = [announced(paper(1, "Tea"), upvotes=5), announced(paper(2, "Tea"))]
    digest = letter("tea", papers, excluded=(1,))
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
    ("quiet_days", "trending"), [(QuietDays.SKIP, []), (QuietDays.TRENDING, [1]), (QuietDays.LETTER, [1])]
)
def test_a_day_when_nothing_fits(quiet_days: QuietDays, trending: list[int]) -> None:
    papers = [announced(paper(1, "Birds"), upvotes=5), announced(paper(2, "Birds"))]
    digest = letter("tea", papers, replace(BROAD, quiet_days=quiet_days))
    assert items(digest) == ([], trending)
    assert digest.considered == 2


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
        ("tea\nbirds ^0.1", 3, Decision.BELOW_LINE, "below the line of 2.5"),
        ("tea", 4, Decision.TRENDING, "among the most popular"),
        ("tea", 9, Decision.NO_CANDIDATE, "not among the papers"),
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


WORDS = ["tea", "milk", "rough", "paths", "birds", "graph"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
PAPERS = st.lists(
    st.builds(
        lambda title, abstract, who, category, upvotes, edition: announced(
            paper(0, title, abstract, authors=(who,), categories=(category,)), upvotes=upvotes, edition=edition
        ),
        TEXTS,
        TEXTS,
        st.sampled_from(NAMES),
        st.sampled_from(["cs.CL", "math.PR"]),
        st.integers(0, 2),
        st.integers(1, 2),
    ),
    max_size=7,
).map(lambda papers: [replace(each, text=replace(each.text, item=item)) for item, each in enumerate(papers, start=1)])
LINES_OF_TEXT = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "", "-", "!"]),
    st.sampled_from([*WORDS, "rough paths", '"tea milk"', "title: tea", "author: LeCun", "category: cs"]),
    st.sampled_from(["", " ^0.3", " ^2"]),
)
INTERESTS = st.lists(LINES_OF_TEXT, max_size=6).map(lambda lines: understand("\n".join([*lines, ""])).interests)
PROFILES = st.builds(
    Profile,
    max_items=st.integers(1, 3),
    strictness=st.sampled_from(Strictness),
    quiet_days=st.sampled_from(QuietDays),
    trending=st.integers(0, 2),
)


@given(PROFILES, INTERESTS, PAPERS, st.sets(st.integers(1, 7), max_size=2))
def test_laws_of_a_letter(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], excluded: set[int]
) -> None:
    edition = scores(papers)
    digest = compose(profile, interests, [edition], excluded)
    chosen = [each.item for each in digest.all_picks]
    assert len(set(chosen)) == len(chosen)
    assert len(digest.picks) <= profile.max_items
    assert not excluded & set(chosen)
    assert all(each.score == sum(match.points for match in each.matches) for each in digest.all_picks)
    never = [each for each in interests if each.sign is Sign.NEVER]
    assert not any((found := edition.column(each).get(item)) and found.is_whole for each in never for item in chosen)


@given(PROFILES, INTERESTS, PAPERS, st.randoms())
def test_the_order_of_candidates_does_not_matter(profile: Profile, interests: tuple, papers: list, chance) -> None:
    shuffled = chance.sample(papers, len(papers))
    assert compose(profile, interests, [scores(papers)], ()) == compose(profile, interests, [scores(shuffled)], ())


@given(INTERESTS, LINES_OF_TEXT.filter(lambda line: line[0] not in "-!"), PAPERS)
def test_one_more_wish_never_lowers_a_score(
    interests: tuple[Interest, ...], line: str, papers: list[Announced]
) -> None:
    edition = scores(papers)
    for each in papers:
        before = explain(BROAD, interests, [edition], each.text.item)
        after = explain(BROAD, [*interests, one(line)], [edition], each.text.item)
        assert after.score >= before.score


@given(PROFILES, INTERESTS, PAPERS, st.sets(st.integers(1, 7), max_size=2))
def test_explanations_agree_with_the_letter(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced], excluded: set[int]
) -> None:
    editions = [scores(each for each in papers if each.edition == number) for number in (1, 2)]
    digest = compose(profile, interests, editions, excluded)
    picks = {each.item: each for each in digest.picks}
    trending = {each.item for each in digest.trending}
    for item in range(1, 9):
        why = explain(profile, interests, editions, item, excluded)
        assert (why.decision is Decision.PICKED) == (item in picks)
        assert (why.decision is Decision.TRENDING) == (item in trending)
        assert (why.decision is Decision.NO_CANDIDATE) == (item in excluded or item > len(papers))
        assert why.score == sum(each.points for each in why.matches)
        if item in picks:
            assert (why.score, why.matches) == (picks[item].score, picks[item].matches)
