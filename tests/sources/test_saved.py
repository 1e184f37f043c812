"""Saved HTTP answers: the listing in them is read as if it had come alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from digest.model import Outcome
from digest.sources import parse_saved
from tests.sources.arxiv_shapes import REFUSAL, Paper, answer, envelope, mailing, new_page, rss
from tests.sources.shapes import answer as rows
from tests.sources.shapes import row


def saved(body: Any, status: Any = 200) -> bytes:
    return json.dumps({"url": "https://example.org/", "status_code": status, "body": body}, indent=2).encode()


@pytest.mark.parametrize("listing", [answer([Paper()]), rss([Paper()]), mailing([Paper()]), new_page([Paper()])])
def test_the_listing_in_a_saved_answer_is_read(listing: bytes) -> None:
    assert parse_saved(saved(listing.decode())) == parse_saved(listing)
    assert parse_saved(saved(listing.decode()), "arxiv") == parse_saved(listing)
    assert parse_saved(b"\xef\xbb\xbf" + saved(listing.decode())) == parse_saved(listing)


def test_json_in_a_saved_answer_may_be_text_or_a_part_of_it() -> None:
    listing = rows(row(1))
    assert parse_saved(saved(listing.decode())) == parse_saved(saved(json.loads(listing))) == parse_saved(listing)


def test_the_encoding_that_a_listing_had_before_it_was_saved_is_past() -> None:
    listing = rss([Paper(title="Éveillé")]).decode().replace("UTF-8", "ISO-8859-1")
    assert parse_saved(saved(listing)).entries[0].title == "Éveillé"


def test_a_refusal_has_failed_with_its_status_and_its_reason() -> None:
    parsed = parse_saved(saved(envelope(REFUSAL, total=1).decode(), 400))
    assert (parsed.kind, parsed.outcome, parsed.entries) == ("arxiv", Outcome.FAILED, ())
    assert parsed.reason == "a saved answer of status 400: the API answered with an error: incorrect id format"


@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_refusal_that_looks_like_a_quiet_day_is_none(status: int) -> None:
    parsed = parse_saved(saved(rss([]).decode(), status))
    assert (parsed.outcome, parsed.entries) == (Outcome.FAILED, ())
    assert str(status) in parsed.reason


def test_papers_count_whatever_the_status_says() -> None:
    assert parse_saved(saved(rss([Paper()]).decode(), 500)) == parse_saved(rss([Paper()]))


@pytest.mark.parametrize(
    "body", [saved("hello"), saved(None), saved("", "many"), b'{"status_code": 200', b'{"status_code": 200, "body": 1}']
)
def test_what_holds_no_listing_is_refused(body: bytes) -> None:
    assert parse_saved(body).outcome is Outcome.FAILED


def test_an_answer_in_an_answer_is_no_listing() -> None:
    assert parse_saved(saved(saved(rss([Paper()]).decode()).decode())).outcome is Outcome.FAILED
