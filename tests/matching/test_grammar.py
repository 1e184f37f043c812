"""What readers write, and what is understood."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import one

from digest.matching.grammar import canonical, understand, write
from digest.model import Field, Interest, Sign


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("graph neural networks", Interest(phrase="graph neural networks")),
        ("  graph\t neural   networks ", Interest(phrase="graph neural networks")),
        ("diffusion models ^2", Interest(phrase="diffusion models", weight=2.0)),
        ("diffusion models^.5", Interest(phrase="diffusion models", weight=0.5)),
        ('"state space"^0.1', Interest(phrase="state space", exact=True, weight=0.1)),
        ("“state space” ^ 5", Interest(phrase="state space", exact=True, weight=5.0)),
        ("«state space»", Interest(phrase="state space", exact=True)),
        ('author: "Yann LeCun"', Interest(phrase="Yann LeCun", field=Field.AUTHOR, exact=True)),
        ("AUTHOR:Yann LeCun ^3", Interest(phrase="Yann LeCun", field=Field.AUTHOR, weight=3.0)),
        ("author: LeCun, Yann", Interest(phrase="LeCun, Yann", field=Field.AUTHOR)),
        ("category : cs.CL", Interest(phrase="cs.CL", field=Field.CATEGORY)),
        ("-medical imaging", Interest(phrase="medical imaging", sign=Sign.LESS)),
        ("– medical imaging", Interest(phrase="medical imaging", sign=Sign.LESS)),
        ("! title: survey", Interest(phrase="survey", sign=Sign.NEVER, field=Field.TITLE)),
        ("few-shot learning", Interest(phrase="few-shot learning")),
        ("Mamba: state spaces", Interest(phrase="Mamba: state spaces")),
        ("https://example.org", Interest(phrase="https://example.org")),
        ("title: author: a novel", Interest(phrase="author: a novel", field=Field.TITLE)),
        ("n^2 algorithms", Interest(phrase="n^2 algorithms")),
        ("x^2 ^3", Interest(phrase="x^2", weight=3.0)),
        ('"to be or not to be"', Interest(phrase="to be or not to be", exact=True)),
        ("C#", Interest(phrase="C#")),
        ("图神经网络", Interest(phrase="图神经网络")),
    ],
)
def test_a_line_says(line: str, expected: Interest) -> None:
    assert replace(one(line), line=0) == expected


@pytest.mark.parametrize(
    ("line", "part_of_reason"),
    [
        ("optics ^9", "weight 9 is over 5"),
        ("optics ^0", "weight 0 is under 0.1"),
        ("optics ^-1", '"-1" is no weight'),
        ("optics ^nan", '"nan" is no weight'),
        ("optics ^", '"" is no weight'),
        ("author:", "nothing after author:"),
        ("-", "no words"),
        ("^2", "no words"),
        ('""', "no words"),
        ("???", "no words"),
        ("category: …", "no words"),
        (":", "no name before the colon"),
        ('"state space', "a quote is not closed"),
        ('the "state space', "a quote is not closed"),
        ('the "state space" model', "put the quotes around the whole phrase"),
        ('"state space" model', "words follow the closing quote"),
        ("autor: LeCun", "did you mean author:?"),
        ("Categories: cs.CL", "did you mean category:?"),
        ("ti: survey", "did you mean title:?"),
        ("abstract: survey", "leave it out"),
        ("of the", "put them in quotes"),
        ("related: molecule", "-related: and the word"),
        ("!related: molecule", "-related: and the word"),
        ("-related:", "nothing after related:"),
        ("- Related: …", "no words"),
        ('-related: "molecule"', "without quotes and weight"),
        ("-related: molecule ^2", "without quotes and weight"),
    ],
)
def test_a_line_that_cannot_be_understood_says_what_to_do(line: str, part_of_reason: str) -> None:
    understood = understand(f"optics\n{line}\n lasers \n")
    assert [each.phrase for each in understood.interests] == ["optics", "lasers"]
    [problem] = understood.problems
    assert part_of_reason in problem.reason
    assert (problem.line, problem.text) == (2, line)


def test_topics_comments_and_line_numbers() -> None:
    understood = understand(
        "# mine\noptics\r\n\nGraph learning:\nmessage passing\n-Title: survey\nProbability :\nrough paths"
    )
    assert [(each.phrase, each.topic, each.line) for each in understood.interests] == [
        ("optics", None, 2),
        ("message passing", "Graph learning", 5),
        ("survey", "Graph learning", 6),
        ("rough paths", "Probability", 8),
    ]
    assert not understood.problems


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("compositional generalization, grokking", ["compositional generalization", "grokking"]),
        ('"tea, coffee", milk ^2,, -sugar', ["tea, coffee", "milk", "sugar"]),
        ('tea, "coffee, milk', ["tea"]),
        ("“tea, coffee”, milk", ["tea, coffee", "milk"]),
        ("tea, coffee\n", ["tea, coffee"]),
        ("tea, coffee\nmilk", ["tea, coffee", "milk"]),
        ("", []),
    ],
)
def test_commas_part_interests_only_in_a_text_without_line_ends(text: str, phrases: list[str]) -> None:
    assert [each.phrase for each in understand(text).interests] == phrases


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("graph neural networks", "-Graph Neural Network ^2"),
        ("over-smoothing", "over smoothing"),
        ("author: LeCun, Yann", 'author: "Yann LeCun"'),
        ("category: CS.cl", "category: cs.CL"),
        ('"Neural Nets"', '"neural nets"'),
        ("β-VAE", "beta-VAE"),
        ("naïve bayes", "naive Bayes"),
    ],
)
def test_spellings_of_one_interest_are_one(one_way: str, other_way: str) -> None:
    assert canonical(one(one_way)) == canonical(one(other_way))


@pytest.mark.parametrize(
    ("one_thing", "another"),
    [
        ("neural nets", "title: neural nets"),
        ("neural nets", '"neural nets"'),
        ("neural nets", "nets neural"),
        ('"net"', '"nets"'),
        ("author: LeCun", "LeCun"),
        ("category: cs", "title: cs"),
        ("GPT-4", "GPT-3"),
    ],
)
def test_different_interests_differ(one_thing: str, another: str) -> None:
    assert canonical(one(one_thing)) != canonical(one(another))


def test_a_struck_word_goes_to_all_interests_that_learn() -> None:
    lines = ["optics", "–Related : Molecule", "Light:", "-lasers ^2", '"laser"', "title: survey", "author: LeCun"]
    understood = understand("\n".join([*lines, "-related: light yield"]))
    assert not understood.problems
    struck = ("Molecule", "light yield")
    assert [each.unrelated for each in understood.interests] == [struck, struck, (), (), ()]
    assert write(understood.interests).endswith("-related: Molecule\n-related: light yield\n")
    assert canonical(understood.interests[0]).unrelated == {"molecul", "light", "yield"}
    assert canonical(understood.interests[0]) != canonical(one("optics"))


STRUCK = st.sampled_from(["-related: tea", "-related: of", "related: tea"])
LINES = st.lists(STRUCK | st.text("-–!#: \"“^,.ab1β'", max_size=12) | st.text(max_size=8), max_size=6)
PHRASES = st.lists(st.sampled_from(["graph", "neural", "x^2", "C++", "β-VAE", "cs.CL", "a:b"]), min_size=1, max_size=3)
INTERESTS = st.builds(
    Interest,
    phrase=PHRASES.map(" ".join),
    sign=st.sampled_from(Sign),
    field=st.none() | st.sampled_from([Field.TITLE, Field.AUTHOR, Field.CATEGORY]),
    exact=st.booleans(),
    weight=st.floats(0.1, 5),
    topic=st.none() | st.sampled_from(["Graph learning", "Probability"]),
)


def apart_from_lines(interests: tuple[Interest, ...]) -> list[Interest]:
    return [replace(each, line=0) for each in interests]


@given(LINES.map("\n".join))
def test_what_was_understood_is_understood_again(text: str) -> None:
    """Whatever people type, each line is an interest, a problem or neither, and nothing is lost by writing it back."""
    understood = understand(text)
    again = understand(write(understood.interests))
    assert apart_from_lines(again.interests) == apart_from_lines(understood.interests)
    assert not again.problems


@given(st.lists(INTERESTS, max_size=6))
def test_what_is_written_is_understood(interests: list[Interest]) -> None:
    again = understand(write(interests))
    assert not again.problems
    expected = sorted(interests, key=lambda each: each.topic is not None)
    assert [replace(each, weight=0, line=0) for each in again.interests] == [
        replace(each, weight=0) for each in expected
    ]
    assert [each.weight for each in again.interests] == pytest.approx([each.weight for each in expected])


PAGE = Path(__file__).parents[2] / "docs" / "interests.md"


def test_the_page_for_readers_says_what_is_answered() -> None:
    """Both ways: every answer of the page is given, and every example of the page is understood."""
    page = PAGE.read_text(encoding="utf-8")
    answers = re.findall(r"^\| `(.+)` \| (.+) \|$", page.split("## When a line is not understood")[1], re.MULTILINE)
    assert answers
    assert [understand(f"{line}\n").problems[0].reason for line, _ in answers] == [reason for _, reason in answers]
    examples = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert examples
    assert all(understand(example).interests and not understand(example).problems for example in examples)
