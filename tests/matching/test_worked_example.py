"""The example of docs/matching.md, computed: whoever changes the score changes the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shelf import announced, paper

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import analyse
from digest.matching.explain import explain
from digest.matching.grammar import canonical, understand
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.papers import Papers
from digest.matching.query import Query, earned
from digest.matching.scores import EditionScores
from digest.model import Profile

PAGE = Path(__file__).parents[2] / "docs" / "matching.md"
HISTORY = History(
    papers=1000,
    total_length=120_000,
    document_counts={"graph": 80, "neural": 250, "network": 300},
    occurrences={"graph": 320, "neural": 500, "network": 900},
)
PAPER = paper(
    title="Rewiring graphs once is enough",
    abstract=(
        "Deep graph neural networks forget where a message came from. We add a few edges before training, once, and "
        "show on nine data sets that networks with forty layers then keep apart what two layers could."
    ),
    authors=("Ines Okafor", "Tomás Reyes"),
    categories=("cs.LG",),
)
INTERESTS = "graph neural networks\nauthor: I. Okafor ^0.5\n-data sets ^0.5\n"


def test_the_worked_example_is_what_the_program_computes() -> None:
    edition = EditionScores([announced(PAPER)], HISTORY)
    why = explain(Profile(), understand(INTERESTS).interests, [edition], PAPER.item)
    page = PAGE.read_text(encoding="utf-8")
    masses = [f"{HISTORY.mass(term):.3f}" for term in ("graph", "neural", "network")]
    rows = [f"| `{each.interest}` | {each.field} | {', '.join(each.words)} | {each.points} |" for each in why.matches]
    for figure in (*masses, *rows, f"score {why.score}", f"line of {why.threshold}"):
        assert figure in page, figure


def test_the_shares_of_the_example_and_their_factors_are_what_the_program_computes() -> None:
    papers = Papers(Index.of([PAPER]), HISTORY, Acronyms.of(HISTORY), lambda _: analyse(PAPER))
    phrases = [canonical(each).phrase for each in understand("graph neural networks\ndata sets\n").interests]
    query = Query.of(phrases, papers)
    [found] = earned(query, np.zeros(len(phrases)))
    shares, factors = found.shares, query.factors
    page = PAGE.read_text(encoding="utf-8")
    assert f"D is {_short(shares[0])}" in page
    assert f"factor is {_short(factors[0])} and the share {_short(shares[0] * factors[0])}" in page
    assert f"{_short(shares[1])} × {_short(factors[1])}" in page


def _short(number: float) -> str:
    return f"{number:.3f}".removeprefix("0")
