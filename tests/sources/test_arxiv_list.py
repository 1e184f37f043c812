"""List pages: sections, days, declared totals, and pages of other shapes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from digest.model import AnnounceType, Entry, Outcome
from digest.sources.arxiv import parse
from tests.sources.arxiv_shapes import Paper, batch, list_page, list_row, new_page, section

RECENT = "<h2>Authors and titles for recent submissions</h2>"


def test_a_row_becomes_an_entry() -> None:
    (entry,) = parse(new_page([Paper(type="cross")])).entries
    assert entry == Entry(
        id="2611.00001",
        title="Counting $a<b$ sheep",
        url="https://arxiv.org/abs/2611.00001",
        abstract="We count sheep & goats. There are $n \\leq 7$.",
        authors=("Ada Example", "Bob Van Sample"),
        published=datetime(2026, 11, 20, 5, tzinfo=UTC),
        announce_type=AnnounceType.CROSS,
        categories=("cs.LG", "stat.ML"),
        identifiers=("arxiv:2611.00001",),
    )


def test_the_date_of_a_replacement_is_not_that_of_its_paper() -> None:
    assert parse(new_page([Paper(type="replace")])).entries[0].published is None


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ('href ="/abs/2611.00001"', 'href="https://arxiv.org/abs/2611.00001v2"', "version", 2),
        ('href ="/abs/2611.00001"', 'href ="/abs/math/0601001"', "id", "math/0601001"),
        ("Counting $a&lt;b$ sheep", "Title: A Tale", "title", "Title: A Tale"),
        ("We count sheep &amp; goats. There are $n \\leq 7$.", "", "abstract", ""),
        (
            "There are $n \\leq 7$.",
            'Code: <a href="https://example.org/x">this https URL</a>.<br>New line.',
            "abstract",
            "We count sheep & goats. Code: https://example.org/x. New line.",
        ),
        (">Bob Van Sample<", ">and Bob Van Sample<", "authors", ("Ada Example", "Bob Van Sample")),
        ("A Subject (stat.ML)", "Money (and more) (q-fin.MF)", "categories", ("cs.LG", "q-fin.MF")),
    ],
)
def test_an_odd_row_is_understood(old: str, new: str, field: str, value: object) -> None:
    body = new_page([Paper()]).decode()
    assert old in body
    parsed = parse(body.replace(old, new).encode())
    assert parsed.outcome is Outcome.COMPLETE
    assert getattr(parsed.entries[0], field) == value


@pytest.mark.parametrize(
    ("damage", "times"), [("2611.00001", 2), ("Counting $a&lt;b$ sheep", 1), ("<dd>", 1), ("<dt>", 1)]
)
def test_a_row_without_id_or_title_is_reported(damage: str, times: int) -> None:
    body = new_page([Paper(), Paper(id="2611.00002", title="Whole")]).decode().replace(damage, "", times)
    parsed = parse(body.encode())
    assert parsed.outcome is Outcome.PARTIAL
    assert parsed.reason
    assert "Whole" in [entry.title for entry in parsed.entries]


def test_recent_days_date_their_rows_and_none_dates_the_page() -> None:
    thursday, friday = batch("new", "cross"), batch("new", "new", "new")[2:]
    body = section("Fri, 20 Nov 2026 (showing 1 of 1 entries )", friday)
    body += "<dl id='articles'><h3>Thu, 19 Nov 2026</h3><p>No updates for this time period.</p></dl>"
    body += section("Wed, 18 Nov 2026 (showing 2 of 2 entries )", thursday)
    parsed = parse(list_page(RECENT, body, total=3))
    assert (parsed.outcome, parsed.day, parsed.has_more) == (Outcome.COMPLETE, None, False)
    assert [entry.published.day for entry in parsed.entries if entry.published] == [20, 18, 18]
    assert [entry.announce_type for entry in parsed.entries] == [None, None, AnnounceType.CROSS]


def test_one_page_of_many_is_complete_and_says_that_there_are_more() -> None:
    body = section("Fri, 20 Nov 2026 (showing first 2 of 57 entries )", batch("new", "new"))
    links = ": <span>1-2</span> <a href=/list/cs.LG/recent?skip=2&amp;show=2>3-4</a>"
    parsed = parse(list_page(RECENT, body, total=320, links=links))
    assert (parsed.outcome, parsed.has_more, len(parsed.entries)) == (Outcome.COMPLETE, True, 2)


def test_a_page_that_shows_fewer_than_it_declares_is_partial() -> None:
    parsed = parse(list_page(RECENT, section("Fri, 20 Nov 2026", batch("new", "new")), total=3))
    assert (parsed.outcome, parsed.reason) == (Outcome.PARTIAL, "2 of 3 entries that the page declares")
    body = section("New submissions (continued, showing last 3 of 9 entries)", batch("new", "new"))
    assert parse(list_page("", body, total=2)).reason == "2 of 3 entries that the page declares"


def test_pages_of_earlier_years_are_read() -> None:
    row = list_row(Paper()).replace('<a href ="/abs', '<span class="list-identifier"><a href="/abs')
    row = row.replace("</dt>", "</span></dt>").replace("Subjects:", "Subjects:\n")
    body = f"<h3>New submissions for Fri, 20 Nov 26</h3><dl>{row}</dl><h3>Cross-lists for Fri, 20 Nov 26</h3>"
    body += f"<dl>{list_row(Paper(id='2611.00002', type='cross'))}</dl><h3>Replacements for Fri, 20 Nov 26</h3>"
    body += f"<dl>{list_row(Paper(id='2611.00003', type='replace'))}</dl>"
    parsed = parse(list_page("", body, total=3))
    assert parsed.outcome is Outcome.COMPLETE
    assert [entry.announce_type for entry in parsed.entries] == ["new", "cross", "replace"]
    assert parsed.entries[0].published == datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.mark.parametrize("words", ["today", "for this time period"])
def test_a_day_without_updates_is_empty(words: str) -> None:
    top = "<h3>Showing new listings for Friday, 20 November 2026</h3>"
    parsed = parse(list_page(top, f"<p>No updates {words}.</p>", total=0))
    assert (parsed.outcome, parsed.day) == (Outcome.EMPTY, date(2026, 11, 20))


def test_a_list_without_rows_is_suspicious() -> None:
    body = new_page([Paper()]).replace(b"<dt>", b"<p>").replace(b"<dd>", b"<p>")
    assert parse(body).outcome is Outcome.SUSPICIOUS


def test_rows_within_rows_are_damage_and_cost_no_more_than_others() -> None:
    nest = "".join(f"<dl>{list_row(one).removesuffix('</div></dd>' + chr(10))}" for one in batch(*["new"] * 60))
    parsed = parse(list_page("", nest, total=60))
    assert parsed.outcome is Outcome.PARTIAL
    assert len(parsed.entries) == 1
