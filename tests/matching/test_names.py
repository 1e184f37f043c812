"""People and categories, however they are written."""

from __future__ import annotations

import pytest
from shelf import fit, marked, paper

from digest.matching.names import is_same_person, readings
from digest.model import Field

SAME = [
    ("Y. LeCun", "Yann LeCun"),
    ("LeCun, Yann", "Yann LeCun"),
    ("lecun", "Yann LeCun"),
    ("Yann LeCun", "Y LeCun"),
    ("Yann LeCun", "Yann Le Cun"),
    ("Yann LeCun", "Yann André LeCun"),
    ("LeCun Y", "Yann LeCun"),
    ("Jane A. Smith", "Smith JA"),
    ("JA Smith", "Jane Alice Smith"),
    ("J.-P. Serre", "Jean-Pierre Serre"),
    ("Weilin Chen", "Wei-Lin Chen"),
    ("van der Maaten", "Laurens van der Maaten"),
    ("Maaten, Laurens van der", "Laurens van der Maaten"),
    ("de Freitas, Nando", "Nando de Freitas"),
    ("Bernhard Scholkopf", "Bernhard Schölkopf"),
    ("Lukasz Kaiser", "Łukasz Kaiser"),
    ("Xin Li", "Xin LI"),
    ("John Smith", "John Smith, Jr."),
    ("李飞飞", "李飞飞"),
]
DIFFERENT = [
    ("Yann LeCun", "Yves LeCun"),
    ("Cun", "Yann LeCun"),
    ("Le", "Yann LeCun"),
    ("Xin Li", "Xinyu Li"),
    ("Xin Li", "Xin Liu"),
    ("Li Xin", "Xin Li"),
    ("John A. Smith", "John B. Smith"),
    ("Van Nguyen", "Thanh Nguyen"),
    ("Yann LeCun", "LeCun"),
    ("…", "Yann LeCun"),
]


@pytest.mark.parametrize(("sought", "listed"), SAME)
def test_ways_to_write_one_name(sought: str, listed: str) -> None:
    assert is_same_person(readings(sought), readings(listed))


@pytest.mark.parametrize(("sought", "listed"), DIFFERENT)
def test_names_of_different_people(sought: str, listed: str) -> None:
    assert not is_same_person(readings(sought), readings(listed))


def test_an_author_gives_a_fixed_amount_and_is_marked_in_the_list() -> None:
    text = paper(title="Energy", authors=("Ada Byron", "Yann LeCun", "Yves LeCun"))
    found = fit("author: Y. LeCun ^1.5", text)
    assert found
    assert (found.points, found.field, found.words) == (150, Field.AUTHOR, ("Y. LeCun",))
    assert found.mark
    assert marked(found.mark, text) == "Yann LeCun"


@pytest.mark.parametrize(
    ("line", "points"),
    [
        ("category: cs.CL", 10),
        ("category: CS.cl ^2", 20),
        ("-category: cs", -10),
        ("category: q-bio", 10),
        ("category: cell-biology", 10),
        ("category: cs.C", None),
        ("category: cell", None),
        ("category: math", None),
    ],
)
def test_a_category_holds_those_below_it(line: str, points: int | None) -> None:
    text = paper(title="Energy", categories=("stat.ML", "cs.CL", "q-bio.NC", "Cell Biology"))
    found = fit(line, text)
    assert (found and found.points) == points
    assert found is None or (found.mark and marked(found.mark, text) in text.categories)
