"""How well papers fit, which words are named, and what is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import announced, evidence_of, fit, marked, one, paper, scores

from digest.model import Field, ItemText

FILLER = "We study a problem that many have met and few have named, with results that hold in most cases. " * 3


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("oversmoothing", "Over-smoothing in deep graphs"),
        ("oversmoothing", "Over smoothing in deep graphs"),
        ("over-smoothing", "Oversmoothing in deep graphs"),
        ("over smoothing", "Oversmoothing in deep graphs"),
        ("over smoothing", "Over‐smoothing in deep graphs"),
        ("data sets", "A dataset of birds"),
        ("dataset", "Data sets of birds"),
        ("GPT-4", "GPT4 plays chess"),
        ("GPT4", "GPT 4 plays chess"),
        ("GPT 4", "GPT-4 plays chess"),
        ("GPT", "GPT-4 plays chess"),
        ("t-SNE", "tSNE explained"),
        ("k-means", "Faster k means"),
        ("in-context learning", "In context learning of birds"),
        ("in context learning", "In-context learning of birds"),
        ("beta-VAE", "A β-VAE for birds"),
        ("C++", "Memory safety in C++"),
        ("neural network", "Neural Networks for birds"),
        ("Bezier curves", "Bézier curve fitting"),
        ("神经网络", "图神经网络的研究"),
        ('"neural nets"', "On Neural-Nets"),
        ('"the who"', "Listening to The Who"),
        ("title: birds", "A dataset of birds"),
    ],
)
def test_spellings_of_a_phrase_are_found_whole(line: str, title: str) -> None:
    evidence = evidence_of(scores([announced(paper(title=title))]), one(line)).get(1)
    assert evidence
    assert evidence.is_whole


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("C++", paper(title="C and its children")),
        ("C#", paper(title="C++ in depth")),
        ("GPT-4", paper(title="GPT-3 and 4 birds")),
        ("information", paper(title="Stars in formation")),
        ("art", paper(title="Artificial hearts")),
        ('"neural nets"', paper(title="A neural net")),
        ('"neural nets"', paper(title="Neural birds and nets")),
        ('"neural nets"', paper(title="Nets, neural")),
        ('"neural nets"', paper(title="Going neural. Nets are dear")),
        ("title: birds", paper(title="On wings", abstract="Birds have them.")),
        ("birds", paper(title="On wings", authors=("Ada Birds",), categories=("birds",))),
        ("graph neural networks", paper(title="Neural matters", abstract=FILLER)),
        ("Graph Neural networks", paper(title="On graphs")),
        ("birds", paper(title="On wings", abstract=FILLER * 9 + "birds")),
        ("birds", paper()),
    ],
)
def test_what_does_not_fit(line: str, text: ItemText) -> None:
    assert fit(line, text) is None


@pytest.mark.parametrize(
    ("line", "text", "words", "mark"),
    [
        ("message passing", paper(title="Message Passing, again"), ("message", "passing"), "Message Passing"),
        ("Neural paths", paper(title="A path along paths"), ("paths",), "path"),
        ("state of the art", paper(title="The state of art"), ("state", "art"), "state of art"),
        ("rough paths", paper(title="Walks", abstract="Paths. A rough path."), ("rough", "paths"), "rough path"),
        ("few-shot parsing", paper(title="Parsing few-shot"), ("few-shot", "parsing"), "Parsing few-shot"),
        (
            "few-shot parsing",
            paper(title="A shot at parsing"),
            ("shot", "parsing"),
            "shot at parsing",
        ),
        ("β-VAE", paper(title="Why β-VAE works"), ("β-VAE",), "β-VAE"),
        ("oversmoothing", paper(title="On over-smoothing"), ("oversmoothing",), "over-smoothing"),
        ("图神经网络", paper(title="关于图神经网络"), ("图神经网络",), "图神经网络"),
        ('"as we may think"', paper(title="As We May Think"), ("as", "we", "may", "think"), "As We May Think"),
    ],
)
def test_reasons_name_and_mark_the_words_that_occur(
    line: str, text: ItemText, words: tuple[str, ...], mark: str
) -> None:
    found = fit(line, text, least_share=0.0)
    assert found
    assert found.words == words
    assert found.mark
    assert marked(found.mark, text) == mark


def test_the_title_is_the_strongest_field() -> None:
    both = fit("rough paths", paper(title="Paths", abstract="Rough paths everywhere."))
    abstract = fit("rough paths", paper(title="Walks", abstract="Rough paths everywhere."))
    assert both
    assert abstract
    assert (both.field, abstract.field) == (Field.TITLE, Field.ABSTRACT)
    assert both.words == ("rough", "paths")
    assert both.points > abstract.points


def test_whole_neighbouring_words_earn_most() -> None:
    titles = ["Rough paths", "Paths so very rough", "Rough birds on many paths", "Paths"]
    points = [found.points for title in titles if (found := fit("rough paths", paper(title=title)))]
    assert points == sorted(points, reverse=True)
    assert len(set(points)) > 2


@pytest.mark.parametrize("line", ["over smoothing", "oversmoothing"])
def test_a_place_that_is_found_in_two_ways_counts_once(line: str) -> None:
    edition = scores([announced(paper(1, "Over-smoothing")), announced(paper(2, "Over smoothing"))])
    evidence = evidence_of(edition, one(line))
    assert evidence[1].share == evidence[2].share


def test_weight_and_sign_only_scale_the_points() -> None:
    text = paper(title="Rough paths")
    plain, heavy, less = (fit(line, text) for line in ("rough paths", "rough paths ^2", "-rough paths ^2"))
    assert plain
    assert heavy
    assert less
    assert abs(heavy.points - 2 * plain.points) <= 1
    assert less.points == -heavy.points


@pytest.mark.parametrize(
    ("title", "is_whole"),
    [
        ("Medical image analysis", True),
        ("Imaging for medical use", True),
        ("Imaging of birds", False),
        ("Medical reports of patients who once had a day of imaging", False),
    ],
)
def test_only_words_that_stand_together_are_the_whole_phrase(title: str, is_whole: bool) -> None:
    evidence = evidence_of(scores([announced(paper(title=title))]), one("!medical imaging")).get(1)
    assert bool(evidence and evidence.is_whole) is is_whole


def test_one_row_serves_every_spelling() -> None:
    edition = scores([announced(paper(title="Graph networks"))])
    rows = edition.rows([one("graph networks"), one("-Graph Network ^2"), one("!graph networks")])
    assert rows[0] == rows[1] != rows[2]


WORDS = st.sampled_from(["rough", "paths", "path", "graph-based", "GPT-4", "gpt", "4", "over", "smoothing", "of", "."])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
PHRASES = st.lists(WORDS.filter(lambda word: word not in {"of", "."}), min_size=1, max_size=4).map(" ".join)


@given(PHRASES, TEXTS, TEXTS)
def test_marks_and_words_lie_in_what_was_written(phrase: str, title: str, abstract: str) -> None:
    text = paper(title=title, abstract=abstract)
    found = fit(phrase, text)
    if found:
        assert found.points > 0
        assert found.words
        assert all(word in phrase for word in found.words)
        assert found.mark
        assert found.mark.field is found.field
        assert marked(found.mark, text).strip()


@given(PHRASES, TEXTS, TEXTS)
def test_a_paper_that_is_the_phrase_fits_it_whole(phrase: str, title: str, abstract: str) -> None:
    column = evidence_of(scores([announced(paper(title=phrase)), announced(paper(2, title, abstract))]), one(phrase))
    assert column[1].is_whole
    assert all(evidence.share < 1.3 for evidence in column.values())
