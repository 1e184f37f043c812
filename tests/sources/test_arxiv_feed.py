"""Feeds: what each element becomes, and what is made of odd ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from digest.model import AnnounceType, Entry, Outcome
from digest.sources.arxiv import parse
from digest.sources.arxiv.feed import FULL
from tests.sources.arxiv_shapes import Paper, atom, batch, rss

Feed = Callable[[Sequence[Paper]], bytes]

each_feed = pytest.mark.parametrize("feed", [rss, atom])


@each_feed
def test_an_item_becomes_an_entry(feed: Feed) -> None:
    (entry,) = parse(feed([Paper(version=3, type="replace-cross")])).entries
    assert entry == Entry(
        id="oai:arXiv.org:2611.00001v3",
        title="Counting $a<b$ sheep",
        url="https://arxiv.org/abs/2611.00001",
        abstract="We count sheep & goats. There are $n \\leq 7$.",
        authors=("Ada Example", "Bob Van Sample"),
        published=datetime(2026, 11, 20, 5, tzinfo=UTC),
        announce_type=AnnounceType.REPLACE_CROSS,
        version=3,
        categories=("cs.LG", "stat.ML"),
        identifiers=("arxiv:2611.00001v3",),
    )


@each_feed
@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        (
            b"oai:arXiv.org:2611.00001v1",
            b"oai:arXiv.org:math.AG/0601001v2",
            "identifiers",
            ("arxiv:math.AG/0601001v2",),
        ),
        (b"oai:arXiv.org:2611.00001v1", b"", "id", "2611.00001"),
        (b"https://arxiv.org/abs/2611.00001", b"javascript:alert(1)", "url", "https://arxiv.org/abs/2611.00001"),
        (b"<arxiv:announce_type>new<", b"<arxiv:announce_type><", "announce_type", AnnounceType.NEW),
        (b"<arxiv:announce_type>new<", b"<arxiv:announce_type>novel<", "announce_type", None),
        (b"Counting $a&lt;b$ sheep", b"  Sheep,\n  counted ", "title", "Sheep, counted"),
        (b"Counting $a&lt;b$ sheep", b"<![CDATA[$a<b$ & more]]>", "title", "$a<b$ & more"),
        (b"Counting $a&lt;b$ sheep", b"0", "title", "0"),
        (b"arXiv:2611.00001v1 Announce Type: new \nAbstract:", b"", "abstract", Paper().abstract),
        (b"We count sheep &amp; goats. There are $n \\leq 7$.", b"", "abstract", ""),
        (b"Ada Example, Bob Van Sample", b"Ada Example, Jr., Bob", "authors", ("Ada Example, Jr.", "Bob")),
        (b"Ada Example, Bob Van Sample", b"", "authors", ()),
        (b"</dc:creator>", b"</dc:creator><arxiv:DOI>10.1/x</arxiv:DOI>", "identifiers", ("arxiv:2611.00001v1",)),
        (
            b"</dc:creator>",
            b"</dc:creator><arxiv:DOI>10.1000/a 10.1000/b</arxiv:DOI>",
            "identifiers",
            ("arxiv:2611.00001v1", "doi:10.1000/a", "doi:10.1000/b"),
        ),
    ],
)
def test_an_odd_field_costs_only_itself(feed: Feed, old: bytes, new: bytes, field: str, value: object) -> None:
    parsed = parse(feed([Paper()]).replace(old, new))
    assert parsed.outcome is Outcome.COMPLETE
    assert getattr(parsed.entries[0], field) == value


@each_feed
@pytest.mark.parametrize("old", [b"2611.00001", b"Counting $a&lt;b$ sheep"])
def test_an_item_without_id_or_title_is_left_out_and_reported(feed: Feed, old: bytes) -> None:
    parsed = parse(feed([Paper(), Paper(id="2611.00002", title="Whole")]).replace(old, b""))
    assert (parsed.outcome, parsed.reason) == (Outcome.PARTIAL, "1 of 2 rows name no paper, first row 1")
    assert [entry.title for entry in parsed.entries] == ["Whole"]
    assert parse(feed([Paper()]).replace(old, b"")).outcome is Outcome.SUSPICIOUS


@each_feed
def test_a_feed_of_a_day_without_announcement_is_empty_and_of_that_day(
    feed: Callable[[list[Paper], date], bytes],
) -> None:
    parsed = parse(feed([], date(2026, 11, 21)))
    assert (parsed.outcome, parsed.day, parsed.reason) == (Outcome.EMPTY, date(2026, 11, 21), "no paper is listed")


@each_feed
def test_a_feed_that_is_as_long_as_feeds_can_be_may_not_hold_all(feed: Feed) -> None:
    papers = batch(*["new"] * FULL)
    assert parse(feed(papers)).has_more
    assert not parse(feed(papers[1:])).has_more


def test_midnight_in_new_york_follows_the_season() -> None:
    summer, winter = (parse(rss([Paper()], day)).entries[0].published for day in (date(2026, 7, 7), date(2026, 1, 7)))
    assert (summer, winter) == (datetime(2026, 7, 7, 4, tzinfo=UTC), datetime(2026, 1, 7, 5, tzinfo=UTC))


def test_a_feed_without_xml_declaration_or_in_another_encoding_is_read() -> None:
    body = rss([replace(Paper(), title="Éveillé")])
    bare = body.partition(b"?>\n")[2]
    latin = body.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert parse(bare) == parse(latin) == parse(body)
    assert parse(body).entries[0].title == "Éveillé"
