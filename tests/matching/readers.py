"""Readers and papers that hypothesis makes up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from shelf import announced, paper

from digest.matching.compose import Reader
from digest.matching.grammar import understand
from digest.matching.scores import EditionScores
from digest.model import Interest, Profile, QuietDays, Strictness

NAMES = ("Ada Byron", "Yann LeCun")
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
TOPICS = st.sampled_from(["Food:", "Sky:"])
INTERESTS = st.lists(LINES_OF_TEXT | LINES_OF_TEXT | TOPICS, max_size=7).map(
    lambda lines: understand("\n".join([*lines, ""])).interests
)
PROFILES = st.builds(
    Profile,
    max_items=st.integers(1, 5),
    strictness=st.sampled_from(Strictness),
    quiet_days=st.sampled_from(QuietDays),
    trending=st.integers(0, 2),
)
READERS = st.builds(
    Reader, profile=PROFILES, interests=INTERESTS, excluded=st.frozensets(st.integers(1, 7), max_size=2)
)


def column(edition: EditionScores, interest: Interest) -> dict[int, tuple[float, bool]]:
    """{item: (share, whether it is there whole)} of an interest in an edition, read from its table."""
    [row] = edition.rows([interest])
    table = edition.table
    cells = range(table.starts[row], table.starts[row + 1])
    return {int(edition.items[table.papers[at]]): (float(table.shares[at]), bool(table.is_whole[at])) for at in cells}
