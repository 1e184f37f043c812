"""Letters that use every part of the templates once, so that their mistakes are found when the program starts."""

from __future__ import annotations

from datetime import date

from digest.letter.notice import Answer, Notice
from digest.letter.view import Link
from digest.model import Field, ItemText, Letter, LetterPick, Mark, Match, Pick, Popularity

_TEXT = ItemText(
    item=1,
    revision=1,
    title="A Specimen: Every Part Once",
    abstract="The words of a specimen.",
    authors=("A. One", "B. Two", "C. Three", "D. Four"),
    categories=("cs.XX",),
    url="https://arxiv.org/abs/0000.00000",
    code_url="https://example.org/code",
    version=2,
)
_MATCHES = (
    Match(
        interest="specimen",
        field=Field.TITLE,
        points=50,
        words=("specimen",),
        mark=Mark(field=Field.TITLE, start=2, end=10),
    ),
    Match(interest="parts", field=Field.TITLE, points=-10, words=("parts",)),
)


def _pick(topic: str) -> LetterPick:
    pick = Pick(item=1, revision=1, score=40, matches=_MATCHES, topic=topic)
    return LetterPick(pick=pick, text=_TEXT, popularity=Popularity(upvotes=2))


SPECIMEN = Letter(
    recipient="specimen@example.org",
    day=date(2000, 1, 1),
    picks=tuple(_pick(topic) for topic in ("One", "One", "Two", "Two", "Two", "Two")),
    trending=(LetterPick(pick=Pick(item=2, revision=1, score=0), text=_TEXT, popularity=Popularity(upvotes=2)),),
    considered=9,
    is_first=True,
    vouched_by="the operator",
    is_sample=True,
    attributions=("Thanks to the specimen.",),
    token="specimen",  # noqa: S106 - no secret
)

SPECIMEN_NOTICE = Notice(
    recipient="specimen@example.org",
    language="en",
    site_name="A Specimen",
    subject="A specimen",
    headline="A specimen",
    paragraphs=("One.", "Two."),
    answers=(Answer("One line", "What became of it"), Answer("Another", "And of that")),
    button=Link("Press", "https://example.org/button"),
    small_print=("Small.",),
    aside="By the way.",
    links=(Link("A link", "https://example.org/link"),),
    footer=("Below.",),
)
