"""What every kind promises, whichever it is. A new kind is added to SMALL, and nowhere else here."""

from __future__ import annotations

import json
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Outcome, Parsed, Past, Source
from digest.sources import KINDS, MAX_BYTES, UNKNOWN, parse_saved
from tests.sources.arxiv_shapes import Paper, atom, mailing, new_page, rss
from tests.sources.arxiv_shapes import answer as arxiv_answer
from tests.sources.biomedical import chapter, preprint, preprints, record, records, search
from tests.sources.feed_shapes import FORMS, flat_row, post
from tests.sources.shapes import abstract, answer, dated_capture, dense_capture, detail, page, plain_capture, row

PAIR = ("A Title of a Paper", abstract(1))
SAMPLE = {
    "title": "T",
    "url": "https://example.org/t",
    "abstract": "A.",
    "authors": ["B"],
    "categories": [],
    "upvotes": 1,
}

#: {kind: good listings of it}
SMALL: dict[str, list[bytes]] = {
    "huggingface": [answer(row(1), row(2)), page({"dailyPapers": [row(1)], "date": "2026-11-20"})],
    "arxiv": [form([Paper()]) for form in (rss, atom, arxiv_answer, new_page, mailing)],
    "capture": [plain_capture(*PAIR), dense_capture(*PAIR), dated_capture(*PAIR, detail("Nov 7, 2023"))],
    "biorxiv": [preprints(preprint(1), preprint(2, version="2"))],
    "medrxiv": [preprints(preprint(1, server="medRxiv"))],
    "pubmed": [records(record(1), chapter(2)), search("1", "2", total=9)],
    "huggingface-list": [answer(flat_row(1), flat_row(2))],
    "feed": [form(post(1), post(2)) for form in FORMS],
    "webpage": [],  # is told apart and read by the selectors of its source alone: tests/sources/test_webpage.py
    "sample": [json.dumps({"invented_papers": [SAMPLE]}).encode()],
}
#: kinds whose shape shows where it ends, so that a part of a listing can be told from the whole
STRUCTURED = [name for name in KINDS if name != "capture"]

each_kind = pytest.mark.parametrize("name", KINDS)
each_listing = pytest.mark.parametrize(("name", "body"), [(name, body) for name in SMALL for body in SMALL[name]])


def is_sound(parsed: Parsed) -> bool:
    """Whether outcome, reason and entries fit each other, and every string can be stored."""
    is_told = bool(parsed.reason) is (parsed.outcome is not Outcome.COMPLETE)
    is_filled = bool(parsed.entries) is (parsed.outcome in (Outcome.COMPLETE, Outcome.PARTIAL))
    texts = [text for entry in parsed.entries for text in (entry.title, entry.abstract, *entry.authors)]
    are_clean = all(text == " ".join(text.split()) and "\0" not in text and text.encode() is not None for text in texts)
    urls = [url for entry in parsed.entries for url in (entry.url, entry.code_url) if url]
    return is_told and is_filled and are_clean and all(urlsplit(url).scheme in ("http", "https") for url in urls)


def test_every_kind_has_small_listings() -> None:
    assert {*SMALL} == {*KINDS}


@each_kind
def test_a_kind_says_who_it_is(name: str) -> None:
    kind = KINDS[name]
    assert kind.name == name
    assert re.fullmatch(r"[A-Z].+\.", kind.attribution)
    assert kind.gap >= 0
    assert kind.gap or kind.read is None, "a host that is asked over the network gets a pause"


@each_listing
def test_a_good_listing_is_complete_and_known_by_its_looks(name: str, body: bytes) -> None:
    assert parse_saved(body) == parse_saved(body, name) == KINDS[name].parse(body)
    assert KINDS[name].parse(body).outcome is Outcome.COMPLETE
    assert next(other for other in KINDS if KINDS[other].looks_like(body)) == name


@each_kind
@given(body=st.binary() | st.text().map(str.encode))
def test_any_bytes_at_all_give_an_answer(name: str, body: bytes) -> None:
    KINDS[name].looks_like(body)
    parsed = KINDS[name].parse(body)
    assert parsed.kind == name
    assert is_sound(parsed)


