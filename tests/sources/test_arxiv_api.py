"""Answers of the API: papers, refusals, and pages that hold less than they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.model import Entry, Outcome
from digest.sources.arxiv import parse
from tests.sources.arxiv_shapes import REFUSAL, Paper, answer, batch, envelope


def test_an_entry_becomes_an_entry() -> None:
    body = answer([Paper(version=2, categories=("cs.LG", "cs.CL"))])
    body = body.replace(b'<category term="cs.LG"/>', b"")  # it is also the primary one
    extra = b"<arxiv:comment>9 pages</arxiv:comment><arxiv:doi>10.1000/A</arxiv:doi><author>"
    body = body.replace(b"<author>", extra, 1)
    assert parse(body).entries == (
        Entry(
            id="2611.00001v2",
            title="Counting $a<b$ sheep",
            url="http://arxiv.org/abs/2611.00001v2",
            abstract="We count sheep & goats. There are $n \\leq 7$.",
            authors=("Ada Example", "Bob Van Sample"),
            published=datetime(2026, 11, 18, 17, 1, tzinfo=UTC),
            version=2,
            categories=("cs.LG", "cs.CL"),
            identifiers=("arxiv:2611.00001v2", "doi:10.1000/A"),
        ),
    )


def test_classes_of_other_schemes_are_no_categories() -> None:
    body = answer([Paper(categories=("math.AG", "14J60 (Primary)", "I.2.7", "hep-th", "cond-mat.mes-hall"))])
    assert parse(body).entries[0].categories == ("math.AG", "hep-th", "cond-mat.mes-hall")


@pytest.mark.parametrize("title", ["0", "Error", "Errors in Everything"])
def test_odd_titles_are_titles(title: str) -> None:
    assert parse(answer([Paper(title=title)])).entries[0].title == title


@pytest.mark.parametrize(
    ("rows", "total", "start", "size", "outcome", "has_more"),
    [
        (2, 2, 0, 200, Outcome.COMPLETE, False),
        (2, 449_736, 0, 2, Outcome.COMPLETE, True),
        (2, 4, 2, 2, Outcome.COMPLETE, False),
        (1, 3, 2, 2, Outcome.COMPLETE, False),
        (1, 9, 0, 2, Outcome.PARTIAL, True),
        (1, 2, 0, 200, Outcome.PARTIAL, True),
        (0, 9, 0, 2, Outcome.SUSPICIOUS, True),
        (0, 9, 4, 0, Outcome.SUSPICIOUS, True),
        (0, 0, 0, 200, Outcome.EMPTY, False),
        (0, 4, 4, 200, Outcome.EMPTY, False),
    ],
)
def test_a_page_is_compared_with_what_was_found(
    rows: int, total: int, start: int, size: int, outcome: Outcome, has_more: bool
) -> None:
    parsed = parse(answer(batch(*["new"] * rows), total=total, start=start, size=size))
    assert (parsed.outcome, parsed.has_more, len(parsed.entries)) == (outcome, has_more, rows)


def test_a_short_page_says_what_is_missing() -> None:
    assert parse(answer([], total=9, size=2)).reason == "0 of the 2 papers that this page should hold"


def test_a_refusal_is_no_paper() -> None:
    parsed = parse(envelope(REFUSAL, total=1, size=1))
    assert (parsed.outcome, parsed.entries) == (Outcome.FAILED, ())
    assert parsed.reason == "the API answered with an error: incorrect id format"


def test_a_refusal_among_papers_is_reported() -> None:
    body = answer([Paper()], total=2).replace(b"</feed>", f"{REFUSAL}</feed>".encode())
    parsed = parse(body)
    assert (parsed.outcome, len(parsed.entries)) == (Outcome.PARTIAL, 1)
    assert parsed.reason == "the API answered with an error: incorrect id format"


@pytest.mark.parametrize("total", ["", "many", "-1", "9" * 40])
def test_an_answer_of_unknown_length_has_failed(total: str) -> None:
    assert parse(envelope("", total=total)).outcome is Outcome.FAILED
