"""Related words: learned from the past, never stronger than a reader's own, and named only where they convince."""

from __future__ import annotations

import random
from itertools import permutations

import numpy as np
import pytest
import slow
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import announced, evidence_of, one, paper

from digest.matching.grammar import canonical, understand
from digest.matching.index import Index
from digest.matching.learned import LEAST_PAPERS, Lessons, strongest
from digest.matching.phrase import Phrase
from digest.matching.scores import EditionScores
from digest.model import Interest, ItemText

DRUGS = "Drug discovery with molecules. A molecule docks to a protein and its affinity decides"
OTHERS = (
    "Birds of the coast sing at dawn",
    "Stones in rivers roll with the season",
    "Tea leaves dry slowly in the shade",
    "Milk prices rise when the grass is dry",
)


def past(papers: int = 1200) -> list[ItemText]:
    """A history in which every twentieth paper is about drugs."""
    titles = (DRUGS if number % 20 == 0 else OTHERS[number % len(OTHERS)] for number in range(papers))
    return [paper(-number, f"{title}, part {number}") for number, title in enumerate(titles, 1)]


PAST = Index.of(past())
TODAY = [
    paper(1, "Drug discovery by chance"),
    paper(2, "Drug discovery by molecules"),
    paper(3, "Molecules and proteins of high affinity"),
    paper(4, "Birds and drugs"),
]


def edition(*, lessons: Lessons | None) -> EditionScores:
    return EditionScores([announced(text) for text in TODAY], PAST.history, lessons=lessons, least_share=0.0)


def test_a_paper_with_related_words_is_a_little_nearer() -> None:
    plain, taught = edition(lessons=None), edition(lessons=Lessons(PAST))
    interest = one("drug discovery")
    before, after = evidence_of(plain, interest), evidence_of(taught, interest)
    assert before[1].share == pytest.approx(before[2].share)
    assert after[2].share > after[1].share
    assert after[2].related == ("molecules",)
    assert after[1].related == ()
    assert after[2].found == (0, 1)


def test_related_words_bring_in_nothing_on_their_own() -> None:
    assert 3 not in evidence_of(edition(lessons=Lessons(PAST)), one("drug discovery"))


PHRASES = st.lists(
    st.sampled_from(["drug", "discovery", "birds", "protein", "affinity", "tea", "unheard"]), min_size=1, max_size=4
).map(" ".join)
LESSONS = Lessons(PAST)


@given(PHRASES)
def test_related_words_never_count_for_more_than_the_readers_own(phrase: str) -> None:
    interest = Interest(phrase=phrase)
    before, after = evidence_of(edition(lessons=None), interest), evidence_of(edition(lessons=LESSONS), interest)
    assert before.keys() == after.keys()
    assert all(before[item].share <= after[item].share <= 2 * before[item].share for item in before)


def learned(lessons: Lessons, phrase: Phrase) -> dict[str, float]:
    """{term: weight}, best first."""
    taught = lessons.taught(lessons.rows([phrase]))
    return dict(zip([lessons.terms[word] for word in taught.indices], taught.data.tolist(), strict=True))


@settings(deadline=None)  # each example learns from scratch
@given(st.lists(PHRASES, unique=True, max_size=4))
def test_a_phrase_learns_the_same_in_any_company(phrases: list[str]) -> None:
    known = [canonical(Interest(phrase=phrase)).phrase for phrase in phrases]
    together = Lessons(PAST)
    together.rows(known)
    for phrase in known:
        lesson = learned(together, phrase)
        assert lesson == learned(Lessons(PAST), phrase)
        assert not lesson or sum(lesson.values()) == pytest.approx(1)


