"""Real listings, recorded beside this checkout, against what is known to be in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from digest.model import Outcome
from digest.sources import KINDS, parse_saved

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
