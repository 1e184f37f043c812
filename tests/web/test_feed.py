"""The feed: Atom as RFC 4287 wants it, whatever papers say, and not sent twice to who has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from lxml import etree

from digest.web.feed import DAYS, PAPERS
from tests.web.archived import Archived, paper

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Archived]:
    one = Archived(tmp_path)
    yield one
    one.app.close()


def feed(site: Archived) -> etree._Element:
    """The feed, after a reader as strict as they come has taken it."""
    answer = site.get("/feed.xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    assert root.tag == ATOM + "feed"
    assert [one.get("href") for one in root.findall(ATOM + "link") if one.get("rel") == "self"] == [
        "https://papers.example.org/feed.xml"
    ]
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    entries = root.findall(ATOM + "entry")
    for one in (root, *entries):  # each has exactly one of these
        for name in ("id", "title", "updated"):
            assert len(one.findall(ATOM + name)) == 1, name
        assert one.findtext(ATOM + "id").startswith("urn:uuid:")
        assert datetime.fromisoformat(one.findtext(ATOM + "updated")).tzinfo is not None
    assert len({one.findtext(ATOM + "id") for one in (root, *entries)}) == len(entries) + 1
    for one in entries:
        assert [link.get("rel") for link in one.findall(ATOM + "link")] == ["alternate"]
        assert one.find(ATOM + "content").get("type") == "html"
    return root


def entries(site: Archived) -> list[etree._Element]:
    return list(feed(site).findall(ATOM + "entry"))


def content(entry: etree._Element) -> BeautifulSoup:
    return BeautifulSoup(entry.findtext(ATOM + "content"), "lxml")


def test_a_feed_without_entries_is_a_feed(site: Archived) -> None:
    assert entries(site) == []


def test_each_day_is_an_entry_that_leads_to_its_page(site: Archived) -> None:
    site.list("a", day="2026-08-20")
    site.list("b", "c", day="2026-08-21")
    newest, oldest = entries(site)
    assert newest.findtext(ATOM + "title") == "2 papers for Friday, 21\u00a0August 2026"
    assert oldest.findtext(ATOM + "title") == "1 paper for Thursday, 20\u00a0August 2026"
    assert newest.find(ATOM + "link").get("href") == "https://papers.example.org/archive/2026-08-21"


def test_an_entry_that_grows_keeps_its_id_and_says_that_it_has_changed(site: Archived) -> None:
    site.list("a")
    [before] = entries(site)
    site.world.now += timedelta(hours=3)
    site.list("b")
    site.world.now += timedelta(seconds=2)
    [after] = entries(site)
    assert after.findtext(ATOM + "id") == before.findtext(ATOM + "id")
    assert after.findtext(ATOM + "updated") > before.findtext(ATOM + "updated")


def test_papers_stand_in_an_entry_with_as_much_of_them_as_may_be_shown(site: Archived) -> None:
    site.list(paper("Whole"), source="arXiv", day="2026-08-20")
    site.list(paper("In part"), source="papers", day="2026-08-21")
    in_part, whole = (content(one) for one in entries(site))
    assert whole.a.get_text() == "Whole"
    assert whole.a["href"].startswith("https://arxiv.org/abs/")
    assert "The last words" in whole.get_text()
    assert "The beginning of it" in in_part.get_text()
    assert "The last words" not in in_part.get_text()
    assert "not affiliated with arXiv" in whole.get_text()


def test_a_long_day_and_old_days_are_left_to_the_archive(site: Archived) -> None:
    site.list(*(f"paper {n}" for n in range(PAPERS + 3)), day="2026-08-21")
    for day in range(1, DAYS + 2):
        site.list(f"old {day}", day=f"2026-07-{day:02}")
    told = entries(site)
    assert len(told) == DAYS
    links = content(told[0]).select("a")
    assert len(links) == PAPERS + 1
    assert (links[-1].get_text(), links[-1]["href"]) == (
        "And 3 more",
        "https://papers.example.org/archive/2026-08-21",
    )


def test_nothing_that_papers_say_breaks_the_feed_or_runs_in_a_reader(site: Archived) -> None:
    title = "]]> <script>x</script> & \ufffe\uffff &amp; \U0001f600"
    site.list(paper(title, identifiers=("arxiv:2608.00007",), url="javascript:alert(1)"))
    [entry] = entries(site)
    shown = content(entry)
    assert shown.select("script") == []
    assert "<script>x</script> &" in shown.a.get_text()
    assert shown.a["href"] == "https://papers.example.org/papers/1"


def test_who_has_the_feed_is_told_so(site: Archived) -> None:
    site.list("a")
    first = site.get("/feed.xml")
    changed = datetime(2026, 8, 21, 5, tzinfo=UTC)
    assert first.headers["last-modified"] == format_datetime(changed, usegmt=True)
    assert site.get("/feed.xml", if_none_match=first.headers["etag"]).status_code == 304
    assert site.get("/feed.xml", if_modified_since=first.headers["last-modified"]).status_code == 304
    earlier = format_datetime(changed - timedelta(seconds=1), usegmt=True)
    assert site.get("/feed.xml", if_modified_since=earlier).status_code == 200
    # a tag says more than a date (RFC 9110, 13.1.3)
    both = {"if_none_match": '"other"', "if_modified_since": first.headers["last-modified"]}
    assert site.get("/feed.xml", **both).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", "", "Fri, 99 Aug 2026 05:00:00 GMT", "Fri, 21 Aug 2026 05:00:00"])
def test_a_date_that_is_none_counts_for_nothing(site: Archived, since: str) -> None:
    site.list("a")
    assert site.get("/feed.xml", if_modified_since=since).status_code == 200
