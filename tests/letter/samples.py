"""Invented papers, people and letters that the tests of the letter and its pictures share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from digest.letter.press import Press
from digest.model import (
    Field,
    ItemText,
    Letter,
    LetterPick,
    Mark,
    Match,
    Message,
    Pick,
    Popularity,
    Sender,
    Site,
)

SITE = Site(
    name="Daily Papers",
    url="https://papers.example.org",
    postal_address="Example Lab, 12 Quay Street, Galway, Ireland",
    contact="owner@example.org",
)
LOCAL = replace(SITE, url="http://127.0.0.1:8000")
SENDER = Sender(name="Daily Papers", address="digest@example.org")
WRITTEN = datetime(2024, 11, 21, 6, 45, tzinfo=UTC)


def set_letter(press: Press, letter: Letter, **options: str) -> Message:
    """The letter as a message, with an id and a date that are always the same."""
    return press.typeset(
        letter, message_id="<abc.1@example.org>", date=WRITTEN, envelope_from="bounce@example.org", **options
    )


def text(title: str, abstract: str = "", authors: str = "", **fields: object) -> ItemText:
    names = tuple(name for name in authors.split(", ") if name)
    item = fields.pop("item", 1)
    defaults: dict[str, object] = {"url": f"https://arxiv.org/abs/2411.{item:05}", "categories": ("cs.LG",)}
    return ItemText(item=item, revision=1, title=title, abstract=abstract, authors=names, **(defaults | fields))


def pick(paper: ItemText, *follows: tuple[str, int, Field], topic: str | None = None, votes: int = 0) -> LetterPick:
    """The paper as a pick, each of the followed phrases marked where it first stands in its field."""
    matches = tuple(_match(paper, phrase, points, field) for phrase, points, field in follows)
    chosen = Pick(item=paper.item, revision=1, score=sum(m.points for m in matches), matches=matches, topic=topic)
    return LetterPick(pick=chosen, text=paper, popularity=Popularity(upvotes=votes))


def _match(paper: ItemText, phrase: str, points: int, field: Field) -> Match:
    place = {
        Field.TITLE: paper.title,
        Field.ABSTRACT: paper.abstract,
        Field.AUTHOR: ", ".join(paper.authors),
        Field.CATEGORY: ", ".join(paper.categories),
    }[field]
    at = place.lower().find(phrase.lower())
    mark = Mark(field=field, start=at, end=at + len(phrase)) if at >= 0 else None
    return Match(interest=phrase, field=field, points=points, words=(phrase,), mark=mark)


T, A, W, C = Field.TITLE, Field.ABSTRACT, Field.AUTHOR, Field.CATEGORY

_GRAPHS, _TRUST = "Graph learning", "Trust"

_BY_SCORE = (
    pick(
        text(
            "Quiet Edges: Graph Networks That Decide When to Speak",
            "Most graph neural networks move a vector along every edge in every layer, whether or not it changes the "
            "answer. We ask which of these vectors could have stayed at home. A gate of forty weights looks at the two "
            "ends of an edge and decides before anything is computed. On nine benchmarks the gated model sends 71 % "
            "fewer messages at equal accuracy, and on long chains it is better, since silence turns out to slow the "
            "blurring of features. We show that the gate never separates two nodes that the full model would join, "
            "and give away kernels that turn the saving into a 3.4-fold gain on ordinary hardware.",
            "Ilse Okonkwo, Tadeáš Beránek, Mei-Lin Shao, Per Ahlgren, Uma Raman, Jo Vale, Kit Moss",
            item=1,
            code_url="https://code.example.org/quiet-edges",
        ),
        ("graph networks", 56, T),
        ("messages", 36, A),
        topic=_GRAPHS,
    ),
    pick(
        text(
            "Whose Neighbour Was It? Counterfactual Explanations for Graph Networks at Scale",
            "To explain one prediction of a graph model is to search the subsets of a neighbourhood, which is hopeless "
            "near hubs. We replace the search by one backward pass through a softened adjacency matrix and a rounding "
            "step with a guarantee: remove the edges shown, and the label flips. On a citation graph of 40 million "
            "nodes an explanation takes 90 ms, and in a study with 31 auditors it halved the time they needed.",
            "Rui Castelhano, Hanna Lindahl",
            item=2,
            code_url="https://code.example.org/whose-neighbour",
        ),
        ("graph networks", 56, T),
        ("explanations", 22, T),
        topic=_GRAPHS,
    ),
    pick(
        text(
            "Honest at the Margins: Conformal Sets That Stay Small Under Shift",
            "Conformal prediction promises coverage as long as tomorrow looks like today. We keep the promise when it "
            "does not, at the price of a single extra quantile that is learnt on the fly.",
            "Yusra Adeyemo, Clara Monfort, Ravi Nair, Lu Han",
            item=3,
            categories=("stat.ML", "cs.LG"),
        ),
        ("conformal prediction", 61, A),
        ("cs.LG", 3, C),
        topic=_TRUST,
    ),
    pick(
        text(
            "Rewired Once: Preparing Graphs for Tasks of Long Range",
            "Dynamic rewiring recomputes a graph at each layer. A single pass before training recovers nine tenths of "
            "the gain at a hundredth of the cost. The pass is a random walk that remembers where it has been, and it "
            "needs no labels. We also report three settings in which nothing helps, among them trees, and explain why "
            "that had to be so. All runs fit on one card.",
            "Bence Halmos, Oluwaseun Bell",
            item=4,
            version=2,
        ),
        ("graphs", 56, T),
        ("social networks", -12, A),
        topic=_GRAPHS,
    ),
    pick(
        text("Calibration Without Looking Twice", "One pass is enough.", "Edda Sars", item=5, categories=("cs.AI",)),
        ("calibration", 41, T),
        topic=_TRUST,
    ),
    pick(
        text(
            "A Second Opinion From the Same Model",
            "Asking twice helps when the second question is not the first one again.",
            "Noor El-Amine, Grace Whitby, Abel Ortiz, Nia Roth, Sun-hee Cho",
            item=6,
            url="https://huggingface.co/papers/2411.00006",
            categories=(),
        ),
        ("Abel Ortiz", 38, W),
        topic=_TRUST,
        votes=41,
    ),
    pick(text("Trees Are Not So Hard", "They never were.", "Wim Aalto", item=7), ("graphs", 22, A), topic=_GRAPHS),
    pick(
        text("What the Last Layer Knows", "More than it says.", "Ada Brandt, Leo Iwu", item=8),
        ("calibration", 21, A),
        topic=_TRUST,
    ),
    pick(text("Small Worlds Stay Small", "And so they do.", "Bence Halmos", item=9), ("graphs", 20, A), topic=_GRAPHS),
)

#: as they are composed: the papers of one topic together
NINE = tuple(sorted(_BY_SCORE, key=lambda each: (_GRAPHS, _TRUST).index(each.pick.topic)))

READ_BY_OTHERS = (
    pick(
        text("Sleep Helps: Replay at Night for Small Models", "It does.", "Noor El-Amine, Grace Whitby, A. B", item=21),
        votes=211,
    ),
    pick(text("One Camera, Many Rooms", "Scenes from a walk.", "Felipe Durand, Ko Mori", item=22), votes=164),
    pick(text("The Price of Asking Twice", "Twice the price.", "Hye-rin Park, Otto Brandt", item=23), votes=1),
)

DAILY = Letter(
    recipient="ada@example.org",
    day=date(2024, 11, 21),
    picks=NINE,
    trending=READ_BY_OTHERS,
    considered=612,
    send_at=time(6, 45),
    attributions=(
        "Thank you to arXiv for use of its open access interoperability.",
        "Not affiliated with arXiv or Hugging Face.",
    ),
    unread=("bioRxiv",),
    token="Vm9pY2k.u7",
)
