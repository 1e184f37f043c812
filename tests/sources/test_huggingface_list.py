"""Days of Hugging Face as others keep them."""

from __future__ import annotations

import json

import pytest

from digest.items.keys import keys_of
from digest.model import Outcome
from digest.sources import parse_saved
from digest.sources.huggingface import parse as parse_day
from digest.sources.huggingface_list import parse
from tests.sources.feed_shapes import flat_row
from tests.sources.shapes import answer, row


def test_rows_are_read_in_order_each_paper_once() -> None:
    parsed = parse_saved(answer(flat_row(2), flat_row(1), flat_row(2, title="Again")))
    assert (parsed.kind, parsed.outcome) == ("huggingface-list", Outcome.COMPLETE)
    assert [(entry.id, entry.title) for entry in parsed.entries] == [
        ("2611.00002", "Paper number 2"),
        ("2611.00001", "Paper number 1"),
    ]
    assert parsed.entries[0].url == "https://arxiv.org/abs/2611.00002"


def test_the_same_paper_is_the_same_work_as_in_the_list_of_the_day() -> None:
    (flat,), (listed,) = parse(answer(flat_row(1))).entries, parse_day(answer(row(1))).entries
    assert keys_of(flat)[0] == keys_of(listed)[0]


def test_without_an_address_of_arxiv_the_link_of_the_page_is_taken() -> None:
    (entry,) = parse(answer(flat_row(1, arxiv_url=None))).entries
    assert entry.url == "https://huggingface.co/papers/2611.00001"


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (answer(flat_row(1), flat_row(2, title=None)), Outcome.PARTIAL, "1 of 2 rows name no paper, first row 2"),
        (answer(flat_row(1), flat_row(2, arxiv_id="../x")), Outcome.PARTIAL, "1 of 2 rows"),
        (answer(flat_row(1, arxiv_id=7), "x"), Outcome.SUSPICIOUS, "none of 2 rows"),
        (answer(), Outcome.EMPTY, "no paper is listed"),
        (answer(flat_row(1))[:-1], Outcome.FAILED, "broken or cut-off JSON"),
        (b"[" * 100_000, Outcome.FAILED, "broken or cut-off JSON"),
        (json.dumps(flat_row(1)).encode(), Outcome.FAILED, "not a list"),
        (b"", Outcome.FAILED, "an empty file"),
    ],
)
def test_what_is_missing_is_told(body: bytes, outcome: Outcome, reason: str) -> None:
    parsed = parse(body)
    assert parsed.outcome is outcome
    assert reason in parsed.reason
