"""How many papers a day a reader would get at each strictness."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from readers import INTERESTS, PAPERS, PROFILES
from shelf import announced, one, paper, scores

from digest.matching.compose import compose
from digest.matching.volume import volume
from digest.model import Announced, Interest, Profile, Sign, Strictness


def test_papers_are_counted_at_each_line_and_spread_over_the_days() -> None:
    first = scores([announced(paper(item, "Tea")) for item in range(1, 5)])
    second = scores([announced(paper(5, "Tea"), edition=2), announced(paper(6, "Birds"), edition=2)])
    tenth = {Strictness.STRICT: 0.0, Strictness.NORMAL: 0.0, Strictness.BROAD: 2.5}
    assert volume(Profile(), [one("tea ^0.55")], [first, second], days=2) == tenth
    assert set(volume(Profile(), [one("tea ^3")], [first, second], days=5).values()) == {1.0}


def test_a_work_announced_twice_counts_once_and_the_cap_does_not_matter() -> None:
    editions = [scores([announced(paper(item, "Tea"), edition=edition) for item in (1, 2)]) for edition in (1, 2)]
    assert volume(Profile(max_items=1), [one("tea ^3")], editions, days=1)[Strictness.NORMAL] == 2


@pytest.mark.parametrize("interests", [[], ["-tea"], ["birds", "!tea"]])
def test_who_finds_nothing_has_no_volume(interests: list[str]) -> None:
    found = volume(
        Profile(), [one(line) for line in interests], [scores([announced(paper(1, "Tea and birds"))])], days=3
    )
    assert set(found.values()) == {0.0}


@settings(deadline=None)
@given(PROFILES, INTERESTS, PAPERS)
def test_a_day_has_as_many_papers_as_a_letter_without_end(
    profile: Profile, interests: tuple[Interest, ...], papers: list[Announced]
) -> None:
    edition = scores(papers)
    endless = Profile(max_items=100, strictness=profile.strictness)
    found = volume(profile, interests, [edition], days=1)
    assert found[profile.strictness] == len(compose(endless, interests, [edition]).picks)
    assert found[Strictness.STRICT] <= found[Strictness.NORMAL] <= found[Strictness.BROAD]
    assert any(each.sign is Sign.MORE for each in interests) or not any(found.values())
