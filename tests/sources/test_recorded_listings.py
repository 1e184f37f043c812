"""Real listings, recorded beside this checkout, against what is known to be in them."""

from __future__ import annotations

import json
from collections import Counter
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from digest.model import Outcome, Selectors
from digest.sources import KINDS, parse_saved, webpage

ROOT = Path(__file__).parents[3] / "shared" / "listings"
#: {group of the recordings: kind that reads it}
READ_BY = {"hf-text": "capture", "hf-api": "huggingface", "hf-html": "huggingface"}


def truths() -> list[dict[str, Any]]:
    path = ROOT / "truth.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else []


OURS = [truth for truth in truths() if truth["kind"] in READ_BY]
OTHERS = [truth for truth in truths() if truth["kind"] not in READ_BY]

needs_recordings = pytest.mark.skipif(not OURS, reason="no recorded listings in ../shared/listings")


@needs_recordings
@pytest.mark.parametrize("truth", OURS, ids=lambda truth: truth["file"])
def test_a_recorded_listing_is_read_whole(truth: dict[str, Any]) -> None:
    parsed = parse_saved((ROOT / truth["file"]).read_bytes())
    notes = truth["notes"]
    assert (parsed.kind, parsed.outcome, parsed.reason) == (READ_BY[truth["kind"]], Outcome.COMPLETE, "")
    assert len(parsed.entries) == truth["items"]
    assert [parsed.entries[0].title, parsed.entries[-1].title] == [truth["first"]["title"], truth["last"]["title"]]
    assert [parsed.entries[0].url, parsed.entries[-1].url] == [truth["first"]["url"], truth["last"]["url"]]
    assert all(entry.abstract for entry in parsed.entries)
    if "ids" in notes:
        assert [entry.id for entry in parsed.entries] == notes["ids"]
    else:
        assert [entry.title for entry in parsed.entries] == notes["titles"]


@needs_recordings
@pytest.mark.parametrize("truth", [one for one in OURS if "meta" in one["notes"]], ids=lambda truth: truth["file"])
def test_the_dates_and_comments_of_a_capture_are_read(truth: dict[str, Any]) -> None:
    entries = parse_saved((ROOT / truth["file"]).read_bytes()).entries
    for entry, (_, printed) in zip(entries, truth["notes"]["meta"], strict=True):
        words = printed.replace(",", "").split()
        year = words.pop(2) if len(words) > 2 and len(words[2]) == 4 else None
        assert entry.popularity.comments == (int(words[2]) if len(words) > 2 else 0)
        found = entry.published and f"{entry.published:%b} {entry.published.day} {entry.published.year}"
        assert found == (f"{words[0]} {words[1]} {year}" if year else None)


@needs_recordings
@pytest.mark.parametrize("truth", OTHERS, ids=lambda truth: truth["file"])
def test_a_listing_of_another_kind_is_never_taken_for_one_of_these(truth: dict[str, Any]) -> None:
    body = (ROOT / truth["file"]).read_bytes()
    assert not any(KINDS[kind].looks_like(body) for kind in READ_BY.values())


#: {group of the recordings: kind that reads it}
BIOMEDICAL = {"biorxiv": "biorxiv", "pubmed": "pubmed", "pubmed-esearch": "pubmed"}


@needs_recordings
@pytest.mark.parametrize(
    "truth", [one for one in truths() if one["kind"] in BIOMEDICAL], ids=lambda truth: truth["file"]
)
def test_preprints_and_records_are_read_whole(truth: dict[str, Any]) -> None:
    parsed, notes = parse_saved((ROOT / truth["file"]).read_bytes()), truth["notes"]
    ends = [parsed.entries[0], parsed.entries[-1]]
    assert (parsed.kind, parsed.outcome) == (BIOMEDICAL[truth["kind"]], Outcome.COMPLETE)
    assert len(parsed.entries) == truth["items"]
    assert [(entry.id, entry.title, entry.url) for entry in ends] == [
        (truth[end]["id"], truth[end]["title"] or "", truth[end]["url"]) for end in ("first", "last")
    ]
    if "pmids" in notes:
        assert [entry.id for entry in parsed.entries] == notes["pmids"]
        assert sum(": " in entry.abstract[:30] for entry in parsed.entries) >= notes["labelled_abstracts"]
    if "versions" in notes:
        assert [str(entry.version) for entry in parsed.entries] == notes["versions"]
        assert [f"{entry.published:%Y-%m-%d}" for entry in parsed.entries] == notes["dates"]
        assert [entry.announce_type == "replace" for entry in parsed.entries] == [v != "1" for v in notes["versions"]]


ARXIV = [truth for truth in truths() if truth["kind"].startswith("arxiv")]
#: recordings that are something else than a whole listing with papers
ARXIV_OUTCOMES = {
    "arxiv-api/wrapped_id_0000.0000_s0_m100_8b51d9633a68.json": Outcome.EMPTY,
    "arxiv-api/wrapped_id_abc_s0_m100_b79c8dcf6bc3.json": Outcome.FAILED,  # the API refused
    "arxiv-html/list_astro-ph_pastweek_show2000_2023-03-03.html": Outcome.PARTIAL,  # 264 of 320 declared
    "arxiv-html/list_cs.LG_new_2011-02-03_empty.html": Outcome.EMPTY,
    "arxiv-rss/rss_cs.CL_2026-08-01_saturday_empty.xml": Outcome.EMPTY,
}


