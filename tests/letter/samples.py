"""Invented papers, people and letters of every kind that the tests of the letter and its pictures share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from digest.letter.notice import Answer, Notice
from digest.letter.notices import Notices
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

_READING = "Reading machines"

#: three topics; a reason against a paper, and one that learned words have helped to find
TEN = (
    *NINE[:7],
    pick(
        text(
            "Reading Between the Tables: Answers From Ten Thousand Supplements",
            "Most numbers of a paper stand in files that nobody opens. We read ten thousand of them with a small model "
            "that says when it cannot tell, and find that a third of the tables answer questions which the papers "
            "themselves leave open. Confidence is reported per cell, so that a reader can check the doubtful ones.",
            "Tomasz Wilk, Aroha Ngata, Dede Kurnia, Ann Sole",
            item=10,
            categories=("cs.CL",),
        ),
        ("reading", 34, T),
        ("social networks", -12, A),
        topic=_READING,
    ),
    pick(text("Tables That Explain Themselves", "They do.", "Aroha Ngata", item=11), ("tables", 27, T), topic=_READING),
    pick(text("A Comma Too Many", "One less would do.", "Ida Roos", item=12), ("reading", 19, A), topic=_READING),
)
_LEARNED = Match(interest="uncertainty", field=A, points=9, words=("uncertainty",), related=("confidence", "doubtful"))
TEN = (
    *TEN[:7],
    replace(TEN[7], pick=replace(TEN[7].pick, score=31, matches=(*TEN[7].pick.matches, _LEARNED))),
    *TEN[8:],
)

_LONG_ABSTRACT = (
    "Long abstracts are the rule where a field is young. This one was made longer than it had to be, so that we see "
    "where a letter cuts it. The first sentences carry the news; the later ones carry the numbers, the data sets, the "
    "names of the baselines, and at the very end the address of a repository. "
) * 6

TWENTY = tuple(
    replace(each, text=replace(each.text, abstract=f"{each.text.abstract} {_LONG_ABSTRACT}"))
    for each in (NINE * 3)[:20]
)

_FAR_FROM_LATIN = (
    pick(
        text(
            "מפות שקטות: למידה בלי תוויות",
            "אנו מראים כיצד ללמוד מפה של עיר מתוך הליכה אחת, בלי תוויות ובלי מצלמה.",
            "דנה לוי, Зоя Круг",
            item=31,
            categories=("cs.CV",),
        ),
        ("למידה", 44, T),
    ),
    pick(
        text(
            "无需标注的地图：一次步行就够了",
            "本文提出一种无需标注的学习方法。它比以往的方法更简单，也更快。我们在九个城市中做了实验。",
            "王小明, 佐藤花子",
            item=32,
            categories=("cs.CV",),
        ),
        ("地图", 31, T),
    ),
)

_MATHEMATICS = (
    pick(
        text(
            "ϵ-Optimal Search in O(n log n): When a<b and xᵢ² > ℝᵈ",
            "We show ‖x‖₂ ≤ 1/(2π) for all x∈ℝᵈ with p < 0.05; a query costs $5 at 20 ms, and \\foo{x} stays.",
            "P. Q. Erdős, Åsa Þórsdóttir",
            item=41,
            categories=("math.OC",),
        ),
        ("search", 31, T),
        ("costs", 9, A),
    ),
)

NEAR_MISSES = (
    pick(
        text("Sparse Calibration of Rain Gauges by Radar", "", "Marit Voll, Edvin Sars", item=51),
        ("calibration", 31, T),
    ),
    pick(
        text("Why Small Towns Stay Small", "", "Bence Halmos", item=52),
        ("graph neural networks", 38, A),
        ("social networks", -12, A),
    ),
    pick(
        text("A Catalogue of Loop Motifs in Thermophiles", "", "Pradeep Rao, A. B, C. D, E. F", item=53),
        ("protein design", 22, A),
    ),
)

_QUIET = replace(DAILY, picks=(), unread=())
_CALM = replace(DAILY, trending=(), unread=())

#: every kind of digest, by name
LETTERS: dict[str, Letter] = {
    "daily": replace(DAILY, picks=TEN),
    "one": replace(_CALM, picks=NINE[:1]),
    "long": replace(_CALM, picks=TWENTY),
    "non-latin": replace(_CALM, picks=_FAR_FROM_LATIN),
    "mathematics": replace(_CALM, picks=_MATHEMATICS),
    "trending": replace(_QUIET, has_interests=False),
    "quiet": replace(_QUIET, misses=NEAR_MISSES, line=40),
    "welcome": replace(_CALM, is_first=True),
    "vouched": replace(_CALM, picks=NINE[:2], is_first=True, vouched_by="owner@example.org in config.yaml"),
}


def written(notices: Notices) -> dict[str, Notice]:
    """Every kind of letter that is no digest, by name."""
    reader, token = "ada@example.org", "Zk3v9-1Qm7Rr0aXw"
    more = Answer("more 2", "More papers like Whose Neighbour Was It?")
    return {
        "confirm": notices.confirm(reader, token=token, leave=token, until=date(2024, 11, 24)),
        "already": notices.already(
            reader, token=token, days=DAILY.days, send_at=time(6, 45), next_day=date(2024, 11, 22)
        ),
        "link": notices.link(reader, token=token, until=datetime(2024, 11, 21, 7, 50, tzinfo=UTC)),
        "goodbye": notices.goodbye(reader, token=token, until=date(2024, 12, 21), cancelled=date(2024, 11, 22)),
        "paused": notices.paused(reader, token=token, until=date(2024, 12, 2)),
        "reply": notices.reply(
            reader,
            done=(more, Answer("pause 2 weeks", "Nothing until 5 December.")),
            failed=(Answer("lesss 4", "No command is called lesss. Did you mean less?"),),
            answers_to="<mail.7@reader.example>",
        ),
        "alert": notices.alert(
            SITE.contact,
            "bioRxiv has not been read since Tuesday",
            ("Its server answered 503 Service Unavailable eleven times.", "Letters go out without it and say so."),
        ),
        "probe": notices.probe(SITE.contact),
    }


def set_notice(notices: Notices, notice: Notice) -> Message:
    """The letter as a message, with an id and a date that are always the same."""
    return notices.typeset(notice, message_id="<abc.2@example.org>", date=WRITTEN, envelope_from="bounce@example.org")
