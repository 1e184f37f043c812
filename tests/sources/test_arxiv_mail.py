"""Mailings: items, wrapped headers, replacements, and texts that were cut or changed on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from digest.model import AnnounceType, Entry, Outcome
from digest.sources.arxiv import parse
from tests.sources.arxiv_shapes import Paper, batch, mailing

BOTH = "Ada Example and Bob Van Sample"


def test_an_item_becomes_an_entry() -> None:
    parsed = parse(mailing([Paper()]))
    assert (parsed.outcome, parsed.day) == (Outcome.COMPLETE, date(2026, 11, 20))
    assert parsed.entries == (
        Entry(
            id="2611.00001",
            title="Counting $a<b$ sheep",
            url="https://arxiv.org/abs/2611.00001",
            abstract="We count sheep & goats. There are $n \\leq 7$.",
            authors=("Ada Example", "Bob Van Sample"),
            published=datetime(2026, 11, 18, 17, 1, tzinfo=UTC),
            announce_type=AnnounceType.NEW,
            categories=("cs.LG", "stat.ML"),
            identifiers=("arxiv:2611.00001",),
        ),
    )


def test_a_replacement_has_neither_abstract_nor_date() -> None:
    (entry,) = parse(mailing([Paper(type="replace")])).entries
    assert (entry.announce_type, entry.abstract, entry.published) == (AnnounceType.REPLACE, "", None)


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("Counting $a<b$ sheep", "Counting\n  $a<b$\n  sheep: a Tale", "title", "Counting $a<b$ sheep: a Tale"),
        ("Counting $a<b$ sheep", "Sheep\n  Authors: who are they", "title", "Sheep Authors: who are they"),
        ("arXiv:2611.00001", "arXiv:math/0601001", "id", "math/0601001"),
        ("arXiv:2611.00001\n", "Paper: hep-th/9901001\nFrom: Ada <ada@example.org>\n", "id", "hep-th/9901001"),
        ("Title:", "DOI: 10.1000/a\nTitle:", "identifiers", ("arxiv:2611.00001", "doi:10.1000/a")),
        (
            BOTH,
            "A. Ex (1), C. Third (2 and (3)), and B. Am",
            "authors",
            ("A. Ex", "C. Third", "B. Am"),
        ),
        ("Bob Van Sample", "Bob, et al. (7 additional authors not shown)", "authors", ("Ada Example", "Bob")),
        ("Ada Example and", "Ada Example, Jr. and", "authors", ("Ada Example, Jr.", "Bob Van Sample")),
        (
            BOTH,
            "The X Team: Ada Ex (open, Bob",
            "authors",
            ("The X Team", "Ada Ex (open", "Bob"),
        ),
        ("We count sheep", "\\\\\nWe count sheep", "abstract", "\\\\ We count sheep & goats. There are $n \\leq 7$."),
        (" (*cross-listing*)", "", "announce_type", AnnounceType.NEW),
        ("\n\nTitle", " (*cross-listing*)\n\nTitle", "announce_type", AnnounceType.NEW),
        ("arXiv:2611.00001\n", "arXiv:2611.00001 (*cross-listing*)\n", "announce_type", AnnounceType.CROSS),
        ("Date: Wed, 18 Nov 2026 17:01:00 GMT", "Date: soon", "published", None),
    ],
)
def test_an_odd_item_is_understood(old: str, new: str, field: str, value: object) -> None:
    parsed = parse(mailing([Paper()]).decode().replace(old, new).encode())
    assert parsed.outcome is Outcome.COMPLETE
    assert getattr(parsed.entries[0], field) == value


def test_line_ends_of_the_mail_are_as_good_as_ours() -> None:
    body = mailing(batch("new", "cross", "replace"))
    assert parse(body.replace(b"\n", b"\r\n")) == parse(body)


def test_replacements_are_known_by_the_rule_before_them() -> None:
    body = mailing(batch("new", "replace")).replace(b"replaced with revised version", b"Date:")
    assert [entry.announce_type for entry in parse(body).entries] == ["new", "replace"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arXiv:2611.0000N", "arXv:2611.0000N"),
        ("arXiv:2611.0000N", "arXiv:two"),
        ("Title: Paper N", "Paper N"),
        ("\\\\ ( https://arxiv.org/abs/2611.0000N ,  14kb)", ""),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_item_without_id_title_or_end_is_reported(old: str, new: str, number: int) -> None:
    body = mailing(batch("new", "new", "new")).decode()
    parsed = parse(body.replace(old.replace("N", str(number)), new).encode())
    assert parsed.outcome is Outcome.PARTIAL
    assert [entry.title for entry in parsed.entries] == [f"Paper {one}" for one in (1, 2, 3) if one != number]


@pytest.mark.parametrize(
    ("after", "is_whole"), [("", True), ("\n", True), ("\nTo subscribe, write.\n", True), ("\nTo subscri", False)]
)
def test_a_mailing_is_whole_if_its_last_line_is(after: str, is_whole: bool) -> None:
    parsed = parse(mailing(batch("new", "new")).rstrip() + after.encode())
    assert parsed.outcome is (Outcome.COMPLETE if is_whole else Outcome.PARTIAL)
    assert len(parsed.entries) == 2


def test_a_mailing_without_its_last_rule_is_cut_off() -> None:
    body = mailing(batch("new", "new"))
    parsed = parse(body[: body.rindex(b"%%%---" * 13)])
    assert (parsed.outcome, parsed.reason) == (Outcome.PARTIAL, "the mailing is cut off")
    assert len(parsed.entries) == 2


def test_a_mailing_without_items_is_an_empty_day() -> None:
    assert parse(mailing([])).outcome is Outcome.EMPTY
