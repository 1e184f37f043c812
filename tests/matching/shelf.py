"""Papers made for tests, and what a reader would get from them."""

from __future__ import annotations

from collections.abc import Iterable

from digest.matching.evidence import Evidence
from digest.matching.grammar import understand
from digest.matching.index import Index
from digest.matching.scores import LEAST_SHARE, EditionScores, match
from digest.model import Announced, AnnounceReason, Field, Interest, ItemText, Mark, Match, Popularity

#: a little of everything, so that words have a frequency: none of it is about what the tests look for
BACKGROUND = (
    "Sparse attention for long documents",
    "A benchmark of tool use by language models",
    "Learning to rank with noisy clicks",
    "Protein folding with neural networks",
    "Robust control of legged robots",
    "Speech recognition in noisy rooms",
)


def paper(item: int = 1, title: str = "", abstract: str = "", **known: object) -> ItemText:
    return ItemText(item=item, revision=1, title=title, abstract=abstract, **known)  # type: ignore[arg-type]


def announced(text: ItemText, *, edition: int = 1, upvotes: int = 0, comments: int = 0) -> Announced:
    return Announced(
        edition=edition,
        reason=AnnounceReason.NEW,
        source="shelf",
        text=text,
        popularity=Popularity(upvotes=upvotes, comments=comments),
    )


def scores(papers: Iterable[Announced], *, least_share: float = LEAST_SHARE) -> EditionScores:
    """An edition of these papers, measured against themselves and the background."""
    known = list(papers)
    background = [paper(-number, title) for number, title in enumerate(BACKGROUND, start=1)]
    history = Index.of([*(each.text for each in known), *background]).history
    return EditionScores(known, history, least_share=least_share)


def evidence_of(edition: EditionScores, interest: Interest) -> dict[int, Evidence]:
    """{item: evidence} of everything that an edition has of an interest."""
    [row] = edition.rows([interest])
    papers = edition.table.papers[edition.table.starts[row] : edition.table.starts[row + 1]]
    items = edition.items[papers].tolist()
    return dict(zip(items, edition.evidence([interest] * len(items), items), strict=True))


def one(line: str) -> Interest:
    """The interest that a single line of text says."""
    interests = understand(f"{line}\n").interests
    assert len(interests) == 1, line
    return interests[0]


def fit(line: str, text: ItemText, *, least_share: float = LEAST_SHARE) -> Match | None:
    """How a paper fits one line of interests; None where it has less of it."""
    interest = one(line)
    evidence = evidence_of(scores([announced(text)], least_share=least_share), interest).get(text.item)
    return match(interest, evidence) if evidence and evidence.share else None


def marked(mark: Mark, text: ItemText) -> str:
    """The characters that a mark covers."""
    written = {
        Field.TITLE: text.title,
        Field.ABSTRACT: text.abstract,
        Field.AUTHOR: ", ".join(text.authors),
        Field.CATEGORY: ", ".join(text.categories),
    }
    return written[mark.field][mark.start : mark.end]
