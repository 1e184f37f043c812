"""What cannot be read, or only in part: told with its reason and the right exit status, and none of it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.papers import abstract, capture, captured, day_listing, paper, title
from tests.cli.place import FRIDAY, Place

MAINTENANCE = (
    "<!doctype html><html><head><title>Down for maintenance</title></head><body><p>Back soon.</p></body></html>"
)
WHOLE = day_listing("2026-11-20", paper("one"), paper("two"))

#: {what it is: (its content, a word of the reason)}
UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "blank": (lambda: b" \n\t\n ", ""),
    "binary": (lambda: bytes(range(256)) * 40, ""),
    "maintenance": (MAINTENANCE.encode, "Down for maintenance"),
    "cut in half": (lambda: WHOLE.encode()[: len(WHOLE) // 2], "cut"),
    "an object": (lambda: b'{"error": "rate limit"}', ""),
    "no papers": (lambda: b'[{"paper": {"title": "no id"}}]', "1 rows"),
    "deep": (lambda: b"[" * 100_000 + b'"paper"', ""),
    "huge": (lambda: b"[" + b" " * 50_000_000 + b"]", "50.0 MB"),
}
bad = pytest.mark.parametrize("kind", UNREADABLE)


def written(place: Place, kind: str) -> tuple[Path, str]:
    content, reason = UNREADABLE[kind]
    return place.file("bad.json", content()), reason


@bad
def test_parse_tells_the_reason(place, kind):
    _, reason = written(place, kind)
    done = place.run("parse", "bad.json", "--json")
    assert done.status == 1
    assert done.json["outcome"] in ("failed", "suspicious")
    assert done.json["reason"]
    assert reason in done.json["reason"]
    assert done.json["entries"] == []
    assert not (place.folder / "var").exists()


@bad
def test_preview_tells_the_reason_and_writes_no_letter(place, kind):
    _, reason = written(place, kind)
    done = place.run("preview", "bad.json", "--interests", "kites", "--json")
    assert (done.status, done.out) == (1, "")
    assert "bad.json" in done.err
    assert reason in done.err
    assert not (place.folder / "out").exists()


@bad
def test_ingest_records_nothing_of_it(place, kind):
    place.list("2026-11-19", "zero")
    place.configure(
        sources=[
            {"name": "saved", "kind": "folder", "path": "listings/*"},
            {"name": "other", "kind": "folder", "path": "bad.json"},
        ]
    )
    place.file("bad.json", day_listing("2026-11-19", paper("good")))
    assert place.at(FRIDAY, "ingest").status == 0
    before = place.contents()
    _, reason = written(place, kind)
    done = place.at(FRIDAY, "ingest", "--source", "other", "--json")
    assert done.status == 1
    (source,) = done.json["sources"]
    assert source["outcome"] in ("failed", "suspicious")
    assert reason in source["reason"]
    assert "bad.json" in source["reason"]
    assert (source["entries"], done.json["edition"], done.json["new_items"]) == (0, None, 0)
    after = place.contents()
    assert after | {"source": before["source"]} == before  # only how the read ended is noted


def test_a_bad_file_stops_no_other(place):
    place.list("2026-11-20", "one")
    place.file("listings/bad.json", MAINTENANCE)
    done = place.at(FRIDAY, "ingest", "--json")
    assert done.status == 0
    (source,) = done.json["sources"]
    assert (source["outcome"], source["new"]) == ("partial", 1)
    assert "bad.json" in source["reason"]


# --- captures with something missing ------------------------------------------------------------------------------

NAMES = ("one", "two", "three")
WHOLE_BLOCKS = [block for name in NAMES for block in (title(name), abstract(name))]
DAMAGED = {
    "a lone title at the end": [*WHOLE_BLOCKS, title("four")],
    "a title without abstract": [*WHOLE_BLOCKS[:2], title("four"), *WHOLE_BLOCKS[2:]],
    "an abstract without title": [*WHOLE_BLOCKS[:4], abstract("four"), *WHOLE_BLOCKS[4:]],
}
damaged = pytest.mark.parametrize("blocks", DAMAGED.values(), ids=DAMAGED)


def line_of(blocks: list[str], text: str) -> int:
    return capture(*blocks).split("\n").index(text) + 1


@damaged
def test_the_good_papers_of_a_capture_are_kept_and_the_place_is_told(place, blocks):
    place.file("listings/page.txt", capture(*blocks))
    odd = next(block for block in blocks if "four" in block)
    where = f"line {line_of(blocks, odd)}"
    parsed = place.run("parse", "listings/page.txt", "--json")
    assert (parsed.status, parsed.json["outcome"]) == (0, "partial")
    assert [entry["title"] for entry in parsed.json["entries"]] == [title(name) for name in NAMES]
    assert where in parsed.json["reason"]
    shown = place.run("preview", "listings/page.txt", "--interests", "kites", "--json")
    assert (shown.status, shown.json["considered"]) == (0, 3)
    assert where in shown.err
    done = place.at(FRIDAY, "ingest", "--json")
    assert done.status == 0
    (source,) = done.json["sources"]
    assert (source["outcome"], source["entries"], source["new"]) == ("partial", 3, 3)
    assert where in source["reason"]


@damaged
def test_a_mended_capture_is_read_again_and_announces_only_the_rest(place, blocks):
    place.file("listings/page.txt", capture(*blocks))
    assert place.at(FRIDAY, "ingest").status == 0
    place.file("listings/page.txt", captured(*NAMES, "four"))
    done = place.at(FRIDAY, "ingest", "--json")
    assert (done.status, done.json["new_items"]) == (0, 1)
    assert done.json["sources"][0]["outcome"] == "complete"


# --- files that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["absent.json", "listings"])
@pytest.mark.parametrize("typed", [("parse",), ("preview", "--interests", "kites")], ids=["parse", "preview"])
def test_a_missing_file_and_a_folder_are_wrong_usage(place, typed, name):
    done = place.run(*typed, name)
    assert (done.status, done.out) == (2, "")
    assert name in done.err
    assert not (place.folder / "var").exists()


@pytest.mark.parametrize("pattern", ["absent/*", "listings"])
def test_a_folder_source_without_files_fails(place, pattern):
    place.configure(sources=[{"name": "saved", "kind": "folder", "path": pattern}])
    done = place.at(FRIDAY, "ingest", "--json")
    assert done.status == 1
    (source,) = done.json["sources"]
    assert source["outcome"] == "failed"
    assert pattern in source["reason"]


# --- config.yaml and interests -----------------------------------------------------------------------------------

FIVE_MISTAKES = """\
site:
  name: Kite News
  contact: nobody
