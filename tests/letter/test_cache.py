"""What is kept between letters: it has a bound, and a reader never gets what was kept for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letter.cache import Cache
from digest.letter.fit import forms
from digest.letter.pieces import Pieces
from digest.letter.quoted import decoded
from digest.letter.reference import Reference
from digest.letter.templates import Templates
from digest.model import Field, ItemText, Letter, LetterPick, Mark, Match, Popularity
from tests.letter import samples

TEMPLATES = Templates()
PAPER = samples.text("On words kept apart", "Words are kept, and words are words.", authors="Ada Byron, Emmy Noether")
MATCH = Match(
    interest="words", field=Field.TITLE, points=41, words=("words",), mark=Mark(field=Field.TITLE, start=3, end=8)
)


@given(st.integers(1, 50), st.lists(st.integers(0, 99)))
def test_a_cache_keeps_what_came_last_and_never_more_than_its_bound(most: int, keys: list[int]) -> None:
    cache: Cache[int, str] = Cache(most)
    for key in keys:
        assert cache.keep(key, str(key)) == str(key)
        assert len(cache) <= most and cache[key] == str(key)
    assert all(cache[key] == str(key) for key in cache)


def test_the_oldest_go_first() -> None:
    cache: Cache[int, int] = Cache(16)
    for key in range(17):
        cache.keep(key, key)
    assert 0 not in cache and set(range(3, 17)) <= cache.keys()


def letter_with(*matches: Match, text: ItemText = PAPER, upvotes: int = 0) -> Letter:
    """A letter of this one paper, and of eleven others so that ranks have one digit and two."""
    pick = samples.pick(text)
    chosen = replace(pick.pick, score=sum(match.points for match in matches), matches=matches)
    paper = LetterPick(pick=chosen, text=text, popularity=Popularity(upvotes))
    return replace(samples.DAILY, picks=(*samples.NINE, paper, paper, paper))


def marked(field: Field, start: int, end: int) -> Match:
    return replace(MATCH, mark=Mark(field=field, start=start, end=end))


OTHERS: dict[str, Callable[[], Letter]] = {
    "points": lambda: letter_with(replace(MATCH, points=42)),
    "sign": lambda: letter_with(replace(MATCH, points=-41)),
    "words": lambda: letter_with(replace(MATCH, words=("other",))),
    "no words": lambda: letter_with(replace(MATCH, words=())),
    "empty words": lambda: letter_with(replace(MATCH, interest="others", words=("",))),
    "empty words again": lambda: letter_with(replace(MATCH, interest="yet others", words=("",))),
    "related words": lambda: letter_with(replace(MATCH, related=("sentence",))),
    "no mark": lambda: letter_with(replace(MATCH, mark=None)),
    "another mark": lambda: letter_with(marked(Field.TITLE, 9, 13)),
    "a mark elsewhere": lambda: letter_with(marked(Field.ABSTRACT, 3, 8)),
    "an author": lambda: letter_with(marked(Field.AUTHOR, 0, 9)),
    "two reasons": lambda: letter_with(MATCH, MATCH),
    "no reason": lambda: letter_with(),
    "no reason but votes": lambda: letter_with(upvotes=41),
    "another text": lambda: letter_with(MATCH, text=replace(PAPER, abstract="Other words.")),
    "no token": lambda: replace(letter_with(MATCH), token=None),
    "another rank": lambda: replace(letter_with(MATCH), picks=letter_with(MATCH).picks[-2:]),
    "one topic": lambda: replace(letter_with(MATCH), picks=letter_with(MATCH).picks[-1:]),
}


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    """A press that has set a letter about the paper."""
    warm = Pieces(samples.SITE, TEMPLATES)
    warm.set(letter_with(MATCH), "Warm", next(forms(12, 0)))
    return warm


@pytest.mark.parametrize("changed", OTHERS)
def test_whatever_differs_for_one_reader_is_set_anew(pieces: Pieces, changed: str) -> None:
    letter = OTHERS[changed]()
    for form in forms(len(letter.picks), 0):
        html, text = pieces.set(letter, "Other", form)
        assert (decoded(html), decoded(text)) == Reference(samples.SITE, TEMPLATES).bodies(letter, "Other", form)


def test_a_reason_made_where_another_has_gone_is_not_taken_for_it(pieces: Pieces) -> None:
    """Reasons are known by where they stand in memory, and Python puts new ones where old ones stood."""
    form = next(forms(12, 0))
    for words in ("kept", "apart", "words", "kept apart", "words kept", "on words") * 5:
        html, _ = pieces.set(letter_with(replace(MATCH, words=tuple(words.split()))), "Other", form)
        assert f"{words}</" in decoded(html)
