"""A letter's picks come back exactly as they were packed, and take little room."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.model import Digest, Field, Mark, Match, Pick
from digest.store.picks import pack, unpack

#: every text that a database can hold; words that occur twice, and none
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
PHRASES = TEXTS | st.sampled_from(["", "the the", "to be or not to be", "a\u00a0b", "large language models", '"]', "0"])
WORDS = st.lists(TEXTS | st.sampled_from(["the", "be", "models", "0", "1"]), max_size=4)
COUNTS = st.integers(0, 10**9)


def mark(field: Field, start: int, length: int) -> Mark:
    return Mark(field=field, start=start, end=start + length)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    phrase = draw(PHRASES)
    own = phrase.split()
    words = draw(st.just(own) | st.permutations(own) | WORDS)
    return Match(
        interest=phrase,
        field=draw(st.sampled_from(Field)),
        points=draw(st.integers(-1000, 1000)),
        words=tuple(words[: draw(st.integers(0, 5))]) if draw(st.booleans()) else tuple(words),
        mark=draw(st.none() | st.builds(mark, st.sampled_from(Field), COUNTS, st.integers(0, 10**4))),
        related=tuple(draw(st.lists(TEXTS, max_size=2))),
    )


PICKS = st.lists(
    st.builds(
        Pick,
        item=COUNTS,
        revision=st.integers(1, 99),
        score=st.integers(-1000, 1000),
        matches=st.lists(matches(), max_size=3).map(tuple),
        topic=st.none() | PHRASES,
        votes=COUNTS,
    ),
    max_size=5,
).map(tuple)
DIGESTS = st.builds(
    Digest,
    picks=PICKS,
    trending=PICKS,
    misses=PICKS,
    considered=COUNTS,
    line=COUNTS,
    unread=st.lists(TEXTS, max_size=3).map(tuple),
    since=st.none() | st.dates(),
)


@given(DIGESTS)
@example(Digest())
def test_what_was_packed_comes_back(digest: Digest) -> None:
    assert unpack(pack(digest)) == digest


def test_picks_that_were_dropped_are_an_empty_digest() -> None:
    assert unpack(None) == Digest()


VOCABULARY = """
    graph neural network diffusion model large language retrieval protein folding causal inference reinforcement
    learning climate forecasting quantum error correction speech recognition medical imaging federated optimisation
    Bayesian robotics navigation transformer attention sparse kernel program synthesis theorem proving
"""


@pytest.mark.parametrize("seed", range(20))
def test_ten_picks_take_less_than_eight_hundred_bytes(seed: int) -> None:
    random = Random(seed)
    interests = [" ".join(random.sample(VOCABULARY.split(), random.choice([1, 2, 3]))) for _ in range(10)]

    def match(field: Field) -> Match:
        phrase = random.choice(interests)
        words = phrase.split()[: random.randint(1, 3)]
        start = random.randrange(120 if field is Field.TITLE else 1500)
        mark = Mark(field=field, start=start, end=start + random.randrange(4, 40))
        return Match(interest=phrase, field=field, points=random.randrange(5, 100), words=tuple(words), mark=mark)

    picks = tuple(
        Pick(
            item=random.randrange(10**7),
            revision=random.randint(1, 3),
            score=random.randrange(200),
            matches=(match(Field.TITLE), match(Field.ABSTRACT)),
            topic=random.choice([None, "Graph learning", "Medicine"]),
            votes=random.randrange(300),
        )
        for _ in range(10)
    )
    assert len(pack(Digest(picks=picks, considered=412, unread=("arxiv",), since=date(2026, 8, 17)))) <= 800