FIELDS = ["paper", "id", "title", "summary", "authors", "name", "publishedAt", "submittedOnDailyAt", "upvotes"]
FIELDS += ["githubRepo", "numComments", "invented_papers", "url", "abstract", "categories", "dailyPapers", "date"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@each_kind
@given(value=JSON | st.lists(st.fixed_dictionaries({"paper": JSON, "title": JSON})))
def test_any_json_gives_an_answer(name: str, value: object) -> None:
    for body in (json.dumps(value).encode(), page(value)):
        assert is_sound(KINDS[name].parse(body))


@each_listing
@given(data=st.data())
def test_a_damaged_listing_gives_an_answer(name: str, body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    damage = data.draw(st.binary(max_size=3))
    parsed = KINDS[name].parse(body[:at] + damage + body[at + data.draw(st.integers(0, 3)) :])
    assert is_sound(parsed)


@pytest.mark.parametrize(("name", "body"), [(name, body) for name in STRUCTURED for body in SMALL[name]])
@given(data=st.data())
def test_a_cut_listing_is_never_complete_with_fewer_entries(name: str, body: bytes, data: st.DataObject) -> None:
    parsed = KINDS[name].parse(body[: data.draw(st.integers(0, len(body) - 1))])
    assert not parsed.outcome.is_read or parsed.entries == KINDS[name].parse(body).entries


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty file"),
        (b" \n\t", "nothing but white space"),
        (b"\x7fELF\0\0", "a binary file"),
        (b"\xff\xd8\xff", "not UTF-8 text"),
        (b"<!DOCTYPE html><title>Down for maintenance</title>", "an HTML page titled “Down for maintenance”"),
        (b"<html><body>Hello</body></html>", "an HTML page"),
        (b"<?xml version='1.0'?><urlset/>", "XML"),
        (b"<opml><title>News</title></opml>", "XML"),
        (b'{"results": []}', "JSON"),
        (b"Dear all,\n\nthe meeting is at noon.\n", "plain text"),
    ],
)
def test_what_no_kind_knows_is_described(body: bytes, reason: str) -> None:
    parsed = parse_saved(body)
    assert (parsed.kind, parsed.outcome) == (UNKNOWN, Outcome.FAILED)
    assert parsed.reason.startswith("not a listing that any kind knows: ")
    assert reason in parsed.reason


def test_a_kind_that_is_none_is_refused_with_those_that_are() -> None:
    parsed = parse_saved(answer(row(1)), "telegraph")
    assert parsed.outcome is Outcome.FAILED
    assert "'telegraph'" in parsed.reason
    assert all(name in parsed.reason for name in KINDS)


def test_a_named_kind_is_believed() -> None:
    assert parse_saved(plain_capture(*PAIR), "huggingface").outcome is Outcome.FAILED


def test_a_listing_that_is_too_large_is_refused() -> None:
    parsed = parse_saved(b" " * (MAX_BYTES + 1))
    assert parsed.outcome is Outcome.FAILED
    assert "20 MB" in parsed.reason


def test_the_worked_example_of_the_guide_keeps_the_promises(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "adding-a-source.md").read_text("utf-8")
    (tmp_path / "reports.py").write_text(guide.split("```python\n")[1].split("```")[0], "utf-8")
    kind = runpy.run_path(str(tmp_path / "reports.py"))["KIND"]
    row = b"R-17 | A Title | What was done, in one line.\n"
    assert kind.looks_like(row)
    assert [kind.parse(body).outcome for body in (row, row + b"odd\n", b"odd", b"")] == [
        Outcome.COMPLETE,
        Outcome.PARTIAL,
        Outcome.SUSPICIOUS,
        Outcome.FAILED,
    ]
    assert is_sound(kind.parse(row))
    requests = kind.read(Source(name="lab", kind="reports"), Past(), datetime(2026, 11, 21, tzinfo=UTC))
    assert [request.url[-14:] for request in requests] == ["2026-11-21.txt", "2026-11-20.txt"]
