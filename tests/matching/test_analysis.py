"""Words, stems and places."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.matching.analysis import Form, fold, groups, read, split, stem
from digest.matching.phrase import understand_phrase, wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Attention Is All", ["attention", "is", "all"]),
        ("C++, C# and F#", ["c++", "c#", "and", "f#"]),
        ("A* search", ["a*", "search"]),
        ("GPT-4 and Qwen2.5", ["gpt", "4", "and", "qwen2.5"]),
        ("β-VAE", ["beta", "vae"]),
        ("Poincaré, Erdős, Łukasz, Straße", ["poincare", "erdos", "lukasz", "strasse"]),
        ("Poincare\u0301", ["poincare"]),
        ("Alzheimer’s don't O'Brien's", ["alzheimer", "dont", "obrien"]),
        ("ﬁne ＧＰＴ R²", ["fine", "gpt", "r2"]),
        ("图神经网络", ["图神", "神经", "经网", "网络"]),
        ("用BERT做", ["用", "bert", "做"]),
        ("हिन्दी पाठ", ["हिन्दी", "पाठ"]),
        ("snake_case/path", ["snake", "case", "path"]),
        ("", []),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert [word.text for word in split(text)] == words


def test_function_words_have_no_term_and_take_no_slot() -> None:
    assert [(word.term, word.slot) for word in split("theory of the minds")] == [
        ("theori", 0),
        ("", 1),
        ("", 1),
        ("mind", 1),
    ]


def test_the_end_of_a_sentence_parts_neighbours() -> None:
    slots = {word.text: word.slot for word in split("On deep nets. Learning is 3.5 times faster")}
    assert slots["learning"] == slots["nets"] + 2
    assert "3.5" in slots


@pytest.mark.parametrize("text", ["over-smoothing", "over‐smoothing", "over–smoothing"])
def test_a_hyphened_word_is_found_by_its_parts_and_in_one(text: str) -> None:
    passage = read(text)
    assert passage.terms == {"over", "smooth", "oversmooth"}
    [place] = passage.places(Form(("oversmooth",)))
    assert (place.start, place.end) == (0, len(text))
    assert passage.length == 2


def test_a_dash_between_spaces_binds_nothing() -> None:
    assert [len(group) for group in groups(tuple(split("nets – a survey - part")))] == [1, 1, 1, 1]


def test_rows_of_words_are_found_where_they_stand() -> None:
    text = "Deep nets: deep nets. Deep. Nets"
    places = read(text).places(Form((), ("deep", "nets")))
    assert [text[at.start : at.end] for at in places] == ["Deep nets", "deep nets"]


@given(st.text() | st.text("aB-.?'’ é\u0301图🙂ﬁ²ωσς"))
def test_every_place_lies_in_the_text_and_in_order(text: str) -> None:
    words = list(split(text))
    starts = [word.start for word in words]
    assert starts == sorted(set(starts))
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert [word.slot for word in words] == sorted(word.slot for word in words)


@given(st.text(min_size=1))
def test_the_terms_of_a_text_do_not_depend_on_its_case_and_white_space(text: str) -> None:
    assert read(text).terms == read(f"\n {text}\t").terms


@given(st.text("abcXYZéÉöşŁøωΣ'’", min_size=1))
def test_folding_is_idempotent(word: str) -> None:
    assert fold(fold(word)) == fold(word)


@given(st.text(alphabet="ab4 .-'s\u00a0;Of"))
def test_a_phrase_is_understood_piece_by_piece_as_in_one(phrase: str) -> None:
    words = wanted(phrase)
    understood = understand_phrase(phrase)
    assert understood.terms == tuple(word.term for word in words)
    assert understood.parts in ((), tuple(word.parts for word in words))
    assert understood.together == tuple(stem(one.text + other.text) for one, other in pairwise(words))


@given(st.text(alphabet="aBs'49"))
def test_words_of_plain_letters_fold_as_they_do_with_an_invisible_one(word: str) -> None:
    assert fold(word) == fold(f"\u00ad{word}")