@needs_recordings
@pytest.mark.parametrize("truth", ARXIV, ids=lambda truth: truth["file"])
def test_a_listing_of_arxiv_is_read_as_it_stands(truth: dict[str, Any]) -> None:
    parsed, notes = parse_saved((ROOT / truth["file"]).read_bytes()), truth["notes"]
    expected = ARXIV_OUTCOMES.get(truth["file"], Outcome.COMPLETE)
    assert (parsed.kind, parsed.outcome, bool(parsed.reason)) == ("arxiv", expected, expected is not Outcome.COMPLETE)
    assert [entry.id for entry in parsed.entries] == notes.get("ids", notes.get("guids"))
    ends = [{"id": one.id, "title": one.title, "url": one.url} for one in (*parsed.entries[:1], *parsed.entries[-1:])]
    assert ends == [truth[end] for end in ("first", "last") if truth[end]]


@needs_recordings
@pytest.mark.parametrize("truth", ARXIV, ids=lambda truth: truth["file"])
def test_the_announcement_types_of_arxiv_are_told(truth: dict[str, Any]) -> None:
    parsed, notes = parse_saved((ROOT / truth["file"]).read_bytes()), truth["notes"]
    sections = {heading.split()[0]: count for heading, count in notes.get("rows_by_heading", {}).items()}
    declared = {"new": sections.get("New"), "cross": sections.get("Cross"), "replace": sections.get("Replacement")}
    declared |= notes.get("announce", notes.get("types", {}))
    found = Counter(str(entry.announce_type) for entry in parsed.entries if entry.announce_type)
    assert found == {name: count for name, count in declared.items() if count}


@needs_recordings
def test_the_same_day_of_arxiv_says_the_same_in_every_form() -> None:
    files = [truth["file"] for truth in ARXIV if "astro-ph.EP" in truth["file"]]
    days = [parse_saved((ROOT / file).read_bytes()).entries for file in files]
    seen = {
        tuple((entry.title, entry.abstract[:60], len(entry.authors), entry.categories[0]) for entry in day)
        for day in days
    }
    assert (len(days), len(seen)) == (4, 1)


@needs_recordings
@pytest.mark.parametrize("truth", ARXIV, ids=lambda truth: truth["file"])
def test_a_listing_of_arxiv_that_was_cut_is_never_complete(truth: dict[str, Any]) -> None:
    body = (ROOT / truth["file"]).read_bytes()
    for size in range(1024, len(body), 1024):
        assert not parse_saved(body[:size]).outcome.is_read


#: {group of the recordings: kind that reads it}
FEEDS = {"generic-feeds": "feed", "jsonfeed": "feed", "hf-rss": "feed", "hf-digest-json": "huggingface-list"}


def of_feeds() -> list[dict[str, Any]]:
    return [truth for truth in truths() if truth["kind"].partition(":")[0] in FEEDS]


@needs_recordings
@pytest.mark.parametrize("truth", of_feeds(), ids=lambda truth: truth["file"])
def test_a_recorded_feed_is_read_as_it_stands(truth: dict[str, Any]) -> None:
    parsed, notes = parse_saved((ROOT / truth["file"]).read_bytes()), truth["notes"]
    assert (parsed.kind, parsed.outcome) == (FEEDS[truth["kind"].partition(":")[0]], Outcome.COMPLETE)
    assert len(parsed.entries) == truth["items"]
    for entry, expected in zip((parsed.entries[0], parsed.entries[-1]), (truth["first"], truth["last"]), strict=True):
        assert (entry.id, entry.url) == (expected["id"], expected["url"])
        assert entry.title == expected["title"] or expected["title"] is None
    if papers := notes.get("arxiv_ids", notes.get("ids")):
        assert [entry.identifiers for entry in parsed.entries] == [(f"arxiv:{paper}",) for paper in papers]
    if "dates_first_last" in notes:
        ends = [parsed.entries[0].published, parsed.entries[-1].published]
        assert ends == [date and parsedate_to_datetime(date) for date in notes["dates_first_last"]]
        assert sum(entry.published is None for entry in parsed.entries) == notes["without_date"]


@needs_recordings
@pytest.mark.parametrize("truth", of_feeds(), ids=lambda truth: truth["file"])
def test_a_recorded_feed_that_was_cut_is_never_complete(truth: dict[str, Any]) -> None:
    body = (ROOT / truth["file"]).read_bytes().rstrip()
    whole = parse_saved(body).entries
    step = max(1024, len(body) // 50)
    for size in (*range(1024, len(body), step), len(body) - 1):
        parsed = parse_saved(body[:size])
        assert not parsed.outcome.is_read
        assert parsed.entries == whole[: len(parsed.entries)]


#: {recorded page: its address and selectors}
PAGES = {
    "html-listing/anthropic_news_trimmed.html": (
        "https://www.anthropic.com/news",
        Selectors(
            item='a[href^="/news/"][class*="-module__"]:has(time)',
            title="h2, h4, [class*=title]",
            abstract="p",
            date="time",
        ),
    ),
    "html-listing/hf_zh_tw_2026-02-25.html": (
        "https://pages.example/",
        Selectors(
            item=".paper-card",
            title=".paper-card-title-en",
            link='a[href*="arxiv.org/abs/"]',
            abstract=".paper-card-abstract",
        ),
    ),
}


@needs_recordings
@pytest.mark.parametrize("truth", [one for one in truths() if one["file"] in PAGES], ids=lambda truth: truth["file"])
def test_a_recorded_page_is_read_by_its_selectors(truth: dict[str, Any]) -> None:
    address, selectors = PAGES[truth["file"]]
    parsed = webpage.parse((ROOT / truth["file"]).read_bytes(), selectors, address)
    assert (parsed.outcome, len(parsed.entries)) == (Outcome.COMPLETE, truth["items"])
    ends = [(entry.id, entry.url) for entry in (parsed.entries[0], parsed.entries[-1])]
    assert ends == [(truth[end]["id"], truth[end]["url"]) for end in ("first", "last")]
    assert all(entry.title and (entry.abstract or entry.published) for entry in parsed.entries)