def test_many_phrases_learn_what_each_learns_alone() -> None:
    """So many that they are looked for some at a time."""
    words = ["drug", "discovery", "molecule", "birds", "stones", "rivers", "tea", "milk", "grass", "dawn", "coast"]
    lines = [" ".join(some) for size in (1, 2, 3, 4) for some in permutations(words, size)]
    known = [canonical(Interest(phrase=line)).phrase for line in lines]
    together = Lessons(PAST)
    together.rows(known)
    for phrase in known[:: len(known) // 20]:
        assert learned(together, phrase) == learned(LESSONS, phrase)


def test_before_there_are_enough_papers_nothing_is_learned() -> None:
    phrase = canonical(one("drug discovery")).phrase
    assert not learned(Lessons(Index.of(past(LEAST_PAPERS - 1))), phrase)
    assert learned(Lessons(Index.of(past(LEAST_PAPERS))), phrase)


def test_the_words_of_the_best_five_papers_are_learned() -> None:
    """The lesson of docs/matching.md written out for one phrase, paper by paper."""
    chance = random.Random(5)
    words = [f"{first}{vowel}{second}{vowel}x" for first in "bdfgklm" for vowel in "aiou" for second in "nprst"]
    papers = [
        paper(-number, " ".join(chance.choices(words, k=4)), " ".join(chance.choices(words, k=16)))
        for number in range(1, LEAST_PAPERS + 40)
    ]
    lessons, history = Lessons(Index.of(papers)), Index.of(papers).history
    for line in (" ".join(chance.choices(words, k=size)) for size in (1, 2, 2, 3, 3, 4, 8)):
        phrase = canonical(one(line)).phrase
        expected = slow.lesson(phrase, papers, history)
        assert learned(lessons, phrase) == pytest.approx(expected, rel=1e-4)
        assert expected


@given(st.lists(st.lists(st.sampled_from([0.25, 0.5, 1.0, 3.0]), max_size=9), max_size=5), st.integers(1, 4))
def test_the_strongest_of_each_row_are_the_largest(rows: list[list[float]], most: int) -> None:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    numbers = np.array([at for row in rows for at in range(len(row))], np.int32)
    found = strongest(starts, numbers, np.array([value for row in rows for value in row], np.float32), most)
    expected = [
        (which, at, row[at])
        for which, row in enumerate(rows)
        for at in sorted(range(len(row)), key=lambda at: -row[at])[:most]
    ]
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


@pytest.mark.parametrize("line", ['"drug discovery"', "title: drug discovery"])
def test_nothing_is_learned_for_what_is_meant_to_the_letter(line: str) -> None:
    assert evidence_of(edition(lessons=LESSONS), one(line))[2].related == ()
    [plain, taught] = [evidence_of(edition(lessons=some), one(line)) for some in (None, LESSONS)]
    assert plain == taught


def test_a_word_that_is_struck_out_does_not_count_for_its_reader_alone() -> None:
    scores = edition(lessons=LESSONS)
    [struck] = understand("drug discovery\n-related: molecule\n").interests
    without, others = evidence_of(scores, struck), evidence_of(scores, one("drug discovery"))
    assert without[2].related == ()
    assert without[2].share < others[2].share
    assert without[1].share == others[1].share


@settings(deadline=None)  # each example learns from scratch
@given(st.lists(PHRASES, max_size=5))
def test_a_phrase_names_the_same_words_in_any_company(phrases: list[str]) -> None:
    known = [canonical(Interest(phrase=phrase)).phrase for phrase in phrases]
    assert Lessons(PAST).related(known) == [LESSONS.related([phrase])[0] for phrase in known]


def test_words_convince_where_most_papers_that_have_them_fit_the_phrase() -> None:
    """Most papers with "dawn" are about something else."""
    kinds = (
        ["Songs of larks at dawn"] * 3,
        ["Songs of larks by rivers"] * 2,
        ["Fishing at dawn"] * 4,
        ["Milk and butter"] * 31,
    )
    titles = [title for kind in kinds for title in kind] * (LEAST_PAPERS // 40 + 1)
    lessons = Lessons(Index.of([paper(-number, title) for number, title in enumerate(titles, 1)]))
    phrase = canonical(one("songs")).phrase
    assert learned(lessons, phrase).keys() >= {"lark", "river", "dawn"}
    assert set(lessons.related([phrase])[0]) == {"lark", "river"}


def test_the_words_of_a_phrase_best_first() -> None:
    [related] = LESSONS.related([canonical(one("drug discovery")).phrase])
    assert related[0] == "molecul"
    assert set(related) == {"molecul", "dock", "protein", "affin", "decid"}
