"""What a listing changes: nothing twice, nothing lost, whatever the order, the source and the spelling."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.items.diff import Change, Changes, diff
from digest.items.works import Work, works_of
from digest.model import AnnounceType, Entry, ItemText, Known, Listing, Popularity, Source
from digest.pipeline.ingest import Ingested
from digest.sources import parse_saved
from digest.store.connect import Database
from tests.world import CURATED, PLAIN, World

RECORDED = Path(__file__).parents[3] / "shared" / "listings"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason="no recorded listings in ../shared/listings")


def work(**values: Any) -> Work:
    """The only work of a listing with one entry."""
    [one] = works_of([Entry(**{"title": "On Kites", **values})], "saved")
    return one


def known(*works: Work, **values: Any) -> dict[str, Known]:
    """A store that holds these works, numbered from 1."""
    items = [
        Known(item=number, keys=frozenset(one.keys), text=text_of(one, number), **values)
        for number, one in enumerate(works, 1)
    ]
    return {key: item for item in reversed(items) for key in item.keys}


def text_of(one: Work, item: int) -> ItemText:
    values = {name: getattr(one.text, name) for name in ItemText.__dataclass_fields__}
    return ItemText(**{**values, "item": item, "revision": 1})


def only(changes: Changes) -> Change:
    [change] = changes
    return change


# --- entries of one listing ---


@pytest.mark.parametrize(
    "twin",
    [
        {"title": "ON  KITES", "identifiers": ("arxiv:2608.00001v2",)},
        {"title": "Another title", "identifiers": ("https://arxiv.org/pdf/2608.00001",)},
        {"title": "On\n  kites"},
        {"title": "On kites!", "authors": ("Kite, A.",), "identifiers": ("doi:10.1000/1",)},
    ],
)
def test_entries_of_one_work_are_one(twin: dict[str, Any]) -> None:
    first = Entry(title="On Kites", authors=("Ada Kite",), identifiers=("arxiv:2608.00001",))
    [one] = works_of([first, Entry(**twin)], "saved")
    assert "arxiv:2608.00001" in one.keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ada Kite",), ("Ben Rope",)),
        (("Ada Kite",), ("Ben Kite",)),
        (("Ada Kite", "Ben Rope"), ("Ben Rope", "Ada Kite")),
        (("Ada Kite",), ()),
        ((), ()),
    ],
)
def test_one_title_of_two_first_authors_is_two_works(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    entries = [
        Entry(title="On Kites", authors=one, identifiers=("arxiv:2608.00001",)),
        Entry(title="On Kites", authors=other, identifiers=("doi:10.1000/1",)),
    ]
    assert len(works_of(entries, "saved")) == 2


def test_a_bare_title_does_not_make_one_of_two_works_that_share_it() -> None:
    entries = [
        Entry(title="On Kites"),
        Entry(title="On Kites", authors=("Ada Kite",), identifiers=("arxiv:2608.00001",)),
        Entry(title="On Kites", authors=("Ben Rope",), identifiers=("arxiv:2608.00002",)),
        Entry(title="On Kites", authors=("Rope, B.",)),
    ]
    assert [one.keys[0] for one in works_of(entries, "saved")] == ["arxiv:2608.00001", "arxiv:2608.00002"]


def test_an_entry_that_names_two_works_makes_them_one() -> None:
    entries = [
        Entry(title="On Kites", identifiers=("arxiv:2608.00001",)),
        Entry(title="Of Ropes", identifiers=("doi:10.1000/1",)),
        Entry(title="Of Winds", identifiers=("doi:10.1000/1", "arxiv:2608.00001")),
    ]
    assert len(works_of(entries, "saved")) == 1


def test_the_newest_and_fullest_words_of_one_work_are_kept() -> None:
    entries = [
        Entry(title="On Kites", version=1, abstract="A very long abstract.", authors=("Ada Kite",)),
        Entry(title="On kites", version=2, abstract="Short.", popularity=Popularity(3, 0)),
        Entry(title="on kites", popularity=Popularity(1, 4), code_url="https://example.org/code"),
    ]
    [one] = works_of(entries, "saved")
    assert (one.text.title, one.text.version, one.text.abstract) == ("On kites", 2, "Short.")
    assert (one.text.authors, one.text.code_url) == (("Ada Kite",), "https://example.org/code")
    assert one.popularity == Popularity(3, 4)


def test_a_new_entry_beats_a_replacement_of_the_same_work() -> None:
    entries = [
        Entry(title="On Kites", announce_type=AnnounceType.REPLACE_CROSS),
        Entry(title="On Kites", announce_type=AnnounceType.CROSS),
    ]
    assert only(diff(works_of(entries, "saved"), {}, is_curated=False)).announce


# --- against what is known ---


def test_an_unknown_work_is_new() -> None:
    one = work(identifiers=("arxiv:2608.00001",))
    change = only(diff([one], {}, is_curated=False))
    assert (change.item, change.announce, change.new_keys, change.new_text) == (None, True, one.keys, one.text)
    assert not change.is_first_listing


@pytest.mark.parametrize("kind", [AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS])
def test_a_replacement_of_an_unknown_work_is_kept_and_not_announced(kind: AnnounceType) -> None:
    changes = diff([work(announce_type=kind)], {}, is_curated=False)
    assert [(change.item, change.announce) for change in changes.new] == [(None, False)]


@pytest.mark.parametrize(
    ("is_curated", "is_listed", "is_absorbed", "is_announced"),
    [
        (True, False, False, True),
        (True, True, False, False),
        (True, False, True, False),
        (False, False, False, False),
    ],
)
def test_a_known_work_is_listed_once_and_never_from_behind_a_barrier(
    is_curated: bool, is_listed: bool, is_absorbed: bool, is_announced: bool
) -> None:
    one = work(identifiers=("arxiv:2608.00001",))
    change = only(diff([one], known(one, is_listed=is_listed, is_absorbed=is_absorbed), is_curated=is_curated))
    assert change.announce is is_announced
    assert change.is_first_listing is (is_curated and not is_listed)


@pytest.mark.parametrize(
    ("held", "row", "is_same"),
    [
        ({}, {}, True),
        ({}, {"identifiers": ("arxiv:2608.00001",)}, True),
        ({"identifiers": ("arxiv:2608.00001",)}, {}, True),
        ({"authors": ("Ada Kite",)}, {"authors": ("Ben Rope",)}, True),
        (
            {"identifiers": ("arxiv:2608.00001",), "authors": ("Ada Kite",)},
            {"identifiers": ("doi:10.1000/1",), "authors": ("Kite, Ada",)},
            True,
        ),
        (
            {"identifiers": ("arxiv:2608.00001",), "authors": ("Ada Kite",)},
            {"identifiers": ("doi:10.1000/1",), "authors": ("Ben Rope",)},
            False,
        ),
        ({"identifiers": ("arxiv:2608.00001",)}, {"identifiers": ("doi:10.1000/1",)}, False),
        ({"identifiers": ("arxiv:2608.00001",)}, {"title": "New Title", "identifiers": ("arxiv:2608.00001v4",)}, True),
    ],
)
def test_a_title_needs_a_second_opinion(held: dict[str, Any], row: dict[str, Any], is_same: bool) -> None:
    change = only(diff([work(**row)], known(work(**held)), is_curated=False))
    assert change.item == (1 if is_same else None)


def test_an_item_known_by_its_title_is_one_work_of_a_listing_and_not_two() -> None:
    entries = [
        Entry(title="On Kites", authors=("Ben Rope",), identifiers=("arxiv:2608.00001",)),
        Entry(title="On Kites", authors=("Ada Kite",), identifiers=("arxiv:2608.00002",)),
    ]
    store = known(work(authors=("Ada Kite",)))
    changes = diff(works_of(entries, "saved"), store, is_curated=False)
    assert {change.work.keys[0]: change.item for change in changes} == {"arxiv:2608.00001": None, "arxiv:2608.00002": 1}


def test_two_rows_of_one_known_item_are_one_change() -> None:
    both = work(identifiers=("arxiv:2608.00001", "doi:10.1000/1"))
    entries = [
        Entry(title="Of Ropes", identifiers=("arxiv:2608.00001",)),
        Entry(title="Of Winds", identifiers=("doi:10.1000/1",)),
    ]
    change = only(diff(works_of(entries, "saved"), known(both), is_curated=False))
    assert (change.item, set(change.new_keys)) == (1, {"title:of ropes", "title:of winds"})


def test_a_row_that_joins_items_merges_them_into_the_oldest_and_announces_nothing() -> None:
    one, two = work(identifiers=("arxiv:2608.00001",)), work(title="Of Ropes", identifiers=("doi:10.1000/1",))
    row = work(title="Of Winds", identifiers=("arxiv:2608.00001", "doi:10.1000/1"))
    change = only(diff([row], known(two, one), is_curated=False))
    assert (change.item, change.absorbs, change.announce) == (1, (2,), False)
    assert change.new_keys == ("title:of winds",)


def test_of_joined_items_the_words_of_the_younger_fill_those_of_the_older() -> None:
    older = work(identifiers=("arxiv:2608.00001",))
    younger = work(title="Of Ropes", identifiers=("doi:10.1000/1",), abstract="Ropes hold kites.")
    row = work(identifiers=("arxiv:2608.00001", "doi:10.1000/1"))
    change = only(diff([row], known(older, younger), is_curated=False))
    assert change.new_text is not None
    assert (change.new_text.item, change.new_text.revision) == (1, 2)
    assert change.new_text.abstract == "Ropes hold kites."


@pytest.mark.parametrize("is_listed", [True, False])
def test_of_joined_items_one_listing_is_enough(is_listed: bool) -> None:
    one, two = work(identifiers=("arxiv:2608.00001",)), work(title="Of Ropes", identifiers=("doi:10.1000/1",))
    store = known(one) | {
        key: Known(item=2, keys=held.keys, text=held.text, is_listed=is_listed) for key, held in known(two).items()
    }
    row = work(identifiers=("arxiv:2608.00001", "doi:10.1000/1"))
    assert only(diff([row], store, is_curated=True)).announce is not is_listed


# --- words ---

OLD = {"abstract": "Old words.", "identifiers": ("arxiv:2608.00001",)}


@pytest.mark.parametrize(
    ("row", "abstract"),
    [
        ({"abstract": "New words."}, "New words."),  # the source that the words are from
        ({"abstract": ""}, None),
        ({"abstract": "", "version": 2}, "Old words."),
        ({"source": "other", "abstract": "New words."}, None),
        ({"source": "other", "abstract": "New words.", "version": 2}, "New words."),
        ({"source": "other", "abstract": "", "version": 2}, "Old words."),
        ({"source": "other", "code_url": "https://example.org/code"}, "Old words."),
    ],
)
def test_words_change_for_a_reason_and_never_for_none(row: dict[str, Any], abstract: str | None) -> None:
    source = row.pop("source", "saved")
    [one] = works_of([Entry(**{"title": "On Kites", "identifiers": OLD["identifiers"], **row})], source)
    change = only(diff([one], known(work(**OLD)), is_curated=False))
    assert (change.new_text.abstract if change.new_text else None) == abstract
    assert change.announce is False


def test_an_older_version_changes_nothing() -> None:
    store = known(work(**OLD, version=3))
    change = only(diff([work(**{**OLD, "abstract": "Older words.", "version": 2})], store, is_curated=False))
    assert change.new_text is None


def test_a_missing_abstract_is_filled_by_any_source() -> None:
    [row] = works_of([Entry(title="On Kites", abstract="Words.", identifiers=OLD["identifiers"])], "other")
    change = only(diff([row], known(work(identifiers=OLD["identifiers"])), is_curated=False))
    assert change.new_text is not None
    assert change.new_text.abstract == "Words."


# --- laws ---

#: few of each, so that entries meet in every way
ENTRIES = st.builds(
    Entry,
    title=st.sampled_from(["On Kites", "on kites?", "Of\n Ropes", "Of Winds", ""]),
    abstract=st.sampled_from(["", "Short.", "Longer than short."]),
    authors=st.sampled_from([(), ("Ada Kite",), ("Kite, A.",), ("Ben Rope", "Ada Kite")]),
    identifiers=st.lists(
        st.sampled_from(["arxiv:2608.00001", "arxiv:2608.00002v2", "arxiv:2608.00003", "doi:10.1000/1", "doi:NA"]),
        max_size=2,
    ).map(tuple),
    url=st.sampled_from([None, None, "https://example.org/1", "http://example.org/2/"]),
    version=st.sampled_from([None, 1, 2]),
    announce_type=st.sampled_from([None, AnnounceType.NEW, AnnounceType.REPLACE]),
    popularity=st.builds(Popularity, st.integers(0, 2)),
)
LISTINGS = st.lists(ENTRIES, max_size=6)
SOURCES = st.sampled_from([CURATED, PLAIN])


@given(LISTINGS, st.randoms(use_true_random=False))
def test_works_do_not_depend_on_the_order_of_entries(entries: list[Entry], random: Random) -> None:
    mixed = random.sample(entries, len(entries))
    assert set(works_of(mixed, "saved")) == set(works_of(entries, "saved"))


@pytest.fixture(scope="module")
def new_world(sqlite_pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    """Worlds with an empty store; for tests of which each example wants its own."""
    folder, numbers = tmp_path_factory.mktemp("worlds"), count()

    def made() -> World:
        path = folder / f"{next(numbers)}.db"
        shutil.copy(sqlite_pattern, path)
        return World(Database(f"sqlite:///{path}"))

    return made


def news(ingested: Ingested) -> tuple[object, ...]:
    [report] = ingested.sources
    return ingested.edition, report.new, report.listed, report.revised


@settings(max_examples=60, deadline=None)
@given(before=LISTINGS, entries=LISTINGS, random=st.randoms(use_true_random=False), is_curated=st.booleans())
def test_changes_do_not_depend_on_the_order_of_entries(
    new_world: Callable[[], World], before: list[Entry], entries: list[Entry], random: Random, is_curated: bool
) -> None:
    world = new_world()

    def changes(entries: Iterable[Entry]) -> tuple[set[Change], ...]:
        works = works_of(entries, "saved")
        with world.database.read() as connection:
            store = world.items.known(connection, {key for one in works for key in one.keys})
        found = diff(works, store, is_curated=is_curated)
        return set(found.new), set(found.listed), set(found.revised), set(found.unchanged)

    with closing(world.database):
        world.list(*before)
        assert changes(random.sample(entries, len(entries))) == changes(entries)


@settings(max_examples=60, deadline=None)
@given(entries=LISTINGS, source=SOURCES)
def test_a_listing_read_again_brings_nothing(
    new_world: Callable[[], World], entries: list[Entry], source: Source
) -> None:
    world = new_world()
    with closing(world.database):
        world.list(*entries, source=source)
        assert news(world.list(*entries, source=source)) == (None, 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(LISTINGS, LISTINGS)
def test_two_sources_announce_nothing_twice_and_never_take_turns(
    new_world: Callable[[], World], one: list[Entry], other: list[Entry]
) -> None:
    world = new_world()
    with closing(world.database):
        world.list(*one)
        world.list(*other, source=PLAIN)
        assert news(world.list(*one))[:3] == (None, 0, 0)  # may bring works together that have met in the other
        assert news(world.list(*other, source=PLAIN))[:3] == (None, 0, 0)
        assert news(world.list(*one)) == (None, 0, 0, 0)
        assert news(world.list(*other, source=PLAIN)) == (None, 0, 0, 0)


# --- one work in several listings, through the store ---


def test_one_work_in_three_forms_is_announced_once(database: Database) -> None:
    world = World(database)
    api = world.paper("one", url="https://huggingface.co/papers/2608.00001", identifiers=("arxiv:2608.00001",))
    feed = world.paper("one", url="http://arxiv.org/abs/2608.00001v1", identifiers=("oai:arXiv.org:2608.00001v1",))
    capture = world.untitled("one", title=api.title.upper())
    assert news(world.list(api))[:3] == (1, 1, 0)
    assert news(world.list(feed, capture, source=PLAIN))[:3] == (None, 0, 0)
    assert news(world.list(capture))[:3] == (None, 0, 0)


def test_a_work_first_seen_elsewhere_is_listed_once(database: Database) -> None:
    world = World(database)
    assert news(world.list("one", "two", source=PLAIN))[:3] == (1, 2, 0)
    assert news(world.list("one"))[:3] == (2, 0, 1)
    assert news(world.list("one", "two"))[:3] == (3, 0, 1)
    assert news(world.list("one", "two"))[:3] == (None, 0, 0)


def test_a_new_version_is_a_revision_and_no_news(database: Database) -> None:
    world = World(database)
    world.list("one")
    assert news(world.list(world.replacement("one", abstract="Better kites."))) == (None, 0, 0, 1)


# --- recorded days ---


def recorded(world: World, file: str) -> tuple[object, ...]:
    body = (RECORDED / file).read_bytes()
    listing = Listing(source=CURATED.name, url=file, body=body, parsed=parse_saved(body))
    world.sources.listings[CURATED.name] = [listing]
    return news(world.ingest.run([CURATED], world.now))


@needs_recordings
def test_consecutive_days_bring_what_is_new_and_nothing_again(database: Database) -> None:
    world = World(database)
    days = [f"hf-api/daily_papers_2026-08-{day}.json" for day in (17, 18, 19, 20, 21)]
    assert [recorded(world, day)[:3] for day in days] == [(1, 23, 0), (2, 29, 0), (3, 26, 0), (4, 15, 0), (5, 17, 0)]
    assert [recorded(world, day) for day in days] == [(None, 0, 0, 0)] * 5


@needs_recordings
def test_a_day_that_has_grown_brings_only_what_was_added(database: Database) -> None:
    world = World(database)
    assert recorded(world, "hf-api/daily_papers_2024-08-01.json")[:3] == (1, 11, 0)
    assert recorded(world, "hf-html/papers_2024-08-01.html")[:3] == (2, 2, 0)
    with database.read() as connection:
        added = {announced.keys[0] for announced in world.items.announced(connection, 2)}
    assert added == {"arxiv:2404.01300", "arxiv:2407.20229"}


def test_a_page_that_many_entries_point_to_is_no_identity() -> None:
    news = [Entry(title=f"Story {n}", url=f"https://lab.example/news#{n}") for n in range(3)]
    works = works_of(news, "lab")
    assert [work.keys for work in works] == [("title:story 0",), ("title:story 1",), ("title:story 2",)]
    twice = [replace(news[0], url="https://lab.example/a"), replace(news[0], url="https://lab.example/a?utm_source=x")]
    assert [work.keys for work in works_of(twice, "lab")] == [("url:lab.example/a", "title:story 0")]
