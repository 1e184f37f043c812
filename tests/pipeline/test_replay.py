"""Recorded days, replayed one after another and in every form that they were published in: each work once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.model import Entry, Listing, Outcome, Parsed, Source
from digest.sources import parse_saved
from digest.store.connect import Database
from digest.store.schema import announcement
from tests.world import World

RECORDED = Path(__file__).parents[2].parent / "shared" / "listings"

recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded listings are not on this machine")


class Replay(World):
    """Ingests saved documents, and counts how often each work is announced."""

    def ingest_file(self, path: Path, source: Source) -> int:
        """How many works are announced as new."""
        body = path.read_bytes()
        return self.ingest_parsed(parse_saved(body), source)

    def ingest_parsed(self, parsed: Parsed, source: Source) -> int:
        """How many works are announced as new."""
        listing = Listing(source=source.name, url="test:", body=repr(parsed).encode(), parsed=parsed)
        self.sources.listings[source.name] = [listing]
        return self.ingest.run([source], self.now).new_items

    def announcements(self) -> Counter[int]:
        """{item: announcements}."""
        with self.database.read() as connection:
            return Counter(connection.execute(sa.select(announcement.c.item)).scalars())


@pytest.fixture
def replay(database: Database) -> Replay:
    return Replay(database)


@recorded
@pytest.mark.parametrize(
    ("kind", "files", "works"),
    [
        ("huggingface", "hf-api/daily_papers_2026-08-1[789].json", 78),
        ("feed", "hf-rss/hf_daily_feed_2026-08-0*.xml", None),
        ("huggingface", "hf-digest-json/paper_info_2024-08-0*.json", None),
        ("feed", "generic-feeds/nodejs_day*.xml", 1),
    ],
)
def test_consecutive_days_announce_each_work_once(replay: Replay, kind: str, files: str, works: int | None) -> None:
    source = Source(name="recorded", kind=kind, max_age=timedelta(days=36_500))
    paths = sorted(RECORDED.glob(files))
    assert paths
    listed = set()
    for path in paths:
        listed |= {entry.id or entry.title for entry in parse_saved(path.read_bytes()).entries}
        replay.ingest_file(path, source)
    once = replay.announcements()
    assert set(once.values()) == {1}
    assert len(once) == (works or len(listed))
    assert [replay.ingest_file(path, source) for path in paths] == [0] * len(paths)
    assert replay.announcements() == once


@recorded
def test_one_day_in_three_forms_announces_each_work_once(replay: Replay) -> None:
    forms = [
        "arxiv-mail/astro-ph.EP_new_2023-03-03.txt",
        "arxiv-html/list_astro-ph.EP_new_2023-03-03.html",
        "arxiv-rss/rss_astro-ph.EP_2023-03-03.xml",
    ]
    source = Source(name="arxiv", kind="arxiv")
    new = [replay.ingest_file(RECORDED / form, source) for form in forms]
    assert new == [10, 0, 0]  # six new and four cross-listed; replacements of unknown works are not announced
    assert set(replay.announcements().values()) == {1}


FRESH = datetime(2026, 8, 17, 4, tzinfo=UTC)


def feed(*entries: Entry) -> Parsed:
    return Parsed(kind="feed", outcome=Outcome.COMPLETE, entries=entries)


def story(name: str, published: datetime | None) -> Entry:
    return Entry(title=f"A story about {name}", url=f"https://blog.example.org/{name}", published=published)


def test_the_history_of_a_feed_is_not_announced(replay: Replay) -> None:
    blog = Source(name="blog", kind="feed")
    old = [story(f"year {year}", FRESH.replace(year=year)) for year in range(2010, 2026)]
    undated = story("nobody knows when", None)
    assert replay.ingest_parsed(feed(*old, undated, story("today", FRESH)), blog) == 1
    assert replay.ingest_parsed(feed(*old, undated, story("today", FRESH)), blog) == 0
    # afterwards whatever appears is news, however it is dated
    late = [story("found in a drawer", FRESH - timedelta(days=900)), story("without a date", None)]
    assert replay.ingest_parsed(feed(*late, *old), blog) == 2


def test_a_listing_of_a_day_announces_old_papers_too(replay: Replay) -> None:
    old = World.paper("old", published=FRESH - timedelta(days=400))
    daily = Parsed(kind="huggingface", outcome=Outcome.COMPLETE, entries=(old,))
    assert replay.ingest_parsed(daily, Source(name="daily", kind="huggingface")) == 1


def test_an_older_age_lets_more_of_a_history_in(replay: Replay) -> None:
    entries = [story(str(days), FRESH - timedelta(days=days)) for days in range(20)]
    blog = Source(name="blog", kind="feed", max_age=timedelta(days=9, hours=23))
    assert replay.ingest_parsed(feed(*entries), blog) == 10  # those of today to nine days ago


def test_changes_of_form_never_announce_again(replay: Replay) -> None:
    blog = Source(name="blog", kind="feed")
    first = story("kites", FRESH)
    assert replay.ingest_parsed(feed(first), blog) == 1
    spellings = [
        replace(first, url="http://www.blog.example.org/kites/"),
        replace(first, url="https://blog.example.org/kites?utm_source=mail#top"),
        replace(first, title="A story\n   about Kites "),
        replace(first, id="another-guid", abstract="More words."),
    ]
    assert [replay.ingest_parsed(feed(one), blog) for one in spellings] == [0, 0, 0, 0]