sender: {name: Kite News, address: digest@example.org}
sources:
  - {name: saved, kind: telegram}
digest:
  send_at: half past seven
  colour: red
subscribers:
  - email: ada@example.org
    interests: |
      kites
      kites ^99
"""


@pytest.mark.parametrize("typed", [("send", "--now"), ("ingest",), ("status", "--json"), ("subscribers", "list")])
def test_all_mistakes_of_the_configuration_are_told_at_once(place, typed):
    place.file("config.yaml", FIVE_MISTAKES)
    done = place.run(*typed)
    assert (done.status, done.out) == (2, "")
    lines = [line for line in done.err.splitlines() if line.startswith("config.yaml:")]
    assert [int(line.split(":")[1]) for line in lines] == [3, 6, 8, 9, 14]
    assert not (place.folder / "var").exists()


@pytest.mark.parametrize(
    ("interests", "line"), [("kites ^99", 1), ("kites\nkites ^x", 2), ('kites\n\n"open', 3), ("kites\n-\n", 2)]
)
def test_interests_that_cannot_be_meant_are_told_with_their_line(place, interests, line):
    place.list("2026-11-20", "one")
    done = place.run("preview", "listings/2026-11-20.json", "--interests", interests)
    assert (done.status, done.out) == (2, "")
    assert f"interests:{line}:" in done.err
    added = place.run("subscribers", "add", "bea@example.org", "--interests", interests)
    assert (added.status, added.out) == (2, "")
    assert "bea@example.org" not in place.run("subscribers", "list").out


def test_every_bad_line_of_the_interests_is_told(place):
    place.list("2026-11-20", "one")
    done = place.run("preview", "listings/2026-11-20.json", "--interests", "kites ^99\nkites\n!\n")
    assert done.status == 2
    assert [line.split(":")[1] for line in done.err.splitlines()] == ["1", "3"]
